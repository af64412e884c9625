//! Errors as answers: `{"errors":[{"code","message","detail"}]}`.

use crate::error::{Code, Error};
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, header};
use serde_json::json;

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let status = self.code.status();
        if status.is_server_error() {
            tracing::error!(error = %self, "a request failed in the storage");
        }
        let allow =
            (self.code == Code::Unsupported).then(|| self.detail.as_ref()?.get("allow")?.as_str().map(HeaderValue::from_str)).flatten();
        let mut error = json!({"code": self.code.as_str(), "message": self.message});
        if let Some(detail) = self.detail {
            error["detail"] = detail;
        }
        let body = json!({"errors": [error]}).to_string();
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
