//! The chosen client and way of naming, kept in the browser's storage.

use super::{all, closest, document, on, storage};
use wasm_bindgen::JsCast;
use web_sys::{Event, HtmlInputElement};

pub(crate) fn listen() {
    restore();
    let Some(document) = document() else { return };
    on(&document, "change", |event: Event| {
        let Some(input) = closest(&event, "[data-pull] input").and_then(|input| input.dyn_into::<HtmlInputElement>().ok()) else { return };
        let key = if input.name().starts_with("pin") { "pin" } else { "pull" };
        if let Some(storage) = storage() {
            let _ = storage.set_item(key, &input.value());
        }
        restore();
    });
    // The page was drawn anew under us.
    on(&document, "supercargo:drawn", |_: Event| {
        restore();
    });
}

/// Charts keep helm, and images a client of images: what was chosen for the one does not fit the other.
fn restore() -> Option<()> {
    let storage = storage()?;
    let document = document()?.document_element()?;
    for key in ["pull", "pin"] {
        let Ok(Some(chosen)) = storage.get_item(key) else { continue };
        for pull in all(&document, "[data-pull]") {
            let of_charts = pull.get_attribute("data-default").as_deref() == Some("helm");
            if key == "pull" && of_charts != (chosen == "helm") && chosen != "reference" {
                continue;
            }
            for input in all(&pull, "input") {
                let input: HtmlInputElement = input.unchecked_into();
                if input.name().starts_with(key) && input.value() == chosen {
                    input.set_checked(true);
                }
            }
        }
    }
    Some(())
}
