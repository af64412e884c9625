//! What a plan does, gathered: one line for everything that meets the same fate for the same reason.

use crate::{
    address, format,
    html::Html,
    reference::{Parts, parts},
};
use api::{Effect, EffectKind, Fate, Plan};

/// So many names stand in the line itself.
const SEEN: usize = 8;
/// So many can be unfolded; more are counted.
const LISTED: usize = 100;

/// Effects that are told in one line.
struct Group<'a> {
    fate: Fate,
    kind: EffectKind,
    why: &'a str,
    of: Vec<&'a Effect>,
}

/// What goes comes first, then what appears, then what stays; within each as it is done.
fn groups(plan: &Plan) -> Vec<Group<'_>> {
    let mut found: Vec<Group<'_>> = Vec::new();
    for effect in &plan.effects {
        match found.iter_mut().find(|group| group.fate == effect.effect && group.kind == effect.kind && group.why == effect.why) {
            Some(group) => group.of.push(effect),
            None => found.push(Group { fate: effect.effect, kind: effect.kind, why: &effect.why, of: vec![effect] }),
        }
    }
    found.sort_by_key(|group| match group.fate {
        Fate::Goes => 0,
        Fate::Appears => 1,
        Fate::Stays => 2,
    });
    found
}

/// What an effect is about, in words.
pub(crate) fn noun(kind: EffectKind, many: bool) -> &'static str {
    match (kind, many) {
        (EffectKind::Tag, false) => "tag",
        (EffectKind::Tag, true) => "tags",
        (EffectKind::Manifest, false) => "image",
        (EffectKind::Manifest, true) => "images",
        (EffectKind::Blob, false) => "layer",
        (EffectKind::Blob, true) => "layers",
    }
}

/// `registry/repository` of all effects, where they have but one.
pub(crate) fn place(plan: &Plan) -> Option<&str> {
    let mut places = plan.effects.iter().map(|effect| parts(&effect.reference).place);
    let first = places.next()?;
    places.all(|place| place == first).then_some(first)
}

/// The lines of a plan, and what they free. `base` makes links of names; a dialog has none.
pub(crate) fn effects(base: Option<&str>, plan: &Plan) -> Html {
    let mut html = Html::with_capacity(plan.effects.len().min(200) * 120 + 512);
    let here = place(plan);
    html.raw("<dl class=\"effects\">");
    for group in groups(plan) {
        line(&mut html, base, here, &group);
    }
    let told = plan.effects.len() as u64;
    if plan.effects_total > told {
        html.raw("<div><dt>more</dt><dd>").text(&format::plural(plan.effects_total - told, "further effect", "further effects"));
        html.raw(" of the same kinds; the first ").text(&format::count(told)).raw(" are told here.</dd></div>");
    }
    frees(&mut html, plan);
    html.raw("</dl>");
    html
}

fn line(html: &mut Html, base: Option<&str>, here: Option<&str>, group: &Group<'_>) {
    html.raw(match group.fate {
        Fate::Goes => "<div><dt class=\"goes\">goes</dt><dd>",
        Fate::Stays => "<div><dt class=\"stays\">stays</dt><dd>",
        Fate::Appears => "<div><dt class=\"appears\">appears</dt><dd>",
    });
    let many = group.of.len() > 1;
    if group.of.len() > SEEN {
        html.text(&format::count(group.of.len() as u64)).raw(" ");
    }
    html.raw(noun(group.kind, many)).raw(" ");
    names(html, base, here, &group.of[..group.of.len().min(SEEN)]);
    if group.of.len() > SEEN {
        html.raw(", …");
    }
    // Where a tag comes to name something, that is the point.
    if let (Fate::Appears, EffectKind::Tag, [one]) = (group.fate, group.kind, group.of.as_slice())
        && let Some(digest) = &one.digest
    {
        html.raw(" <span class=\"mono\" title=\"").text(digest).raw("\">").text(&format::digest(digest)).raw("</span>");
    }
    if !group.why.is_empty() {
        html.raw("<span class=\"text-ink-2\">").raw(if group.why.starts_with([',', ':', ';', '(']) { "" } else { ", " });
        html.text(group.why).raw("</span>");
    }
    if group.of.len() > SEEN {
        let rest = &group.of[SEEN..];
        html.raw("<details class=\"fold\"><summary>and ").text(&format::count(rest.len() as u64)).raw(" more</summary>");
        names(html, base, here, &rest[..rest.len().min(LISTED - SEEN)]);
        if rest.len() > LISTED - SEEN {
            html.raw(", and ").text(&format::count((rest.len() + SEEN - LISTED) as u64)).raw(" that are not listed here");
        }
        html.raw("</details>");
    }
    html.raw("</dd></div>");
}

fn names(html: &mut Html, base: Option<&str>, here: Option<&str>, effects: &[&Effect]) {
    for (index, effect) in effects.iter().enumerate() {
        if index > 0 {
            html.raw(", ");
        }
        let link = base.filter(|_| effect.effect != Fate::Appears && effect.kind != EffectKind::Blob);
        if let Some(base) = link {
            html.raw("<a class=\"hover:text-link\" href=\"").text(&address::reference(base, &effect.reference)).raw("\">");
        }
        name(html, &parts(&effect.reference), here);
        if link.is_some() {
            html.raw("</a>");
        }
    }
}

/// A tag or digest; with its repository where several lose or gain something.
fn name(html: &mut Html, parts: &Parts<'_>, here: Option<&str>) {
    let elsewhere = here != Some(parts.place);
    if parts.by_digest {
        html.raw("<span class=\"mono\" title=\"").text(parts.name).raw("\">");
        if elsewhere {
            html.text(parts.place).raw("@");
        }
        html.text(&short(parts.name)).raw("</span>");
        return;
    }
    html.raw("<b class=\"tag\">");
    if elsewhere || parts.name.is_empty() {
        html.text(parts.place).raw(if parts.name.is_empty() { "" } else { ":" });
    }
    html.text(parts.name).raw("</b>");
}

/// A digest in few letters: every one here is of the same algorithm or says otherwise.
fn short(digest: &str) -> String {
    let short = format::digest(digest);
    short.strip_prefix("sha256:").map(str::to_owned).unwrap_or(short)
}

fn frees(html: &mut Html, plan: &Plan) {
    if !plan.effects.iter().any(|effect| effect.effect == Fate::Goes) {
        return;
    }
    html.raw("<div><dt>frees</dt><dd>");
    match plan.frees {
        Some(0) => {
            html.raw("nothing: what it is made of is in use elsewhere");
        }
        Some(bytes) => {
            html.raw("<span title=\"").text(&format::bytes(bytes)).raw("\">").text(&format::size(bytes)).raw("</span>");
            html.raw(", when the registry next collects its garbage");
        }
        None => {
            html.raw("an amount that cannot be told yet");
        }
    }
    html.raw("</dd></div>");
}
