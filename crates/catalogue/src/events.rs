//! What registries tell of themselves: notifications of registry:2 and registry:3, read and acted on.
//!
//! An event is a hint, never the truth: it may be repeated, late, out of order or false. It says where to look; what it tells
//! of people (who pushed, pulled, deleted, from where) is kept as told (`crate::told`).

use crate::{
    catalogue::{Catalogue, now},
    crawler::{Pace, fetch, probe, read_referrers, read_repository, read_tag},
    model::clip,
    source::{Dirty, Watched},
    store::StoreError,
};
use futures::StreamExt;
use oci::{Digest, RepositoryName, Tag};
use registry::Error;
use serde_json::Value;
use std::{net::SocketAddr, time::Duration};

/// Events read of one notification; a sender that has more sends again.
pub const MAX_EVENTS: usize = 1_000;
/// Events acted on at a time: some of them only wait.
const TOGETHER: usize = 32;
/// When a tag is looked at again that does not name what was told: distribution tells of a push before it has the tag name it.
/// In the end it may have been moved on, or the event is false.
const AGAIN: [Duration; 3] = [Duration::from_millis(100), Duration::from_millis(400), Duration::from_millis(1500)];
/// Bytes kept of each text in an event that is not a name of ours.
const TEXT: usize = 200;

/// Why a notification is not taken.
#[derive(Debug, thiserror::Error)]
pub enum EventError {
    #[error("the notification is not JSON: {0}")]
    NotJson(String),
    #[error("the notification has no list “events”")]
    NoEvents,
    #[error("the notification has {0} events, more than the {MAX_EVENTS} that are read at once")]
    TooMany(usize),
    /// What it tells could not be kept; it should be sent again.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What an event tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventAction {
    Push,
    Pull,
    /// A layer of another repository came to be in this one as well.
    Mount,
    Delete,
}

/// One event, as far as it concerns a catalogue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The registry's own id; it may come again.
    pub id: Option<String>,
    pub action: EventAction,
    pub repository: RepositoryName,
    pub tag: Option<Tag>,
    pub digest: Option<Digest>,
    /// Of a mount, where the layer was.
    pub from: Option<RepositoryName>,
    /// Milliseconds since 1970; never in the future.
    pub at: i64,
    /// Who, where the registry knows people.
    pub actor: Option<String>,
    /// From which address, without a port.
    pub address: Option<String>,
    /// The program that asked, as it names itself.
    pub agent: Option<String>,
    /// It says that it is about a manifest. Of a delete it may not say so.
    pub manifest: bool,
}

/// Reads a notification (`application/vnd.docker.distribution.events.v2+json`). Events without a well-formed
/// repository, with an unknown action, and those about layers that are pushed or pulled are left out.
pub fn parse(body: &[u8]) -> Result<Vec<Event>, EventError> {
    let json: Value = serde_json::from_slice(body).map_err(|e| EventError::NotJson(e.to_string()))?;
    let events = json.get("events").and_then(Value::as_array).ok_or(EventError::NoEvents)?;
    if events.len() > MAX_EVENTS {
        return Err(EventError::TooMany(events.len()));
    }
    let latest = now();
    Ok(events.iter().filter_map(|e| read(e, latest)).collect())
}

fn read(event: &Value, latest: i64) -> Option<Event> {
    let target = event.get("target")?;
    let text = |name: &str| target.get(name).and_then(Value::as_str);
    let repository = RepositoryName::parse(text("repository")?).ok()?;
    let action = match event.get("action").and_then(Value::as_str)? {
        "push" => EventAction::Push,
        "pull" => EventAction::Pull,
        "mount" => EventAction::Mount,
        "delete" => EventAction::Delete,
        _ => return None,
    };
    let tag = text("tag").and_then(|t| Tag::parse(t).ok());
    let digest = text("digest").and_then(|d| Digest::parse(d).ok());
    // Layers are told as well; a manifest is known by its type, or by its address where the type is missing.
    let media_type = oci::media_type::bare(text("mediaType").unwrap_or_default());
    let manifest = oci::media_type::is_manifest(&media_type) || tag.is_some() || text("url").is_some_and(|u| u.contains("/manifests/"));
    if !manifest && matches!(action, EventAction::Push | EventAction::Pull) {
        return None;
    }
    let at = event
        .get("timestamp")
        .and_then(Value::as_str)
        .and_then(|t| t.parse::<jiff::Timestamp>().ok())
        .map_or(latest, jiff::Timestamp::as_millisecond);
    let said = |part: &str, name: &str| {
        let text = event.get(part).and_then(|p| p.get(name)).and_then(Value::as_str).map(str::trim);
        text.filter(|t| !t.is_empty()).map(|t| clip(t, TEXT))
    };
    Some(Event {
        id: event.get("id").and_then(Value::as_str).filter(|id| !id.is_empty()).map(|id| clip(id, TEXT)),
        action,
        repository,
        tag,
        digest,
        from: text("fromRepository").and_then(|from| RepositoryName::parse(from).ok()),
        at: at.min(latest),
        actor: said("actor", "name"),
        address: said("request", "addr").map(without_port),
        agent: said("request", "useragent"),
        manifest,
    })
}

/// `10.0.0.7` of `10.0.0.7:40112`, `::1` of `[::1]:40112`; what is no such address stays.
fn without_port(address: String) -> String {
    address.parse::<SocketAddr>().map(|a| a.ip().to_string()).unwrap_or(address)
}

impl Event {
    /// Where it says to look, if anywhere.
    pub fn dirty(&self) -> Option<Dirty> {
        let deleted = match self.action {
            EventAction::Push => false,
            EventAction::Delete => true,
            // They change nothing that lists show.
            EventAction::Pull | EventAction::Mount => return None,
        };
        Some(Dirty { repository: self.repository.clone(), tag: self.tag.clone(), digest: self.digest.clone(), deleted, at: self.at })
    }
}

/// Acts on the events of one registry until the catalogue closes.
pub(crate) async fn run(catalogue: Catalogue, index: usize) {
    let watched = &catalogue.0.watched[index];
    let Some(dirt) = watched.dirt.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take() else { return };
    let stop = catalogue.0.stop.clone();
    let events = futures::stream::unfold(dirt, |mut rx| async { rx.recv().await.map(|d| (d, rx)) }).take_until(stop.cancelled_owned());
    let catalogue = &catalogue;
    events
        .for_each_concurrent(TOGETHER, |dirty| async move {
            let (repository, tag) = (dirty.repository.clone(), dirty.tag.clone());
            if let Err(error) = act(catalogue, watched, dirty).await {
                tracing::debug!(registry = %watched.source.name, %repository, tag = tag.as_ref().map(Tag::as_str), %error, "what an event told of cannot be read; the next crawl will");
            }
        })
        .await;
}

async fn act(catalogue: &Catalogue, watched: &Watched, dirty: Dirty) -> Result<(), Error> {
    let repository = &dirty.repository;
    match (dirty.tag, dirty.digest) {
        (Some(tag), digest) if !dirty.deleted => {
            let told = Some((digest.as_ref(), dirty.at));
            let mut read = read_tag(catalogue, watched, repository, &tag, told).await;
            for wait in AGAIN {
                let early = match (&read, &digest) {
                    (Err(Error::NotFound(_)), _) => true,
                    (Ok(read), Some(told)) => read != told,
                    _ => false,
                };
                if !early {
                    break;
                }
                tokio::time::sleep(wait).await;
                read = read_tag(catalogue, watched, repository, &tag, told).await;
            }
            let digest = read?;
            // A repository seen for the first time has likely more than this tag.
            if !catalogue.is_read(watched.number, repository) {
                read_repository(catalogue, watched, repository, Pace::Now).await?;
                if watched.status().probed.is_none() {
                    probe(catalogue, watched).await;
                }
            }
            if watched.can("referrers") { read_referrers(catalogue, watched, repository, &digest).await } else { Ok(()) }
        }
        (None, Some(digest)) if !dirty.deleted => {
            let id = fetch(catalogue, watched, repository, &digest).await?;
            // Pushed by digest alone: a child of an index to come, or something attached.
            let known = catalogue.model().find_repo(watched.number, repository.as_str()).is_some();
            if !known {
                return Ok(());
            }
            let subject = {
                let record = catalogue.manifest(watched.number, repository, &digest).await?;
                oci::Manifest::parse(&record.body, Some(&record.media_type)).ok().and_then(|m| m.subject).map(|s| s.digest)
            };
            tracing::trace!(registry = %watched.source.name, %repository, id, "took in a manifest pushed by digest");
            match subject {
                Some(subject) => read_referrers(catalogue, watched, repository, &subject).await,
                None => Ok(()),
            }
        }
        (Some(tag), _) => match read_tag(catalogue, watched, repository, &tag, None).await {
            Err(Error::NotFound(_)) => Ok(()),
            other => other.map(drop),
        },
        (None, Some(digest)) => {
            // Every tag that named it is gone with it; each is asked for, since the event may be old.
            let tags: Vec<Tag> = {
                let model = catalogue.model();
                let manifest = model.find_manifest(digest.as_str());
                let repo = model.find_repo(watched.number, repository.as_str()).and_then(|id| model.repo(id));
                match (manifest, repo) {
                    (Some(m), Some(repo)) => repo
                        .tags_of(m)
                        .filter_map(|i| Tag::parse(model.names.text(repo.names[i])).ok())
                        .chain(repo.machinery.iter().filter(|(_, x)| *x == m).map(|(t, _)| t.clone()))
                        .collect(),
                    _ => Vec::new(),
                }
            };
            for tag in tags {
                match read_tag(catalogue, watched, repository, &tag, None).await {
                    Ok(_) | Err(Error::NotFound(_)) => {}
                    Err(error) => return Err(error),
                }
            }
            Ok(())
        }
        (None, None) => read_repository(catalogue, watched, repository, Pace::Now).await.map(drop),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn events_of_manifests_and_tags_are_read_and_the_rest_left_out() {
        let digest = format!("sha256:{}", "a".repeat(64));
        let body = json!({"events": [
            {"action": "push", "timestamp": "2026-11-23T20:00:00Z", "target": {"repository": "team/api", "tag": "v1", "digest": digest, "mediaType": oci::media_type::OCI_MANIFEST}},
            {"action": "push", "target": {"repository": "team/api", "digest": digest, "mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", "url": "http://x/v2/team/api/blobs/sha256:aa"}},
            {"action": "push", "timestamp": "2999-01-01T00:00:00Z", "target": {"repository": "team/api", "digest": digest, "url": "http://x/v2/team/api/manifests/sha256:aa"}},
            {"action": "delete", "target": {"repository": "team/api", "tag": "old"}},
            {"action": "pull", "target": {"repository": "team/api", "tag": "v1"}},
            {"action": "push", "target": {"repository": "../etc", "tag": "v1"}},
            {"action": "push"}, 7, null
        ]});
        let events = parse(body.to_string().as_bytes()).unwrap();
        assert_eq!(events.len(), 4);
        assert_eq!(events[0].at, 1_795_464_000_000);
        assert!(events[1].at <= now(), "a time in the future is now");
        assert!(events[2].dirty().unwrap().deleted && events[2].tag.is_some());
        assert_eq!((events[3].action, events[3].dirty()), (EventAction::Pull, None));
    }

    #[test]
    fn who_did_it_and_from_where_is_read_within_bounds() {
        let body = json!({"events": [{
            "id": "320678d8", "action": "pull", "target": {"repository": "team/api", "tag": "v1"},
            "request": {"id": "x", "addr": "[2001:db8::7]:40112", "host": "r", "method": "HEAD", "useragent": "docker/29\u{1b}[31m"},
            "actor": {"name": " mira "}
        }, {
            "action": "mount", "target": {"repository": "team/api", "fromRepository": "team/base", "digest": format!("sha256:{}", "a".repeat(64))},
            "request": {"addr": "proxy", "useragent": 7}, "actor": {}
        }, {
            "action": "pull", "target": {"repository": "team/api", "tag": "v1"}, "actor": {"name": "é".repeat(1000)}, "request": null
        }]});
        let events = parse(body.to_string().as_bytes()).unwrap();
        let told = |e: &Event| (e.id.clone(), e.actor.clone(), e.address.clone());
        assert_eq!(told(&events[0]), (Some("320678d8".into()), Some("mira".into()), Some("2001:db8::7".into())));
        assert_eq!(events[0].agent.as_deref(), Some("docker/29 [31m"), "no control characters");
        assert_eq!(told(&events[1]), (None, None, Some("proxy".into())));
        assert_eq!(events[1].from.as_ref().map(RepositoryName::as_str), Some("team/base"));
        assert!(events[2].actor.as_ref().unwrap().len() <= 200);
    }

    #[test]
    fn what_is_no_notification_is_told() {
        assert!(matches!(parse(b"<html>"), Err(EventError::NotJson(_))));
        assert!(matches!(parse(b"{}"), Err(EventError::NoEvents)));
        assert!(matches!(parse(json!({"events": vec![0; MAX_EVENTS + 1]}).to_string().as_bytes()), Err(EventError::TooMany(_))));
    }
}
