//! Where the content is: a folder, or a bucket of an object storage.

use std::{
    fmt,
    path::{Path, PathBuf},
    str::FromStr,
    time::Duration,
};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Storage {
    /// The folder that holds `docker/registry/v2`, as `rootdirectory` of distribution's filesystem driver.
    Folder(PathBuf),
    /// A bucket, with what stands before `docker/registry/v2` in its keys, as `rootdirectory` of distribution's s3 driver.
    Bucket(Bucket),
}

/// `s3://bucket/prefix`, `gs://bucket/prefix` or `az://container/prefix`.
#[derive(Clone, PartialEq, Eq)]
pub struct Bucket {
    pub kind: Kind,
    pub name: String,
    /// Without `/` at its ends; empty where keys begin with `docker`.
    pub prefix: String,
    /// What the environment would say, by the names of its variables; what stands here goes before it.
    given: Vec<(String, String)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    S3,
    Google,
    Azure,
}

impl Bucket {
    /// Gives what is otherwise read from the environment, such as `AWS_ENDPOINT_URL`.
    #[must_use]
    pub fn with(mut self, variable: &str, value: &str) -> Self {
        self.given.push((variable.to_owned(), value.to_owned()));
        self
    }

    /// The variables of the environment that are this storage's, then what was given.
    pub(crate) fn variables(&self) -> Vec<(String, String)> {
        let ours: &[&str] = match self.kind {
            Kind::S3 => &["AWS_"],
            Kind::Google => &["GOOGLE_", "SERVICE_ACCOUNT"],
            Kind::Azure => &["AZURE_", "MSI_ENDPOINT", "IDENTITY_ENDPOINT"],
        };
        let mut all: Vec<(String, String)> =
            std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))).collect();
        all.retain(|(name, value)| !value.is_empty() && ours.iter().any(|ours| name.starts_with(ours)));
        all.extend(self.given.iter().cloned());
        all
    }
}

impl Storage {
    /// Whether something can be there. A bucket is asked when it is opened.
    pub fn may_exist(&self) -> bool {
        match self {
            Self::Folder(folder) => folder.exists(),
            Self::Bucket(_) => true,
        }
    }

    /// A catalogue older than this is read anew when it is asked for. In a bucket that is three requests for each repository.
    pub(crate) fn catalogue_age(&self) -> Duration {
        match self {
            Self::Folder(_) => Duration::from_secs(15),
            Self::Bucket(_) => Duration::from_mins(5),
        }
    }

    /// How often expired uploads are looked for. In a bucket that is a request for each repository and more.
    pub(crate) fn tidied_every(&self) -> Duration {
        match self {
            Self::Folder(_) => Duration::from_mins(10),
            Self::Bucket(_) => Duration::from_hours(6),
        }
    }
}

impl FromStr for Storage {
    type Err = String;

    /// `file:PATH`, `s3://BUCKET/PREFIX` and its like. The error is a sentence that begins with the text.
    fn from_str(text: &str) -> Result<Self, String> {
        let Some((scheme, rest)) = text.split_once(':') else { return Err(unknown(text)) };
        let kind = match scheme {
            "file" if !rest.is_empty() => return Ok(Self::Folder(PathBuf::from(rest.strip_prefix("//").unwrap_or(rest)))),
            "s3" => Kind::S3,
            "gs" => Kind::Google,
            "az" => Kind::Azure,
            _ => return Err(unknown(text)),
        };
        let Some(place) = rest.strip_prefix("//") else { return Err(unknown(text)) };
        let (name, prefix) = place.split_once('/').unwrap_or((place, ""));
        if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b)) {
            return Err(format!("“{text}” names no bucket: letters, digits, “.”, “_” and “-” do; credentials go into the environment"));
        }
        let prefix = prefix.trim_matches('/');
        let part =
            |part: &str| !matches!(part, "" | "." | "..") && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-=+".contains(&b));
        if !prefix.is_empty() && !prefix.split('/').all(part) {
            return Err(format!("“{text}” has a prefix that is no path of letters, digits, “.”, “_”, “-”, “=” and “+”"));
        }
        Ok(Self::Bucket(Bucket { kind, name: name.to_owned(), prefix: prefix.to_owned(), given: Vec::new() }))
    }
}

fn unknown(text: &str) -> String {
    format!("“{text}” is not a storage such as file:/var/lib/registry or s3://bucket/prefix")
}

impl From<&Path> for Storage {
    fn from(folder: &Path) -> Self {
        Self::Folder(folder.to_owned())
    }
}

impl From<PathBuf> for Storage {
    fn from(folder: PathBuf) -> Self {
        Self::Folder(folder)
    }
}

impl From<Bucket> for Storage {
    fn from(bucket: Bucket) -> Self {
        Self::Bucket(bucket)
    }
}

impl fmt::Display for Storage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(folder) => folder.display().fmt(f),
            Self::Bucket(bucket) => bucket.fmt(f),
        }
    }
}

impl fmt::Display for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match self.kind {
            Kind::S3 => "s3",
            Kind::Google => "gs",
            Kind::Azure => "az",
        };
        write!(f, "{scheme}://{}", self.name)?;
        if self.prefix.is_empty() { Ok(()) } else { write!(f, "/{}", self.prefix) }
    }
}

/// Without what was given: keys are among it.
impl fmt::Debug for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn storages_are_read_as_they_are_written() {
        for text in ["s3://bucket", "gs://bucket/a/b", "az://container/registry.1"] {
            assert_eq!(text.parse::<Storage>().unwrap().to_string(), text);
        }
        for folder in ["file:/var/lib", "file:///var/lib"] {
            assert_eq!(folder.parse(), Ok(Storage::Folder("/var/lib".into())));
        }
        assert_eq!("s3://bucket/a/".parse::<Storage>().unwrap().to_string(), "s3://bucket/a");
        for bad in ["", "x", "file:", "s3:bucket", "s3://", "s3://user:key@bucket", "s3://bucket/a//b", "s3://bucket/../b", "ftp://x/y"] {
            let error = bad.parse::<Storage>().unwrap_err();
            assert!(error.starts_with(&format!("“{bad}”")), "{error}");
        }
    }

    #[test]
    fn what_is_given_is_not_shown() {
        let Ok(Storage::Bucket(bucket)) = "s3://b/p".parse() else { panic!() };
        let bucket = bucket.with("AWS_SECRET_ACCESS_KEY", "secret");
        assert!(!format!("{bucket:?} {bucket}").contains("secret"));
        assert!(bucket.variables().iter().any(|(_, value)| value == "secret"));
    }
}
