//! `/plans/{id}`: what a change would do, and the button that has it done.

use crate::{
    address, format,
    html::Html,
    model::{Frame, PlanModel},
    reference::parts,
    text::visible,
    ui::{
        effects::{self, effects},
        panel::{self, Act, end, panel, token},
        value,
    },
};
use api::{Action, EffectKind, Fate, Plan};
use leptos::prelude::*;

pub(super) fn draw(frame: &Frame, model: &PlanModel) -> AnyView {
    let base = &frame.base;
    let plan = &model.plan;
    let can = plan.steps > 0 && plan.job.is_none();
    let title = if can { format!("{}?", title(plan)) } else { title(plan) };
    let told = effects((!frame.fragment).then_some(base.as_str()), plan, effects::FEW).into_string();
    let problems: Vec<_> = plan
        .problems
        .iter()
        .map(|problem| {
            let blocks = !can || matches!(problem.code.as_str(), "delete_disabled" | "read_only");
            panel::obstacle(&problem.detail, problem.hint.as_deref(), blocks)
        })
        .collect();
    let stopped = model.problem.as_ref().map(panel::problem);
    let content = view! {
        {(!plan.effects.is_empty()).then(|| {
            // In a dialog the buttons stay in sight, however much there is.
            let class = if frame.fragment { "mt-4 max-h-[44dvh] overflow-y-auto rounded-lg" } else { "mt-4" };
            view! { <div class=class role="group" aria-label="What it does" tabindex=frame.fragment.then_some("0") inner_html=told></div> }
        })}
        {(plan.effects.is_empty() && problems.is_empty()).then(|| view! { <p class="pt-3 text-ink-2">"Nothing there is to be done: everything is so already."</p> })}
        {problems}
        {stopped}
        {notes(plan)}
        {confirmation(frame, plan, can)}
    };
    panel(frame, &title, content)
}

/// How it is done is read; what else there is to know is unfolded, where it is more than a sentence.
fn notes(plan: &Plan) -> Option<AnyView> {
    let (first, rest) = plan.notes.split_first()?;
    let written = |notes: &[String]| {
        let mut html = Html::default();
        for note in notes {
            html.raw("<p class=\"pt-1.5\">");
            value::sentence(&mut html, note);
            html.raw("</p>");
        }
        html.into_string()
    };
    // What is to be agreed to tells the same at length.
    if plan.consent.is_some() {
        return Some(
            view! {
                <details class="fold pt-3 text-sm text-ink-2">
                    <summary>"How it is done, and what remains for the disk space"</summary>
                    <div inner_html=written(&plan.notes)></div>
                </details>
            }
            .into_any(),
        );
    }
    if rest.len() < 2 {
        return Some(view! { <div class="pt-2 text-sm text-ink-2" inner_html=written(&plan.notes)></div> }.into_any());
    }
    Some(
        view! {
            <div class="pt-2 text-sm text-ink-2">
                <div inner_html=written(std::slice::from_ref(first))></div>
                <details class="fold pt-1.5">
                    <summary>"What else to know, and what remains for the disk space"</summary>
                    <div inner_html=written(rest)></div>
                </details>
            </div>
        }
        .into_any(),
    )
}

/// The form that has it done. Where much goes, what to type is said, and nothing else is taken.
fn confirmation(frame: &Frame, plan: &Plan, can: bool) -> AnyView {
    let back = back(&frame.base, plan);
    if !can {
        let ran = plan.job.as_ref().map(|job| {
            let href = format!("{}/jobs/{job}", frame.base);
            view! { <p class="pt-3 text-sm">"This plan was carried out. " <a class="text-link" href=href>"See how that went"</a></p> }
        });
        return view! {
            {ran}
            {end(frame, "", back, None)}
        }
        .into_any();
    }
    let dangerous = matches!(plan.action, Action::Delete | Action::CleanUp);
    let note = if dangerous { "Undo is offered afterwards." } else { "" };
    let act = Some((if dangerous { Act::Danger } else { Act::Plain }, label(plan)));
    let field = if plan.wide {
        let word = visible(&plan.confirm).into_owned();
        view! {
            <label class="block pt-4 text-sm" for="confirm">
                "Much goes with this. Type " <b class="mono font-semibold select-all">{word}</b> " to confirm:"
            </label>
            <input
                class="mt-1.5 h-9 w-full rounded-md border border-edge bg-raised px-3 font-mono text-base text-ink"
                id="confirm"
                name="confirm"
                required=true
                pattern=pattern(&plan.confirm)
                title=format!("Type {}", visible(&plan.confirm))
                autocomplete="off"
                autocapitalize="none"
                spellcheck="false"
            />
        }
        .into_any()
    } else {
        view! { <input type="hidden" name="confirm" value=plan.confirm.clone()/> }.into_any()
    };
    view! {
        <form method="post" action=format!("{}/plans/{}", frame.base, plan.id) data-change="" data-typed=(plan.wide || plan.consent.is_some()).then_some("")>
            {token(frame)}
            {consent(plan)}
            {field}
            {end(frame, note, back, act)}
        </form>
    }
    .into_any()
}

/// What is to be agreed to first, once for a registry.
fn consent(plan: &Plan) -> Option<AnyView> {
    let mut html = Html::default();
    value::sentence(&mut html, plan.consent.as_deref()?);
    html.raw(" This is asked once.");
    Some(
        view! {
            <label class="flex gap-2.5 pt-4 text-sm">
                <input class="check mt-0.75" id="consent" type="checkbox" name="consent" required=true/>
                <span inner_html=html.into_string()></span>
            </label>
        }
        .into_any(),
    )
}

/// A text as the regular expression that only it matches, as the attribute `pattern` takes it (flag `v`). What is no plain text is left
/// to the server to compare.
fn pattern(text: &str) -> Option<String> {
    if !text.bytes().all(|b| b == b' ' || b.is_ascii_graphic()) {
        return None;
    }
    let mut pattern = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        if matches!(character, '^' | '$' | '\\' | '.' | '*' | '+' | '?' | '(' | ')' | '[' | ']' | '{' | '}' | '|' | '/') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    Some(pattern)
}

/// Where it came from: the repository, the registry, or the list of all.
fn back(base: &str, plan: &Plan) -> String {
    if plan.action == Action::CleanUp {
        return format!("{base}/clean-up");
    }
    effects::place(plan).map_or_else(|| format!("{base}/"), |place| address::reference(base, place))
}

/// What is counted in a heading: of one fate, the tags, else the images.
struct Counted<'a> {
    number: u64,
    kind: EffectKind,
    /// The only one's name.
    name: Option<&'a str>,
    /// In how many repositories.
    places: usize,
    place: &'a str,
}

fn counted(plan: &Plan, fate: Fate) -> Option<Counted<'_>> {
    let of = |kind| {
        let of_kind = plan.effects.iter().filter(move |effect| effect.effect == fate && effect.kind == kind);
        of_kind.filter(|effect| !parts(&effect.reference).is_machinery())
    };
    let kind = [EffectKind::Tag, EffectKind::Manifest].into_iter().find(|kind| of(*kind).next().is_some())?;
    let mut places: Vec<&str> = of(kind).map(|effect| parts(&effect.reference).place).collect();
    let number = places.len() as u64;
    places.sort_unstable();
    places.dedup();
    let first = parts(&of(kind).next()?.reference);
    Some(Counted { number, kind, name: (number == 1).then_some(first.name), places: places.len(), place: first.place })
}

/// `3 tags`, `tag v2.13.4`.
fn things(counted: &Counted<'_>) -> String {
    match counted.name {
        Some(name) if counted.kind == EffectKind::Tag => format!("tag {name}"),
        Some(_) => format!("an {}", effects::noun(counted.kind, false)),
        None => format::plural(counted.number, effects::noun(counted.kind, false), effects::noun(counted.kind, true)),
    }
}

fn places(counted: &Counted<'_>) -> String {
    if counted.places == 1 {
        parts(counted.place).repository.to_owned()
    } else {
        format::plural(counted.places as u64, "repository", "repositories")
    }
}

/// The plan in a few words: `Delete 3 tags from team/api`. Where only the beginning of what it does is at hand, in the words of who made it.
pub(crate) fn title(plan: &Plan) -> String {
    if is_cut(plan) {
        return plan.summary.clone();
    }
    let gone = counted(plan, Fate::Goes);
    let new = counted(plan, Fate::Appears);
    match plan.action {
        Action::Delete => match &gone {
            Some(gone) => format!("Delete {} from {}", things(gone), places(gone)),
            None => "Nothing to delete".to_owned(),
        },
        Action::CleanUp => match &gone {
            Some(gone) => format!("Clean up {} in {}", things(gone), places(gone)),
            None => "Nothing to clean up".to_owned(),
        },
        Action::Retag => match &new {
            Some(new) => format!("Set {} in {}", things(new), places(new)),
            None => "Nothing to tag".to_owned(),
        },
        Action::Copy => match &new {
            Some(new) if new.places == 1 => format!("Copy {} to {}", things(new), new.place),
            Some(new) => format!("Copy {} to {}", things(new), places(new)),
            None => "Nothing to copy".to_owned(),
        },
        Action::Undo => "Undo".to_owned(),
    }
}

/// Not all effects are at hand.
fn is_cut(plan: &Plan) -> bool {
    plan.effects_total > plan.effects.len() as u64
}

/// What the button says.
fn label(plan: &Plan) -> String {
    let few = |fate: Fate| match counted(plan, fate) {
        Some(counted) if is_cut(plan) => format!("all {}", effects::noun(counted.kind, true)),
        Some(counted) if counted.number == 1 => effects::noun(counted.kind, false).to_owned(),
        Some(counted) => format::plural(counted.number, "", effects::noun(counted.kind, true)),
        None => String::new(),
    };
    match plan.action {
        Action::Delete | Action::CleanUp => format!("Delete {}", few(Fate::Goes)),
        Action::Retag => format!("Set {}", few(Fate::Appears)),
        Action::Copy => format!("Copy {}", few(Fate::Appears)),
        Action::Undo => "Undo".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::pattern;

    #[test]
    fn a_pattern_matches_its_text_alone() {
        assert_eq!(pattern("team/api.v2-x_y").as_deref(), Some("team\\/api\\.v2-x_y"));
        assert_eq!(pattern("local, prod").as_deref(), Some("local, prod"));
        assert_eq!(pattern("a+b").as_deref(), Some("a\\+b"));
        assert_eq!(pattern("a\u{202e}b"), None);
    }
}
