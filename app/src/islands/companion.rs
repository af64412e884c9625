//! Copying, the keyboard, the theme and the remembered client: listeners on the document, and a voice.

use leptos::prelude::*;

/// Wakes the listeners; says to screen readers what was copied.
#[island]
pub fn Companion() -> impl IntoView {
    let said = RwSignal::new(String::new());
    #[cfg(feature = "hydrate")]
    {
        use crate::browser;
        browser::copy::listen(said);
        browser::keys::listen();
        browser::theme::listen();
        browser::pull::listen();
    }
    view! { <div class="sr-only" role="status">{move || said.get()}</div> }
}
