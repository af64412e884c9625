use api::{Code, Problem};

/// Why a use case did not do what it was asked: a code and the sentences for people.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub struct Error(pub Box<Problem>);

pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self(Box::new(Problem::new(code, detail)))
    }

    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    /// Something of ours broke; the cause belongs in the log, not on a page.
    pub fn internal(detail: impl Into<String>) -> Self {
        Self::new(Code::Internal, detail)
    }

    pub fn code(&self) -> Code {
        self.0.code
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        *error.0
    }
}

impl From<oci::ParseError> for Error {
    fn from(error: oci::ParseError) -> Self {
        Self::new(Code::NotAReference, error.to_string())
    }
}

/// The database failed; what it said is logged where the error is handled.
impl From<catalogue::store::StoreError> for Error {
    fn from(error: catalogue::store::StoreError) -> Self {
        Self::internal(error.to_string())
    }
}

/// The one place where a registry's failure becomes a code.
impl From<registry::Error> for Error {
    fn from(error: registry::Error) -> Self {
        use registry::Error as E;
        let code = match &error {
            E::Unreachable(_) => Code::RegistryUnreachable,
            E::Refused(_) => Code::RegistryRefused,
            E::NotFound(_) => Code::ManifestNotFound,
            E::Incomplete { .. } | E::Moved(_) => Code::PlanStale,
            E::ReadOnly(_) => Code::ReadOnly,
            E::TooLarge(_) => Code::TooLarge,
            E::Unsupported(_) | E::Misbehaved(_) => Code::UpstreamMisbehaved,
            E::Busy { .. } => Code::RegistryBusy,
        };
        let mut detail = error.to_string();
        // Other sentences follow it.
        if !detail.ends_with(['.', '?', '!']) {
            detail.push('.');
        }
        Self::new(code, detail)
    }
}
