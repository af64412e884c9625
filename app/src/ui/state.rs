//! How far what is shown can be trusted: a dot and a word, and a banner where there is more to say.

use crate::{
    address, format,
    html::Html,
    ui::{
        notice::{Weight, notice},
        value,
    },
};
use api::{Freshness, Registry, State};
use leptos::prelude::*;

fn class(state: State) -> &'static str {
    match state {
        State::Fresh => "dot",
        State::Crawling => "dot dot-busy",
        State::Stale => "dot dot-warn",
        State::Unreachable => "dot dot-bad",
    }
}

/// The dot and the words for a list: `in step, 4 s ago`, `crawling 120 of 1,284`, `stale, seen 3 h ago`. It leads to
/// the registry that matters most.
pub(crate) fn freshness(base: &str, freshness: &Freshness, registries: &[Registry], now: i64) -> impl IntoView + use<> {
    let mut html = Html::default();
    html.raw("<span class=\"").raw(class(freshness.state)).raw("\"><span>");
    words(&mut html, freshness, registries, now);
    html.raw("</span></span>");
    let worst = registries.iter().max_by_key(|registry| registry.state);
    match worst {
        Some(registry) => view! {
            <a class="text-sm text-ink-2 num rounded-md py-1 hover:text-ink" href=address::registry(base, &registry.name) inner_html=html.into_string()></a>
        }
        .into_any(),
        None => view! { <span class="text-sm text-ink-2 num" inner_html=html.into_string()></span> }.into_any(),
    }
}

fn words(html: &mut Html, freshness: &Freshness, registries: &[Registry], now: i64) {
    let at = freshness.at.as_deref();
    match freshness.state {
        State::Fresh if at.is_some() => {
            html.raw("in step, ");
            value::when(html, at, now);
            html.raw(" ago");
        }
        State::Fresh => {
            html.raw("in step");
        }
        State::Crawling => {
            let (done, total) = registries
                .iter()
                .filter_map(|registry| registry.progress.as_ref())
                .fold((0, 0), |(done, total), progress| (done + progress.done, total + progress.total));
            html.raw("crawling");
            if total > 0 {
                html.raw(" ").text(&format::count(done)).raw(" of ").text(&format::count(total));
            }
        }
        State::Stale => {
            html.raw("stale");
            seen(html, at, now);
        }
        State::Unreachable => {
            let silent: Vec<_> = registries.iter().filter(|registry| registry.state == State::Unreachable).collect();
            match silent.as_slice() {
                [one] if registries.len() > 1 => {
                    html.text(&one.name).raw(" does not answer");
                }
                [_] | [] => {
                    html.raw("the registry does not answer");
                }
                several => {
                    html.number(several.len() as u64).raw(" registries do not answer");
                }
            }
        }
    }
}

fn seen(html: &mut Html, at: Option<&str>, now: i64) {
    if at.is_some() {
        html.raw(", seen ");
        value::when(html, at, now);
        html.raw(" ago");
    }
}

/// The same for one registry.
pub(crate) fn of_registry(html: &mut Html, registry: &Registry, now: i64) {
    let freshness = Freshness { state: registry.state, at: registry.checked.clone() };
    html.raw("<span class=\"").raw(class(registry.state)).raw("\"><span>");
    words(html, &freshness, std::slice::from_ref(registry), now);
    html.raw("</span></span>");
}

/// A banner for each registry that does not answer or has not been heard of for long.
pub(crate) fn banners(base: &str, registries: &[Registry], now: i64) -> Vec<AnyView> {
    registries.iter().filter_map(|registry| banner(base, registry, now)).collect()
}

/// The banner of one registry, where there is something to say.
pub(crate) fn banner(base: &str, registry: &Registry, now: i64) -> Option<AnyView> {
    if !matches!(registry.state, State::Unreachable | State::Stale) {
        return None;
    }
    let known = registry.repositories > 0 || registry.checked.is_some();
    let mut html = Html::default();
    html.raw("<b class=\"font-semibold\">").text(&registry.name);
    html.raw(if registry.state == State::Unreachable { " does not answer.</b> " } else { " was not heard of as it should be.</b> " });
    if let Some(problem) = &registry.problem {
        html.text(&problem.detail).raw(" ");
    }
    if known && registry.checked.is_some() {
        html.raw("What is shown here was last seen ");
        value::when(&mut html, registry.checked.as_deref(), now);
        html.raw(" ago. ");
    } else if known {
        html.raw("What is shown here is what was known. ");
    }
    html.raw("<a class=\"underline underline-offset-3\" href=\"")
        .text(&address::registry(base, &registry.name))
        .raw("\">What mends it</a>");
    let weight = if registry.state == State::Unreachable { Weight::Bad } else { Weight::Warn };
    Some(notice(weight, view! { <p inner_html=html.into_string()></p> }).into_any())
}
