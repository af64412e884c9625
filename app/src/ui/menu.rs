//! Menus that open without a script: a `details` with links. Only one of a page is open at a time (`name`).

use crate::{html::Html, ui::icon::Icon};
use leptos::prelude::*;

/// A choice in a menu.
pub(crate) struct Choice {
    /// Where it leads.
    pub(crate) href: String,
    /// Its word.
    pub(crate) label: String,
    /// Whether it is the one in force.
    pub(crate) chosen: bool,
}

const SUMMARY: &str = "inline-flex h-8 items-center gap-1.5 rounded-md px-2.5 text-sm text-ink-2 hover:text-ink hover:bg-sunken max-md:px-1.5 whitespace-nowrap";
const SUMMARY_ON: &str =
    "inline-flex h-8 items-center gap-1.5 rounded-md px-2.5 text-sm font-[550] bg-accent-soft max-md:px-1.5 text-accent whitespace-nowrap";
const PANEL: &str =
    "absolute top-full z-20 mt-1 min-w-48 max-h-96 overflow-y-auto rounded-xl border border-line-strong bg-raised p-1.5 shadow-pop left-0";
/// What opens, aligned to its button's right edge.
pub(crate) const PANEL_END: &str = "absolute top-full z-20 mt-1 w-max min-w-48 max-w-[min(20rem,calc(100vw-32px))] max-h-96 overflow-y-auto rounded-xl border border-line-strong bg-raised p-1.5 shadow-pop right-0 max-md:right-auto max-md:left-0";
/// A choice.
pub(crate) const ITEM: &str =
    "flex min-h-8 items-center gap-2 rounded-md px-2.5 py-1 text-sm text-ink-2 hover:bg-sunken hover:text-ink hover:no-underline";
const ITEM_ON: &str =
    "flex min-h-8 items-center gap-2 rounded-md px-2.5 py-1 text-sm font-[550] text-ink hover:bg-sunken hover:no-underline";

/// A menu of links. `on` draws it as in force; `end` aligns it to its right edge.
pub(crate) fn menu(label: String, icon: Option<Icon>, choices: Vec<Choice>, on: bool, end: bool) -> impl IntoView {
    // A page has a menu's worth of choices several times over.
    let mut items = Html::with_capacity(choices.len() * 320);
    for choice in &choices {
        items.raw("<li><a class=\"").raw(if choice.chosen { ITEM_ON } else { ITEM }).raw("\" href=\"").text(&choice.href).raw("\"");
        items.raw(if choice.chosen { " aria-current=\"true\">" } else { ">" }).raw("<span class=\"w-4 flex-none text-accent\">");
        items.raw(if choice.chosen { Icon::Check.html() } else { "" }).raw("</span>").text(&choice.label).raw("</a></li>");
    }
    view! {
        <details class="relative" name="menu">
            <summary class=if on { SUMMARY_ON } else { SUMMARY }>
                {icon.map(|icon| view! { <span class="max-md:hidden">{icon.view()}</span> })}
                {label}
                {Icon::Down.view()}
            </summary>
            <ul class=if end { PANEL_END } else { PANEL } inner_html=items.into_string()></ul>
        </details>
    }
}
