use super::{Result, StoreError};
use sqlx::postgres::PgConnectOptions;
use std::path::PathBuf;

/// Which database a setting names.
#[derive(Debug, Clone)]
pub(super) enum Address {
    /// SQLite, gone with the process.
    Memory,
    /// SQLite in a file.
    File(PathBuf),
    PostgreSql(Box<PgConnectOptions>),
}

impl Address {
    /// Parses `sqlite:PATH` (also `sqlite://PATH`; the path is taken as it stands, nothing in it is decoded),
    /// `sqlite::memory:` and `postgres://user:password@host:port/name?options`.
    ///
    /// What is refused is never repeated: the password may be anywhere in it.
    pub(super) fn parse(url: &str) -> Result<Self> {
        let refuse =
            |why: &str| Err(StoreError::Address(format!("{why} A database is named sqlite:PATH or postgres://USER:PASSWORD@HOST/NAME.")));
        let Some((scheme, rest)) = url.split_once(':') else {
            return refuse("The setting “database” names no kind of database.");
        };
        match scheme {
            "sqlite" => match rest.strip_prefix("//").unwrap_or(rest) {
                ":memory:" => Ok(Self::Memory),
                "" => refuse("The setting “database” names no file."),
                path if path.contains(['?', '\0']) => refuse("The path of an SQLite database can have no “?” in it and takes no options."),
                // SQLite reads names that begin with “file:” as URIs of its own.
                path if path.starts_with("file:") => Ok(Self::File(PathBuf::from(".").join(path))),
                path => Ok(Self::File(PathBuf::from(path))),
            },
            "postgres" | "postgresql" => postgresql(url, rest),
            _ => refuse("The setting “database” names a kind of database that is not known."),
        }
    }

    /// What to call it in sentences and logs.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Memory => "in memory".to_owned(),
            Self::File(path) => path.display().to_string(),
            Self::PostgreSql(options) => {
                let name = options.get_database().unwrap_or_else(|| options.get_username());
                match options.get_socket() {
                    Some(socket) => format!("{name} at {}", socket.display()),
                    None => format!("{name} at {}:{}", options.get_host(), options.get_port()),
                }
            }
        }
    }
}

/// A password with a bare `/`, `?`, `#` or `@` ends up in what looks like host or path, and would be shown from there;
/// such an address is refused before it is taken apart.
fn postgresql(url: &str, rest: &str) -> Result<Address> {
    let Some(rest) = rest.strip_prefix("//") else {
        return Err(StoreError::Address("A PostgreSQL database is named postgres://USER:PASSWORD@HOST/NAME.".to_owned()));
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    let path = rest[authority.len()..].split('?').next().unwrap_or_default();
    let misplaced = path.contains('@') || (!authority.contains('@') && rest.contains('@'));
    if misplaced || authority.matches('@').count() > 1 || rest.contains('#') {
        return Err(StoreError::Address(
            "The address of the PostgreSQL database is not well-formed: write / as %2F, ? as %3F, # as %23 and @ as %40 in the user and \
             the password."
                .to_owned(),
        ));
    }
    url.parse().map(|options| Address::PostgreSql(Box::new(options))).map_err(|error: sqlx::Error| {
        let why = if let sqlx::Error::Configuration(cause) = &error { cause.to_string() } else { "it cannot be read".to_owned() };
        StoreError::Address(format!("The address of the PostgreSQL database is not well-formed: {why}."))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(url: &str) -> PathBuf {
        match Address::parse(url) {
            Ok(Address::File(path)) => path,
            other => panic!("{url}: {other:?}"),
        }
    }

    #[test]
    fn a_path_is_taken_as_it_stands() {
        assert_eq!(file("sqlite:data/c.db"), PathBuf::from("data/c.db"));
        assert_eq!(file("sqlite:/var/lib/c%20d.db"), PathBuf::from("/var/lib/c%20d.db"));
        assert_eq!(file("sqlite:///var/lib/c.db"), PathBuf::from("/var/lib/c.db"));
        assert_eq!(file("sqlite:file:c.db"), PathBuf::from("./file:c.db"));
        assert!(matches!(Address::parse("sqlite::memory:"), Ok(Address::Memory)));
    }

    #[test]
    fn host_and_name_are_shown_and_the_password_is_not() {
        let name = Address::parse("postgres://me:s3cret@db.example:6543/cargo").unwrap().name();
        assert_eq!(name, "cargo at db.example:6543");
        let name = Address::parse("postgresql://me@db.example/cargo?password=s3cret").unwrap().name();
        assert_eq!(name, "cargo at db.example:5432");
    }

    #[test]
    fn a_wrong_address_is_refused_without_its_password() {
        for url in [
            "",
            "cargo.db",
            "sqlite:",
            "sqlite:c.db?mode=rwc",
            "mysql://me:s3cret@db/cargo",
            "postgre://me:s3cret@db/cargo",
            "postgres:me:s3cret@db/cargo",
            "postgres://me:s3/cret@db/cargo",
            "postgres://me:s3?cret@db/cargo",
            "postgres://me:s3#cret@db/cargo",
            "postgres://me:s3@cret@db/cargo",
            "postgres://me:s3cret@db:port/cargo",
            "postgres://me:s3cret@db/cargo?sslmode=maybe",
        ] {
            let sentence = Address::parse(url).unwrap_err().to_string();
            assert!(!sentence.contains("s3") && !sentence.contains("cret"), "{url}: {sentence}");
            assert!(sentence.ends_with('.'), "{sentence}");
        }
    }
}
