//! Policies that are kept, on the clean-up page: a list with their schedules, and the form that keeps the one being edited.

use super::clean_up::fields;
use crate::{
    address,
    html::Html,
    model::{CleanUpModel, Frame},
    ui::{
        field::{HELP, INPUT, LABEL, Text},
        page::{BUTTON, H2},
        panel::token,
        value,
    },
};
use api::StoredPolicy;
use leptos::prelude::*;

/// Keeps the policy that the form above it says; what that says is copied into it as it is typed.
pub(super) fn keep(frame: &Frame, model: &CleanUpModel) -> AnyView {
    let edited = model.edited.as_ref();
    let text = |of: fn(&StoredPolicy) -> Option<String>| edited.and_then(of).unwrap_or_default();
    let hidden: Vec<_> =
        fields(&model.policy).into_iter().map(|(name, value)| view! { <input type="hidden" name=name value=value/> }).collect();
    let schedule = Text {
        name: "schedule",
        label: "Schedule",
        value: text(|p| p.schedule.clone()),
        placeholder: "30 3 * * 1",
        help: "Minute, hour, day, month, day of the week. Empty: by hand only.",
        ..Text::default()
    };
    let zone = Text {
        name: "zone",
        label: "Time zone",
        value: text(|p| p.zone.clone()),
        placeholder: "UTC",
        help: "Such as Europe/Berlin.",
        ..Text::default()
    };
    view! {
        <details class="fold mt-5 border-t border-line pt-4" open=edited.is_some() id="keep-policy">
            <summary class="font-[550]">{if edited.is_some() { "Change this policy" } else { "Keep this policy, and run it by a schedule" }}</summary>
            <form class="pt-3" method="post" action=format!("{}/clean-up/policies", frame.base) aria-label="Keep this policy">
                {token(frame)}
                <div id="policy" hidden>{hidden}</div>
                {edited.map(|p| view! { <input type="hidden" name="id" value=p.id.clone()/> })}
                <label class=LABEL for="name">"Name"</label>
                <input class=INPUT id="name" name="name" required=true maxlength="100" value=edited.map(|p| p.name.clone()).unwrap_or_default() placeholder="Pull requests"/>
                {schedule.draw()}
                {zone.draw()}
                <label class="flex min-h-6 items-center gap-2 pt-4">
                    <input class="check" type="checkbox" name="enabled" value="1" checked=edited.is_none_or(|p| p.enabled)/>
                    "Run by the schedule"
                </label>
                <p class=HELP>"A scheduled run is carried out without asking again; what it did stands in Activity, with Undo."</p>
                <div class="pt-4"><button class=BUTTON type="submit">"Keep"</button></div>
            </form>
        </details>
    }
    .into_any()
}

/// The policies that are kept.
pub(super) fn list(frame: &Frame, model: &CleanUpModel) -> Option<AnyView> {
    if model.kept.is_empty() {
        return None;
    }
    let rows: Vec<_> = model.kept.iter().map(|policy| row(frame, model.now, policy)).collect();
    Some(
        view! {
            <section class="pb-6" aria-labelledby="kept-title">
                <h2 class=H2 id="kept-title">"Kept policies"</h2>
                <ul class="divide-y divide-line border-y border-line">{rows}</ul>
            </section>
        }
        .into_any(),
    )
}

fn row(frame: &Frame, now: i64, policy: &StoredPolicy) -> impl IntoView + use<> {
    let base = &frame.base;
    let href = format!("{base}/clean-up{}", address::query(&[("policy", policy.id.as_str())]));
    let mut told = Html::default();
    match (&policy.schedule, policy.enabled) {
        (Some(schedule), true) => {
            told.raw("<span class=\"mono\">").text(schedule).raw("</span> ").text(policy.zone.as_deref().unwrap_or("UTC"));
            if let Some(next) = &policy.next {
                told.raw(" · next <time datetime=\"")
                    .text(next)
                    .raw("\">")
                    .text(&next.replace('T', " ")[..next.len().min(16)])
                    .raw(" UTC</time>");
            }
        }
        (Some(_), false) => {
            told.raw("schedule switched off");
        }
        (None, _) => {
            told.raw("by hand only");
        }
    }
    if let Some(last) = &policy.last {
        told.raw(" · last ");
        value::when(&mut told, Some(last), now);
        told.raw(" ago: ");
        match &policy.job {
            Some(job) => told.raw("<a class=\"text-link\" href=\"").text(base).raw("/jobs/").text(job).raw("\">job</a>"),
            None => told.text(policy.result.as_deref().unwrap_or("under way")),
        };
    }
    let remove = format!("{base}/clean-up/policies/{}/remove", policy.id);
    let name = policy.name.clone();
    let label = format!("Remove the policy {name}");
    view! {
        <li class="flex flex-wrap items-center gap-x-4 gap-y-1 py-2">
            <a class="font-[550]" href=href>{name}</a>
            <span class="text-sm text-ink-2" inner_html=told.into_string()></span>
            <form class="ml-auto" method="post" action=remove>
                {token(frame)}
                <button class=BUTTON type="submit" aria-label=label>"Remove"</button>
            </form>
        </li>
    }
}
