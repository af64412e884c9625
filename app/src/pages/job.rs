//! `/jobs/{id}`: how far a change is, what came of each step; and the same in few words, for a notice on another page.

use crate::{
    address, format,
    html::Html,
    model::{Frame, JobModel},
    reference::{parts, shown_tag},
    ui::{
        icon::Icon,
        notice::{Weight, notice},
        page::{BUTTON, BUTTON_PRIMARY, Crumb, H2, heading},
        panel::{self, token},
        progress::bar,
        value,
    },
};
use api::{Action, ItemState, Job, JobItem, JobState};
use leptos::prelude::*;

pub(super) fn draw(frame: &Frame, model: &JobModel) -> AnyView {
    if frame.fragment {
        return short(frame, model);
    }
    let base = &frame.base;
    let job = &model.job;
    let crumbs = vec![Crumb { label: job.summary.clone(), href: None, before: "" }];
    let buttons = view! {
        {cancel(frame, job, BUTTON)}
        {undo(frame, job, BUTTON_PRIMARY)}
        <a class=BUTTON href=format!("{base}/api/v1/jobs/{}", job.id) download=format!("job-{}.json", job.id)>{Icon::Download.view()}"JSON"</a>
        <a class=BUTTON href=format!("{base}/api/v1/jobs/{}/items?as=csv", job.id) download="">{Icon::Download.view()}"CSV"</a>
    };
    let told = facts(base, model);
    view! {
        {heading(crumbs, buttons)}
        <p class="flex flex-wrap gap-x-4.5 gap-y-1 pt-2 text-ink-2" inner_html=told></p>
        {model.problem.as_ref().map(panel::problem)}
        <section class="pt-5" aria-label="Progress">
            {bar("Progress", job.done, job.total)}
            <p class="num pt-1.5 text-sm text-ink-2">{far(job)}</p>
        </section>
        {problems(job)}
        {steps(base, model)}
    }
    .into_any()
}

/// How it stands, in a word.
pub(super) fn state(state: JobState) -> (&'static str, &'static str) {
    match state {
        JobState::Queued => ("dot dot-busy", "waiting"),
        JobState::Running => ("dot dot-busy", "at work"),
        JobState::Done => ("dot", "done"),
        JobState::Failed => ("dot dot-bad", "failed"),
        JobState::Cancelled => ("dot dot-warn", "stopped"),
    }
}

/// `2 of 3 steps`, `1.2 GB of 5 GB`.
pub(super) fn far(job: &Job) -> String {
    if job.unit == "bytes" {
        return format!("{} of {}", format::size(job.done), format::size(job.total));
    }
    format!("{} of {}", format::count(job.done), format::plural(job.total, "step", "steps"))
}

/// State, times, and the jobs that it undoes or that undid it.
fn facts(base: &str, model: &JobModel) -> String {
    let job = &model.job;
    let mut html = Html::default();
    let (class, word) = state(job.state);
    html.raw("<span class=\"").raw(class).raw("\"><span class=\"text-ink\">").raw(word).raw("</span></span><span>asked for ");
    value::when(&mut html, Some(&job.created), model.now);
    html.raw(" ago</span>");
    if let (Some(started), Some(finished)) =
        (job.started.as_deref().and_then(format::moment), job.finished.as_deref().and_then(format::moment))
    {
        html.raw("<span>took ").text(&format::since(started, finished.as_millisecond())).raw("</span>");
    }
    for (word, other) in [("undoes ", &job.undoes), ("undone by ", &job.undone_by)] {
        if let Some(other) = other {
            html.raw("<span>")
                .raw(word)
                .raw("<a class=\"text-link\" href=\"")
                .text(base)
                .raw("/jobs/")
                .text(other)
                .raw("\">another job</a></span>");
        }
    }
    html.raw("<span><a class=\"text-link\" href=\"").text(base).raw("/activity?tab=jobs\">all jobs</a></span>");
    // An undoing has none: it is what the other job took, the other way round.
    if !job.plan.is_empty() {
        html.raw("<span><a class=\"text-link\" href=\"").text(base).raw("/plans/").text(&job.plan).raw("\">its plan</a></span>");
    }
    if let Some(until) = job.undo_until.as_deref().filter(|_| job.undone_by.is_none()) {
        html.raw("<span>can be undone; the offer ends ");
        value::when(&mut html, Some(until), model.now);
        html.raw("</span>");
    }
    html.into_string()
}

/// Stops it after the step it is at.
fn cancel(frame: &Frame, job: &Job, class: &'static str) -> Option<AnyView> {
    (!job.state.is_over()).then(|| form(frame, job, "cancel", class, Icon::Cross, "Stop"))
}

/// Puts back what it took.
pub(super) fn undo(frame: &Frame, job: &Job, class: &'static str) -> Option<AnyView> {
    can_be_undone(job).then(|| form(frame, job, "undo", class, Icon::Undo, "Undo"))
}

pub(super) fn can_be_undone(job: &Job) -> bool {
    job.state.is_over() && job.undo_until.is_some() && job.undone_by.is_none()
}

fn form(frame: &Frame, job: &Job, what: &'static str, class: &'static str, icon: Icon, word: &'static str) -> AnyView {
    let change = frame.fragment.then_some("");
    view! {
        <form method="post" action=format!("{}/jobs/{}/{what}", frame.base, job.id) data-change=change>
            {token(frame)}
            <button class=class type="submit">{icon.view()}{word}</button>
        </form>
    }
    .into_any()
}

fn problems(job: &Job) -> Vec<AnyView> {
    job.problems
        .iter()
        .map(|problem| {
            let mut html = Html::default();
            html.raw("<p class=\"font-semibold\">").text(&problem.title).raw("</p><p>");
            value::sentence(&mut html, &problem.detail);
            html.raw("</p>");
            if let Some(hint) = &problem.hint {
                html.raw("<p class=\"mt-1 text-ink\">");
                value::sentence(&mut html, hint);
                html.raw("</p>");
            }
            notice(Weight::Bad, view! { <div inner_html=html.into_string()></div> }).into_any()
        })
        .collect()
}

fn steps(base: &str, model: &JobModel) -> Option<AnyView> {
    if model.items.is_empty() {
        return None;
    }
    let mut html = Html::with_capacity(model.items.len() * 500 + 256);
    html.raw("<thead><tr><th class=\"wide\">Step</th><th>What</th><th>Result</th></tr></thead><tbody>");
    for item in &model.items {
        step(&mut html, base, item);
    }
    html.raw("</tbody>");
    let job = &model.job;
    let to = model.before + model.items.len() as u64;
    let place = format!("steps {}–{}", format::count(model.before + 1), format::count(to));
    let previous = (model.before > 0).then(|| {
        let after = model.before.saturating_sub(100);
        let href = if after == 0 { format!("{base}/jobs/{}", job.id) } else { format!("{base}/jobs/{}?after={after}", job.id) };
        view! { <a class=BUTTON rel="prev" href=href>{Icon::Left.view()}"Previous"</a> }
    });
    let next = model.more.then(|| {
        view! { <a class=BUTTON rel="next" href=format!("{base}/jobs/{}?after={to}", job.id)>"Next"{Icon::Right.view()}</a> }
    });
    let foot = (previous.is_some() || next.is_some()).then(|| {
        view! {
            <nav class="flex flex-wrap items-center gap-3 pt-3.5 text-ink-2" aria-label="Pages of the steps">
                <span class="num">{place}</span>
                <span class="ml-auto flex gap-2">{previous}{next}</span>
            </nav>
        }
    });
    Some(
        view! {
            <section class="pt-7 pb-16" aria-labelledby="steps">
                <h2 class=H2 id="steps">"Steps"</h2>
                <table class="rows rows-plain" inner_html=html.into_string()></table>
                {foot}
            </section>
        }
        .into_any(),
    )
}

fn step(html: &mut Html, base: &str, item: &JobItem) {
    let (class, icon, word) = match item.state {
        ItemState::Done => ("text-good", Icon::Check, "done"),
        ItemState::Skipped => ("text-ink-3", Icon::Minus, "was so already"),
        ItemState::Failed => ("text-bad", Icon::Cross, "failed"),
        ItemState::Waiting => ("text-ink-3", Icon::Clock, "waiting"),
    };
    let of = parts(&item.reference);
    html.raw("<tr><td class=\"wide whitespace-nowrap text-ink-2\">").text(&item.step);
    html.raw("</td><td><span class=\"text-ink-2 md:hidden\">").text(&item.step).raw(" </span><a class=\"mono hover:text-link\" href=\"");
    html.text(&address::reference(base, &item.reference)).raw("\" title=\"").text(&item.reference).raw("\">").text(of.place);
    if of.by_digest {
        html.raw("@").text(&format::digest_bare(of.name));
    } else if !of.name.is_empty() {
        html.raw(":").text(&shown_tag(of.name));
    }
    html.raw("</a></td><td><span class=\"").raw(class).raw("\">").raw(icon.html()).raw(" ").raw(word).raw("</span>");
    if let Some(detail) = &item.detail {
        html.raw("<p class=\"text-sm text-ink-2\">");
        value::sentence(html, detail);
        html.raw("</p>");
    }
    html.raw("</td></tr>");
}

/// What a notice says: as few words as tell how it stands.
pub(crate) fn told(job: &Job) -> String {
    let problem = job.problems.first().map(|problem| format!(" {}", problem.detail)).unwrap_or_default();
    match job.state {
        JobState::Queued | JobState::Running => format!("{}: {}.", job.summary, state(job.state).1),
        JobState::Done if job.action == Action::Undo => format!("{}: done.", job.summary),
        JobState::Done => format!("{}: done.{}", job.summary, if can_be_undone(job) { " It can be undone." } else { "" }),
        JobState::Failed | JobState::Cancelled => format!("{}: {}.{problem}", job.summary, state(job.state).1),
    }
}

/// The notice.
fn short(frame: &Frame, model: &JobModel) -> AnyView {
    let job = &model.job;
    let (class, word) = state(job.state);
    let over = job.state.is_over();
    let problem = model.problem.as_ref().or(job.problems.first()).map(|problem| problem.detail.clone());
    let progress = (!over).then(|| view! { <div class="pt-2.5">{bar("Progress", job.done, job.total)}</div> });
    view! {
        <div class="px-4 py-3.5" data-job=job.id.clone() data-told=told(job) data-over=over.then_some("")>
            <div class="flex items-start gap-2">
                <p class="min-w-0 flex-1">
                    <b class="font-semibold">{crate::text::visible(&job.summary).into_owned()}</b>
                </p>
                <button class="-mt-1 -mr-1.5 grid size-7 flex-none place-items-center rounded-md text-ink-3 hover:bg-sunken hover:text-ink" type="button" data-dismiss="" aria-label="Dismiss">{Icon::Cross.view()}</button>
            </div>
            {progress}
            {problem.map(|problem| view! { <p class="pt-1 text-sm text-bad">{crate::text::visible(&problem).into_owned()}</p> })}
            <div class="flex flex-wrap items-center gap-2 pt-2.5 text-sm">
                <span class="num text-ink-2"><span class=class><span>{word}</span></span>{(!over).then(|| format!(" · {}", far(job)))}</span>
                <span class="ml-auto flex gap-2">
                    <a class=BUTTON href=format!("{}/jobs/{}", frame.base, job.id)>"Details"</a>
                    {cancel(frame, job, BUTTON)}
                    {undo(frame, job, BUTTON)}
                </span>
            </div>
        </div>
    }
    .into_any()
}
