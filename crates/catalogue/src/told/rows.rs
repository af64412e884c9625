use crate::{events::Event, kept::ActivityRecord};
use std::{
    collections::{HashMap, VecDeque},
    hash::{BuildHasher, RandomState},
};

/// Rows that wait, at most; then the oldest are let go.
const ROWS: usize = 50_000;

/// Rows for the log. What the same client pulls again while its row waits is no row of its own.
#[derive(Default)]
pub(super) struct Rows {
    /// Each with how often it was told.
    rows: VecDeque<(ActivityRecord, u64)>,
    hasher: RandomState,
    /// Where the row of a pull is, counted from the first that ever was in front.
    places: HashMap<u64, u64>,
    /// So many were in front of those.
    gone: u64,
}

impl Rows {
    /// Says whether an older one had to go.
    pub(super) fn add(&mut self, registry: u16, event: &Event, record: impl FnOnce() -> ActivityRecord) -> bool {
        let (tag, digest) = (event.tag.as_ref().map(oci::Tag::as_str), event.digest.as_ref().map(oci::Digest::as_str));
        let key = self.hasher.hash_one((registry, event.repository.as_str(), tag, digest, &event.address, &event.actor, &event.agent));
        let place = self.places.get(&key).and_then(|place| place.checked_sub(self.gone)).and_then(|place| usize::try_from(place).ok());
        if let Some((_, times)) = place.and_then(|place| self.rows.get_mut(place)) {
            *times += 1;
            return false;
        }
        self.places.insert(key, self.gone + self.rows.len() as u64);
        self.rows.push_back((record(), 1));
        if self.rows.len() <= ROWS {
            return false;
        }
        self.rows.pop_front();
        self.gone += 1;
        true
    }

    pub(super) fn take(&mut self) -> Vec<ActivityRecord> {
        self.places.clear();
        self.gone = 0;
        let told = |(record, times): (ActivityRecord, u64)| match times {
            1 => record,
            times => ActivityRecord { detail: Some(format!("{times} times within a second.")), ..record },
        };
        std::mem::take(&mut self.rows).into_iter().map(told).collect()
    }

    /// What could not be written comes before what came meanwhile. Says how many had to go.
    pub(super) fn put_back(&mut self, rows: Vec<ActivityRecord>) -> u64 {
        let since = self.take();
        let over = (rows.len() + since.len()).saturating_sub(ROWS);
        self.rows = rows.into_iter().chain(since).skip(over).map(|record| (record, 1)).collect();
        over as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{events::EventAction, kept::ActivitySource};
    use oci::{RepositoryName, Tag};

    fn pull(tag: &str, address: &str) -> Event {
        Event {
            id: None,
            action: EventAction::Pull,
            repository: RepositoryName::parse("team/api").unwrap(),
            tag: Some(Tag::parse(tag).unwrap()),
            digest: None,
            from: None,
            at: 1,
            actor: None,
            address: Some(address.to_owned()),
            agent: None,
            manifest: true,
        }
    }

    fn row(event: &Event) -> ActivityRecord {
        ActivityRecord {
            at: event.at,
            action: "pull".to_owned(),
            actor: None,
            address: event.address.clone(),
            agent: None,
            source: ActivitySource::Registry,
            registry: "prod".to_owned(),
            repository: event.repository.to_string(),
            tag: event.tag.as_ref().map(ToString::to_string),
            before: None,
            after: None,
            failed: false,
            detail: None,
            job: None,
            event: None,
        }
    }

    fn add(rows: &mut Rows, registry: u16, tag: &str, address: &str) -> bool {
        let event = pull(tag, address);
        rows.add(registry, &event, || row(&event))
    }

    fn told(rows: &[ActivityRecord]) -> Vec<(&str, &str, Option<&str>)> {
        rows.iter().map(|r| (r.tag.as_deref().unwrap(), r.address.as_deref().unwrap(), r.detail.as_deref())).collect()
    }

    #[test]
    fn one_client_again_is_one_row_and_another_has_its_own() {
        let mut rows = Rows::default();
        for (registry, tag, address) in [(1, "a", "x"), (1, "a", "y"), (1, "a", "x"), (1, "b", "x"), (2, "a", "x"), (1, "a", "x")] {
            assert!(!add(&mut rows, registry, tag, address));
        }
        let first = rows.take();
        assert_eq!(told(&first), [("a", "x", Some("3 times within a second.")), ("a", "y", None), ("b", "x", None), ("a", "x", None)]);
        assert!(!add(&mut rows, 1, "a", "x"));
        assert_eq!(told(&rows.take()), [("a", "x", None)], "what was taken is not counted on");
        assert!(rows.take().is_empty());
    }

    #[test]
    fn what_comes_back_stands_in_front() {
        let mut rows = Rows::default();
        add(&mut rows, 1, "a", "x");
        add(&mut rows, 1, "a", "x");
        let taken = rows.take();
        add(&mut rows, 1, "b", "x");
        assert_eq!(rows.put_back(taken), 0);
        add(&mut rows, 1, "b", "x");
        let tags: Vec<_> = rows.take().into_iter().map(|r| (r.tag.unwrap(), r.detail.is_some())).collect();
        assert_eq!(tags, [("a".to_owned(), true), ("b".to_owned(), false), ("b".to_owned(), false)]);
    }

    #[test]
    fn the_oldest_goes_where_there_are_too_many() {
        let mut rows = Rows::default();
        let dropped: usize = (0..ROWS + 2).map(|n| usize::from(add(&mut rows, 1, &format!("t{n}"), "x"))).sum();
        assert_eq!(dropped, 2);
        // Of what went a new row is made; what is there counts on.
        assert!(add(&mut rows, 1, "t0", "x"));
        assert!(!add(&mut rows, 1, &format!("t{}", ROWS + 1), "x"));
        let taken = rows.take();
        assert_eq!(taken.len(), ROWS);
        assert_eq!(
            told(&taken[ROWS - 2..]),
            [(format!("t{}", ROWS + 1).as_str(), "x", Some("2 times within a second.")), ("t0", "x", None)]
        );
        add(&mut rows, 1, "new", "x");
        assert_eq!(rows.put_back(taken), 1);
        assert_eq!(rows.take().len(), ROWS);
    }
}
