//! What the islands do to the page in the browser. Only here is the DOM touched.

pub(crate) mod changes;
pub(crate) mod chosen;
pub(crate) mod copy;
pub(crate) mod keys;
pub(crate) mod live;
pub(crate) mod preview;
pub(crate) mod pull;
pub(crate) mod search;
pub(crate) mod theme;

use gloo_net::http::Request;
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{AbortSignal, Document, DomParser, Element, Event, EventTarget, Storage, SupportedType, UrlSearchParams, Window};

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
    by_id("main")
}

fn storage() -> Option<Storage> {
    window()?.local_storage().ok()?
}

/// The path prefix of every address of ours.
fn base() -> String {
    document().and_then(|document| document.document_element()?.get_attribute("data-base")).unwrap_or_default()
}

/// Asks the server: whether it went well, and what it said. None where it does not answer.
async fn ask(request: Request) -> Option<(bool, String)> {
    let response = request.send().await.ok()?;
    let text = response.text().await.ok()?;
    Some((response.ok(), text))
}

/// The same, to be broken off by a signal.
async fn ask_until(address: &str, signal: &AbortSignal) -> Option<(bool, String)> {
    ask(Request::get(address).abort_signal(Some(signal)).build().ok()?).await
}

/// What a page says, without its frame; sent as a form where there are fields. None where the server does not answer as it should.
async fn fragment(address: &str, fields: Option<&UrlSearchParams>) -> Option<Element> {
    let request = match fields {
        Some(fields) => Request::post(address).header("X-Fragment", "1").body(fields).ok()?,
        None => Request::get(address).header("X-Fragment", "1").build().ok()?,
    };
    let (_, text) = ask(request).await?;
    parsed(&text)?.query_selector("[data-fragment]").ok()?
}

/// HTML as a document of its own, in which no script runs.
fn parsed(text: &str) -> Option<Document> {
    DomParser::new().ok()?.parse_from_string(text, SupportedType::TextHtml).ok()
}

fn by_id(id: &str) -> Option<Element> {
    document()?.get_element_by_id(id)
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

/// A number with so many digits after the point, as the browser writes it: our own way would be ten kilobytes of code.
fn fixed(number: f64, digits: u8) -> String {
    js_sys::Number::from(number).to_fixed(digits).map(String::from).unwrap_or_default()
}

/// Hides an element, or shows it.
fn hide(id: &str, hidden: bool) {
    if let Some(element) = by_id(id) {
        let _ = element.toggle_attribute_with_force("hidden", hidden);
    }
}

/// Has something said to screen readers.
fn say(id: &str, words: &str) {
    if let Some(place) = by_id(id) {
        place.set_text_content(Some(words));
    }
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
