//! Locks: what is said of them, and the forms that make and take them.

use crate::{
    html::Html,
    model::Frame,
    reference::parts,
    ui::{icon::Icon, panel, value},
};
use api::Lock;
use leptos::prelude::*;

/// The forms that the menu's and the line's buttons belong to; once on a page that has either.
pub(crate) fn forms(frame: &Frame) -> impl IntoView + use<> {
    view! {
        <form id="lock" method="post" action=format!("{}/lock", frame.base)>{panel::token(frame)}</form>
        <form id="unlock" method="post" action=format!("{}/unlock", frame.base)>{panel::token(frame)}</form>
    }
}

/// A line for each lock that concerns the page.
pub(crate) fn lines(locks: &[Lock], can_change: bool, now: i64) -> Vec<AnyView> {
    locks
        .iter()
        .map(|lock| {
            let mut html = Html::default();
            let whole = parts(&lock.reference).name.is_empty();
            html.raw(Icon::Lock.html()).raw(" <span>").raw(if whole { "The repository was locked " } else { "Locked " });
            value::when(&mut html, Some(&lock.at), now);
            html.raw(" ago");
            if let Some(actor) = &lock.actor {
                html.raw(" by ").text(actor);
            }
            if let Some(note) = &lock.note {
                html.raw(": ").text(note);
            }
            html.raw(". Nothing here takes it away or moves it.");
            if can_change {
                html.raw(" <button class=\"min-h-6 text-link underline underline-offset-3\" form=\"unlock\" name=\"ref\" value=\"");
                html.text(&lock.reference).raw("\">Unlock</button>");
            }
            html.raw("</span>");
            view! { <p class="flex gap-2 pt-3 text-sm text-ink-2" inner_html=html.into_string()></p> }.into_any()
        })
        .collect()
}
