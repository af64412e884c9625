//! Copying a text, by the clipboard's own interface or, on plain http where that is absent, by a selection.

use super::{closest, document, on, say, window};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{Element, Event, HtmlDocument, HtmlTextAreaElement};

/// How long a button shows that it copied.
const SHOWN_MS: i32 = 1500;

pub(crate) fn listen() {
    let Some(document) = document() else { return };
    on(&document, "click", move |event: Event| {
        let Some(button) = closest(&event, "[data-copy]") else { return };
        event.prevent_default();
        let text = button.get_attribute("data-copy").unwrap_or_default();
        spawn_local(async move {
            if copy(&text).await {
                confirm(&button);
                say("said", &["Copied ", &short(&text)].concat());
            } else {
                say("said", "The browser does not allow copying.");
            }
        });
    });
    // `y` of the keyboard asks by an event of its own.
    on(&document, "supercargo:copy", move |event: Event| {
        let Some(text) = event.dyn_ref::<web_sys::CustomEvent>().and_then(|event| event.detail().as_string()) else { return };
        spawn_local(async move {
            if copy(&text).await {
                say("said", &["Copied ", &short(&text)].concat());
            }
        });
    });
}

fn short(text: &str) -> String {
    if text.chars().count() > 120 { text.chars().take(119).chain(['…']).collect() } else { text.to_owned() }
}

async fn copy(text: &str) -> bool {
    // Absent, not refused, where the page is not served over TLS: asking for it as a value avoids an exception.
    let navigator = window().map(|window| window.navigator());
    let clipboard = navigator.filter(|navigator| {
        js_sys::Reflect::get(navigator, &JsValue::from_str("clipboard")).is_ok_and(|clipboard| !clipboard.is_undefined())
    });
    if let Some(navigator) = clipboard
        && JsFuture::from(navigator.clipboard().write_text(text)).await.is_ok()
    {
        return true;
    }
    by_selection(text).unwrap_or(false)
}

fn by_selection(text: &str) -> Option<bool> {
    let document = document()?;
    let before = document.active_element();
    let area: HtmlTextAreaElement = document.create_element("textarea").ok()?.dyn_into().ok()?;
    area.set_value(text);
    area.set_class_name("fixed top-0 left-0 size-px opacity-0");
    // Within an open dialog only its own content can be focused.
    let place: Element = super::first("dialog[open]").or_else(|| document.body().map(Into::into))?;
    place.append_child(&area).ok()?;
    area.select();
    let done = document.dyn_ref::<HtmlDocument>().and_then(|document| document.exec_command("copy").ok());
    area.remove();
    if let Some(element) = before.and_then(|element| element.dyn_into::<web_sys::HtmlElement>().ok()) {
        let _ = element.focus();
    }
    done
}

/// The button shows a tick for a moment.
fn confirm(button: &Element) {
    // In a menu it has an icon of the sprite; by itself it is drawn by the stylesheet.
    let shape = button.query_selector("use").ok().flatten();
    let show = move |href: &str| {
        if let Some(shape) = &shape {
            let _ = shape.set_attribute("href", href);
        }
    };
    show("#i-check");
    let _ = button.set_attribute("data-copied", "");
    let button = button.clone();
    let back = Closure::once_into_js(move || {
        show("#i-copy");
        let _ = button.remove_attribute("data-copied");
    });
    if let Some(window) = window() {
        let _ = window.set_timeout_with_callback_and_timeout_and_arguments_0(back.unchecked_ref(), SHOWN_MS);
    }
}
