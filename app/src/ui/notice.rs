//! What must be said before the content: trouble, staleness, a query that cannot be read, nothing to show.

use crate::{model::QueryError, text::visible, ui::icon::Icon};
use leptos::prelude::*;

/// How much it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Weight {
    /// To be known.
    Info,
    /// To be minded.
    Warn,
    /// Broken.
    Bad,
}

/// A sentence or two in the colour of their weight.
pub(crate) fn notice(weight: Weight, content: impl IntoView + 'static) -> impl IntoView {
    let (class, icon) = match weight {
        Weight::Info => ("mt-4 flex gap-2.5 rounded-lg bg-sunken px-3 py-2.5 text-sm text-ink-2", Icon::Info),
        Weight::Warn => ("mt-4 flex gap-2.5 rounded-lg bg-warn-soft px-3 py-2.5 text-sm text-warn", Icon::Alert),
        Weight::Bad => ("mt-4 flex gap-2.5 rounded-lg bg-bad-soft px-3 py-2.5 text-sm text-bad", Icon::Alert),
    };
    view! {
        <div class=class role="status">
            <span class="flex-none">{icon.view()}</span>
            <div class="min-w-0">{content}</div>
        </div>
    }
}

/// The query with its wrong term underlined, and what would be right.
pub(crate) fn query_error(q: &str, error: &QueryError) -> impl IntoView + use<> {
    let cut = |at: usize| {
        let mut at = at.min(q.len());
        while !q.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let (start, end) = (cut(error.start), cut(error.end.max(error.start)));
    let before = visible(&q[..start]).into_owned();
    let wrong = if start == end { "\u{a0}".to_owned() } else { visible(&q[start..end]).into_owned() };
    let after = visible(&q[end..]).into_owned();
    let message = visible(&error.message).into_owned();
    let hint = error.hint.as_deref().map(|hint| view! { <p class="mt-1 text-ink-2">{visible(hint).into_owned()}</p> });
    view! {
        <div class="mt-4 rounded-lg bg-bad-soft px-4 py-3" role="alert" id="query-error">
            <p class="mono whitespace-pre-wrap text-ink">
                {before}<span class="font-semibold text-bad underline decoration-wavy decoration-from-font underline-offset-4">{wrong}</span>{after}
            </p>
            <p class="mt-2 text-sm text-bad">{message}</p>
            {hint}
        </div>
    }
}

/// Nothing to show: what that means, and what to do next.
pub(crate) fn empty(icon: Icon, title: String, content: impl IntoView + 'static) -> impl IntoView {
    view! {
        <div class="mx-auto max-w-narrow px-2 py-16 text-center">
            <span class="mx-auto mb-4 grid size-12 place-items-center rounded-xl border border-line bg-raised text-ink-3">{icon.view()}</span>
            <h2 class="text-lg font-[650] tracking-tight">{title}</h2>
            <div class="mt-2 text-ink-2">{content}</div>
        </div>
    }
}

/// Lines to type, with a button that copies them.
pub(crate) fn command(lines: &str) -> impl IntoView + use<> {
    let mut html = crate::html::Html::default();
    crate::ui::value::copy(&mut html, lines, "Copy the command");
    let lines = lines.to_owned();
    view! {
        <div class="relative mt-3 text-left">
            <pre class="mono overflow-x-auto rounded-lg border border-line bg-sunken px-4 py-3 pr-12 leading-relaxed text-ink" tabindex="0">{lines}</pre>
            <span class="absolute top-2 right-2" inner_html=html.into_string()></span>
        </div>
    }
}
