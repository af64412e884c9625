//! The small things of every list: times, sizes, digests, platforms, names.

use crate::{format, html::Html, ui::icon::Icon};
use leptos::prelude::*;

/// A piece of written HTML in a view.
pub(crate) fn bit(write: impl FnOnce(&mut Html)) -> impl IntoView {
    let mut html = Html::default();
    write(&mut html);
    view! { <span inner_html=html.into_string()></span> }
}

/// How long ago, with the exact time on hover; a dash where it is unknown.
pub(crate) fn when(html: &mut Html, at: Option<&str>, now: i64) {
    let Some((text, moment)) = at.and_then(|text| format::moment(text).map(|moment| (text, moment))) else {
        unknown(html, "not known");
        return;
    };
    html.raw("<time datetime=\"").text(text).raw("\" title=\"").text(&format::exact(moment)).raw("\">");
    html.text(&format::since(moment, now)).raw("</time>");
}

/// A size, with the bytes on hover; a dash where it is unknown.
pub(crate) fn size(html: &mut Html, bytes: Option<u64>) {
    match bytes {
        Some(bytes) => {
            html.raw("<span title=\"").text(&format::bytes(bytes)).raw("\">").text(&format::size(bytes)).raw("</span>");
        }
        None => unknown(html, "size unknown"),
    }
}

fn unknown(html: &mut Html, why: &'static str) {
    html.raw("<span class=\"text-ink-3\" title=\"").raw(why).raw("\">–<span class=\"sr-only\">").raw(why).raw("</span></span>");
}

/// A button that copies a text; seen once the islands are awake.
pub(crate) fn copy(html: &mut Html, text: &str, label: &str) {
    html.raw("<button type=\"button\" class=\"copy\" data-copy=\"").text(text).raw("\" aria-label=\"").text(label).raw("\" title=\"");
    html.text(label).raw("\"></button>");
}

/// A short digest and the button that copies the whole.
pub(crate) fn digest(html: &mut Html, digest: &str) {
    html.raw("<span class=\"mono\" title=\"").text(digest).raw("\">").text(&format::digest(digest)).raw("</span> ");
    copy(html, digest, "Copy digest");
}

/// The platforms, two of them by name; for what has none, its kind.
pub(crate) fn platforms(html: &mut Html, platforms: &[String], kind: &str) {
    if platforms.is_empty() {
        if !matches!(kind, "image" | "index" | "") {
            html.raw("<span class=\"plat\">").text(format::kind(kind)).raw("</span>");
        }
        return;
    }
    let shown = if platforms.len() == 3 { 3 } else { 2 };
    for platform in platforms.iter().take(shown) {
        html.raw("<span class=\"").raw(format::platform_class(platform)).raw("\">").text(format::platform(platform)).raw("</span>");
    }
    if platforms.len() > shown {
        let rest = &platforms[shown..];
        html.raw("<span class=\"plat\" title=\"").text(&rest.join(", ")).raw("\">").number(rest.len() as u64).raw(" more</span>");
    }
}

/// A sentence in which what is to be typed stands between backticks.
pub(crate) fn sentence(html: &mut Html, text: &str) {
    for (index, part) in text.split('`').enumerate() {
        // An odd backtick begins nothing: what follows the last one is text.
        let typed = index % 2 == 1 && text.matches('`').count() > index;
        if typed {
            html.raw("<code class=\"mono\">").text(part).raw("</code>");
        } else {
            html.text(part);
        }
    }
}

/// Other tags of the same digest, at most three of them.
pub(crate) fn aliases(html: &mut Html, aliases: &[String]) {
    for alias in aliases.iter().take(3) {
        html.raw("<span class=\"also\">").text(alias).raw("</span>");
    }
    if aliases.len() > 3 {
        html.raw("<span class=\"also\" title=\"")
            .text(&aliases[3..].join(", "))
            .raw("\">+")
            .number(aliases.len() as u64 - 3)
            .raw("</span>");
    }
}

/// A value that may be a safe link: its host shown, nothing told to the other side.
pub(crate) fn linked(html: &mut Html, value: &str) {
    match crate::link::link(value) {
        Some(link) => {
            html.raw("<a class=\"text-link [&_.i]:size-3.5\" rel=\"noopener noreferrer nofollow\" href=\"").text(&link.href).raw("\">");
            html.text(&link.shown).raw(" ").raw(Icon::External.html()).raw("</a>");
        }
        None => {
            html.text(value);
        }
    }
}
