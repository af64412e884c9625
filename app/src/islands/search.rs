//! Search everywhere: a GET form, and with WASM a combobox (ARIA Authoring Practices, "Combobox With List Autocomplete").

use crate::{html::Html, ui::icon::Icon};
use leptos::prelude::*;

/// What the list shows: the API's hits, recent places, or hints.
#[derive(Default)]
pub(crate) struct Found {
    /// In groups, in order.
    pub(crate) items: Vec<Item>,
    /// `38 results · 3 ms`, or what is wrong with the query.
    pub(crate) told: String,
    /// The query cannot be read.
    pub(crate) wrong: bool,
}

/// A line of the list.
pub(crate) struct Item {
    /// The heading that it stands under.
    pub(crate) group: &'static str,
    /// Where it leads.
    pub(crate) href: String,
    /// Icon, text and note.
    pub(crate) content: Html,
}

/// An example of the language, for those who did not know that there is one.
#[cfg(feature = "hydrate")]
pub(crate) const EXAMPLE: &str = "repo:team/* tag:~^v2 arch:arm64 age:>30d size:>500MB signed:no";

const CLOSED: &str = "relative w-85 min-w-0 max-md:w-full";
const OPEN: &str = "fixed inset-x-3 top-3 z-50 mx-auto max-w-[640px] rounded-xl border border-line-strong bg-raised shadow-pop md:top-16";
const FORM: &str = "flex h-8.5 items-center gap-2 rounded-lg border border-edge bg-raised px-2.5 text-ink-3";
const FORM_OPEN: &str = "flex h-13 items-center gap-2.5 border-b border-line px-4 text-ink-3";
const INPUT: &str = "min-w-0 flex-1 bg-transparent text-base text-ink outline-none text-ellipsis placeholder:text-ink-3";
const INPUT_OPEN: &str = "min-w-0 flex-1 bg-transparent text-md text-ink outline-none placeholder:text-ink-3";
const TOLD: &str = "num text-xs text-ink-3";
const TOLD_WRONG: &str = "text-xs text-bad";
const HEADING: &str = "px-4 pt-2.5 pb-1 text-[11.5px] font-semibold text-ink-3";
const LINE: &str = "flex min-h-9.5 items-center gap-2.5 px-4 py-1.5 hover:bg-sunken hover:no-underline";
const LINE_ON: &str = "flex min-h-9.5 items-center gap-2.5 bg-accent-soft px-4 py-1.5 hover:no-underline";
const FOOT: &str = "flex gap-4 border-t border-line px-4 py-2.5 text-xs text-ink-3 max-md:hidden [&_kbd]:rounded-sm [&_kbd]:border [&_kbd]:border-b-2 [&_kbd]:border-line [&_kbd]:bg-paper [&_kbd]:px-1.5 [&_kbd]:py-0.5 [&_kbd]:font-mono [&_kbd]:text-ink-2";
const FOOT_KEYS: &str = "<span><kbd>↑</kbd> <kbd>↓</kbd> move</span><span><kbd>↵</kbd> open</span><span><kbd>ctrl ↵</kbd> all results</span><span class=\"ml-auto\"><kbd>esc</kbd> close</span>";
const SLASH: &str =
    "rounded-sm border border-b-2 border-line bg-paper px-1.5 py-0.5 font-mono text-[11px] leading-none text-ink-2 max-md:hidden";

/// The search field of the header.
#[island]
pub fn SearchBox() -> impl IntoView {
    let open = RwSignal::new(false);
    let found = RwSignal::new(Found::default());
    let active = RwSignal::new(None::<usize>);
    let field = NodeRef::<leptos::html::Input>::new();

    #[cfg(feature = "hydrate")]
    let search = crate::browser::search::Search::new(open, found, active, field);
    #[cfg(feature = "hydrate")]
    let action = String::new();
    #[cfg(not(feature = "hydrate"))]
    let action = format!("{}/search", use_context::<Base>().unwrap_or_default().0);

    let on_input = move |_| {
        #[cfg(feature = "hydrate")]
        search.typed();
    };
    let on_focus = move |_| {
        #[cfg(feature = "hydrate")]
        search.opened();
    };
    let on_blur = move |_| {
        #[cfg(feature = "hydrate")]
        search.close();
    };
    let on_key = move |event: leptos::ev::KeyboardEvent| {
        #[cfg(feature = "hydrate")]
        search.key(&event);
        #[cfg(not(feature = "hydrate"))]
        let _ = event;
    };

    view! {
        <div class="h-8.5 w-85 min-w-0 max-md:w-full">
            <div class="fixed inset-0 z-40 bg-veil" hidden=move || !open.get()></div>
            <div class=move || if open.get() { OPEN } else { CLOSED }>
                <form class=move || if open.get() { FORM_OPEN } else { FORM } action=action role="search" aria-label="Everything">
                    <span inner_html=Icon::Search.html()></span>
                    <input
                        class=move || if open.get() { INPUT_OPEN } else { INPUT }
                        node_ref=field
                        id="search"
                        name="q"
                        role="combobox"
                        aria-label="Search everything"
                        aria-autocomplete="list"
                        aria-controls="search-list"
                        aria-expanded=move || if open.get() { "true" } else { "false" }
                        aria-activedescendant=move || active.get().map(line_id)
                        placeholder="Search everything…"
                        autocomplete="off"
                        autocapitalize="none"
                        spellcheck="false"
                        enterkeyhint="search"
                        on:input=on_input
                        on:focus=on_focus
                        on:blur=on_blur
                        on:keydown=on_key
                    />
                    <span class=move || if found.with(|found| found.wrong) { TOLD_WRONG } else { TOLD } hidden=move || !open.get() role="status">
                        {move || found.with(|found| found.told.clone())}
                    </span>
                    <span class=SLASH hidden=move || open.get() aria-hidden="true">"/"</span>
                </form>
                <div hidden=move || !open.get()>
                    <div
                        class="max-h-[min(60vh,520px)] overflow-y-auto pb-1"
                        id="search-list"
                        role="listbox"
                        aria-label="Results"
                        inner_html=move || found.with(|found| lines(found, active.get()))
                        on:mousedown=|event| event.prevent_default()
                    ></div>
                    <div class=FOOT aria-hidden="true" inner_html=FOOT_KEYS></div>
                </div>
            </div>
        </div>
    }
}

/// The path prefix, as the shell gives it to the field's form.
#[derive(Clone, Default)]
pub struct Base(pub String);

pub(crate) fn line_id(at: usize) -> String {
    let mut id = "search-".to_owned();
    id.push_str(&at.to_string());
    id
}

/// The lines in their groups. An option is a link, so that it can be opened aside.
fn lines(found: &Found, active: Option<usize>) -> String {
    let mut html = Html::default();
    let mut group = "";
    for (at, item) in found.items.iter().enumerate() {
        if item.group != group {
            html.raw(if group.is_empty() { "" } else { "</div>" }).raw("<div role=\"group\" aria-label=\"").raw(item.group);
            html.raw("\"><div class=\"").raw(HEADING).raw("\" aria-hidden=\"true\">").raw(item.group).raw("</div>");
            group = item.group;
        }
        let on = active == Some(at);
        html.raw("<a role=\"option\" tabindex=\"-1\" id=\"").text(&line_id(at)).raw("\" class=\"").raw(if on { LINE_ON } else { LINE });
        html.raw("\" aria-selected=\"").raw(if on { "true" } else { "false" }).raw("\" href=\"").text(&item.href).raw("\">");
        html.html(&item.content).raw("</a>");
    }
    html.raw(if group.is_empty() { "" } else { "</div>" });
    html.into_string()
}
