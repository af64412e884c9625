//! What happens elsewhere appears here: a page draws itself anew when the server says that its subject changed.

use leptos::prelude::*;

/// Listens to the server's events. Where people are in the middle of something, a notice asks first.
#[island]
pub fn Live() -> impl IntoView {
    let waiting = RwSignal::new(false);
    #[cfg(feature = "hydrate")]
    crate::browser::live::listen(waiting);
    let show = move |_| {
        #[cfg(feature = "hydrate")]
        crate::browser::live::show_now(waiting);
    };
    view! {
        <div class="pointer-events-none fixed inset-x-0 bottom-5 z-40 flex justify-center" role="status">
            <button
                class="pointer-events-auto rounded-full border border-line-strong bg-raised px-4 py-2 text-sm shadow-pop hover:border-ink-3"
                hidden=move || !waiting.get()
                on:click=show
            >
                "Something changed: show"
            </button>
        </div>
    }
}
