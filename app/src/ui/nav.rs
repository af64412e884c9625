//! The pages of the head: beside the name, on a phone behind one button.

use crate::{
    model::{Frame, Page},
    ui::icon::Icon,
};
use leptos::prelude::*;

const LINK: &str = "block whitespace-nowrap rounded-md px-2.5 py-1.5 text-ink-2 hover:text-ink hover:no-underline aria-[current]:bg-sunken aria-[current]:text-ink";

fn links(frame: &Frame, page: &Page) -> Vec<AnyView> {
    let at = |path: &str| match page {
        Page::Catalogue(_) => path == "/",
        Page::Activity(_) | Page::Job(_) => path == "/activity",
        Page::CleanUp(_) => path == "/clean-up",
        _ => false,
    };
    [("/", "Catalogue", true), ("/activity", "Activity", true), ("/clean-up", "Clean-up", frame.can_change)]
        .into_iter()
        .filter(|(_, _, shown)| *shown)
        .map(|(path, word, _)| {
            view! { <li><a class=LINK href=format!("{}{path}", frame.base) aria-current=at(path).then_some("page")>{word}</a></li> }
                .into_any()
        })
        .collect()
}

/// Beside the name.
pub(crate) fn wide(frame: &Frame, page: &Page) -> impl IntoView + use<> {
    view! { <nav class="flex-none max-md:hidden" aria-label="Main"><ul class="flex gap-1">{links(frame, page)}</ul></nav> }
}

/// Behind a button.
pub(crate) fn narrow(frame: &Frame, page: &Page) -> impl IntoView + use<> {
    view! {
        <details class="relative -mr-1 -ml-2 md:hidden" name="menu">
            <summary class="grid size-8 place-items-center rounded-full text-ink-2 hover:bg-sunken hover:text-ink" aria-label="Menu">{Icon::Menu.view()}</summary>
            <nav class="absolute top-full left-0 z-20 mt-1 min-w-48 rounded-xl border border-line-strong bg-raised p-1.5 shadow-pop" aria-label="Main">
                <ul>{links(frame, page)}</ul>
            </nav>
        </details>
    }
}
