//! The keyboard. Nothing is captured while a field has the focus, or with a modifier that belongs to the browser.

use super::{all, chosen, clock, document, first, is_typing, main, on, window};
use std::cell::Cell;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Element, Event, HtmlDialogElement, HtmlElement, HtmlInputElement, KeyboardEvent};

/// How long `g` waits for its second key.
const CHORD_MS: f64 = 1200.0;

pub(crate) fn listen() {
    let Some(document) = document() else { return };
    let chord = Cell::new(0.0);
    on(&document, "keydown", move |event: KeyboardEvent| {
        if event.default_prevented() || event.is_composing() {
            return;
        }
        let key = event.key();
        if (event.ctrl_key() || event.meta_key()) && !event.alt_key() && key.eq_ignore_ascii_case("k") {
            event.prevent_default();
            focus("#search");
            return;
        }
        if key == "Escape" {
            // One thing at a time: first what is open, then what is chosen.
            if !dialog_is_open() && !close_menus(true) && !is_typing() {
                chosen::clear();
            }
            return;
        }
        if event.ctrl_key() || event.meta_key() || event.alt_key() || is_typing() || dialog_is_open() {
            return;
        }
        let after_g = clock() - chord.take() < CHORD_MS;
        let done = match key.as_str() {
            "c" if after_g => go("/"),
            "a" if after_g => go("/activity"),
            "g" => {
                chord.set(clock());
                Some(())
            }
            "/" => focus("#search"),
            "f" => focus("#filter"),
            "j" => step(1),
            "k" => step(-1),
            "x" | "X" => chosen::toggle(key == "X"),
            "d" => chosen::delete(),
            "y" => copy(),
            "?" => show_keys(),
            _ => None,
        };
        if done.is_some() {
            event.prevent_default();
        }
    });
    on(&document, "click", |event: Event| {
        if super::closest(&event, "details[name=menu]").is_none() {
            close_menus(false);
        }
        // A click beside the dialog closes it.
        if let Some(dialog) = event.target().and_then(|target| target.dyn_into::<HtmlDialogElement>().ok()) {
            dialog.close();
        }
    });
}

fn focus(selector: &str) -> Option<()> {
    let field = first(selector)?.unchecked_into::<HtmlInputElement>();
    field.focus().ok()?;
    field.select();
    Some(())
}

fn dialog_is_open() -> bool {
    first("dialog[open]").is_some()
}

fn show_keys() -> Option<()> {
    document()?.get_element_by_id("keys")?.dyn_into::<HtmlDialogElement>().ok()?.show_modal().ok()
}

fn go(path: &str) -> Option<()> {
    window()?.location().set_href(&[&super::base(), path].concat()).ok()
}

/// Closes open menus, if any are; the focus goes back to the button of the one that had it.
pub(super) fn close_menus(refocus: bool) -> bool {
    let open = document().and_then(|document| document.document_element()).map(|root| all(&root, "details[name=menu][open]"));
    let open = open.unwrap_or_default();
    for menu in &open {
        let _ = menu.remove_attribute("open");
        if refocus && let Ok(Some(button)) = menu.query_selector("summary") {
            let _ = button.unchecked_into::<HtmlElement>().focus();
        }
    }
    !open.is_empty()
}

/// Moves the focus by a row; from nowhere to the first (or, upwards, to the last).
fn step(by: i32) -> Option<()> {
    let rows = all(&main()?, ".go").into_iter().map(Element::unchecked_into::<HtmlElement>);
    let rows: Vec<HtmlElement> = rows.filter(|row| row.offset_parent().is_some()).collect();
    let row_of = |element: &Element| element.closest("tr,li").ok().flatten();
    let active = document()?.active_element()?;
    let here = row_of(&active).and_then(|row| rows.iter().position(|other| row_of(other).as_ref() == Some(&row)));
    let last = rows.len().checked_sub(1)? as i32;
    let to = here.map_or(if by > 0 { 0 } else { last }, |here| (here as i32 + by).clamp(0, last));
    rows.get(to as usize)?.focus().ok()
}

/// Copies the reference of the row that has the focus, else of the page.
fn copy() -> Option<()> {
    let document = document()?;
    let row = document.active_element().and_then(|element| element.closest("tr,li").ok().flatten());
    let of_row = row.and_then(|row| row.query_selector("[data-ref]").ok().flatten()).and_then(|link| link.get_attribute("data-ref"));
    let text = of_row.or_else(|| main()?.get_attribute("data-ref"))?;
    let init = web_sys::CustomEventInit::new();
    init.set_detail(&JsValue::from_str(&text));
    let event = web_sys::CustomEvent::new_with_event_init_dict("supercargo:copy", &init).ok()?;
    document.dispatch_event(&event).ok().map(|_| ())
}
