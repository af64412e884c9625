use sqlx::error::{DatabaseError, ErrorKind};

/// Why the database did not do what it was asked. The text is a sentence that names the file, or the host and the
/// database; it never holds a password.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// The setting names no database.
    #[error("{0}")]
    Address(String),
    /// Written by a newer version than this one; nothing was changed.
    #[error(
        "The database {database} was written by a newer Supercargo: its schema is {found}, this one knows {known}. Start the newer \
         version, or name another database."
    )]
    Newer { database: String, found: i64, known: i64 },
    /// Out of reach, locked, full or too slow: what was asked is worth asking again.
    #[error("The database {database} is not available: {reason}.")]
    Unavailable { database: String, reason: String },
    /// It will fail again until somebody changes something.
    #[error("The database {database} does not work: {reason}.")]
    Failed { database: String, reason: String },
}

pub type Result<T> = std::result::Result<T, StoreError>;

impl StoreError {
    /// Whether the same call may succeed later with nothing changed by anybody.
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Unavailable { .. })
    }

    pub(super) fn of(database: &str, error: &sqlx::Error) -> Self {
        let (passing, reason) = explain(error);
        let database = database.to_owned();
        if passing { Self::Unavailable { database, reason } } else { Self::Failed { database, reason } }
    }
}

/// Whether it may pass, and why it happened, as the end of a sentence.
fn explain(error: &sqlx::Error) -> (bool, String) {
    match error {
        sqlx::Error::Database(answer) => {
            if let Some(sqlite) = answer.try_downcast_ref::<sqlx::sqlite::SqliteError>() {
                let code = sqlite.code().and_then(|code| code.parse().ok()).unwrap_or(1);
                sqlite_reason(code, sqlite.message())
            } else {
                postgres_reason(&answer.code().unwrap_or_default(), answer.message(), answer.kind())
            }
        }
        sqlx::Error::Io(cause) => (true, format!("the connection to it failed ({cause})")),
        sqlx::Error::Tls(cause) => (false, format!("no secure connection to it could be made ({cause})")),
        sqlx::Error::PoolTimedOut => (true, "no connection to it could be had in time".to_owned()),
        sqlx::Error::PoolClosed => (false, "it was closed".to_owned()),
        sqlx::Error::WorkerCrashed => (true, "the thread that speaks to it ended".to_owned()),
        other => (false, other.to_string()),
    }
}

const ORPHAN: &str = "a tag or a list of referrers was to be written for a repository that is not in it";

/// By SQLite's extended result code, <https://sqlite.org/rescode.html>.
fn sqlite_reason(code: i32, message: &str) -> (bool, String) {
    match (code & 0xff, code) {
        (5 | 6, _) => (true, "another process has locked it for longer than we wait".to_owned()),
        (_, 1032) => (false, "its file was moved or deleted while it was open".to_owned()),
        (8, _) => (false, "its file or its folder may not be written to".to_owned()),
        (10, _) => (true, format!("reading or writing its file failed ({message})")),
        (11 | 26, _) => (
            false,
            "its file is damaged, or is no database; move it away and start again, the catalogue is then read anew from the registries"
                .to_owned(),
        ),
        (13, _) => (true, "the disk is full".to_owned()),
        (14, _) => (false, "its file cannot be opened; look at the path and at who may write to its folder".to_owned()),
        (_, 787) => (false, ORPHAN.to_owned()),
        _ => (false, format!("SQLite says: {message}")),
    }
}

/// By SQLSTATE, <https://www.postgresql.org/docs/current/errcodes-appendix.html>.
fn postgres_reason(code: &str, message: &str, kind: ErrorKind) -> (bool, String) {
    match code {
        "28P01" | "28000" => (false, format!("PostgreSQL refused the user or the password ({message})")),
        "3D000" => (false, format!("PostgreSQL has no such database ({message})")),
        "25006" => (false, "it only accepts reading, as a standby does".to_owned()),
        "42501" => (false, format!("the user lacks a right ({message})")),
        "57014" => (true, "it did not answer in time".to_owned()),
        "57P01" | "57P02" | "57P03" | "57P05" | "25P03" => (true, format!("PostgreSQL ended or refused the connection ({message})")),
        _ if kind == ErrorKind::ForeignKeyViolation => (false, ORPHAN.to_owned()),
        // Connection exceptions, transaction rollback (deadlock, serialisation), insufficient resources.
        _ if ["08", "40", "53"].iter().any(|class| code.starts_with(class)) => (true, format!("PostgreSQL says: {message}")),
        _ => (false, format!("PostgreSQL says: {message}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_read_only_file_is_told_apart_from_one_that_was_moved() {
        assert!(sqlite_reason(8, "").1.contains("may not be written to"));
        assert!(sqlite_reason(1032, "").1.contains("moved or deleted"));
    }

    #[test]
    fn what_passes_by_itself_is_told_apart_from_what_needs_somebody() {
        assert!(sqlite_reason(5, "").0 && sqlite_reason(261, "").0 && sqlite_reason(13, "").0);
        assert!(!sqlite_reason(11, "").0 && !sqlite_reason(267, "").0);
        assert!(postgres_reason("40P01", "deadlock detected", ErrorKind::Other).0);
        assert!(!postgres_reason("28P01", "", ErrorKind::Other).0);
    }
}
