//! What registries tell of people: who pushed, pulled, deleted, from where. It goes into the log of what was done, and pulls
//! are counted.
//!
//! Pushes and deletes are in the database before the notification is answered: a registry sends again what was not
//! taken, and the log has each of its events once. Pulls come in floods, so they gather here and are written together: what one
//! client pulls again within the second is one row that says how often. A crash loses those of the last second.

mod rows;

use crate::{
    catalogue::{Catalogue, now},
    events::{self, Event, EventAction, EventError},
    kept::{ActivityRecord, ActivitySource, ListeningRecord, PullRecord, Pulls},
    model::Model,
    source::Watched,
    store::{Result, Store},
};
use rows::Rows;
use std::{
    collections::{BTreeMap, HashMap},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

/// How our own client names itself to registries: what tells of it is nobody else's doing.
const OURSELVES: &str = "supercargo/";
/// Between two writes of pulls.
const TICK: Duration = Duration::from_secs(1);
/// Between two times at which counts that are too old are forgotten.
const TIDY: i64 = 6 * 3_600_000;
/// Names whose pulls wait, at most; then those of others are let go.
const NAMES: usize = 200_000;
/// How late another process may write what it heard.
const LATE: i64 = 3_600_000;
/// Rows written together.
const TOGETHER: usize = 2_000;
/// Events known to have been taken, at most, and for how long: a registry sends again within minutes.
const SEEN: u64 = 100_000;
const SEEN_FOR: Duration = Duration::from_hours(1);
/// For how long what the same client asks for by digest belongs to the pull by tag that came before it.
const ONE_PULL: Duration = Duration::from_secs(30);
/// Layers mounted from one repository into another within this are told once.
const ONE_PUSH: Duration = Duration::from_mins(1);
/// A registry that tells of pulls tells of our own requests, which come with each crawl. One that was silent for longer than
/// this (or three crawls) does not tell any more: how long something was not pulled counts anew from when it does.
const SILENCE: i64 = 86_400_000;

/// What was told and is not written yet, and what is remembered to tell repeats.
pub(crate) struct Told {
    waiting: Mutex<Waiting>,
    seen: moka::sync::Cache<String, ()>,
    /// Who pulled by tag of late, or mounted layers.
    of_late: moka::sync::Cache<String, ()>,
    mounted: moka::sync::Cache<String, ()>,
    /// When what other processes heard was last taken in.
    caught_up: AtomicI64,
}

#[derive(Default)]
struct Waiting {
    /// By registry, repository and name.
    pulls: HashMap<(u16, String, String), Count>,
    rows: Rows,
    dropped: u64,
    /// By registry.
    listening: BTreeMap<u16, Listening>,
}

#[derive(Default)]
struct Count {
    last: i64,
    days: BTreeMap<i64, u64>,
}

#[derive(Clone, Copy)]
struct Listening {
    since: i64,
    heard: i64,
    /// To be written.
    new: bool,
}

impl Default for Told {
    fn default() -> Self {
        let cache = |entries, time| moka::sync::Cache::builder().max_capacity(entries).time_to_live(time).build();
        Self {
            waiting: Mutex::default(),
            seen: cache(SEEN, SEEN_FOR),
            of_late: cache(SEEN, ONE_PULL),
            mounted: cache(SEEN, ONE_PUSH),
            caught_up: AtomicI64::new(0),
        }
    }
}

/// When what was last pulled, from the database.
pub(crate) async fn load(store: &Store, model: &mut Model) -> Result<Told> {
    let told = Told::default();
    for record in store.pulls().since(i64::MIN).await? {
        if let Some(id) = model.registry_number(&record.registry).and_then(|number| model.find_repo(number, &record.repository)) {
            model.pull(id, &record.name, record.last);
        }
    }
    for ListeningRecord { registry, since, heard } in store.pulls().listening().await? {
        if let Some(number) = model.registry_number(&registry) {
            told.waiting().listening.insert(number, Listening { since, heard, new: false });
        }
    }
    told.caught_up.store(now(), Ordering::Relaxed);
    Ok(told)
}

/// Takes in what other processes have heard of pulls. Says since when a registry tells of them; none where it does not, or
/// no longer.
pub(crate) async fn catch_up(catalogue: &Catalogue, watched: &Watched) -> Result<Option<i64>> {
    let (told, store) = (&catalogue.0.told, &catalogue.0.store);
    let at = now();
    let pulls = store.pulls().since(told.caught_up.load(Ordering::Relaxed) - LATE).await?;
    let there = store.pulls().listening().await?.into_iter().find(|l| l.registry == watched.source.name);
    {
        let mut model = catalogue.model_mut();
        for record in pulls {
            if let Some(id) = model.registry_number(&record.registry).and_then(|number| model.find_repo(number, &record.repository)) {
                model.pull(id, &record.name, record.last);
            }
        }
    }
    told.caught_up.fetch_max(at, Ordering::Relaxed);
    let here = told.waiting().listening.get(&watched.number).copied();
    let latest = here.map(|l| (l.heard, l.since)).max(there.map(|l| (l.heard, l.since)));
    Ok(latest.filter(|(heard, _)| at - heard <= silence(watched)).map(|(_, since)| since))
}

/// How long a registry that tells of pulls may be silent.
fn silence(watched: &Watched) -> i64 {
    let crawl = i64::try_from(watched.source.crawl.as_millis()).unwrap_or(i64::MAX);
    SILENCE.max(crawl.saturating_mul(3))
}

impl Catalogue {
    /// Takes in a notification of a registry, of at most 1 MiB. Says how many of its events were of use. The error: it is not
    /// one, or what it tells could not be kept and should be sent again.
    pub async fn notified(&self, registry: u16, body: &[u8]) -> std::result::Result<usize, EventError> {
        Ok(self.happened(registry, &events::parse(body)?).await?)
    }

    /// Takes in what happened in a registry, as it tells itself. Says how many of the events were of use.
    pub async fn happened(&self, registry: u16, events: &[Event]) -> Result<usize> {
        let Some(watched) = self.watched(registry) else { return Ok(0) };
        let told = &self.0.told;
        let (mut taken, mut rows, mut ids, mut changed) = (0, Vec::new(), Vec::new(), Vec::new());
        for event in events.iter().filter(|event| watched.wants(event.repository.as_str())) {
            let id = event.id.as_ref().map(|id| format!("{registry}/{id}"));
            if id.as_ref().is_some_and(|id| told.seen.contains_key(id)) {
                continue;
            }
            taken += 1;
            let is_placeholder = event.digest.as_ref().is_some_and(|d| self.is_placeholder(d.as_str()));
            if is_placeholder {
                continue;
            }
            changed.extend(event.dirty());
            if event.action == EventAction::Pull {
                told.heard(watched, now());
            }
            if event.agent.as_ref().is_some_and(|agent| agent.starts_with(OURSELVES)) {
                continue;
            }
            match event.action {
                EventAction::Pull => {
                    told.pulled(watched, event);
                    id.into_iter().for_each(|id| told.seen.insert(id, ()));
                }
                EventAction::Mount if told.is_mounted_of_late(registry, event) => {}
                _ => {
                    rows.extend(self.row(watched, event, &rows));
                    ids.extend(id);
                }
            }
        }
        // Looked at only now: what the catalogue knew before is what the rows tell of.
        changed.into_iter().for_each(|dirty| self.mark(registry, dirty));
        self.0.store.activity().append(&rows).await?;
        ids.into_iter().for_each(|id| told.seen.insert(id, ()));
        Ok(taken)
    }

    /// What the log says of an event; none for the delete of something that is no manifest. `earlier`: what came in the
    /// same notification.
    fn row(&self, watched: &Watched, event: &Event, earlier: &[ActivityRecord]) -> Option<ActivityRecord> {
        let deletes = event.action == EventAction::Delete;
        let tag = event.tag.as_ref().map(ToString::to_string);
        let digest = event.digest.as_ref().map(ToString::to_string);
        let (is_manifest, named) = {
            let model = self.model();
            let repo = model.find_repo(watched.number, event.repository.as_str()).and_then(|id| model.repo(id));
            let position = repo.zip(tag.as_deref()).and_then(|(repo, tag)| repo.position(&model, tag));
            let named = repo.zip(position).and_then(|(repo, i)| model.digest(*repo.manifests.get(i)?));
            (event.manifest || digest.as_ref().is_none_or(|d| model.find_manifest(d).is_some()), named)
        };
        if deletes && !is_manifest {
            return None;
        }
        let same = |r: &&ActivityRecord| r.tag.is_some() && r.tag == tag && r.repository == event.repository.as_str();
        let named = earlier.iter().rev().find(same).map_or(named, |r| r.after.clone());
        let (before, after) = match event.action {
            EventAction::Delete => (digest.or(named), None),
            EventAction::Push => (named.filter(|n| Some(n) != digest.as_ref()), digest),
            EventAction::Pull | EventAction::Mount => (None, digest),
        };
        Some(ActivityRecord { tag, before, after, ..told_of(watched, event) })
    }
}

/// The rest of what the log says of an event.
fn told_of(watched: &Watched, event: &Event) -> ActivityRecord {
    let action = match event.action {
        EventAction::Push => "push",
        EventAction::Pull => "pull",
        EventAction::Mount => "mount",
        EventAction::Delete => "delete",
    };
    ActivityRecord {
        at: event.at,
        action: action.to_owned(),
        actor: event.actor.clone(),
        address: event.address.clone(),
        agent: event.agent.clone(),
        source: ActivitySource::Registry,
        registry: watched.source.name.clone(),
        repository: event.repository.to_string(),
        tag: event.tag.as_ref().map(ToString::to_string),
        before: None,
        after: event.digest.as_ref().map(ToString::to_string),
        failed: false,
        detail: event.from.as_ref().map(|from| format!("Layers came from {from}.")),
        job: None,
        event: event.id.clone(),
    }
}

impl Told {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The registry tells of pulls.
    fn heard(&self, watched: &Watched, at: i64) {
        let mut waiting = self.waiting();
        let listening = waiting.listening.entry(watched.number).or_insert(Listening { since: at, heard: at, new: true });
        if at - listening.heard > silence(watched) {
            listening.since = at;
        }
        // Once a minute is enough to write.
        listening.new |= at - listening.heard > 60_000;
        listening.heard = at.max(listening.heard);
    }

    fn pulled(&self, watched: &Watched, event: &Event) {
        let name = event.tag.as_ref().map(ToString::to_string).or_else(|| event.digest.as_ref().map(ToString::to_string));
        let Some(name) = name else { return };
        // Whoever pulls a tag asks for it by name, then for what it names by digest, then for a platform's manifest.
        let who = event.address.as_deref().or(event.actor.as_deref()).map(|who| format!("{}/{} {who}", watched.number, event.repository));
        let follows = event.tag.is_none() && who.as_ref().is_some_and(|who| self.of_late.contains_key(who));
        if event.tag.is_some() {
            who.into_iter().for_each(|who| self.of_late.insert(who, ()));
        }
        let mut waiting = self.waiting();
        if !follows {
            let dropped = waiting.rows.add(watched.number, event, || told_of(watched, event));
            waiting.dropped += u64::from(dropped);
        }
        if waiting.pulls.len() >= NAMES {
            waiting.dropped += 1;
            return;
        }
        let count = waiting.pulls.entry((watched.number, event.repository.to_string(), name)).or_default();
        count.last = count.last.max(event.at);
        *count.days.entry(Pulls::day(event.at)).or_default() += 1;
    }

    fn is_mounted_of_late(&self, registry: u16, event: &Event) -> bool {
        let from = event.from.as_ref().map_or("", |from| from.as_str());
        let key = format!("{registry}/{} {from} {:?}", event.repository, event.actor);
        let known = self.mounted.contains_key(&key);
        self.mounted.insert(key, ());
        known
    }
}

/// Writes what gathered, until the catalogue closes, and then the rest.
pub(crate) async fn run(catalogue: Catalogue) {
    let stop = catalogue.0.stop.clone();
    let (mut failing, mut tidied) = (false, 0);
    loop {
        let stopping = tokio::select! {
            () = stop.cancelled() => true,
            () = tokio::time::sleep(TICK) => false,
        };
        match write(&catalogue).await {
            Ok(()) => failing = false,
            Err(error) => {
                if !failing {
                    tracing::error!(%error, "what registries told of pulls could not be written; it waits");
                }
                failing = true;
            }
        }
        if stopping {
            return;
        }
        let at = now();
        if at - tidied > TIDY {
            tidied = at;
            if let Err(error) = catalogue.pulls().forget_days(at).await {
                tracing::warn!(%error, "old counts of pulls could not be forgotten");
            }
        }
    }
}

/// Writes what gathered. What cannot be written waits for the next time.
async fn write(catalogue: &Catalogue) -> Result<()> {
    let told = &catalogue.0.told;
    let store = &catalogue.0.store;
    let (pulls, mut rows, listening) = {
        let mut waiting = told.waiting();
        if waiting.dropped > 0 {
            tracing::warn!(pulls = waiting.dropped, "pulls were left out: more came than could be written");
            waiting.dropped = 0;
        }
        let listening: Vec<(u16, Listening)> = waiting.listening.iter().filter(|(_, l)| l.new).map(|(r, l)| (*r, *l)).collect();
        waiting.listening.values_mut().for_each(|l| l.new = false);
        (std::mem::take(&mut waiting.pulls), waiting.rows.take(), listening)
    };
    let outcome = async {
        for (registry, Listening { since, heard, .. }) in &listening {
            if let Some(watched) = catalogue.watched(*registry) {
                store.pulls().listen(&ListeningRecord { registry: watched.source.name.clone(), since: *since, heard: *heard }).await?;
            }
        }
        let records: Vec<PullRecord> = pulls.iter().filter_map(|(key, count)| record(catalogue, key, count)).collect();
        store.pulls().add(&records).await
    };
    if let Err(error) = outcome.await {
        let mut waiting = told.waiting();
        for (key, count) in pulls {
            let known = waiting.pulls.entry(key).or_default();
            known.last = known.last.max(count.last);
            count.days.into_iter().for_each(|(day, n)| *known.days.entry(day).or_default() += n);
        }
        waiting.dropped += waiting.rows.put_back(rows);
        for (registry, _) in listening {
            waiting.listening.entry(registry).and_modify(|l| l.new = true);
        }
        return Err(error);
    }
    take_in(catalogue, pulls);
    while !rows.is_empty() {
        let rest = rows.split_off(rows.len().min(TOGETHER));
        if let Err(error) = store.activity().append(&rows).await {
            rows.extend(rest);
            let mut waiting = told.waiting();
            waiting.dropped += waiting.rows.put_back(rows);
            return Err(error);
        }
        rows = rest;
    }
    Ok(())
}

fn record(catalogue: &Catalogue, (registry, repository, name): &(u16, String, String), count: &Count) -> Option<PullRecord> {
    let watched = catalogue.watched(*registry)?;
    Some(PullRecord {
        registry: watched.source.name.clone(),
        repository: repository.clone(),
        name: name.clone(),
        last: count.last,
        pulls: count.days.values().sum(),
        days: count.days.clone(),
    })
}

/// Has the model know when what was last pulled.
fn take_in(catalogue: &Catalogue, pulls: HashMap<(u16, String, String), Count>) {
    if pulls.is_empty() {
        return;
    }
    let mut model = catalogue.model_mut();
    for ((registry, repository, name), count) in pulls {
        if let Some(id) = model.find_repo(registry, &repository) {
            model.pull(id, &name, count.last);
        }
    }
}
