//! What happens elsewhere appears here: a page draws itself anew when the server says that its subject changed.

use leptos::prelude::*;

/// Listens to the server's events. Where people are in the middle of something, a notice asks first.
#[island]
pub fn Live() -> impl IntoView {
    #[cfg(feature = "hydrate")]
    {
        crate::browser::live::listen();
        super::drawn()
    }
    #[cfg(not(feature = "hydrate"))]
    view! {
        <div class="pointer-events-none fixed inset-x-0 bottom-5 z-40 flex justify-center" role="status">
            <button
                class="pointer-events-auto rounded-full border border-line-strong bg-raised px-4 py-2 text-sm shadow-pop hover:border-ink-3"
                id="waiting"
                type="button"
                hidden
            >
                "Something changed: show"
            </button>
        </div>
    }
}
