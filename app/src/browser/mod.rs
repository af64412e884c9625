//! What the islands do to the page in the browser. Only here is the DOM touched.

pub(crate) mod copy;
pub(crate) mod keys;
pub(crate) mod live;
pub(crate) mod pull;
pub(crate) mod search;
pub(crate) mod theme;

use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{Document, Element, Event, EventTarget, Storage, Window};

/// Called once, before the islands wake.
pub fn wake() {
    if let Some(place) = main().and_then(|main| main.get_attribute("data-place")) {
        search::remember(&place);
    }
}

fn window() -> Option<Window> {
    web_sys::window()
}

fn document() -> Option<Document> {
    window()?.document()
}

fn main() -> Option<Element> {
    document()?.get_element_by_id("main")
}

fn storage() -> Option<Storage> {
    window()?.local_storage().ok()?
}

/// The path prefix of every address of ours.
fn base() -> String {
    document().and_then(|document| document.document_element()?.get_attribute("data-base")).unwrap_or_default()
}

/// The elements below one that match, in order.
fn all(within: &Element, selector: &str) -> Vec<Element> {
    let found = within.query_selector_all(selector);
    found.map(|found| (0..found.length()).filter_map(|at| found.item(at)?.dyn_into().ok()).collect()).unwrap_or_default()
}

/// The first element of the page that matches.
fn first(selector: &str) -> Option<Element> {
    document()?.query_selector(selector).ok()?
}

/// Sets the attributes of one element.
fn set(element: &Element, name: &str, value: &str) {
    let _ = element.set_attribute(name, value);
}

/// Milliseconds since 1970 by the browser's clock.
fn clock() -> f64 {
    js_sys::Date::now()
}

/// Listens for as long as the page lives.
fn on<E: JsCast + wasm_bindgen::convert::FromWasmAbi + 'static>(target: &EventTarget, name: &str, handler: impl FnMut(E) + 'static) {
    let closure = Closure::<dyn FnMut(E)>::new(handler);
    let _ = target.add_event_listener_with_callback(name, closure.as_ref().unchecked_ref());
    closure.forget();
}

/// The element of an event, or the nearest around it that matches.
fn closest(event: &Event, selector: &str) -> Option<Element> {
    event.target()?.dyn_into::<Element>().ok()?.closest(selector).ok()?
}

/// Whether keys go into a field.
fn is_typing() -> bool {
    document().and_then(|document| document.active_element()).is_some_and(|element| {
        element.matches("input:not([type=radio],[type=checkbox]),textarea,select,[contenteditable]").unwrap_or(false)
    })
}
