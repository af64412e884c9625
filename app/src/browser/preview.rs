//! The preview of a policy, drawn anew as it is typed.

use super::{by_id, closest, document, fragment, live, on, set, window};
use leptos::prelude::set_timeout;
use std::{cell::Cell, time::Duration};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::spawn_local;
use web_sys::{Element, Event, FormData, HtmlFormElement, UrlSearchParams};

/// A pause in typing this long is waited for.
const PAUSE: Duration = Duration::from_millis(300);

thread_local! {
    /// Counts the changes: only what the last of them asked for is shown.
    static TURN: Cell<u32> = const { Cell::new(0) };
}

pub(crate) fn listen() {
    let Some(document) = document() else { return };
    on(&document, "input", |event: Event| {
        let Some(form) = closest(&event, "form[data-preview]") else { return };
        let turn = TURN.get() + 1;
        TURN.set(turn);
        set_timeout(
            move || {
                if TURN.get() == turn {
                    ask(&form, turn);
                }
            },
            PAUSE,
        );
    });
}

fn ask(form: &Element, turn: u32) -> Option<()> {
    let fields = FormData::new_with_form(form.unchecked_ref::<HtmlFormElement>()).ok()?;
    let fields = UrlSearchParams::new_with_str_sequence_sequence(&fields).ok()?;
    // What is empty says nothing, and makes no better address.
    let said = String::from(fields.to_string());
    let said: Vec<&str> = said.split('&').filter(|pair| !pair.ends_with('=')).collect();
    let address = [form.get_attribute("action")?, said.join("&")].join("?");
    set(&by_id("preview")?, "aria-busy", "true");
    spawn_local(async move {
        let drawn = fragment(&address, None).await;
        if TURN.get() != turn {
            return;
        }
        // What it would do, and the policy as it is to be kept.
        for id in ["preview", "policy"] {
            let Some(place) = by_id(id) else { continue };
            let _ = place.remove_attribute("aria-busy");
            if let Some(fresh) = drawn.as_ref().and_then(|drawn| drawn.query_selector(&["#", id].concat()).ok()?) {
                live::swap(&place, &fresh);
            }
        }
        if let Some(history) = window().and_then(|window| window.history().ok()) {
            let _ = history.replace_state_with_url(&JsValue::NULL, "", Some(&address));
        }
    });
    Some(())
}
