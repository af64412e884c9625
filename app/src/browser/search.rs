//! The search field at work: asks while typing, shows, moves, opens, remembers.

use super::{base, clock, storage, window};
use crate::{
    ago::ago,
    html::Html,
    islands::search::{EXAMPLE, Found, Item, line_id},
    ui::icon::Icon,
};
use gloo_net::http::Request;
use js_sys::{Array, JSON, Reflect};
use leptos::{html::Input, prelude::*};
use std::time::Duration;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::spawn_local;
use web_sys::{AbortController, AbortSignal, KeyboardEvent};

/// A pause in typing this long is waited for while an answer is still on its way; else nothing is waited for.
const PAUSE: Duration = Duration::from_millis(25);
const LIMIT: &str = "12";
/// How many places are remembered, and how many of them shown.
const RECENT: usize = 8;

#[derive(Default)]
struct Asking {
    /// Counts the questions: an answer to any but the last is thrown away.
    turn: u32,
    running: Option<AbortController>,
}

/// The state of the field; cheap to copy into handlers.
#[derive(Clone, Copy)]
pub(crate) struct Search {
    open: RwSignal<bool>,
    found: RwSignal<Found>,
    active: RwSignal<Option<usize>>,
    field: NodeRef<Input>,
    asking: StoredValue<Asking, LocalStorage>,
}

impl Search {
    pub(crate) fn new(open: RwSignal<bool>, found: RwSignal<Found>, active: RwSignal<Option<usize>>, field: NodeRef<Input>) -> Self {
        Self { open, found, active, field, asking: StoredValue::new_local(Asking::default()) }
    }

    fn text(self) -> String {
        self.field.get_untracked().map(|field| field.value()).unwrap_or_default()
    }

    pub(crate) fn opened(self) {
        self.open.set(true);
        self.typed();
    }

    pub(crate) fn close(self) {
        self.open.set(false);
        self.active.set(None);
    }

    pub(crate) fn typed(self) {
        self.open.set(true);
        let text = self.text();
        let mut turn = 0;
        let mut wait = false;
        self.asking.update_value(|asking| {
            asking.turn += 1;
            turn = asking.turn;
            if let Some(running) = asking.running.take() {
                running.abort();
                wait = true;
            }
        });
        if text.trim().is_empty() {
            self.found.set(Found { items: recent(), ..Found::default() });
            self.active.set(None);
        } else if wait {
            set_timeout(
                move || {
                    if self.is_turn(turn) {
                        self.ask(turn, text);
                    }
                },
                PAUSE,
            );
        } else {
            self.ask(turn, text);
        }
    }

    fn is_turn(self, turn: u32) -> bool {
        self.asking.with_value(|asking| asking.turn == turn)
    }

    fn ask(self, turn: u32, text: String) {
        let Ok(controller) = AbortController::new() else { return };
        let signal = controller.signal();
        self.asking.update_value(|asking| asking.running = Some(controller));
        let address = [&base(), "/api/v1/search?limit=", LIMIT, "&q=", &encoded(&text)].concat();
        spawn_local(async move {
            let begun = clock();
            let found = answer(&address, &signal, begun).await;
            if !self.is_turn(turn) {
                return;
            }
            self.asking.update_value(|asking| asking.running = None);
            let found = found.unwrap_or_else(|| Found { items: vec![hint()], told: "no answer".to_owned(), wrong: true });
            let any = found.items.first().is_some_and(|item| item.group != HINTS);
            self.found.set(found);
            self.active.set(any.then_some(0));
        });
    }

    pub(crate) fn key(self, event: &KeyboardEvent) {
        if event.is_composing() {
            return;
        }
        let last = self.found.with_untracked(|found| found.items.len()).checked_sub(1);
        let active = self.active.get_untracked();
        match event.key().as_str() {
            "ArrowDown" if self.open.get_untracked() => {
                self.go(last.map(|last| active.map_or(0, |at| if at >= last { 0 } else { at + 1 })));
            }
            "ArrowUp" if self.open.get_untracked() => self.go(last.map(|last| active.filter(|at| *at > 0).map_or(last, |at| at - 1))),
            "ArrowDown" | "ArrowUp" => self.opened(),
            "Escape" => {
                self.close();
                if let Some(field) = self.field.get_untracked() {
                    let _ = field.blur();
                }
            }
            "Enter" if event.ctrl_key() || event.meta_key() => {
                leave(&[&base(), "/search?q=", &encoded(&self.text())].concat());
            }
            "Enter" => match active.and_then(|at| self.found.with_untracked(|found| found.items.get(at).map(|item| item.href.clone()))) {
                Some(href) => leave(&href),
                // The form goes to the page of all results.
                None => return,
            },
            _ => return,
        }
        event.prevent_default();
    }

    fn go(self, to: Option<usize>) {
        self.active.set(to);
        let element = to.and_then(|at| super::document()?.get_element_by_id(&line_id(at)));
        if let Some(element) = element {
            let how = web_sys::ScrollIntoViewOptions::new();
            how.set_block(web_sys::ScrollLogicalPosition::Nearest);
            element.scroll_into_view_with_scroll_into_view_options(&how);
        }
    }
}

fn leave(href: &str) {
    if let Some(window) = window() {
        let _ = window.location().set_href(href);
    }
}

fn encoded(text: &str) -> String {
    js_sys::encode_uri_component(text).into()
}

async fn answer(address: &str, signal: &AbortSignal, begun: f64) -> Option<Found> {
    let response = Request::get(address).abort_signal(Some(signal)).send().await.ok()?;
    let ok = response.ok();
    let json = JSON::parse(&response.text().await.ok()?).ok()?;
    if ok {
        return Some(shown(&json, clock() - begun));
    }
    Some(Found { items: vec![hint()], told: text(&json, "detail")?, wrong: true })
}

// JSON is read by the browser: a reader of our own would be a third of the WASM.

fn value(json: &JsValue, name: &str) -> JsValue {
    Reflect::get(json, &JsValue::from_str(name)).unwrap_or(JsValue::UNDEFINED)
}

fn text(json: &JsValue, name: &str) -> Option<String> {
    value(json, name).as_string()
}

fn number(json: &JsValue, name: &str) -> Option<u32> {
    value(json, name).as_f64().map(|number| number as u32)
}

const HINTS: &str = "Go on typing";

fn hint() -> Item {
    let mut content = Html::default();
    line(&mut content, Icon::Clock);
    content.raw("<span class=\"mono truncate\">").raw(EXAMPLE).raw("</span>");
    note(&mut content, "the language");
    Item { group: HINTS, href: [&base(), "/search"].concat(), content }
}

fn line(content: &mut Html, icon: Icon) {
    content.raw("<span class=\"flex-none text-ink-3\">").raw(icon.html()).raw("</span>");
}

fn note(content: &mut Html, note: &str) {
    content.raw("<span class=\"num ml-auto flex-none text-xs text-ink-3\">").text(note).raw("</span>");
}

fn shown(list: &JsValue, took: f64) -> Found {
    let total = number(list, "total").unwrap_or(0);
    let told =
        [total.to_string().as_str(), if total == 1 { " result · " } else { " results · " }, &(took as u32).to_string(), " ms"].concat();
    let hits: Vec<JsValue> = Array::from(&value(list, "items")).iter().collect();
    let now = clock();
    let mut items = Vec::new();
    for (kind, group) in [("repository", "Repositories"), ("tag", "Tags"), ("digest", "Digests"), ("label", "Labels")] {
        let of_kind = hits.iter().filter(|hit| text(hit, "kind").as_deref() == Some(kind));
        items.extend(of_kind.filter_map(|hit| item(hit, kind, group, now)));
    }
    items.push(hint());
    Found { items, told, wrong: false }
}

fn item(hit: &JsValue, kind: &str, group: &'static str, now: f64) -> Option<Item> {
    let reference = text(hit, "reference")?;
    let matched = text(hit, "matched").unwrap_or_default();
    let marks: Vec<(usize, usize)> = Array::from(&value(hit, "marks"))
        .iter()
        .map(|mark| Array::from(&mark))
        .filter_map(|mark| Some((mark.get(0).as_f64()? as usize, mark.get(1).as_f64()? as usize)))
        .collect();
    let icon = match (kind, text(hit, "image_kind").as_deref()) {
        ("digest", _) => Icon::Hash,
        ("label", _) => Icon::Tag,
        (_, Some("helm")) => Icon::Wheel,
        (_, Some("image" | "index") | None) => Icon::Box,
        _ => Icon::File,
    };
    let mut content = Html::default();
    line(&mut content, icon);
    content.raw("<span class=\"min-w-0 truncate\">");
    if let Some(before) = reference.strip_suffix(matched.as_str()) {
        content.raw("<span class=\"text-ink-3\">").text(before).raw("</span>");
        marked(&mut content, &matched, &marks);
    } else {
        content.text(&reference).raw("<span class=\"ml-2 text-xs text-ink-2\">");
        marked(&mut content, &matched, &marks);
        content.raw("</span>");
    }
    content.raw("</span>");
    if let Some(tags) = number(hit, "tags") {
        note(&mut content, &[tags.to_string().as_str(), if tags == 1 { " tag" } else { " tags" }].concat());
    } else if let Some(pushed) = text(hit, "pushed") {
        let at = js_sys::Date::parse(&pushed);
        if at.is_finite() {
            note(&mut content, &ago(((now - at) / 1000.0) as i64));
        }
    }
    Some(Item { group, href: [&base(), "/r/", &reference].concat(), content })
}

/// The text with its marks; a mark that does not fit the text is left out.
fn marked(content: &mut Html, text: &str, marks: &[(usize, usize)]) {
    let mut at = 0;
    for (start, end) in marks.iter().copied() {
        if start < at || end <= start {
            continue;
        }
        let (Some(before), Some(hit)) = (text.get(at..start), text.get(start..end)) else { continue };
        content.text(before).raw("<mark>").text(hit).raw("</mark>");
        at = end;
    }
    content.text(text.get(at..).unwrap_or_default());
}

const KEY: &str = "recent";

/// The places seen last, newest first, one a line.
fn places() -> Vec<String> {
    let kept = storage().and_then(|storage| storage.get_item(KEY).ok()?).unwrap_or_default();
    kept.lines().filter(|line| !line.is_empty()).take(RECENT).map(str::to_owned).collect()
}

/// Puts a place before the others.
pub(crate) fn remember(place: &str) {
    let mut places = places();
    places.retain(|other| other != place);
    places.insert(0, place.to_owned());
    places.truncate(RECENT);
    if let Some(storage) = storage() {
        let _ = storage.set_item(KEY, &places.join("\n"));
    }
}

fn recent() -> Vec<Item> {
    let base = base();
    let mut items: Vec<Item> = places()
        .into_iter()
        .map(|place| {
            let mut content = Html::default();
            line(&mut content, Icon::Clock);
            content.raw("<span class=\"min-w-0 truncate\">").text(&place).raw("</span>");
            Item { group: "Recent", href: [&base, "/r/", &place].concat(), content }
        })
        .collect();
    items.push(hint());
    items
}
