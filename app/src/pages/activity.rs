//! `/activity`: what was done, by whom, when; and the jobs that did it.

use super::job;
use crate::{
    address, format,
    html::Html,
    model::{ActivityAsked, ActivityModel, ActivityShown, ActivityTab, Asked, Frame},
    reference::shown_tag,
    ui::{
        icon::Icon,
        list,
        menu::{Choice, menu},
        notice::empty,
        page::{BUTTON, Crumb, TabLink, heading, tabs},
        panel, value,
    },
};
use api::{Activity, Job, List};
use leptos::prelude::*;

const ACTIONS: [(&str, &str); 10] = [
    ("push", "Pushed"),
    ("pull", "Pulled"),
    ("delete", "Deleted"),
    ("tag", "Tagged"),
    ("copy", "Copied"),
    ("restore", "Put back"),
    ("clean-up", "Cleaned up"),
    ("collect", "Collected"),
    ("lock", "Locked"),
    ("unlock", "Unlocked"),
];
const SOURCES: [(&str, &str); 2] = [("us", "Through Supercargo"), ("registry", "Told by the registry")];
const TIMES: [(&str, &str); 4] = [("1h", "The last hour"), ("1d", "The last day"), ("7d", "The last week"), ("30d", "The last 30 days")];

pub(super) fn draw(frame: &Frame, model: &ActivityModel) -> AnyView {
    let base = &frame.base;
    let asked = &model.asked;
    let crumbs = vec![Crumb { label: "Activity".into(), href: None, before: "" }];
    let to = |tab| address::activity(base, &ActivityAsked { tab, ..asked.first() });
    let links = vec![
        TabLink { label: "Activity", count: None, href: to(ActivityTab::Activity), current: asked.tab == ActivityTab::Activity },
        TabLink { label: "Jobs", count: None, href: to(ActivityTab::Jobs), current: asked.tab == ActivityTab::Jobs },
    ];
    let exports = (asked.tab == ActivityTab::Activity).then(|| {
        ["csv", "jsonl"].map(|form| {
            let word = if form == "csv" { "CSV" } else { "JSON lines" };
            view! { <a class=BUTTON href=address::activity_export(base, asked, form) download="">{Icon::Download.view()}{word}</a> }
        })
    });
    let content = match (&model.problem, &model.shown) {
        (Some(problem), _) => panel::problem(problem),
        (None, ActivityShown::Activity(list)) => activities(frame, model, list),
        (None, ActivityShown::Jobs(list)) => jobs(frame, model, list),
    };
    view! {
        {heading(crumbs, exports)}
        {tabs("Activity", links)}
        {bar(base, model)}
        {content}
    }
    .into_any()
}

fn bar(base: &str, model: &ActivityModel) -> impl IntoView + use<> {
    let asked = &model.asked;
    let at_jobs = asked.tab == ActivityTab::Jobs;
    let registries = (model.registries.len() > 1).then(|| {
        let names: Vec<(&str, &str)> = model.registries.iter().map(|name| (name.as_str(), name.as_str())).collect();
        choice(base, asked, "Registry", "All registries", &names, asked.registry.as_deref(), |asked, value| ActivityAsked {
            registry: value,
            ..asked
        })
    });
    let rest = if at_jobs {
        let states = ["active", "done", "failed", "cancelled"].map(|state| {
            (
                state,
                match state {
                    "active" => "At work",
                    "done" => "Done",
                    "failed" => "Failed",
                    _ => "Stopped",
                },
            )
        });
        vec![choice(base, asked, "State", "Any state", &states, asked.state.as_deref(), |asked, value| ActivityAsked {
            state: value,
            ..asked
        })]
    } else {
        vec![
            choice(base, asked, "What", "Anything", &ACTIONS, asked.action.as_deref(), |asked, value| ActivityAsked {
                action: value,
                ..asked
            }),
            choice(base, asked, "Through", "Through anything", &SOURCES, asked.source.as_deref(), |asked, value| ActivityAsked {
                source: value,
                ..asked
            }),
            choice(base, asked, "When", "Any time", &TIMES, asked.since.as_deref(), |asked, value| ActivityAsked { since: value, ..asked }),
        ]
    };
    let filter = (!at_jobs).then(|| filter(base, asked));
    view! {
        <div class="flex flex-wrap items-center gap-2 py-3.5 max-md:gap-1">
            {filter}
            <div class="flex flex-wrap gap-1 max-md:-ml-1.5">{registries}{rest}{narrowed(base, asked)}</div>
        </div>
    }
}

/// A menu of one thing that narrows the list.
fn choice(
    base: &str,
    asked: &ActivityAsked,
    label: &'static str,
    any: &'static str,
    values: &[(&str, &str)],
    current: Option<&str>,
    with: impl Fn(ActivityAsked, Option<String>) -> ActivityAsked,
) -> AnyView {
    let to = |value: Option<&str>| address::activity(base, &with(asked.first(), value.map(str::to_owned)));
    let mut choices = vec![Choice { href: to(None), label: any.into(), chosen: current.is_none() }];
    choices.extend(values.iter().map(|(value, word)| Choice {
        href: to(Some(value)),
        label: (*word).to_owned(),
        chosen: current == Some(value),
    }));
    let shown = current.map(|current| values.iter().find(|(value, _)| *value == current).map_or(current, |(_, word)| word));
    let text = shown.map_or_else(|| label.to_owned(), |shown| crate::text::visible(shown).into_owned());
    menu(text, None, choices, current.is_some(), false).into_any()
}

/// What the rows' own links narrow the list to, each with a way out.
fn narrowed(base: &str, asked: &ActivityAsked) -> Vec<AnyView> {
    type Without = fn(ActivityAsked) -> ActivityAsked;
    let all: [(&str, &Option<String>, Without); 4] = [
        ("repository", &asked.repository, |asked| ActivityAsked { repository: None, tag: None, ..asked }),
        ("tag", &asked.tag, |asked| ActivityAsked { tag: None, ..asked }),
        ("by", &asked.actor, |asked| ActivityAsked { actor: None, ..asked }),
        ("before", &asked.until, |asked| ActivityAsked { until: None, ..asked }),
    ];
    all.into_iter()
        .filter_map(|(word, value, without)| {
            let value = value.as_ref()?;
            let href = address::activity(base, &without(asked.first()));
            let shown = crate::text::visible(value).into_owned();
            Some(
                view! {
                    <a
                        class="inline-flex min-h-8 items-center gap-1.5 rounded-md bg-accent-soft px-2.5 text-sm font-[550] text-accent hover:no-underline"
                        href=href
                        title="Take this away"
                    >
                        {format!("{word} {shown}")}
                        {Icon::Cross.view()}
                    </a>
                }
                .into_any(),
            )
        })
        .collect()
}

fn filter(base: &str, asked: &ActivityAsked) -> impl IntoView + use<> {
    let kept: Vec<_> = asked
        .filters()
        .into_iter()
        .filter(|(name, value)| *name != "q" && !value.is_empty())
        .map(|(name, value)| view! { <input type="hidden" name=name value=value.to_owned()/> })
        .collect();
    list::field(format!("{base}/activity"), kept.into_any(), asked.q.clone(), "Repository, tag, person, digest", false)
}

/// The foot of either list.
fn foot(base: &str, asked: &ActivityAsked, shown: usize, total: u64, next: Option<&str>, words: &str) -> AnyView {
    let place = Asked { after: asked.after.clone(), before: asked.before, ..Asked::default() };
    let asked = asked.clone();
    list::foot(&place, shown, total, next, words, |place| {
        address::activity(base, &ActivityAsked { after: place.after.clone(), before: place.before, ..asked.clone() })
    })
}

fn activities(frame: &Frame, model: &ActivityModel, list: &List<Activity>) -> AnyView {
    let base = &frame.base;
    let asked = &model.asked;
    if list.items.is_empty() {
        return nothing(base, asked);
    }
    let mut html = Html::with_capacity(list.items.len() * 900 + 512);
    html.raw(
        "<thead><tr><th>When</th><th>Who</th><th>What</th><th>Digest</th><th><span class=\"sr-only\">Undo</span></th></tr></thead><tbody>",
    );
    let mut offered: Vec<&str> = Vec::new();
    for activity in &list.items {
        let job = activity.job.as_deref().filter(|_| activity.undo_until.is_some()).filter(|job| !offered.contains(job));
        offered.extend(job);
        row(&mut html, base, asked, activity, model, job);
    }
    html.raw("</tbody>");
    let words = format::plural(list.total, "entry", "entries");
    view! {
        {offers(frame)}
        <table class="rows rows-activity" inner_html=html.into_string()></table>
        {foot(base, asked, list.items.len(), list.total, list.next.as_deref(), &words)}
    }
    .into_any()
}

/// The form that the rows' buttons belong to.
fn offers(frame: &Frame) -> impl IntoView + use<> {
    view! { <form id="undo" method="post" data-change="">{panel::token(frame)}</form> }
}

fn undo(html: &mut Html, base: &str, job: &str) {
    html.raw("<button form=\"undo\" class=\"small\" formaction=\"").text(base).raw("/jobs/").text(job).raw("/undo\">");
    html.raw(Icon::Undo.html()).raw("Undo</button>");
}

fn row(html: &mut Html, base: &str, asked: &ActivityAsked, activity: &Activity, model: &ActivityModel, job: Option<&str>) {
    let narrowed = |href: ActivityAsked| address::activity(base, &href);
    html.raw("<tr><td>");
    value::when(html, Some(&activity.at), model.now);
    html.raw("</td><td>");
    match &activity.actor {
        Some(actor) => {
            let href = narrowed(ActivityAsked { actor: Some(actor.clone()), ..asked.first() });
            html.raw("<a class=\"hover:text-link\" href=\"").text(&href).raw("\">").text(actor).raw("</a>");
        }
        None => {
            html.raw("<span class=\"text-ink-3\">someone</span>");
        }
    }
    if let Some(from) = &activity.address {
        html.raw("<p class=\"mono text-ink-2\">").text(from).raw("</p>");
    }
    html.raw("</td><td><span class=\"text-ink-2\">").text(done(&activity.action)).raw("</span> ");
    place(html, base, activity, model.registries.len() > 1);
    if activity.result == "failed" {
        html.raw(" <span class=\"text-bad\">").raw(Icon::Cross.html()).raw(" failed</span>");
    }
    if let Some(detail) = &activity.detail {
        html.raw("<p class=\"text-sm text-ink-2\">");
        value::sentence(html, detail);
        html.raw("</p>");
    }
    html.raw("<p class=\"text-xs text-ink-2\">");
    html.raw(if activity.source == "us" { "through Supercargo" } else { "told by the registry" });
    if let Some(job) = &activity.job {
        html.raw(" · <a class=\"text-link\" href=\"").text(base).raw("/jobs/").text(job).raw("\">job</a>");
    }
    html.raw("</p></td><td>");
    digests(html, activity);
    html.raw("</td><td>");
    if let Some(job) = job {
        undo(html, base, job);
    }
    html.raw("</td></tr>");
}

/// What was done, as a sentence goes.
fn done(action: &str) -> &str {
    match action {
        "push" => "pushed",
        "pull" => "pulled",
        "delete" => "deleted",
        "tag" => "tagged",
        "copy" => "copied to",
        "restore" => "put back",
        "clean-up" => "cleaned up",
        "collect" => "collected in",
        "lock" => "locked",
        "unlock" => "unlocked",
        other => other,
    }
}

fn place(html: &mut Html, base: &str, activity: &Activity, several: bool) {
    if activity.repository.is_empty() {
        html.raw("<a class=\"tag\" href=\"")
            .text(&address::registry(base, &activity.registry))
            .raw("\">")
            .text(&activity.registry)
            .raw("</a>");
        return;
    }
    let place = format!("{}/{}", activity.registry, activity.repository);
    let shown = if several { &place } else { &activity.repository };
    let reference = activity.tag.as_ref().map_or_else(|| place.clone(), |tag| format!("{place}:{tag}"));
    html.raw("<a class=\"tag\" href=\"").text(&address::reference(base, &reference)).raw("\">").text(shown);
    if let Some(tag) = &activity.tag {
        html.raw(":").text(&shown_tag(tag));
    }
    html.raw("</a>");
}

/// Before and after, where they differ.
fn digests(html: &mut Html, activity: &Activity) {
    match (&activity.before, &activity.after) {
        (Some(before), Some(after)) if before != after => {
            html.raw("<span class=\"mono text-ink-3\" title=\"").text(before).raw("\">").text(&format::digest(before)).raw("</span><p>→ ");
            value::digest(html, after);
            html.raw("</p>");
        }
        (_, Some(digest)) => value::digest(html, digest),
        (Some(digest), None) => {
            html.raw("<span class=\"text-ink-3\">");
            value::digest(html, digest);
            html.raw("</span>");
        }
        (None, None) => {}
    }
}

fn jobs(frame: &Frame, model: &ActivityModel, list: &List<Job>) -> AnyView {
    let base = &frame.base;
    if list.items.is_empty() {
        return nothing(base, &model.asked);
    }
    let mut html = Html::with_capacity(list.items.len() * 700 + 512);
    html.raw("<thead><tr><th>When</th><th>State</th><th>Job</th><th>Progress</th><th><span class=\"sr-only\">Undo</span></th></tr></thead><tbody>");
    for one in &list.items {
        let (class, word) = job::state(one.state);
        html.raw("<tr><td>");
        value::when(&mut html, Some(&one.created), model.now);
        html.raw("</td><td><span class=\"")
            .raw(class)
            .raw("\"><span>")
            .raw(word)
            .raw("</span></span></td><td><a class=\"go font-semibold\" href=\"");
        html.text(base).raw("/jobs/").text(&one.id).raw("\">").text(&one.summary).raw("</a>");
        if let Some(problem) = one.problems.first() {
            html.raw("<p class=\"text-sm text-bad\">").text(&problem.detail).raw("</p>");
        }
        html.raw("</td><td class=\"num\">").text(&job::far(one)).raw("</td><td>");
        if job::can_be_undone(one) {
            undo(&mut html, base, &one.id);
        }
        html.raw("</td></tr>");
    }
    html.raw("</tbody>");
    let words = format::plural(list.total, "job", "jobs");
    view! {
        {offers(frame)}
        <table class="rows rows-activity" inner_html=html.into_string()></table>
        {foot(base, &model.asked, list.items.len(), list.total, list.next.as_deref(), &words)}
    }
    .into_any()
}

fn nothing(base: &str, asked: &ActivityAsked) -> AnyView {
    let narrowed = asked.state.is_some() || asked.filters().iter().any(|(_, value)| !value.is_empty());
    if narrowed {
        let all = address::activity(base, &ActivityAsked { tab: asked.tab, ..ActivityAsked::default() });
        return empty(
            Icon::Search,
            "Nothing matches".into(),
            view! { <p class="mt-1"><a class="text-link" href=all>"Show all of it"</a></p> },
        )
        .into_any();
    }
    if asked.tab == ActivityTab::Jobs {
        return empty(
            Icon::Clock,
            "No jobs yet".into(),
            view! { <p>"Whatever is deleted, tagged, copied or cleaned up here is a job: it can be followed, stopped and undone."</p> },
        )
        .into_any();
    }
    empty(
        Icon::Clock,
        "Nothing was done yet".into(),
        view! {
            <p>"What is changed here is written down here. What others push, pull and delete is told by the registry’s events; a registry’s page says how to switch them on."</p>
        },
    )
    .into_any()
}
