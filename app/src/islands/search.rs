//! Search everywhere: a GET form, and with WASM a combobox (ARIA Authoring Practices, "Combobox With List Autocomplete").

use leptos::prelude::*;

// How it looks while it is closed: as the server draws it, and as the browser leaves it.
pub(crate) const CLOSED: &str = "relative w-full min-w-0";
pub(crate) const FORM: &str = "flex h-8.5 items-center gap-2 rounded-lg border border-edge bg-raised px-2.5 text-ink-3";
pub(crate) const INPUT: &str = "min-w-0 flex-1 bg-transparent text-base text-ink outline-none text-ellipsis placeholder:text-ink-3";
pub(crate) const TOLD: &str = "num text-xs text-ink-3";

/// The search field of the header. The browser reaches what it changes by its ids.
#[island]
pub fn SearchBox() -> impl IntoView {
    #[cfg(feature = "hydrate")]
    {
        crate::browser::search::listen();
        super::drawn()
    }
    #[cfg(not(feature = "hydrate"))]
    crate::ui::search::field(&use_context::<Base>().unwrap_or_default().0)
}

/// The path prefix, as the shell gives it to the field's form.
#[derive(Clone, Default)]
pub struct Base(pub String);
