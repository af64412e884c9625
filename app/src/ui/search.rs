//! The search field as the server draws it: a GET form.

use crate::{
    islands::search::{CLOSED, FORM, INPUT, TOLD},
    ui::icon::Icon,
};
use leptos::prelude::*;

const FOOT: &str = "flex gap-4 border-t border-line px-4 py-2.5 text-xs text-ink-3 max-md:hidden [&_kbd]:rounded-sm [&_kbd]:border [&_kbd]:border-b-2 [&_kbd]:border-line [&_kbd]:bg-paper [&_kbd]:px-1.5 [&_kbd]:py-0.5 [&_kbd]:font-mono [&_kbd]:text-ink-2";
const FOOT_KEYS: &str = "<span><kbd>↑</kbd> <kbd>↓</kbd> move</span><span><kbd>↵</kbd> open</span><span><kbd>ctrl ↵</kbd> all results</span><span class=\"ml-auto\"><kbd>esc</kbd> close</span>";
const SLASH: &str =
    "rounded-sm border border-b-2 border-line bg-paper px-1.5 py-0.5 font-mono text-[11px] leading-none text-ink-2 max-md:hidden";

/// The field, and the list that opens below it.
pub(crate) fn field(base: &str) -> impl IntoView + use<> {
    let action = format!("{base}/search");
    view! {
        <div class="h-8.5 w-85 min-w-0 max-md:w-full">
            <div class="fixed inset-0 z-40 bg-veil" id="search-veil" hidden></div>
            <div class=CLOSED id="search-box">
                <form class=FORM id="search-form" action=action role="search" aria-label="Everything">
                    <span inner_html=Icon::Search.html()></span>
                    <input
                        class=INPUT
                        id="search"
                        name="q"
                        role="combobox"
                        aria-label="Search everything"
                        aria-autocomplete="list"
                        aria-controls="search-list"
                        aria-expanded="false"
                        placeholder="Search everything…"
                        autocomplete="off"
                        autocapitalize="none"
                        spellcheck="false"
                        enterkeyhint="search"
                    />
                    <span class=TOLD id="search-told" hidden role="status"></span>
                    <span class=SLASH id="search-slash" aria-hidden="true">"/"</span>
                </form>
                <div id="search-panel" hidden>
                    <div
                        class="max-h-[min(60vh,520px)] overflow-y-auto pb-1"
                        id="search-list"
                        role="listbox"
                        aria-label="Results"
                    ></div>
                    <div class=FOOT aria-hidden="true" inner_html=FOOT_KEYS></div>
                </div>
            </div>
        </div>
    }
}
