//! What a plan does, gathered: one line for everything that meets the same fate for the same reason.

use crate::{
    address, format,
    html::Html,
    reference::{Parts, parts, shown_tag},
};
use api::{Effect, EffectKind, Fate, Plan};
use std::collections::{HashMap, HashSet};

/// So many names stand in the line itself.
const SEEN: usize = 8;
/// So many can be unfolded; more are counted.
const LISTED: usize = 100;
/// So many lines of one fate and kind in a dialog: more reasons are unfolded.
pub(crate) const FEW: usize = 3;
/// The same where the reasons are what is looked at.
pub(crate) const MANY: usize = 60;

/// Effects that are told in one line.
struct Group<'a> {
    fate: Fate,
    kind: EffectKind,
    /// Why, where that is the same for all of them.
    why: Option<&'a str>,
    of: Vec<&'a Effect>,
}

/// What goes comes first, then what appears, then what stays; within each as it is done. Of one fate and kind there are at most so many
/// lines: the reasons that are fewest share the last one.
fn groups(plan: &Plan, lines: usize) -> Vec<Group<'_>> {
    let mut found: Vec<Group<'_>> = Vec::new();
    let mut places: HashMap<(Fate, EffectKind, &str), usize> = HashMap::new();
    // An image that comes with its tag is told with that.
    let tagged: HashSet<(&str, Option<&str>)> = plan
        .effects
        .iter()
        .filter(|effect| effect.effect == Fate::Appears && effect.kind == EffectKind::Tag)
        .map(|effect| (parts(&effect.reference).place, effect.digest.as_deref()))
        .collect();
    for effect in &plan.effects {
        let told = effect.effect == Fate::Appears && effect.kind == EffectKind::Manifest;
        if told && tagged.contains(&(parts(&effect.reference).place, effect.digest.as_deref())) {
            continue;
        }
        let place = *places.entry((effect.effect, effect.kind, effect.why.as_str())).or_insert_with(|| {
            found.push(Group { fate: effect.effect, kind: effect.kind, why: Some(&effect.why), of: Vec::new() });
            found.len() - 1
        });
        found[place].of.push(effect);
    }
    let order = |fate| match fate {
        Fate::Goes => 0,
        Fate::Appears => 1,
        Fate::Stays => 2,
    };
    let mut told: Vec<Group<'_>> = Vec::new();
    for fate in [Fate::Goes, Fate::Appears, Fate::Stays] {
        for kind in [EffectKind::Tag, EffectKind::Manifest, EffectKind::Blob] {
            let (mut same, rest): (Vec<_>, Vec<_>) = found.into_iter().partition(|group| group.fate == fate && group.kind == kind);
            found = rest;
            if same.len() > lines {
                same.sort_by_key(|group| std::cmp::Reverse(group.of.len()));
                let of: Vec<&Effect> = same.split_off(lines - 1).into_iter().flat_map(|group| group.of).collect();
                same.push(Group { fate, kind, why: None, of });
            }
            told.extend(same);
        }
    }
    told.sort_by_key(|group| order(group.fate));
    told
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

/// The lines of a plan, and what they free; of one fate and kind at most so many. `base` makes links of names; a dialog has none.
pub(crate) fn effects(base: Option<&str>, plan: &Plan, lines: usize) -> Html {
    let mut html = Html::with_capacity(plan.effects.len().min(200) * 120 + 512);
    let here = place(plan);
    html.raw("<dl class=\"effects\">");
    for group in groups(plan, lines) {
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
    match group.why {
        Some("") => {}
        Some(why) => reason(html, why),
        None => reason(html, "each for a reason of its own"),
    }
    if group.of.len() > SEEN || group.why.is_none() {
        unfolded(html, base, here, group);
    }
    html.raw("</dd></div>");
}

fn reason(html: &mut Html, why: &str) {
    html.raw("<span class=\"text-ink-2\">, ").text(why).raw("</span>");
}

/// The rest of a line; where each has its own reason, all of it with that.
fn unfolded(html: &mut Html, base: Option<&str>, here: Option<&str>, group: &Group<'_>) {
    let rest = if group.why.is_some() { &group.of[SEEN..] } else { &group.of[..] };
    let shown = &rest[..rest.len().min(LISTED)];
    let word = if group.why.is_some() { " more" } else { ", with their reasons" };
    html.raw("<details class=\"fold\"><summary>").raw(if group.why.is_some() { "and " } else { "all " });
    html.text(&format::count(rest.len() as u64)).raw(word).raw("</summary>");
    if group.why.is_some() {
        names(html, base, here, shown);
    } else {
        for effect in shown {
            html.raw("<p>");
            names(html, base, here, std::slice::from_ref(effect));
            reason(html, &effect.why);
            html.raw("</p>");
        }
    }
    if rest.len() > LISTED {
        html.raw(" and ").text(&format::count((rest.len() - LISTED) as u64)).raw(" that are not listed here");
    }
    html.raw("</details>");
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
        html.text(&format::digest_bare(parts.name)).raw("</span>");
        return;
    }
    html.raw("<b class=\"tag\">");
    if elsewhere || parts.name.is_empty() {
        html.text(parts.place).raw(if parts.name.is_empty() { "" } else { ":" });
    }
    html.text(&shown_tag(parts.name)).raw("</b>");
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
