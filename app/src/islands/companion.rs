//! Copying, the keyboard, the theme and the remembered client: listeners on the document, and a voice.

use leptos::prelude::*;

/// Wakes the listeners; says to screen readers what was copied.
#[island]
pub fn Companion() -> impl IntoView {
    #[cfg(feature = "hydrate")]
    {
        use crate::browser;
        browser::copy::listen();
        browser::keys::listen();
        browser::theme::listen();
        browser::pull::listen();
        super::drawn()
    }
    #[cfg(not(feature = "hydrate"))]
    view! { <div class="sr-only" id="said" role="status"></div> }
}
