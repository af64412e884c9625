/// Why a registry did not do what it was asked.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// No answer: DNS, TCP, TLS, time.
    #[error("{0}")]
    Unreachable(String),
    /// 401 or 403 with the credentials we have.
    #[error("{0}")]
    Refused(String),
    /// 404 for a repository, tag, manifest or blob.
    #[error("{0}")]
    NotFound(String),
    /// 405, 400 UNSUPPORTED and the like: the registry does not do this.
    #[error("{0}")]
    Unsupported(String),
    /// 429, 503, or our breaker is open; try again after so many milliseconds.
    #[error("{message}")]
    Busy { message: String, retry_after_ms: u64 },
    /// More bytes, items or pages than are read.
    #[error("{0}")]
    TooLarge(String),
    /// A wrong digest, type, JSON, redirect, realm or link: an answer no registry should give.
    #[error("{0}")]
    Misbehaved(String),
}

pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// Whether it says something of the registry as a whole rather than of what was asked.
    pub fn is_outage(&self) -> bool {
        matches!(self, Self::Unreachable(_) | Self::Busy { .. })
    }
}
