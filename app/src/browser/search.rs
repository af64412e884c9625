//! The search field at work: asks while typing, shows, moves, opens, remembers.

use super::{ask_until, base, by_id, clock, hide, on, set, storage, window};
use crate::{
    ago::ago,
    html::Html,
    islands::search::{CLOSED, FORM, INPUT, TOLD},
    ui::icon::Icon,
};
use js_sys::{Array, JSON, Reflect};
use leptos::prelude::set_timeout;
use std::{cell::RefCell, time::Duration};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::spawn_local;
use web_sys::{AbortController, AbortSignal, Event, HtmlInputElement, KeyboardEvent};

// How it looks while it is open.
const OPEN: &str = "fixed inset-x-3 top-3 z-50 mx-auto max-w-[640px] rounded-xl border border-line-strong bg-raised shadow-pop md:top-16";
const FORM_OPEN: &str = "flex h-13 items-center gap-2.5 border-b border-line px-4 text-ink-3";
const INPUT_OPEN: &str = "min-w-0 flex-1 bg-transparent text-md text-ink outline-none placeholder:text-ink-3";
const TOLD_WRONG: &str = "text-xs text-bad";
const HEADING: &str = "px-4 pt-2.5 pb-1 text-[11.5px] font-semibold text-ink-3";
const LINE: &str = "flex min-h-9.5 items-center gap-2.5 px-4 py-1.5 hover:bg-sunken hover:no-underline";
const LINE_ON: &str = "flex min-h-9.5 items-center gap-2.5 bg-accent-soft px-4 py-1.5 hover:no-underline";

/// An example of the language, for those who did not know that there is one.
const EXAMPLE: &str = "repo:team/* tag:~^v2 arch:arm64 age:>30d size:>500MB signed:no";

/// A pause in typing this long is waited for while an answer is still on its way; else nothing is waited for.
const PAUSE: Duration = Duration::from_millis(25);
const LIMIT: &str = "12";
/// How many places are remembered, and how many of them shown.
const RECENT: usize = 8;

/// What the list shows: the API's hits, recent places, or hints.
#[derive(Default)]
struct Found {
    /// In groups, in order.
    items: Vec<Item>,
    /// `38 results · 3 ms`, or what is wrong with the query.
    told: String,
    /// The query cannot be read.
    wrong: bool,
}

/// A line of the list.
struct Item {
    /// The heading that it stands under.
    group: &'static str,
    /// Where it leads.
    href: String,
    /// Icon, text and note.
    content: Html,
}

#[derive(Default)]
struct Search {
    open: bool,
    found: Found,
    active: Option<usize>,
    /// Counts the questions: an answer to any but the last is thrown away.
    turn: u32,
    running: Option<AbortController>,
}

thread_local! {
    static SEARCH: RefCell<Search> = RefCell::default();
}

fn with<T>(f: impl FnOnce(&mut Search) -> T) -> T {
    SEARCH.with(|search| f(&mut search.borrow_mut()))
}

fn field() -> Option<HtmlInputElement> {
    Some(by_id("search")?.unchecked_into())
}

pub(crate) fn listen() {
    let Some(field) = field() else { return };
    on(&field, "input", |_: Event| typed());
    on(&field, "focus", |_: Event| typed());
    on(&field, "blur", |_: Event| close());
    on(&field, "keydown", |event: KeyboardEvent| key(&event));
    if let Some(list) = by_id("search-list") {
        // Pressing a line must not take the focus from the field: the list would close before the click.
        on(&list, "mousedown", |event: Event| event.prevent_default());
    }
    // Someone was faster than we.
    if super::document().and_then(|document| document.active_element()).is_some_and(|active| active == **field) {
        typed();
    }
}

fn text_typed() -> String {
    field().map(|field| field.value()).unwrap_or_default()
}

fn close() {
    with(|search| {
        search.open = false;
        search.active = None;
        search.draw();
    });
}

fn typed() {
    let text = text_typed();
    let mut wait = false;
    let turn = with(|search| {
        search.open = true;
        search.turn += 1;
        if let Some(running) = search.running.take() {
            running.abort();
            wait = true;
        }
        if text.trim().is_empty() {
            search.found = Found { items: recent(), ..Found::default() };
            search.active = None;
        }
        search.draw();
        search.turn
    });
    if text.trim().is_empty() {
        return;
    }
    if wait {
        set_timeout(
            move || {
                if is_turn(turn) {
                    ask(turn, text);
                }
            },
            PAUSE,
        );
    } else {
        ask(turn, text);
    }
}

fn is_turn(turn: u32) -> bool {
    with(|search| search.turn == turn)
}

fn ask(turn: u32, text: String) {
    let Ok(controller) = AbortController::new() else { return };
    let signal = controller.signal();
    with(|search| search.running = Some(controller));
    let address = [&base(), "/api/v1/search?limit=", LIMIT, "&q=", &encoded(&text)].concat();
    spawn_local(async move {
        let begun = clock();
        let found = answer(&address, &signal, begun).await;
        if !is_turn(turn) {
            return;
        }
        let found = found.unwrap_or_else(|| Found { items: vec![hint()], told: "no answer".to_owned(), wrong: true });
        with(|search| {
            search.running = None;
            let any = found.items.first().is_some_and(|item| item.group != HINTS);
            search.found = found;
            search.active = any.then_some(0);
            search.draw();
        });
    });
}

fn key(event: &KeyboardEvent) {
    if event.is_composing() {
        return;
    }
    let (open, active, last) = with(|search| (search.open, search.active, search.found.items.len().checked_sub(1)));
    match event.key().as_str() {
        "ArrowDown" if open => go(last.map(|last| active.map_or(0, |at| if at >= last { 0 } else { at + 1 }))),
        "ArrowUp" if open => go(last.map(|last| active.filter(|at| *at > 0).map_or(last, |at| at - 1))),
        "ArrowDown" | "ArrowUp" => typed(),
        "Escape" => {
            if let Some(field) = field() {
                let _ = field.blur();
            }
        }
        "Enter" if event.ctrl_key() || event.meta_key() => leave(&[&base(), "/search?q=", &encoded(&text_typed())].concat()),
        "Enter" => match active.and_then(|at| with(|search| search.found.items.get(at).map(|item| item.href.clone()))) {
            Some(href) => leave(&href),
            // The form goes to the page of all results.
            None => return,
        },
        _ => return,
    }
    event.prevent_default();
}

fn go(to: Option<usize>) {
    with(|search| {
        search.active = to;
        search.draw();
    });
    if let Some(element) = to.and_then(|at| by_id(&line_id(at))) {
        let how = web_sys::ScrollIntoViewOptions::new();
        how.set_block(web_sys::ScrollLogicalPosition::Nearest);
        element.scroll_into_view_with_scroll_into_view_options(&how);
    }
}

impl Search {
    /// Puts all of it into the page.
    fn draw(&self) -> Option<()> {
        let class = |id: &str, open: &str, closed: &str| {
            if let Some(element) = by_id(id) {
                element.set_class_name(if self.open { open } else { closed });
            }
        };
        class("search-box", OPEN, CLOSED);
        class("search-form", FORM_OPEN, FORM);
        class("search", INPUT_OPEN, INPUT);
        let found = &self.found;
        class("search-told", if found.wrong { TOLD_WRONG } else { TOLD }, TOLD);
        for id in ["search-veil", "search-told", "search-panel"] {
            hide(id, !self.open);
        }
        hide("search-slash", self.open);
        by_id("search-told")?.set_text_content(Some(&found.told));
        by_id("search-list")?.set_inner_html(&lines(found, self.active));
        let field = field()?;
        set(&field, "aria-expanded", if self.open { "true" } else { "false" });
        match self.active {
            Some(at) => set(&field, "aria-activedescendant", &line_id(at)),
            None => field.remove_attribute("aria-activedescendant").ok()?,
        }
        Some(())
    }
}

fn line_id(at: usize) -> String {
    ["search-", &at.to_string()].concat()
}

/// The lines in their groups. An option is a link, so that it can be opened aside.
fn lines(found: &Found, active: Option<usize>) -> String {
    let mut html = Html::default();
    let mut group = "";
    for (at, item) in found.items.iter().enumerate() {
        if item.group != group {
            html.raw(if group.is_empty() { "" } else { "</div>" }).raw("<div role=\"group\" aria-label=\"").raw(item.group);
            html.raw("\"><div class=\"").raw(HEADING).raw("\" aria-hidden=\"true\">").raw(item.group).raw("</div>");
            group = item.group;
        }
        let on = active == Some(at);
        html.raw("<a role=\"option\" tabindex=\"-1\" id=\"").text(&line_id(at)).raw("\" class=\"").raw(if on { LINE_ON } else { LINE });
        html.raw("\" aria-selected=\"").raw(if on { "true" } else { "false" }).raw("\" href=\"").text(&item.href).raw("\">");
        html.html(&item.content).raw("</a>");
    }
    html.raw(if group.is_empty() { "" } else { "</div>" });
    html.into_string()
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
    let (ok, text_of_it) = ask_until(address, signal).await?;
    let json = JSON::parse(&text_of_it).ok()?;
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
