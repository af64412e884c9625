//! Forms and links that change a registry: sent from here, and what the server draws in answer shown in the dialog or,
//! once it is at work, in the notice. Nothing is decided here, and nothing known but where things are put.

use super::{base, by_id, chosen, clock, closest, document, fixed, fragment, hide, keys, live, on, say, set, window};
use leptos::prelude::set_timeout;
use std::{cell::RefCell, time::Duration};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::spawn_local;
use web_sys::{
    Element, Event, EventSource, FormData, HtmlButtonElement, HtmlDialogElement, HtmlElement, HtmlFormElement, MouseEvent, Storage,
    SubmitEvent, UrlSearchParams,
};

/// Steps come in bursts; one drawing serves them all.
const GATHER: Duration = Duration::from_millis(250);
/// Where the events are cut.
const POLL: Duration = Duration::from_secs(2);
/// How long the notice of a job that is over stays, in milliseconds.
const STAY_MS: f64 = 30_000.0;

/// The job that the notice tells of.
#[derive(Default)]
struct State {
    id: String,
    source: Option<EventSource>,
    planned: bool,
    sending: bool,
    /// What the dialog says when no answer comes.
    silence: String,
}

thread_local! {
    static STATE: RefCell<State> = RefCell::default();
}

fn with<T>(f: impl FnOnce(&mut State) -> T) -> T {
    STATE.with(|state| f(&mut state.borrow_mut()))
}

pub(crate) fn listen() {
    let Some(document) = document() else { return };
    on(&document, "submit", |event: SubmitEvent| {
        submitted(&event);
    });
    on(&document, "click", |event: MouseEvent| {
        clicked(&event);
    });
    on(&document, "input", |event: Event| {
        if let Some(form) = closest(&event, "[data-typed]") {
            fit(&form);
        }
    });
    with(|state| state.silence = dialog().map(|dialog| dialog.inner_html()).unwrap_or_default());
    resume();
}

fn dialog() -> Option<HtmlDialogElement> {
    by_id("change")?.dyn_into().ok()
}

fn submitted(event: &SubmitEvent) -> Option<()> {
    let form: HtmlFormElement = event.target()?.dyn_into().ok()?;
    let mut action = form.get_attribute("action");
    if !form.has_attribute("data-change") {
        return None;
    }
    event.prevent_default();
    // A form's data are pairs, which is what the constructor wants.
    let fields = FormData::new_with_form(&form).ok()?;
    let fields = UrlSearchParams::new_with_str_sequence_sequence(&fields).ok()?;
    if let Some(button) = event.submitter() {
        if let Some(name) = button.get_attribute("name") {
            fields.append(&name, &button.get_attribute("value")?);
        }
        action = button.get_attribute("formaction").or(action);
    }
    send(action?, Some(fields))
}

fn clicked(event: &MouseEvent) -> Option<()> {
    if closest(event, "[data-close]").is_some() {
        dialog()?.close();
    } else if closest(event, "[data-dismiss]").is_some() {
        dismiss();
    } else if !(event.ctrl_key() || event.meta_key() || event.shift_key())
        && let Some(link) = closest(event, "a[data-change]")
    {
        event.prevent_default();
        send(link.get_attribute("href")?, None)?;
    }
    Some(())
}

/// One at a time: who presses twice means it once.
fn send(address: String, fields: Option<UrlSearchParams>) -> Option<()> {
    if with(|state| std::mem::replace(&mut state.sending, true)) {
        return None;
    }
    let root = document()?.document_element()?;
    set(&root, "data-busy", "");
    spawn_local(async move {
        let drawn = fragment(&address, fields.as_ref()).await;
        with(|state| state.sending = false);
        let _ = root.remove_attribute("data-busy");
        show(drawn);
    });
    Some(())
}

fn show(drawn: Option<Element>) -> Option<()> {
    let dialog = dialog()?;
    match drawn {
        Some(drawn) if is_job(&drawn) => {
            dialog.close();
            chosen::clear();
            return notice(&drawn);
        }
        Some(drawn) => dialog.replace_children_with_node_1(&drawn),
        None => dialog.set_inner_html(&with(|state| state.silence.clone())),
    }
    if !dialog.open() {
        // The focus comes back to where it was: the button of the menu, not what was in it.
        keys::close_menus(true);
        dialog.show_modal().ok()?;
    }
    if let Ok(Some(form)) = dialog.query_selector("[data-typed]") {
        fit(&form);
    }
    // What a dialog opens with has the focus by itself, but not what it is given later.
    let first = dialog.query_selector("[autofocus],#confirm").ok().flatten();
    first.or_else(|| by_id("change-title"))?.unchecked_into::<HtmlElement>().focus().ok()
}

fn is_job(drawn: &Element) -> bool {
    drawn.get_attribute("data-fragment").as_deref() == Some("job")
}

/// The button works once what is typed is what is asked for.
fn fit(form: &Element) {
    if let Ok(Some(button)) = form.query_selector("[data-act]") {
        button.unchecked_into::<HtmlButtonElement>().set_disabled(!form.unchecked_ref::<HtmlFormElement>().check_validity());
    }
}

/// Tells how a job stands, and goes on telling until it is over.
fn notice(drawn: &Element) -> Option<()> {
    let place = by_id("notice")?;
    let job = drawn.first_element_child()?;
    let id = job.get_attribute("data-job")?;
    let over = job.has_attribute("data-over");
    let words = job.get_attribute("data-told");
    live::swap(&place, drawn);
    hide("notice", false);
    if by_id("told")?.text_content() != words {
        say("told", &words.unwrap_or_default());
    }
    if over {
        // The page shows at once what came of it, whatever the registry tells and when.
        if with(|state| !state.id.is_empty()) {
            live::look();
        }
        follow("");
        keep(&id, clock() + STAY_MS);
        leave(id, Duration::from_millis(STAY_MS as u64));
    } else {
        follow(&id);
        keep(&id, f64::MAX);
        refresh(POLL);
    }
    Some(())
}

/// Listens to a job; to none where `id` is empty.
fn follow(id: &str) {
    with(|state| {
        if state.id == id {
            return;
        }
        id.clone_into(&mut state.id);
        if let Some(source) = state.source.take() {
            source.close();
        }
        if let Some(source) = (!id.is_empty()).then(|| EventSource::new(&[&base(), "/api/v1/jobs/", id, "/events"].concat()).ok()).flatten()
        {
            on(&source, "message", |_: Event| refresh(GATHER));
            state.source = Some(source);
        }
    });
}

/// Draws the notice anew after a while; sooner where that is asked for meanwhile.
fn refresh(after: Duration) {
    let soon = after == GATHER;
    if soon && with(|state| std::mem::replace(&mut state.planned, true)) {
        return;
    }
    set_timeout(
        move || {
            if soon {
                with(|state| state.planned = false);
            }
            let id = with(|state| state.id.clone());
            if id.is_empty() {
                return;
            }
            spawn_local(async move {
                let drawn = fragment(&address(&id), None).await.filter(is_job);
                if with(|state| state.id != id) {
                    return;
                }
                match drawn {
                    Some(drawn) => {
                        notice(&drawn);
                    }
                    None => refresh(POLL),
                }
            });
        },
        after,
    );
}

fn address(id: &str) -> String {
    [&base(), "/jobs/", id].concat()
}

/// Takes the notice away after a while, unless someone is at it.
fn leave(id: String, after: Duration) {
    set_timeout(
        move || {
            let Some(place) = by_id("notice") else { return };
            let same = place.query_selector("[data-over]").ok().flatten().and_then(|job| job.get_attribute("data-job")) == Some(id.clone());
            if !same {
                return;
            }
            if place.matches(":hover,:focus-within").unwrap_or(false) {
                leave(id, POLL);
            } else {
                dismiss();
            }
        },
        after,
    );
}

fn dismiss() {
    follow("");
    if let Some(place) = by_id("notice") {
        hide("notice", true);
        place.set_text_content(None);
    }
    if let Some(storage) = session() {
        let _ = storage.remove_item("job");
    }
}

// The next page goes on telling.

fn session() -> Option<Storage> {
    window()?.session_storage().ok()?
}

fn keep(id: &str, until: f64) {
    if let Some(storage) = session() {
        let _ = storage.set_item("job", &[id, " ", &fixed(until, 0)].concat());
    }
}

fn resume() -> Option<()> {
    let kept = session()?.get_item("job").ok()??;
    let (id, until) = kept.split_once(' ')?;
    // Its own page tells more.
    let here = window()?.location().pathname().ok()?;
    if js_sys::parse_float(until) < clock() || here == address(id) {
        return None;
    }
    let address = address(id);
    spawn_local(async move {
        if let Some(drawn) = fragment(&address, None).await.filter(is_job) {
            notice(&drawn);
        }
    });
    Some(())
}
