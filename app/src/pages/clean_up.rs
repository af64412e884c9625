//! `/clean-up`: a policy at the left; at the right, on real tags, what goes, what stays and why.

use super::policies;
use crate::{
    address, format,
    model::{CleanUpModel, Frame},
    ui::{
        effects::{self, effects},
        field::{HELP, INPUT, LABEL, SELECT, Text, select},
        icon::Icon,
        page::{BUTTON, BUTTON_DANGER, Crumb, H2, heading},
        panel::{self, token},
    },
};
use api::{EffectKind, Fate, Plan, Policy};
use leptos::prelude::*;

/// Policies to begin with: what they are for, and their fields.
const EXAMPLES: [(&str, &[(&str, &str)]); 4] = [
    ("Pull requests after two weeks", &[("match", "tag:pr-*"), ("older_than", "14d"), ("clock", "any")]),
    ("All but the newest ten", &[("protect", "tag:latest,stable"), ("keep", "10"), ("keep_by", "pushed")]),
    ("Not pulled for 90 days", &[("protect", "tag:latest,stable,v*"), ("not_pulled_for", "90d")]),
    ("What has no tag", &[("untagged", "1")]),
];

/// Where a preview goes that is still being reckoned while the page is on its way.
pub const PREVIEW: &str = "<!--preview-->";
/// Seen until something comes after it.
const RECKONING: &str = "<p class=\"pt-1 text-ink-2 not-last:hidden\" role=\"status\">Looking at every tag…</p>";

pub(super) fn draw(frame: &Frame, model: &CleanUpModel) -> AnyView {
    let base = &frame.base;
    let crumbs = vec![Crumb { label: "Clean-up".into(), href: None, before: "" }];
    let examples: Vec<_> = EXAMPLES
        .into_iter()
        .map(|(word, fields)| {
            let href = format!("{base}/clean-up{}", address::query(fields));
            view! { <li><a class="text-link" href=href>{word}</a></li> }
        })
        .collect();
    let shown = if model.pending { format!("{RECKONING}{PREVIEW}") } else { preview(frame, model).to_html() };
    view! {
        {heading(crumbs, ())}
        <p class="pt-2 text-ink-2">"A policy says what may go. Beside it stands what it would do now; nothing happens before that is confirmed."</p>
        <div class="grid grid-cols-[360px_minmax(0,1fr)] gap-12 pt-5 pb-16 max-lg:grid-cols-1 max-lg:gap-6">
            <div>
                {policies::list(frame, model)}
                <h2 class=H2>"Begin with"</h2>
                <ul class="flex flex-wrap gap-x-4 gap-y-1 text-sm">{examples}</ul>
                {form(base, model)}
                {policies::keep(frame, model)}
            </div>
            <section id="preview" aria-labelledby="preview-title">
                <h2 class=H2 id="preview-title">"What it would do"</h2>
                <div inner_html=shown></div>
            </section>
        </div>
    }
    .into_any()
}

fn form(base: &str, model: &CleanUpModel) -> impl IntoView + use<> {
    let policy = &model.policy;
    let number = |number: Option<u32>| number.map(|number| number.to_string()).unwrap_or_default();
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let words = |pairs: &[(&str, &str)]| pairs.iter().map(|(value, word)| ((*value).to_owned(), (*word).to_owned())).collect::<Vec<_>>();
    let wrong = model.problem.is_some();
    let registry = (model.registries.len() > 1).then(|| {
        let mut choices = words(&[("", "All of them")]);
        choices.extend(model.registries.iter().map(|name| (name.clone(), name.clone())));
        view! {
            <div class="pt-3.5">
                <label class=LABEL for="registry">"Registry"</label>
                {select("registry", SELECT, choices, policy.registry.as_deref().unwrap_or_default())}
            </div>
        }
    });
    let candidates = Text {
        name: "match",
        label: "What may go",
        value: policy.r#match.clone(),
        placeholder: "repo:team/* tag:pr-*",
        help: "In the query language. Empty: every tag.",
        wrong,
        ..Text::default()
    };
    let protect = Text {
        name: "protect",
        label: "Never these",
        value: policy.protect.clone(),
        placeholder: "tag:latest,stable",
        help: "The images they name stay, too.",
        wrong,
        ..Text::default()
    };
    let by = words(&[("version", "by version"), ("pushed", "by push"), ("created", "by build")]);
    let of = words(&[("all", "of all that may go"), ("old", "of the old ones")]);
    let clocks = words(&[("any", "since the push, else the build"), ("pushed", "since the push"), ("created", "since the build")]);
    view! {
        <form action=format!("{base}/clean-up") data-preview="" aria-label="Policy">
            {registry}
            {candidates.draw()}
            {protect.draw()}
            <div class="pt-3.5">
                <label class=LABEL for="keep">"Keep the newest of each repository"</label>
                <div class="grid grid-cols-[72px_1fr] gap-1.5">
                    <input class=INPUT id="keep" name="keep" type="number" min="0" max="100000" value=number(policy.keep) placeholder="10"/>
                    <label class="contents"><span class="sr-only">"What is newest"</span>{select("keep_by", SELECT, by, policy.keep_by.as_deref().unwrap_or("version"))}</label>
                    <span></span>
                    <label class="contents"><span class="sr-only">"Newest among what"</span>{select("keep_of", SELECT, of, policy.keep_of.as_deref().unwrap_or("all"))}</label>
                </div>
            </div>
            <div class="pt-3.5">
                <label class=LABEL for="older_than">"Only what is older than"</label>
                <div class="grid grid-cols-[72px_1fr] gap-1.5">
                    <input class=INPUT id="older_than" name="older_than" value=text(&policy.older_than) placeholder="30d" autocomplete="off" spellcheck="false"/>
                    <label class="contents"><span class="sr-only">"Since when"</span>{select("clock", SELECT, clocks, policy.clock.as_deref().unwrap_or("any"))}</label>
                </div>
                <p class=HELP>"12h, 30d, 2w. What has no known date is never old."</p>
            </div>
            <div class="pt-3.5">
                <label class=LABEL for="not_pulled_for">"Only what was not pulled for"</label>
                <div class="grid grid-cols-[72px_1fr] gap-1.5">
                    <input class=INPUT id="not_pulled_for" name="not_pulled_for" value=text(&policy.not_pulled_for) placeholder="90d" autocomplete="off" spellcheck="false"/>
                    <p class="self-center text-xs text-ink-2">"Needs the registry’s events."</p>
                </div>
            </div>
            <label class="flex min-h-6 items-center gap-2 pt-4">
                <input class="check" type="checkbox" name="untagged" value="1" checked=policy.untagged/>
                "Also images that no tag reaches"
            </label>
            <div class="pt-4.5">
                <button class=BUTTON type="submit">{Icon::Refresh.view()}"Preview"</button>
            </div>
        </form>
    }
}

/// The fields of a policy, as they stand in the address and in forms; what says nothing is left out.
pub(crate) fn fields(policy: &Policy) -> Vec<(&'static str, String)> {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let mut fields = vec![
        ("registry", text(&policy.registry)),
        ("match", policy.r#match.clone()),
        ("protect", policy.protect.clone()),
        ("keep", policy.keep.map(|keep| keep.to_string()).unwrap_or_default()),
        ("keep_by", text(&policy.keep_by)),
        ("keep_of", text(&policy.keep_of)),
        ("older_than", text(&policy.older_than)),
        ("clock", text(&policy.clock)),
        ("not_pulled_for", text(&policy.not_pulled_for)),
        ("untagged", if policy.untagged { "1".to_owned() } else { String::new() }),
    ];
    fields.retain(|(_, value)| !value.is_empty());
    fields
}

/// What a policy would do.
pub(crate) fn preview(frame: &Frame, model: &CleanUpModel) -> AnyView {
    if let Some(problem) = &model.problem {
        return panel::problem(problem);
    }
    let Some(plan) = &model.plan else {
        return view! {
            <p class="pt-1 text-ink-2">"A policy that says nothing takes nothing. Begin with one of the examples, or say what may go."</p>
        }
        .into_any();
    };
    let problems: Vec<_> =
        plan.problems.iter().map(|problem| panel::obstacle(&problem.detail, problem.hint.as_deref(), plan.steps == 0)).collect();
    let told = effects(Some(&frame.base), plan, effects::MANY).into_string();
    let hidden: Vec<_> =
        fields(&model.policy).into_iter().map(|(name, value)| view! { <input type="hidden" name=name value=value/> }).collect();
    let go = (plan.steps > 0).then(|| {
        view! {
            <form method="post" action=format!("{}/clean-up", frame.base) data-change="">
                {token(frame)}
                {hidden}
                <button class=BUTTON_DANGER type="submit">{Icon::Trash.view()}"Clean up…"</button>
            </form>
        }
    });
    view! {
        <div class="flex flex-wrap items-center justify-between gap-3">
            <p class="num text-md whitespace-normal" role="status">{sums(plan)}</p>
            {go}
        </div>
        {problems}
        {(!plan.effects.is_empty()).then(|| view! { <div class="mt-4" inner_html=told></div> })}
    }
    .into_any()
}

/// `12 tags and 4 images go, 1.2 GB are freed`
fn sums(plan: &Plan) -> String {
    let count = |kind| plan.effects.iter().filter(|effect| effect.effect == Fate::Goes && effect.kind == kind).count() as u64;
    let (tags, images) = (count(EffectKind::Tag), count(EffectKind::Manifest));
    if tags + images == 0 {
        return "Nothing would go.".to_owned();
    }
    let more = if plan.effects_total > plan.effects.len() as u64 { "More than " } else { "" };
    let mut parts = Vec::new();
    if tags > 0 {
        parts.push(format::plural(tags, "tag", "tags"));
    }
    if images > 0 {
        parts.push(format::plural(images, "image", "images"));
    }
    let verb = if tags + images == 1 { "goes" } else { "go" };
    let frees = plan.frees.map(|bytes| format!("; {} freed", format::size(bytes))).unwrap_or_default();
    format!("{more}{} {verb}{frees}.", parts.join(" and "))
}
