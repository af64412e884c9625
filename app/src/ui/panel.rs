//! What is a page by itself and a dialog on another: a heading, a content, buttons at the end.

use crate::{
    html::Html,
    model::Frame,
    text::visible,
    ui::{
        icon::Icon,
        page::{BUTTON, BUTTON_DANGER, BUTTON_PRIMARY},
        value,
    },
};
use api::Problem;
use leptos::prelude::*;

const DIALOG: &str = "pop m-auto max-h-[calc(100dvh-32px)] w-[min(560px,calc(100vw-32px))] rounded-xl border border-line-strong bg-raised p-0 text-ink shadow-pop backdrop:bg-veil";
const NOTICE: &str = "pop fixed right-5 bottom-5 z-40 w-[min(400px,calc(100vw-32px))] rounded-xl border border-line-strong bg-raised shadow-pop max-md:right-4";
const TITLE: &str = "text-lg font-[650] tracking-tight outline-none";
const INSIDE: &str = "px-6 pt-5.5 pb-4.5 max-md:px-4";

/// Draws it, as a page or (where the frame says so) as what stands in a dialog.
pub(crate) fn panel(frame: &Frame, title: &str, content: impl IntoView + 'static) -> AnyView {
    let title = visible(title).into_owned();
    if frame.fragment {
        return view! {
            <div class=INSIDE>
                <h2 class=TITLE id="change-title" tabindex="-1">{title}</h2>
                {content}
            </div>
        }
        .into_any();
    }
    view! {
        <div class="mx-auto max-w-[600px] pt-12 pb-16 max-md:pt-4">
            <div class="rounded-xl border border-line bg-raised">
                <div class=INSIDE>
                    <h1 class=TITLE>{title}</h1>
                    {content}
                </div>
            </div>
        </div>
    }
    .into_any()
}

/// Where the islands put what is asked for: a dialog, and the notice of a job. Until something was put there the dialog
/// says what it says again whenever no answer comes.
pub(crate) fn places() -> impl IntoView {
    view! {
        <dialog class=DIALOG id="change" aria-labelledby="change-title">
            <div class=INSIDE>
                <h2 class=TITLE id="change-title" tabindex="-1">"The server does not answer"</h2>
                <p class="pt-2 pb-4 text-ink-2">"Whether anything was done, Activity tells once it is back."</p>
                <button class=BUTTON type="button" data-close="" autofocus=true>"Back"</button>
            </div>
        </dialog>
        <section class=NOTICE id="notice" aria-label="Job" hidden=true></section>
    }
}

/// How serious what a button does is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    /// It takes something away.
    Danger,
    /// It leads on, or adds something.
    Plain,
}

/// The end of a form: what is to be known, the way back, and the button that does it.
pub(crate) fn end(frame: &Frame, note: &'static str, back: String, act: Option<(Act, String)>) -> impl IntoView + use<> {
    let word = if act.is_some() { "Cancel" } else { "Back" };
    let way_back = if frame.fragment {
        view! { <button class=BUTTON type="button" data-close="" autofocus=act.as_ref().is_none_or(|(act, _)| *act == Act::Danger)>{word}</button> }.into_any()
    } else {
        view! { <a class=BUTTON href=back>{word}</a> }.into_any()
    };
    let button = act.map(|(act, label)| {
        let class = if act == Act::Danger { BUTTON_DANGER } else { BUTTON_PRIMARY };
        view! { <button class=class type="submit" data-act="">{label}</button> }
    });
    view! {
        <div class="flex flex-wrap items-center justify-end gap-2 pt-4.5">
            {(!note.is_empty()).then(|| view! { <span class="mr-auto text-sm text-ink-2 max-md:w-full">{note}</span> })}
            {way_back}
            {button}
        </div>
    }
}

/// The token without which no form is heard.
pub(crate) fn token(frame: &Frame) -> impl IntoView + use<> {
    view! { <input type="hidden" name="csrf_token" value=frame.csrf.clone()/> }
}

/// What stands in the way, with what mends it.
pub(crate) fn obstacle(detail: &str, hint: Option<&str>, bad: bool) -> AnyView {
    let mut html = Html::default();
    html.raw("<p>");
    value::sentence(&mut html, detail);
    html.raw("</p>");
    if let Some(hint) = hint {
        html.raw("<p class=\"mt-1 text-ink\">");
        value::sentence(&mut html, hint);
        html.raw("</p>");
    }
    let class = if bad {
        "mt-3 flex gap-2.5 rounded-lg bg-bad-soft px-3 py-2.5 text-sm text-bad"
    } else {
        "mt-3 flex gap-2.5 rounded-lg bg-warn-soft px-3 py-2.5 text-sm text-warn"
    };
    view! {
        <div class=class role=bad.then_some("alert")>
            <span class="flex-none">{Icon::Alert.view()}</span>
            <div class="min-w-0" inner_html=html.into_string()></div>
        </div>
    }
    .into_any()
}

/// The same for a problem.
pub(crate) fn problem(problem: &Problem) -> AnyView {
    obstacle(&problem.detail, problem.hint.as_deref(), true)
}
