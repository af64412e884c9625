//! `/retag`: a further name for an image, in the same repository.

use crate::{
    address,
    model::{Frame, RetagModel},
    reference::parts,
    ui::{
        field::Text,
        panel::{self, Act, end, panel, token},
    },
};
use leptos::prelude::*;

pub(super) fn draw(frame: &Frame, model: &RetagModel) -> AnyView {
    let of = parts(&model.reference);
    let shown = if of.by_digest { crate::format::digest(of.name) } else { of.name.to_owned() };
    let field = Text {
        name: "tag",
        label: "New tag",
        value: model.tag.clone(),
        placeholder: "stable",
        help: "The same bytes under a further name: nothing is copied. If the tag is there already, the next step shows what it names now.",
        required: true,
        first: true,
        wrong: model.problem.is_some(),
    };
    let back = address::reference(&frame.base, &model.reference);
    let content = view! {
        <form method="post" action=format!("{}/retag", frame.base) data-change="">
            {token(frame)}
            <input type="hidden" name="ref" value=model.reference.clone()/>
            {field.draw()}
            {model.problem.as_ref().map(panel::problem)}
            {end(frame, "", back, Some((Act::Plain, "Continue".to_owned())))}
        </form>
    };
    panel(frame, &format!("Retag {shown} in {}", of.repository), content)
}
