//! What surrounds a list: the filter before it, the pages after it.

use crate::{
    format,
    model::Asked,
    ui::{icon::Icon, page::BUTTON},
};
use leptos::prelude::*;

/// The field that narrows the list; a plain GET form that keeps the order and what else was asked.
pub(crate) fn filter(action: String, asked: &Asked, placeholder: &'static str, wrong: bool) -> impl IntoView + use<> {
    let kept: Vec<_> = [
        ("registry", asked.registry.clone()),
        ("namespace", asked.namespace.clone()),
        ("sort", asked.sort.clone()),
        ("flat", asked.flat.then(|| "1".to_owned())),
    ]
    .into_iter()
    .filter_map(|(name, value)| value.map(|value| view! { <input type="hidden" name=name value=value/> }))
    .collect();
    field(action, kept.into_any(), asked.q.clone(), placeholder, wrong)
}

/// The field itself, with what its form keeps.
pub(crate) fn field(action: String, kept: AnyView, q: String, placeholder: &'static str, wrong: bool) -> impl IntoView + use<> {
    view! {
        <form class="relative max-md:w-full" action=action role="search" aria-label="This list">
            {kept}
            <span class="pointer-events-none absolute top-0 left-2.5 grid h-8 place-items-center text-ink-3">{Icon::Search.view()}</span>
            <input
                class="h-8 w-72 rounded-md border border-edge bg-raised pr-3 pl-8.5 text-base text-ink placeholder:text-ink-3 max-md:w-full aria-invalid:border-bad"
                id="filter"
                name="q"
                value=q
                placeholder=placeholder
                aria-label=placeholder
                aria-invalid=wrong.then_some("true")
                aria-describedby=wrong.then_some("query-error")
                autocomplete="off"
                autocapitalize="none"
                spellcheck="false"
                enterkeyhint="search"
            />
            <button class="sr-only" type="submit">"Filter"</button>
        </form>
    }
}

/// The foot of a list: which part of it is seen, and the ways on and back. `href` makes an address of what to ask.
pub(crate) fn foot(asked: &Asked, shown: usize, total: u64, next: Option<&str>, words: &str, href: impl Fn(&Asked) -> String) -> AnyView {
    let from = asked.before + 1;
    let to = asked.before + shown as u64;
    let place = if shown == 0 {
        String::new()
    } else if asked.after.is_none() && next.is_none() {
        words.to_owned()
    } else {
        format!("{}–{} of {words}", format::count(from), format::count(to))
    };
    let first = (asked.after.is_some() && asked.previous.as_deref() != Some("")).then(|| {
        view! { <a class=BUTTON href=href(&asked.first())>"First page"</a> }
    });
    let previous = asked.previous.as_ref().filter(|_| asked.after.is_some()).map(|previous| {
        let page = shown_before(asked, total);
        let after = Some(previous.clone()).filter(|cursor| !cursor.is_empty());
        let asked =
            Asked { before: if after.is_some() { asked.before.saturating_sub(page) } else { 0 }, after, previous: None, ..asked.clone() };
        view! { <a class=BUTTON rel="prev" href=href(&asked)>{Icon::Left.view()}"Previous"</a> }
    });
    let next = next.map(|next| {
        let left = total.saturating_sub(to).min(shown as u64);
        let asked = Asked { after: Some(next.to_owned()), before: to, previous: None, ..asked.clone() };
        let word = if left > 0 { format!("Next {}", format::count(left)) } else { "Next".to_owned() };
        view! { <a class=BUTTON rel="next" href=href(&asked)>{word}{Icon::Right.view()}</a> }
    });
    view! {
        <nav class="flex flex-wrap items-center gap-3 pt-3.5 pb-16 text-ink-2" aria-label="Pages of this list">
            <span class="num">{place}</span>
            <span class="ml-auto flex gap-2">{first}{previous}{next}</span>
        </nav>
    }
    .into_any()
}

/// How many rows a page before this one had: as many as come before, at most a hundred.
fn shown_before(asked: &Asked, total: u64) -> u64 {
    asked.before.min(100).min(total)
}
