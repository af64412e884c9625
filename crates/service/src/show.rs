//! From the model's numbers to the shapes of the API.

use api::{Freshness, Repository, State, Tag};
use catalogue::model::{Model, NEVER, NONE, Repo};
use jiff::{Timestamp, tz::Offset};
use oci::Kind;

/// RFC 3339 in UTC with milliseconds.
pub(crate) fn time(ms: i64) -> String {
    let Ok(instant) = Timestamp::from_millisecond(ms) else { return String::new() };
    let at = Offset::UTC.to_datetime(instant);
    if at.year() < 0 {
        return format!("{instant:.3}");
    }
    // Without a formatter: lists have one of these in each row.
    let mut text = String::with_capacity(24);
    let mut put = |number: i16, digits: u32, after: char| {
        text.extend((0..digits).rev().map(|place| (b'0' + (number / 10i16.pow(place) % 10) as u8) as char));
        text.push(after);
    };
    put(at.year(), 4, '-');
    put(at.month().into(), 2, '-');
    put(at.day().into(), 2, 'T');
    put(at.hour().into(), 2, ':');
    put(at.minute().into(), 2, ':');
    put(at.second().into(), 2, '.');
    put(at.millisecond(), 3, 'Z');
    text
}

pub(crate) fn state(state: catalogue::State) -> State {
    match state {
        catalogue::State::Fresh => State::Fresh,
        catalogue::State::Crawling => State::Crawling,
        catalogue::State::Stale => State::Stale,
        catalogue::State::Unreachable => State::Unreachable,
    }
}

/// The worst of several.
pub(crate) fn worst(all: impl Iterator<Item = Freshness>) -> Freshness {
    all.reduce(|a, b| {
        let at = match (a.at, b.at) {
            (Some(a), Some(b)) => Some(a.min(b)),
            _ => None,
        };
        Freshness { state: a.state.max(b.state), at }
    })
    .unwrap_or(Freshness { state: State::Fresh, at: None })
}

fn text(model: &Model, id: u32) -> Option<String> {
    (id != NONE).then(|| model.texts.text(id).to_owned())
}

/// The first description that the manifest or what it shows has.
pub(crate) fn description(model: &Model, manifest: u32) -> Option<String> {
    model.faces(manifest).find_map(|m| text(model, m.description))
}

pub(crate) fn platforms(model: &Model, manifest: u32) -> Vec<String> {
    let mut seen = Vec::new();
    for platform in model.platforms(manifest) {
        let platform = model.platform_names.text(platform).to_owned();
        if !seen.contains(&platform) {
            seen.push(platform);
        }
    }
    seen
}

pub(crate) fn registry_name(model: &Model, repo: &Repo) -> String {
    model.registries.get(usize::from(repo.registry)).cloned().unwrap_or_default()
}

pub(crate) fn repository(model: &Model, repo: &Repo) -> Repository {
    let newest = repo.facts.newest.map(|i| i as usize);
    let manifest = newest.map_or(NONE, |i| repo.manifests[i]);
    let name = |i: usize| model.names.text(repo.names[i]).to_owned();
    let whole = repo.facts.unfetched == 0 && repo.crawled != NEVER;
    Repository {
        registry: registry_name(model, repo),
        repository: repo.name.to_string(),
        tags: repo.names.len() as u64,
        size: (repo.facts.size > 0 || whole).then_some(repo.facts.size),
        updated: repo.facts.updated.map(time),
        newest: newest.map(name),
        platforms: platforms(model, manifest),
        kinds: Kind::ALL.into_iter().filter(|&k| repo.facts.kinds >> k as u16 & 1 == 1).map(|k| k.as_str().to_owned()).collect(),
        description: description(model, manifest),
        aliases: newest.map_or_else(Vec::new, |n| repo.tags_of(manifest).filter(|&i| i != n).map(name).collect()),
        signed: repo.facts.attached.get(&manifest).is_some_and(|a| a.1),
        images: u64::from(repo.facts.images),
        size_unshared: (repo.facts.unshared > 0 || whole).then_some(repo.facts.unshared),
    }
}

/// A tag; `same` are the positions of all tags of its manifest, itself among them.
pub(crate) fn tag(model: &Model, repo: &Repo, position: usize, same: impl Iterator<Item = usize>) -> Tag {
    let (manifest, row) = (repo.manifests[position], repo.rows[position]);
    let info = model.manifest(manifest).filter(|m| m.known);
    let (attached, signed, sbom) = repo.facts.attached.get(&manifest).copied().unwrap_or_default();
    Tag {
        tag: model.names.text(repo.names[position]).to_owned(),
        digest: model.digest(manifest),
        media_type: info.and_then(|m| text(model, m.media_type)),
        kind: info.map_or(Kind::Unknown, |m| m.kind).as_str().to_owned(),
        size: model.size(manifest),
        platforms: platforms(model, manifest),
        created: model.created(manifest).map(time),
        pushed: (row.pushed != NEVER).then(|| time(row.pushed)),
        aliases: same.filter(|&i| i != position).map(|i| model.names.text(repo.names[i]).to_owned()).collect(),
        signed,
        attached: u64::from(attached),
        sbom,
        registry: registry_name(model, repo),
        repository: repo.name.to_string(),
        problem: text(model, row.problem).map(|detail| api::Problem::new(api::Code::UpstreamMisbehaved, detail)),
    }
}

/// Labels and annotations of a manifest and of what it shows; its own win.
pub(crate) fn labels(model: &Model, manifest: u32) -> std::collections::BTreeMap<String, String> {
    let mut labels = std::collections::BTreeMap::new();
    for info in model.faces(manifest) {
        for (key, value) in info.labels() {
            labels.entry(key.to_owned()).or_insert_with(|| value.to_owned());
        }
    }
    labels
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_those_of_the_formatter() {
        for ms in [0, 1, -1, 999, 1_795_464_000_123, 951_782_400_000, -62_167_219_200_000, -62_167_219_200_001, 253_402_207_199_999] {
            assert_eq!(time(ms), format!("{:.3}", Timestamp::from_millisecond(ms).unwrap()), "{ms}");
        }
        assert_eq!(time(i64::MIN), "");
    }
}
