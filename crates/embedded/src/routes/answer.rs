//! Errors as answers: `{"errors":[{"code","message","detail"}]}`.

use crate::error::{Code, Error};
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, header};
use serde_json::{Value, json};

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let status = self.code.status();
        if status.is_server_error() {
            tracing::error!(error = %self, "a request failed in the storage");
        }
        let allow =
            (self.code == Code::Unsupported).then(|| self.detail.as_ref()?.get("allow")?.as_str().map(HeaderValue::from_str)).flatten();
        // Several things that are missing are several errors, as distribution has it and clients read it.
        let details: Vec<Option<Value>> = match self.detail {
            Some(Value::Array(details)) => details.into_iter().map(Some).collect(),
            other => vec![other],
        };
        let errors = details.into_iter().map(|detail| {
            let mut error = json!({"code": self.code.as_str(), "message": self.message});
            if let Some(detail) = detail {
                error["detail"] = detail;
            }
            error
        });
        let body = json!({"errors": errors.collect::<Vec<_>>()}).to_string();
        let mut response = (status, [(header::CONTENT_TYPE, "application/json")], body).into_response();
        if let Some(Ok(allow)) = allow {
            response.headers_mut().insert(header::ALLOW, allow);
        }
        if self.code == Code::TooManyRequests {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("10"));
        }
        response
    }
}
