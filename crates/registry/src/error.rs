use oci::Digest;

/// Why a registry did not do what it was asked.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// No answer: DNS, TCP, TLS, time.
    #[error("{0}")]
    Unreachable(String),
    /// 401 or 403 with the credentials we have; 409 or 412 where a rule of the registry protects what would be changed.
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
    /// A manifest was not stored, as the registry lacks blobs or manifests that it names: they were never there, or were
    /// collected meanwhile. `missing` is what the registry named of them.
    #[error("{message}")]
    Incomplete { message: String, missing: Vec<Digest> },
    /// A tag names another digest than it should by now; nothing was changed.
    #[error("{0}")]
    Moved(String),
    /// Our own settings forbid to change anything there; nothing was sent.
    #[error("{0}")]
    ReadOnly(String),
}

pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// Whether it says something of the registry as a whole rather than of what was asked.
    pub fn is_outage(&self) -> bool {
        matches!(self, Self::Unreachable(_) | Self::Busy { .. })
    }

    /// The same error, saying more: `more` follows as a sentence of its own.
    #[must_use]
    pub fn telling(mut self, more: &str) -> Self {
        let (Self::Unreachable(text)
        | Self::Refused(text)
        | Self::NotFound(text)
        | Self::Unsupported(text)
        | Self::Busy { message: text, .. }
        | Self::TooLarge(text)
        | Self::Misbehaved(text)
        | Self::Incomplete { message: text, .. }
        | Self::Moved(text)
        | Self::ReadOnly(text)) = &mut self;
        text.push_str(". ");
        text.push_str(more);
        self
    }
}
