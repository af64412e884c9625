use serde::{Deserialize, Serialize};
use std::fmt;

/// What went wrong, as an RFC 9457 problem document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Problem {
    /// `about:blank`: the code says more than an address could.
    #[serde(rename = "type")]
    pub kind: String,
    /// The code, in words.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What happened, in a sentence.
    pub detail: String,
    /// Stable, for programs.
    pub code: Code,
    /// The setting or step that mends it.
    pub hint: Option<String>,
}

macro_rules! codes {
    ($($(#[$m:meta])* $variant:ident $text:literal $status:literal $title:literal,)*) => {
        /// The stable codes of problems.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        pub enum Code { $($(#[$m])* #[doc = $title] #[serde(rename = $text)] $variant,)* }

        impl Code {
            /// Every code.
            pub const ALL: &[Self] = &[$(Self::$variant),*];
            /// As it stands in JSON.
            pub fn as_str(self) -> &'static str { match self { $(Self::$variant => $text),* } }
            /// The HTTP status it goes with.
            pub fn status(self) -> u16 { match self { $(Self::$variant => $status),* } }
            /// In words, for a heading.
            pub fn title(self) -> &'static str { match self { $(Self::$variant => $title),* } }
        }
    };
}

codes! {
    NotAReference "not_a_reference" 400 "Not a reference",
    BadQuery "bad_query" 400 "The query cannot be read",
    BadRequest "bad_request" 400 "The request cannot be read",
    SignInRequired "sign_in_required" 401 "Sign in first",
    Forbidden "forbidden" 403 "Not allowed",
    NotFound "not_found" 404 "Not found",
    RegistryNotFound "registry_not_found" 404 "No such registry",
    RepositoryNotFound "repository_not_found" 404 "No such repository",
    TagNotFound "tag_not_found" 404 "No such tag",
    ManifestNotFound "manifest_not_found" 404 "No such manifest",
    PlatformNotFound "platform_not_found" 404 "No such platform",
    FileNotFound "file_not_found" 404 "No such file",
    PlanNotFound "plan_not_found" 404 "No such plan",
    JobNotFound "job_not_found" 404 "No such job",
    MethodNotAllowed "method_not_allowed" 405 "Not that way",
    PlanStale "plan_stale" 409 "The plan no longer fits",
    PlanUnconfirmed "plan_unconfirmed" 409 "The plan was not confirmed",
    DeleteDisabled "delete_disabled" 409 "The registry does not delete",
    ReadOnly "read_only" 409 "Nothing can be changed here",
    Busy "busy" 409 "Something else is at work",
    BodyTooLarge "body_too_large" 413 "The body is too large",
    UnsupportedMediaType "unsupported_media_type" 415 "Only JSON is taken",
    TooLarge "too_large" 422 "Too large to read",
    NotSupported "not_supported" 422 "The registry does not do that",
    TooManyRequests "too_many_requests" 429 "Too many requests",
    Internal "internal" 500 "Something broke",
    RegistryUnreachable "registry_unreachable" 502 "The registry does not answer",
    RegistryRefused "registry_refused" 502 "The registry refuses us",
    UpstreamMisbehaved "upstream_misbehaved" 502 "The registry gave a wrong answer",
    RegistryBusy "registry_busy" 503 "The registry is busy",
}

impl Problem {
    /// A problem of a code; `detail` is one sentence.
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self { kind: "about:blank".into(), title: code.title().into(), status: code.status(), detail: detail.into(), code, hint: None }
    }

    /// With the setting or step that mends it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)?;
        self.hint.as_ref().map_or(Ok(()), |h| write!(f, " {h}"))
    }
}

impl std::error::Error for Problem {}
