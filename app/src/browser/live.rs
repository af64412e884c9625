//! Draws the page's content anew when its subject changed, and tells times anew as they pass.

use super::{all, ask, base, by_id, clock, document, hide, main, on, parsed, set, window};
use crate::ago::ago;
use gloo_net::http::Request;
use leptos::prelude::{set_interval, set_timeout};
use std::{cell::RefCell, rc::Rc, time::Duration};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::spawn_local;
use web_sys::{Element, Event, EventSource, HtmlDetailsElement, HtmlElement, HtmlInputElement, MessageEvent, Node};

/// Changes come in bursts; one drawing serves them all.
const GATHER: Duration = Duration::from_millis(250);
/// Between two drawings, where little changes and for a page about something that is at work, which has a stream of its own.
const REST_MS: f64 = 500.0;
/// Not oftener than this where much changes all the time …
const LONG_REST_MS: f64 = 3000.0;
/// … that is, after so many drawings in a row; each long rest without one gives one back.
const DRAWINGS: f64 = 12.0;
/// A button is held no longer than this for a click, and some browsers never tell that a scroll bar was let go.
const PRESS_MS: f64 = 5000.0;
/// Where its events are cut.
const POLL: Duration = Duration::from_secs(2);
const RETELL: Duration = Duration::from_secs(30);

#[derive(Default)]
struct State {
    source: Option<EventSource>,
    drawn_at: f64,
    /// How many drawings of [`DRAWINGS`] were used.
    used: f64,
    planned: bool,
    /// When a button of the pointer went down that is not up again.
    pressed_at: Option<f64>,
    /// The server's clock when the page was drawn, less the browser's.
    skew: f64,
}

thread_local! {
    static STATE: Rc<RefCell<State>> = Rc::default();
}

fn state() -> Rc<RefCell<State>> {
    STATE.with(Rc::clone)
}

pub(crate) fn listen() {
    take_clock();
    set_interval(retell, RETELL);
    let Some(document) = document() else { return };
    if let Some(button) = by_id("waiting") {
        // Now, whatever people are in the middle of: they asked.
        on(&button, "click", |_: Event| spawn_local(draw(true)));
    }
    if scope().is_empty() {
        return;
    }
    for (name, down) in [("pointerdown", true), ("pointerup", false), ("pointercancel", false)] {
        on(&document, name, move |_: Event| state().borrow_mut().pressed_at = down.then(clock));
    }
    connect();
    if own_stream().is_some() {
        set_interval(
            move || {
                if !scope().is_empty() {
                    plan();
                }
            },
            POLL,
        );
    }
    // A hidden page holds no connection; when it is seen again it first looks what it missed.
    on(&document, "visibilitychange", move |_: Event| {
        if super::document().is_some_and(|document| document.hidden()) {
            close();
        } else if !scope().is_empty() {
            retell();
            plan();
            connect();
        }
    });
}

/// Whose changes the page wants to hear of; of nobody's any more, where it is empty.
fn scope() -> String {
    main().and_then(|main| main.get_attribute("data-scope")).unwrap_or_default()
}

/// The page's own stream, where it does not listen to that of all registries.
fn own_stream() -> Option<String> {
    main()?.get_attribute("data-events")
}

fn close() {
    if let Some(source) = state().borrow_mut().source.take() {
        source.close();
    }
}

fn connect() {
    if state().borrow().source.is_some() {
        return;
    }
    let address = match own_stream() {
        Some(own) => [base(), own].concat(),
        // With what was told while the page was on its way here.
        None => [base(), "/api/v1/events?since=".to_owned(), since()].concat(),
    };
    let Ok(source) = EventSource::new(&address) else { return };
    on(&source, "message", move |event: MessageEvent| {
        let scope = scope();
        if scope.is_empty() {
            close();
        } else if scope == "*" || event.data().as_string().and_then(|text| told(&text)).is_some_and(|change| concerns(&scope, &change)) {
            plan();
        }
    });
    state().borrow_mut().source = Some(source);
}

/// When the page's content was asked for, by the server's clock.
fn since() -> String {
    main().and_then(|main| main.get_attribute("data-since")).unwrap_or_default()
}

/// Registry and repository of an event. JSON by the browser: the page needs no parser for two words.
fn told(text: &str) -> Option<(String, Option<String>)> {
    let value = js_sys::JSON::parse(text).ok()?;
    let field = |name: &str| js_sys::Reflect::get(&value, &name.into()).ok()?.as_string();
    Some((field("registry")?, field("repository")))
}

fn concerns(scope: &str, (registry, repository): &(String, Option<String>)) -> bool {
    match (scope.split_once('/'), repository) {
        (None, _) => scope == registry,
        (Some((of, _)), None) => of == registry,
        (Some((of, which)), Some(repository)) => of == registry && which == repository,
    }
}

/// Draws soon, unless that is already planned.
fn plan() {
    let state = state();
    let mut state = state.borrow_mut();
    if std::mem::replace(&mut state.planned, true) {
        return;
    }
    let rest = (state.drawn_at + state.rest() - clock()).max(0.0);
    set_timeout(move || spawn_local(draw(false)), GATHER.max(Duration::from_millis(u64::from(rest as u32))));
}

impl State {
    /// Takes note of a drawing.
    fn drawn(&mut self) {
        let now = clock();
        self.used = (self.used - (now - self.drawn_at) / LONG_REST_MS).max(0.0) + 1.0;
        self.drawn_at = now;
    }

    /// How long the next one waits after the last, in milliseconds.
    fn rest(&self) -> f64 {
        let over = (self.used + 1.0 - DRAWINGS).max(0.0);
        if own_stream().is_some() { REST_MS } else { REST_MS.max(over * LONG_REST_MS) }
    }
}

/// Draws now, unless people are in the middle of something.
pub(crate) fn look() {
    spawn_local(draw(false));
}

async fn draw(asked: bool) {
    state().borrow_mut().planned = false;
    if !asked && waits() {
        return;
    }
    hide("waiting", true);
    state().borrow_mut().drawn();
    let address = || window().and_then(|window| window.location().href().ok());
    let Some(asked_for) = address() else { return };
    let Ok(request) = Request::get(&asked_for).build() else { return };
    let Some((_, text)) = ask(request).await else { return };
    if address() != Some(asked_for) {
        plan();
    } else if asked || !waits() {
        let _ = replace(&text);
    }
}

/// Whether people are in the middle of something. What lasts for a moment is waited for; of the rest they are told that there is something new.
fn waits() -> bool {
    let pressed = state().borrow().pressed_at.is_some_and(|at| clock() - at < PRESS_MS);
    // A click is lost whose link is replaced between its halves.
    let waits = pressed || super::first("dialog[open]").is_some();
    if waits {
        plan();
    } else if is_busy() {
        hide("waiting", false);
        return true;
    }
    waits
}

/// In the middle of something: text is selected, a field of the content or the search is in use, a menu is open.
fn is_busy() -> bool {
    let selecting = window().and_then(|window| window.get_selection().ok()?).is_some_and(|selection| !selection.is_collapsed());
    let open = document().is_some_and(|document| document.query_selector("details[name=menu][open]").is_ok_and(|found| found.is_some()));
    selecting || open || super::is_typing()
}

/// Puts the new page's content in the place of the old.
fn replace(text: &str) -> Option<()> {
    let document = document()?;
    let fresh = parsed(text)?;
    let new = fresh.get_element_by_id("main")?;
    let old = main()?;
    swap(&old, &new);
    for name in ["data-now", "data-since", "data-ref", "data-place", "data-scope"] {
        if let Some(value) = new.get_attribute(name) {
            set(&old, name, &value);
        }
    }
    document.set_title(&fresh.title());
    take_clock();
    let drawn = Event::new("supercargo:drawn").ok()?;
    document.dispatch_event(&drawn).ok().map(|_| ())
}

/// Moves what is in one element into another, in the place of what that had; focus, what is chosen or folded and what
/// is unfolded stay as they were.
pub(crate) fn swap(old: &Element, new: &Element) {
    let focused = document().and_then(|document| document.active_element()).filter(|element| old.contains(Some(element)));
    let focused = focused.and_then(|element| address_of(&element));
    let folds = checked(old);
    let opened = opened(old);

    old.set_text_content(None);
    while let Some(child) = new.first_child() {
        let child: Node = child;
        if old.append_child(&child).is_err() {
            return;
        }
    }

    for label in folds {
        if let Some(input) = old.query_selector(&attribute("input", "aria-label", &label)).ok().flatten() {
            input.unchecked_into::<HtmlInputElement>().set_checked(true);
        }
    }
    for id in opened {
        if let Some(details) = by_id(&id).and_then(|element| element.dyn_into::<HtmlDetailsElement>().ok()) {
            details.set_open(true);
        }
    }
    if let Some(element) = focused.and_then(|selector| old.query_selector(&selector).ok().flatten()) {
        let _ = element.unchecked_into::<HtmlElement>().focus();
    }
}

/// A selector that finds the same thing again: by its id, its address or what it copies.
fn address_of(element: &Element) -> Option<String> {
    if !element.id().is_empty() {
        return Some(attribute("", "id", &element.id()));
    }
    ["href", "data-copy", "aria-label"].into_iter().find_map(|name| element.get_attribute(name).map(|value| attribute("", name, &value)))
}

/// A selector for elements with an attribute of a value.
fn attribute(element: &str, name: &str, value: &str) -> String {
    let mut selector = [element, "[", name, "=\""].concat();
    for character in value.chars() {
        if matches!(character, '"' | '\\') {
            selector.push('\\');
        }
        selector.push(character);
    }
    selector.push_str("\"]");
    selector
}

fn checked(within: &Element) -> Vec<String> {
    all(within, ".rows input:checked").iter().filter_map(|input| input.get_attribute("aria-label")).collect()
}

fn opened(within: &Element) -> Vec<String> {
    all(within, "details[id][open]").iter().map(Element::id).collect()
}

/// The clocks of server and browser need not agree; times are told by the server's.
fn take_clock() {
    let told = main().and_then(|main| main.get_attribute("data-now")).map(|now| js_sys::parse_float(&now)).filter(|now| now.is_finite());
    // Taken some time after the page was made: what passed since is known to the browser, save for the way here.
    let since = if state().borrow().drawn_at == 0.0 {
        window().and_then(|window| window.performance()).map_or(0.0, |performance| performance.now())
    } else {
        0.0
    };
    if let Some(told) = told {
        state().borrow_mut().skew = told + since - clock();
    }
}

fn retell() {
    let now = clock() + state().borrow().skew;
    let Some(main) = main() else { return };
    for time in all(&main, "time[datetime]") {
        let at = js_sys::Date::parse(&time.get_attribute("datetime").unwrap_or_default());
        if at.is_nan() {
            continue;
        }
        let text = ago(((now - at) / 1000.0).floor() as i64);
        if time.text_content().as_deref() != Some(&text) {
            time.set_text_content(Some(&text));
        }
    }
}
