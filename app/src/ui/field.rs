//! The fields of forms: a word above, what can be typed, what it means below.

use crate::text::visible;
use leptos::prelude::*;

/// The word above a field.
pub(crate) const LABEL: &str = "block pb-1 text-sm font-[550]";
/// What can be typed into.
pub(crate) const INPUT: &str =
    "h-9 w-full min-w-0 rounded-md border border-edge bg-raised px-3 text-base text-ink placeholder:text-ink-3 aria-invalid:border-bad";
/// What can be chosen from.
pub(crate) const SELECT: &str = "h-9 w-full min-w-0 rounded-md border border-edge bg-raised px-2 text-base text-ink";
/// The same for what a machine reads.
pub(crate) const INPUT_MONO: &str = "h-9 w-full min-w-0 rounded-md border border-edge bg-raised px-3 font-mono text-base text-ink placeholder:text-ink-3 aria-invalid:border-bad";
/// What it means.
pub(crate) const HELP: &str = "pt-1 text-xs text-ink-2";

/// A field for what a machine reads.
#[derive(Default)]
pub(crate) struct Text {
    /// Its name in the form, and its id.
    pub(crate) name: &'static str,
    /// The word above.
    pub(crate) label: &'static str,
    /// What it holds.
    pub(crate) value: String,
    /// What it could hold.
    pub(crate) placeholder: &'static str,
    /// What it means.
    pub(crate) help: &'static str,
    /// It cannot be left out.
    pub(crate) required: bool,
    /// The first to be typed into.
    pub(crate) first: bool,
    /// What it holds is wrong.
    pub(crate) wrong: bool,
}

impl Text {
    /// Draws it.
    pub(crate) fn draw(self) -> impl IntoView {
        let help_id = format!("{}-help", self.name);
        let help = (!self.help.is_empty()).then(|| view! { <p class=HELP id=help_id.clone()>{self.help}</p> });
        let described = (!self.help.is_empty()).then_some(help_id);
        view! {
            <div class="pt-3.5">
                <label class=LABEL for=self.name>{self.label}</label>
                <input
                    class=INPUT_MONO
                    id=self.name
                    name=self.name
                    value=self.value
                    placeholder=self.placeholder
                    required=self.required
                    autofocus=self.first
                    aria-invalid=self.wrong.then_some("true")
                    aria-describedby=described
                    autocomplete="off"
                    autocapitalize="none"
                    spellcheck="false"
                />
                {help}
            </div>
        }
    }
}

/// Choices in a field that opens: value and word.
pub(crate) fn select(name: &'static str, class: &'static str, choices: Vec<(String, String)>, chosen: &str) -> impl IntoView + use<> {
    let options: Vec<_> = choices
        .into_iter()
        .map(|(value, word)| {
            let on = value == chosen;
            view! { <option value=value selected=on>{visible(&word).into_owned()}</option> }
        })
        .collect();
    view! { <select class=class id=name name=name>{options}</select> }
}
