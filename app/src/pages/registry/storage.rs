//! What nothing in our own registry holds: looked for, shown, taken away.

use crate::{
    address, format,
    html::Html,
    model::{Frame, RegistryModel},
    ui::{
        icon::Icon,
        page::{BUTTON, H2},
        panel,
        progress::bar,
        value,
    },
};
use api::{Collection, Collections};
use leptos::prelude::*;

pub(super) fn section(frame: &Frame, model: &RegistryModel) -> Option<AnyView> {
    let collections = model.collections.as_ref()?;
    let last = collections.last.as_ref();
    let busy = last.is_some_and(|last| last.finished.is_none());
    let action = format!("{}/collect", address::registry(&frame.base, &model.registry.name));
    let look = button(frame, &action, true, if last.is_some_and(|last| last.dry_run) { "Look again" } else { "Look what can go" });
    // What was looked at and shown can be taken away, in the same place.
    let take = last.filter(|last| last.dry_run && last.problem.is_none() && last.blobs + last.manifests > 0 && !model.registry.read_only);
    let take = take.map(|last| button(frame, &action, false, &format!("Free {}", format::size(last.frees))));
    let buttons = (!busy).then(|| view! { <div class="flex flex-wrap gap-2 pt-3">{take}{look}</div> });
    let progress = last.filter(|_| busy).map(|last| {
        let told = format!("{} of {} read", format::count(last.looked), format::plural(last.of, "repository", "repositories"));
        view! { {bar("Collection", last.looked, last.of)}<p class="pt-1.5 text-sm text-ink-2 num">{told}</p> }
    });
    Some(
        view! {
            <section class="pt-8" aria-labelledby="storage">
                <h2 class=H2 id="storage">"Storage"</h2>
                <p class="text-sm text-ink-2">{rules(collections)}{next(collections)}</p>
                <div class="pt-2" aria-live="polite">
                    {progress}
                    {last.filter(|_| !busy).map(|last| result(frame, &model.registry.name, last, model.now))}
                </div>
                {buttons}
            </section>
        }
        .into_any(),
    )
}

fn button(frame: &Frame, action: &str, look: bool, word: &str) -> AnyView {
    let (icon, kept) =
        if look { (Icon::Search, Some(view! { <input type="hidden" name="dry_run" value="1"/> })) } else { (Icon::Trash, None) };
    view! {
        <form method="post" action=action.to_owned()>
            {panel::token(frame)}
            {kept}
            <button class=BUTTON type="submit">{icon.view()}{word.to_owned()}</button>
        </form>
    }
    .into_any()
}

/// What goes, and when by itself.
fn rules(collections: &Collections) -> String {
    let what = if collections.untagged {
        "Images that no tag names, and layers that no image needs, can be taken away"
    } else {
        "Layers that no image needs can be taken away"
    };
    let grace = format!("once they are {} old", duration(collections.grace));
    let by_itself = match collections.every {
        Some(every) => {
            let every = duration(every);
            format!("That happens by itself every {}.", every.strip_prefix("1 ").unwrap_or(&every))
        }
        None => "That happens only when somebody says so.".to_owned(),
    };
    if collections.grace == 0 { format!("{what}. {by_itself}") } else { format!("{what} {grace}. {by_itself}") }
}

/// When the clock has it happen next.
fn next(collections: &Collections) -> Option<AnyView> {
    let moment = format::moment(collections.next.as_deref()?)?;
    let (exact, at) = (format::exact(moment), collections.next.clone());
    Some(view! { " Next: "<time datetime=at>{exact}</time>"." }.into_any())
}

/// In its largest whole unit: `1 day`, `36 hours`.
fn duration(seconds: u64) -> String {
    for (unit, one, many) in [(86_400, "day", "days"), (3_600, "hour", "hours"), (60, "minute", "minutes")] {
        if seconds >= unit && seconds.is_multiple_of(unit) {
            return format::plural(seconds / unit, one, many);
        }
    }
    format::plural(seconds, "second", "seconds")
}

fn result(frame: &Frame, registry: &str, last: &Collection, now: i64) -> AnyView {
    if let Some(problem) = &last.problem {
        return panel::problem(problem);
    }
    let mut html = Html::default();
    html.raw("<p>");
    if last.blobs + last.manifests == 0 {
        html.raw(if last.dry_run { "Nothing can go" } else { "Nothing went" });
    } else {
        let images = format::plural(last.manifests, "manifest without a tag", "manifests without a tag");
        let blobs = format::plural(last.blobs, "file", "files");
        let (verb, end) = if last.dry_run { ("can go", "") } else { ("went", " free since") };
        html.raw("<b>")
            .text(&format::size(last.frees))
            .raw("</b>")
            .text(end)
            .raw(": ")
            .text(&images)
            .raw(", ")
            .text(&blobs)
            .raw(" ")
            .raw(verb);
    }
    html.raw(". <span class=\"text-ink-3\">");
    value::when(&mut html, last.finished.as_deref(), now);
    html.raw(" ago</span></p>");
    manifests(&mut html, frame, registry, last);
    if let Some(first) = last.unread.first() {
        html.raw("<p class=\"pt-1 text-sm text-warn\">").text(first);
        if last.unread.len() > 1 {
            html.raw(" and ").number(last.unread.len() as u64 - 1).raw(" more");
        }
        html.raw(" cannot be read, so all layers of its repository stay: push it again, or delete it.</p>");
    }
    view! { <div inner_html=html.into_string()></div> }.into_any()
}

/// The manifests that can go, to be looked at before; those that went have no page any more.
fn manifests(html: &mut Html, frame: &Frame, registry: &str, last: &Collection) {
    if last.references.is_empty() {
        return;
    }
    html.raw("<details class=\"fold pt-1 text-sm\"><summary>").raw(if last.dry_run { "Which can go" } else { "Which went" });
    html.raw("</summary><ul class=\"pt-1 max-h-80 overflow-y-auto wrap-anywhere leading-6\">");
    for reference in &last.references {
        let (name, digest) = reference.split_once('@').unwrap_or((reference, ""));
        html.raw("<li>");
        if last.dry_run {
            html.raw("<a class=\"text-link\" href=\"")
                .text(&address::reference(&frame.base, &format!("{registry}/{reference}")))
                .raw("\">");
        }
        html.text(name).raw(" <span class=\"mono\" title=\"").text(digest).raw("\">").text(&format::digest(digest)).raw("</span>");
        html.raw(if last.dry_run { "</a></li>" } else { "</li>" });
    }
    let more = last.manifests.saturating_sub(last.references.len() as u64);
    if more > 0 {
        html.raw("<li>and ").text(&format::count(more)).raw(" more: <code class=\"mono\">supercargo gc --dry-run</code> lists all</li>");
    }
    html.raw("</ul></details>");
}
