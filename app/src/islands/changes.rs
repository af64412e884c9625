//! Changing what is in a registry without leaving the page: what the server draws as pages is shown in the dialog of
//! the frame, what it is doing in the frame's notice.

use leptos::prelude::*;

/// Takes over the forms and links marked `data-change`, the rows that are chosen, and the preview of a policy; says to
/// screen readers how a job stands.
#[island]
pub fn Changes() -> impl IntoView {
    #[cfg(feature = "hydrate")]
    {
        use crate::browser;
        browser::changes::listen();
        browser::chosen::listen();
        browser::preview::listen();
        super::drawn()
    }
    #[cfg(not(feature = "hydrate"))]
    view! { <div class="sr-only" id="told" role="status"></div> }
}
