//! Why something was not done, and how that is said over `/v2` (distribution-spec 1.1, "Error Codes").

use http::StatusCode;
use serde_json::Value;
use std::io;

/// A refusal: a code clients know, and a sentence for people.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    pub code: Code,
    pub message: String,
    pub detail: Option<Value>,
}

pub type Result<T, E = Error> = std::result::Result<T, E>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    BlobUnknown,
    BlobUploadInvalid,
    /// The upload is being written to by another request.
    BlobUploadBusy,
    BlobUploadUnknown,
    DigestInvalid,
    ManifestBlobUnknown,
    ManifestInvalid,
    ManifestTooLarge,
    ManifestUnknown,
    NameInvalid,
    NameUnknown,
    PaginationNumberInvalid,
    RangeInvalid,
    SizeInvalid,
    TagInvalid,
    TooManyRequests,
    UriTooLong,
    /// A method that is not there, or is switched off.
    Unsupported,
    /// No such route.
    NoRoute,
    /// The storage has no room.
    StorageFull,
    /// The storage fails.
    Storage,
}

impl Code {
    /// As in the body of an error.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BlobUnknown => "BLOB_UNKNOWN",
            Self::BlobUploadInvalid | Self::BlobUploadBusy => "BLOB_UPLOAD_INVALID",
            Self::BlobUploadUnknown => "BLOB_UPLOAD_UNKNOWN",
            Self::DigestInvalid => "DIGEST_INVALID",
            Self::ManifestBlobUnknown => "MANIFEST_BLOB_UNKNOWN",
            Self::ManifestInvalid | Self::ManifestTooLarge => "MANIFEST_INVALID",
            Self::ManifestUnknown => "MANIFEST_UNKNOWN",
            Self::NameInvalid | Self::NoRoute => "NAME_INVALID",
            Self::NameUnknown => "NAME_UNKNOWN",
            Self::PaginationNumberInvalid => "PAGINATION_NUMBER_INVALID",
            Self::RangeInvalid => "RANGE_INVALID",
            Self::SizeInvalid => "SIZE_INVALID",
            Self::TagInvalid | Self::UriTooLong => "TAG_INVALID",
            Self::TooManyRequests => "TOOMANYREQUESTS",
            Self::Unsupported => "UNSUPPORTED",
            Self::StorageFull | Self::Storage => "UNKNOWN",
        }
    }

    pub fn status(self) -> StatusCode {
        match self {
            Self::BlobUploadInvalid
            | Self::DigestInvalid
            | Self::ManifestBlobUnknown
            | Self::ManifestInvalid
            | Self::NameInvalid
            | Self::PaginationNumberInvalid
            | Self::SizeInvalid
            | Self::TagInvalid => StatusCode::BAD_REQUEST,
            Self::BlobUnknown | Self::BlobUploadUnknown | Self::ManifestUnknown | Self::NameUnknown | Self::NoRoute => {
                StatusCode::NOT_FOUND
            }
            Self::Unsupported => StatusCode::METHOD_NOT_ALLOWED,
            Self::BlobUploadBusy => StatusCode::CONFLICT,
            Self::ManifestTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UriTooLong => StatusCode::URI_TOO_LONG,
            Self::RangeInvalid => StatusCode::RANGE_NOT_SATISFIABLE,
            Self::TooManyRequests => StatusCode::TOO_MANY_REQUESTS,
            Self::StorageFull => StatusCode::INSUFFICIENT_STORAGE,
            Self::Storage => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

impl Error {
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), detail: None }
    }

    #[must_use]
    pub(crate) fn about(mut self, detail: Value) -> Self {
        self.detail = Some(detail);
        self
    }
}

/// `Err` with a code and a sentence.
pub(crate) fn refuse<T>(code: Code, message: impl Into<String>) -> Result<T> {
    Err(Error::new(code, message))
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        use io::ErrorKind::{PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull, WouldBlock};
        match error.kind() {
            StorageFull | QuotaExceeded => Self::new(Code::StorageFull, format!("the registry's storage is full: {error}")),
            ReadOnlyFilesystem => Self::new(Code::Storage, format!("the registry's storage is read only: {error}")),
            PermissionDenied => Self::new(Code::Storage, format!("the registry may not use its storage: {error}")),
            WouldBlock => Self::new(Code::BlobUploadBusy, "another request is writing to this upload"),
            _ => Self::new(Code::Storage, format!("the registry's storage failed: {error}")),
        }
    }
}
