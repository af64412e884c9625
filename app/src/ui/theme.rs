//! The theme's button: a form that posts; the companion island makes it a switch that needs no answer.

use crate::{
    model::{Frame, Theme},
    ui::icon::Icon,
};
use leptos::prelude::*;

/// From the system's theme to light to dark and back.
pub(crate) fn button(frame: &Frame) -> impl IntoView + use<> {
    let to = match frame.theme {
        Theme::System => Theme::Light,
        Theme::Light => Theme::Dark,
        Theme::Dark => Theme::System,
    };
    view! {
        <form class="flex" method="post" action=format!("{}/theme", frame.base) data-theme-form="">
            <input type="hidden" name="to" value=to.as_str()/>
            <input type="hidden" name="back" value=frame.path.clone()/>
            <input type="hidden" name="csrf_token" value=frame.csrf.clone()/>
            <button class="grid size-8 place-items-center rounded-full text-ink-2 hover:bg-sunken hover:text-ink" type="submit" title="Theme: of the system, light or dark">
                <span class="in-system">{Icon::Monitor.view()}<span class="sr-only">"Theme of the system; switch to light"</span></span>
                <span class="in-light">{Icon::Sun.view()}<span class="sr-only">"Light theme; switch to dark"</span></span>
                <span class="in-dark">{Icon::Moon.view()}<span class="sr-only">"Dark theme; switch to that of the system"</span></span>
            </button>
        </form>
    }
}
