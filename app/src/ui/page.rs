//! The head of a page: where we are, the numbers, the tabs.

use leptos::prelude::*;

/// The one width of content.
pub(crate) const WRAP: &str = "mx-auto w-full max-w-page px-6 max-md:px-4";
/// A button that is not the page's first.
pub(crate) const BUTTON: &str = "inline-flex h-8 items-center gap-1.5 rounded-md border border-line-strong bg-raised px-3 text-sm font-[550] whitespace-nowrap hover:border-ink-3 hover:no-underline";
/// The page's first button: the accent, once.
pub(crate) const BUTTON_PRIMARY: &str = "inline-flex h-8 items-center gap-1.5 rounded-md border border-accent bg-accent px-3 text-sm font-[550] text-accent-ink whitespace-nowrap hover:no-underline";
/// A button that takes something away, once it is certain.
pub(crate) const BUTTON_DANGER: &str = "inline-flex h-8 items-center gap-1.5 rounded-md border border-bad bg-bad px-3 text-sm font-[550] text-accent-ink whitespace-nowrap hover:no-underline disabled:opacity-50";
/// A button that leads to taking something away.
pub(crate) const BUTTON_BAD: &str = "inline-flex h-8 items-center gap-1.5 rounded-md border border-line-strong bg-raised px-3 text-sm font-[550] text-bad whitespace-nowrap hover:border-bad";
/// The heading of a part.
pub(crate) const H2: &str = "mb-1.5 text-xs font-semibold text-ink-3";

/// A step on the way here.
pub(crate) struct Crumb {
    /// Its word.
    pub(crate) label: String,
    /// Where it leads; the last leads nowhere.
    pub(crate) href: Option<String>,
    /// What stands before it: `/`, `:` or `@`; nothing before the first.
    pub(crate) before: &'static str,
}

/// The page's heading: the way here, and what can be done.
pub(crate) fn heading(crumbs: Vec<Crumb>, actions: impl IntoView + 'static) -> impl IntoView {
    let crumbs: Vec<_> = crumbs
        .into_iter()
        .map(|crumb| {
            let label = crate::text::visible(&crumb.label).into_owned();
            let before = (!crumb.before.is_empty())
                .then(|| view! { <span class="px-2 font-light text-ink-3 max-md:px-1.5" aria-hidden="true">{crumb.before}</span> });
            let word = match crumb.href {
                Some(href) => view! { <a class="text-ink-2 hover:text-ink" href=href>{label}</a> }.into_any(),
                None => view! { <span class="font-[650]">{label}</span> }.into_any(),
            };
            view! { {before}{word} }
        })
        .collect();
    view! {
        <div class="relative flex flex-wrap items-center justify-between gap-x-4 gap-y-2 pt-7 max-md:pt-4">
            <h1 class="min-w-0 text-xl tracking-[-0.02em] max-md:text-lg">{crumbs}</h1>
            <div class="flex flex-wrap items-center gap-2">{actions}</div>
        </div>
    }
}

/// A line of facts, parted by space.
pub(crate) fn meta(facts: Vec<AnyView>) -> impl IntoView {
    let facts: Vec<_> = facts.into_iter().map(|fact| view! { <li class="num max-w-full">{fact}</li> }).collect();
    view! { <ul class="flex flex-wrap gap-x-4.5 gap-y-1 pt-2 text-ink-2">{facts}</ul> }
}

/// A number and its word.
pub(crate) fn fact(number: String, word: &'static str) -> AnyView {
    view! { <b class="font-semibold text-ink">{number}</b>" "{word} }.into_any()
}

/// A tab.
pub(crate) struct TabLink {
    /// Its word.
    pub(crate) label: &'static str,
    /// How many there are, where that tells something.
    pub(crate) count: Option<u64>,
    /// Where it leads.
    pub(crate) href: String,
    /// Whether it is shown.
    pub(crate) current: bool,
}

const TAB: &str = "-mb-px inline-block border-b-2 border-transparent py-2 text-ink-2 whitespace-nowrap hover:text-ink hover:no-underline hover:border-line-strong";
const TAB_ON: &str = "-mb-px inline-block border-b-2 border-signal py-2 font-semibold text-ink whitespace-nowrap hover:no-underline";

/// The tabs of a thing, as links.
pub(crate) fn tabs(label: &'static str, tabs: Vec<TabLink>) -> impl IntoView {
    let tabs: Vec<_> = tabs
        .into_iter()
        .map(|tab| {
            let count = tab.count.map(|count| view! { <span class="ml-1 font-normal text-ink-3">{crate::format::count(count)}</span> });
            view! {
                <li>
                    <a class=if tab.current { TAB_ON } else { TAB } href=tab.href aria-current=tab.current.then_some("page")>
                        {tab.label}
                        {count}
                    </a>
                </li>
            }
        })
        .collect();
    view! {
        <nav class="mt-5 overflow-x-auto overflow-y-hidden border-b border-line [scrollbar-width:none]" aria-label=label>
            <ul class="flex gap-5.5 max-md:gap-4.5">{tabs}</ul>
        </nav>
    }
}
