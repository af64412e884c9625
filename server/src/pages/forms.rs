//! What works by POST without any script: the theme, and having a registry read anew.

use super::{problem::fail, render::Head};
use crate::{AppState, query::Query};
use api::{Code, Problem};
use app::Theme;
use axum::{
    body::Body,
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};
use http::{HeaderMap, HeaderValue, header};

/// The most bytes a form of ours has: a thousand rows are chosen by their whole names.
const LIMIT: usize = 1024 * 1024;

/// A form's fields, once its token is found right.
pub(super) async fn form(head: &Head, headers: &HeaderMap, body: Body) -> Result<Query, Problem> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    if !kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        return Err(Problem::new(Code::UnsupportedMediaType, "This address takes a form."));
    }
    let body = axum::body::to_bytes(body, LIMIT).await.map_err(|_| Problem::new(Code::BodyTooLarge, "The form is too large."))?;
    let fields = Query::parse(&String::from_utf8_lossy(&body));
    if !head.token.accepts(fields.text("csrf_token")?.unwrap_or_default()) {
        return Err(Problem::new(Code::Forbidden, "The form does not carry the token of this browser.")
            .hint("Allow cookies for this address, load the page again and send the form once more."));
    }
    Ok(fields)
}

/// `POST /theme`: keeps a choice of theme in a cookie, and leads back.
pub(crate) async fn theme(State(state): State<AppState>, head: Head, headers: HeaderMap, body: Body) -> Response {
    let chosen =
        match form(&head, &headers, body).await.and_then(|f| Ok((Theme::parse(f.text("to")?.unwrap_or_default()), f.owned("back")?))) {
            Ok(chosen) => chosen,
            Err(problem) => return fail(&state, &head, problem).await,
        };
    let (theme, back) = chosen;
    let back = back.filter(|b| is_own(b)).unwrap_or_else(|| "/".into());
    let mut response = Redirect::to(&format!("{}{back}", state.base())).into_response();
    let path = if state.base().is_empty() { "/" } else { state.base() };
    let secure = if head.client.secure { "; Secure" } else { "" };
    let cookie = format!("theme={}; Path={path}; Max-Age=31536000; SameSite=Lax{secure}", theme.as_str());
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// `POST /r/{registry}/refresh`: has the registry read anew, and shows how far that is.
pub(crate) async fn refresh(
    State(state): State<AppState>,
    head: Head,
    headers: HeaderMap,
    Path(registry): Path<String>,
    body: Body,
) -> Response {
    if let Err(problem) = form(&head, &headers, body).await {
        return fail(&state, &head, problem).await;
    }
    match state.service.refresh(&head.client.caller(), &registry).await {
        // The name was found among the settings, where it can hold nothing that an address cannot.
        Ok(()) => Redirect::to(&format!("{}/r/{registry}?refreshing=1", state.base())).into_response(),
        Err(error) => fail(&state, &head, error.into()).await,
    }
}

/// `POST /r/{registry}/collect`: begins a collection, or with `dry_run` counts what would go, and shows how far that is.
pub(crate) async fn collect(
    State(state): State<AppState>,
    head: Head,
    headers: HeaderMap,
    Path(registry): Path<String>,
    body: Body,
) -> Response {
    let dry_run = match form(&head, &headers, body).await.and_then(|fields| Ok(fields.text("dry_run")?.is_some())) {
        Ok(dry_run) => dry_run,
        Err(problem) => return fail(&state, &head, problem).await,
    };
    match state.service.start_collecting(&head.client.caller(), &registry, dry_run) {
        // One is under way: it is shown.
        Err(error) if error.code() != api::Code::Busy => fail(&state, &head, error.into()).await,
        _ => Redirect::to(&format!("{}/r/{registry}#storage", state.base())).into_response(),
    }
}

/// Whether a path leads to a page of ours and nowhere else: not `//host`, not `/\host`, which browsers take for one.
fn is_own(path: &str) -> bool {
    path.starts_with('/') && !path[1..].starts_with(['/', '\\']) && path.bytes().all(|b| b.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::is_own;

    #[test]
    fn a_form_leads_back_to_us_only() {
        for good in ["/", "/r/local/team/api:v1?tab=layers&platform=linux/arm64", "/search?q=%2F%2Fx"] {
            assert!(is_own(good), "{good}");
        }
        for bad in
            ["", "//evil.example", "/\\evil.example", "https://evil.example", "javascript:x", "/a\r\nSet-Cookie: x=y", "/\t/evil", "r"]
        {
            assert!(!is_own(bad), "{bad:?}");
        }
    }
}
