//! The theme, chosen at once and kept in the cookie that the server reads.

use super::{base, document, on, set};
use wasm_bindgen::JsCast;
use web_sys::{Element, Event, HtmlDocument, HtmlInputElement};

/// From the system's theme to light to dark and back, as the form's own `to` goes.
fn after(theme: &str) -> &'static str {
    match theme {
        "light" => "dark",
        "dark" => "system",
        _ => "light",
    }
}

pub(crate) fn listen() {
    let Some(document) = document() else { return };
    on(&document, "submit", |event: Event| {
        let form = event.target().and_then(|target| target.dyn_into::<Element>().ok()).filter(|form| form.has_attribute("data-theme-form"));
        let Some(input) = form.and_then(|form| form.query_selector("[name=to]").ok()?) else { return };
        event.prevent_default();
        let input: HtmlInputElement = input.unchecked_into();
        choose(&input.value());
        input.set_value(after(&input.value()));
    });
}

fn choose(theme: &str) -> Option<()> {
    let document = document()?;
    set(&document.document_element()?, "data-theme", theme);
    let path = Some(base()).filter(|base| !base.is_empty()).unwrap_or_else(|| "/".to_owned());
    let cookie = ["theme=", theme, "; path=", &path, "; max-age=31536000; samesite=lax"].concat();
    document.dyn_ref::<HtmlDocument>()?.set_cookie(&cookie).ok()
}
