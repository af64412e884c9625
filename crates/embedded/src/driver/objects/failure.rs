//! What object storage answers, as errors of ours: a kind, and a sentence in which no key is.

use crate::settings::{Bucket, Kind};
use object_store::{
    Error,
    client::{HttpError, HttpErrorKind},
};
use std::{error::Error as _, io};

/// Absent is no error.
pub(super) fn optional<T>(result: Result<T, Error>, bucket: &Bucket) -> io::Result<Option<T>> {
    match result {
        Ok(it) => Ok(Some(it)),
        Err(Error::NotFound { .. }) => Ok(None),
        Err(error) => Err(told(error, bucket)),
    }
}

/// Whether something was refused because another has written meanwhile.
pub(super) fn is_conflict(error: &Error) -> bool {
    matches!(error, Error::Precondition { .. } | Error::AlreadyExists { .. })
}

pub(super) fn told(error: Error, bucket: &Bucket) -> io::Error {
    use io::ErrorKind as Kind;
    let text = error.to_string();
    let code = code(&text);
    let said = code.map(|code| format!(" ({code})")).unwrap_or_default();
    let transport = transport(&error);
    let (kind, why) = match (&error, code) {
        (_, Some("NoSuchBucket" | "ContainerNotFound")) => (Kind::NotFound, "there is no such bucket".to_owned()),
        (_, Some("InvalidAccessKeyId" | "SignatureDoesNotMatch" | "InvalidToken" | "ExpiredToken" | "AuthenticationFailed")) => {
            (Kind::PermissionDenied, format!("the credentials are not accepted{said}"))
        }
        (_, Some("RequestTimeTooSkewed")) => (Kind::PermissionDenied, format!("this machine’s clock is wrong{said}")),
        (_, Some("PermanentRedirect" | "AuthorizationHeaderMalformed" | "IllegalLocationConstraintException")) => {
            (Kind::InvalidInput, format!("the bucket is in another region: set AWS_REGION{said}"))
        }
        (_, Some("InsufficientStorage" | "QuotaExceeded" | "XMinioStorageFull")) => (Kind::StorageFull, format!("it has no room{said}")),
        _ if text.contains("Received redirect without LOCATION") => {
            (Kind::InvalidInput, "the bucket is in another region: set AWS_REGION".to_owned())
        }
        // The library asks the machine for its role, at the addresses where clouds have that.
        _ if is_role(&text) => (Kind::PermissionDenied, format!("there are no credentials: set {}", credentials(bucket))),
        (Error::NotFound { .. }, _) => (Kind::NotFound, format!("something that was there is gone{said}")),
        (Error::PermissionDenied { .. }, _) => (Kind::PermissionDenied, format!("access is denied{said}")),
        (Error::Unauthenticated { .. }, _) => (Kind::PermissionDenied, format!("the credentials are not accepted{said}")),
        (Error::Precondition { .. } | Error::AlreadyExists { .. }, _) => (Kind::WouldBlock, format!("another has written meanwhile{said}")),
        (Error::NotImplemented { .. } | Error::NotSupported { .. }, _) => (Kind::Unsupported, format!("it cannot do that{said}")),
        _ => match transport {
            Some(error) if error.kind() == HttpErrorKind::Timeout => (Kind::TimedOut, "it did not answer in time".to_owned()),
            Some(error) if error.kind() == HttpErrorKind::Connect => {
                (Kind::NotConnected, format!("it cannot be reached: {}", innermost(error)))
            }
            Some(error) => (Kind::Other, format!("the connection failed: {}", innermost(error))),
            None => (Kind::Other, status(&text).map_or_else(|| innermost(&error), |status| format!("it answered {status}{said}"))),
        },
    };
    io::Error::new(kind, format!("{bucket}: {why}"))
}

fn credentials(bucket: &Bucket) -> &'static str {
    match bucket.kind {
        Kind::S3 => "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
        Kind::Google => "GOOGLE_APPLICATION_CREDENTIALS",
        Kind::Azure => "AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ACCOUNT_KEY",
    }
}

fn is_role(text: &str) -> bool {
    ["169.254.169.254", "metadata.google.internal", "/latest/api/token", "/metadata/identity"].iter().any(|place| text.contains(place))
}

/// The code in a body such as `<Error><Code>AccessDenied</Code>…`: letters only, so that nothing else of it is repeated.
fn code(text: &str) -> Option<&str> {
    let code = text.split_once("<Code>")?.1.split_once("</Code>")?.0;
    (code.len() < 60 && code.bytes().all(|b| b.is_ascii_alphanumeric())).then_some(code)
}

/// `503 Service Unavailable` of the library's text.
fn status(text: &str) -> Option<&str> {
    let rest = text.split_once("status code: ")?.1;
    let end = rest.find(':').unwrap_or(rest.len());
    rest.get(..end.min(60))
}

fn transport(error: &Error) -> Option<&HttpError> {
    let mut source = error.source();
    while let Some(inner) = source {
        if let Some(error) = inner.downcast_ref::<HttpError>() {
            return Some(error);
        }
        source = inner.source();
    }
    None
}

/// The last of the causes, which says it: what is around it has addresses.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    let mut text = error.to_string();
    text.retain(|c| !c.is_control());
    text.truncate(text.char_indices().nth(200).map_or(text.len(), |(at, _)| at));
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Storage;

    fn bucket() -> Bucket {
        match "s3://images/registry".parse() {
            Ok(Storage::Bucket(bucket)) => bucket,
            other => panic!("{other:?}"),
        }
    }

    fn generic(text: &str) -> Error {
        Error::Generic { store: "S3", source: text.to_owned().into() }
    }

    #[test]
    fn what_is_wrong_is_one_sentence_without_keys() {
        let told = |error| told(error, &bucket());
        let denied = |body: &str| Error::PermissionDenied { path: "x".into(), source: body.to_owned().into() };
        let signature =
            denied("<Error><Code>SignatureDoesNotMatch</Code><AWSAccessKeyId>AKIA1</AWSAccessKeyId><StringToSign>x</StringToSign></Error>");
        for (error, kind, text) in [
            (signature, io::ErrorKind::PermissionDenied, "the credentials are not accepted (SignatureDoesNotMatch)"),
            (denied("<Code>AccessDenied</Code>"), io::ErrorKind::PermissionDenied, "access is denied (AccessDenied)"),
            (
                generic("Server returned non-2xx status code: 503 Service Unavailable: <Code>SlowDown</Code>"),
                io::ErrorKind::Other,
                "it answered 503 Service Unavailable (SlowDown)",
            ),
            (
                generic("Error performing PUT http://169.254.169.254/latest/api/token in 3s"),
                io::ErrorKind::PermissionDenied,
                "there are no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
            ),
        ] {
            let is = told(error);
            assert_eq!((is.kind(), is.to_string()), (kind, format!("s3://images/registry: {text}")));
        }
    }
}
