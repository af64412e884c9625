//! Choosing rows: by click and by key, one by one and in ranges; and the menu behind a row's three dots.

use super::{all, by_id, closest, document, first, fixed, main, on, set};
use std::cell::{Cell, RefCell};
use wasm_bindgen::JsCast;
use web_sys::{Element, Event, HtmlElement, HtmlInputElement, HtmlTemplateElement, MouseEvent};

thread_local! {
    /// The row that was chosen last: where a range begins.
    static LAST: RefCell<String> = RefCell::default();
    /// The change under way is of a range.
    static RANGE: Cell<bool> = const { Cell::new(false) };
}

const ROWS: &str = "[name=ref][type=checkbox]";

pub(crate) fn listen() {
    let Some(document) = document() else { return };
    on(&document, "change", |event: Event| {
        let Some(input) = closest(&event, ".rows-picked input") else { return };
        changed(input.unchecked_into());
    });
    on(&document, "click", |event: MouseEvent| {
        if closest(&event, ".pick").is_some() {
            RANGE.set(RANGE.get() || event.shift_key());
        } else if !(event.ctrl_key() || event.meta_key() || event.shift_key())
            && let Some(row) = closest(&event, "a.more").and_then(|link| row_of(&link))
        {
            event.prevent_default();
            open(&row);
        }
    });
    // The page was drawn anew under us, with what was chosen chosen still.
    on(&document, "supercargo:drawn", |_: Event| {
        tell();
    });
    tell();
}

fn rows() -> Vec<HtmlInputElement> {
    main().map(|main| all(&main, ROWS)).unwrap_or_default().into_iter().map(Element::unchecked_into).collect()
}

fn every() -> Option<HtmlInputElement> {
    Some(first("[name=all]")?.unchecked_into())
}

fn row_of(element: &Element) -> Option<Element> {
    element.closest("tr").ok()?
}

fn changed(input: HtmlInputElement) -> Option<()> {
    let on = input.checked();
    let rows = rows();
    let range = RANGE.take();
    if input.has_attribute("data-all") {
        rows.iter().for_each(|row| row.set_checked(on));
    } else if input.name() == "ref" {
        let value = input.value();
        let at = |value: &str| rows.iter().position(|row| row.value() == value);
        let last = LAST.replace(value.clone());
        if range && let (Some(from), Some(to)) = (at(&last), at(&value)) {
            rows[from.min(to)..=from.max(to)].iter().for_each(|row| row.set_checked(on));
        }
    }
    if !on && let Some(every) = every() {
        every.set_checked(false);
    }
    tell()
}

/// Says how many are chosen and what they weigh; the stylesheet shows it.
fn tell() -> Option<()> {
    let rows = rows();
    let chosen: Vec<&HtmlInputElement> = rows.iter().filter(|row| row.checked()).collect();
    if let Some(head) = first("[data-all]") {
        let head: HtmlInputElement = head.unchecked_into();
        head.set_checked(!rows.is_empty() && chosen.len() == rows.len());
        head.set_indeterminate(!chosen.is_empty() && chosen.len() < rows.len());
    }
    let place = by_id("chosen")?;
    let every = every().filter(HtmlInputElement::checked).and_then(|every| every.get_attribute("data-of"));
    let weight: f64 = chosen.iter().filter_map(|row| weight(row)).sum();
    let size = if every.is_none() && weight > 0.0 { [" · ", &size(weight)].concat() } else { String::new() };
    let number = every.unwrap_or_else(|| chosen.len().to_string());
    place.first_element_child()?.set_text_content(Some(&[number.as_str(), " selected"].concat()));
    place.last_element_child()?.set_text_content(Some(&size));
    Some(())
}

/// Bytes, as the size's title tells them.
fn weight(input: &HtmlInputElement) -> Option<f64> {
    let told = row_of(input)?.query_selector("td:nth-child(3) [title$=bytes]").ok()??.get_attribute("title")?;
    let digits: String = told.chars().filter(char::is_ascii_digit).collect();
    Some(js_sys::parse_float(&digits))
}

fn size(bytes: f64) -> String {
    let mut value = bytes / 1000.0;
    let mut unit = " kB";
    for larger in [" MB", " GB", " TB", " PB"] {
        if value >= 999.5 {
            value /= 1000.0;
            unit = larger;
        }
    }
    let number = fixed(value, u8::from(value < 9.95));
    [number.strip_suffix(".0").unwrap_or(&number), unit].concat()
}

/// Chooses the row that has the focus, or no longer; with `range` all between it and the last one.
pub(crate) fn toggle(range: bool) -> Option<()> {
    let row = row_of(&document()?.active_element()?)?;
    let input: HtmlElement = row.query_selector(ROWS).ok()??.unchecked_into();
    RANGE.set(range);
    input.click();
    RANGE.set(false);
    Some(())
}

/// Chooses none.
pub(crate) fn clear() {
    rows().iter().chain(every().iter()).for_each(|input| input.set_checked(false));
    tell();
}

/// Asks to delete what is chosen, else the row that has the focus, else what the page is about.
pub(crate) fn delete() -> Option<()> {
    let press = |button: Element| button.unchecked_into::<HtmlElement>().click();
    if rows().iter().any(HtmlInputElement::checked) {
        press(first("[data-delete-chosen]")?);
        return Some(());
    }
    let row = document()?
        .active_element()
        .and_then(|element| row_of(&element))
        .filter(|row| row.query_selector(ROWS).is_ok_and(|input| input.is_some()));
    let of_row = match row {
        Some(row) => menu(&row)?.query_selector("button[name=ref]").ok().flatten(),
        None => first("[data-delete]"),
    };
    press(of_row?);
    Some(())
}

fn open(row: &Element) -> Option<()> {
    let menu = menu(row)?;
    set(&menu, "open", "");
    menu.query_selector("summary").ok()??.unchecked_into::<HtmlElement>().focus().ok()
}

/// A row's menu: made of the page's one for all rows when it is first asked for.
fn menu(row: &Element) -> Option<Element> {
    if let Ok(Some(menu)) = row.query_selector("details") {
        return Some(menu);
    }
    let link = row.query_selector("a.more").ok()??;
    let template: HtmlTemplateElement = by_id("row-menu")?.dyn_into().ok()?;
    let menu: Element = template.content().first_element_child()?.clone_node_with_deep(true).ok()?.unchecked_into();
    let reference = row.query_selector(ROWS).ok()??.unchecked_into::<HtmlInputElement>().value();
    let encoded = String::from(js_sys::encode_uri_component(&reference));
    for choice in all(&menu, "a,button,summary") {
        if let Some(href) = choice.get_attribute("href") {
            set(&choice, "href", &[href, encoded.clone()].concat());
        } else if choice.has_attribute("data-copy") {
            set(&choice, "data-copy", &row.query_selector("[data-ref]").ok()??.get_attribute("data-ref")?);
        } else if choice.has_attribute("value") {
            set(&choice, "value", &reference);
        } else {
            set(&choice, "aria-label", &link.get_attribute("aria-label")?);
        }
    }
    link.replace_with_with_node_1(&menu).ok()?;
    Some(menu)
}
