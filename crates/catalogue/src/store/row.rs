//! Records as the rows that the statements take, column by column.

use super::batch::{Key, Name, Place};
use crate::record::{ManifestRecord, ReferrersRecord, RegistryRecord, RepositoryRecord, TagRecord};

/// A value to write. Nulls have types, which PostgreSQL wants to know.
#[derive(Debug)]
pub(crate) enum Value<'a> {
    Text(Option<&'a str>),
    Int(Option<i64>),
    Flag(bool),
    Bytes(Option<&'a [u8]>),
}

impl Value<'_> {
    /// Bytes, about.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Text(text) => text.map_or(0, str::len),
            Self::Bytes(bytes) => bytes.map_or(0, <[u8]>::len),
            Self::Int(_) | Self::Flag(_) => 8,
        }
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(Some(text))
    }
}

impl<'a> From<&'a String> for Value<'a> {
    fn from(text: &'a String) -> Self {
        Self::Text(Some(text))
    }
}

impl<'a> From<&'a Option<String>> for Value<'a> {
    fn from(text: &'a Option<String>) -> Self {
        Self::Text(text.as_deref())
    }
}

impl<'a> From<Option<&'a str>> for Value<'a> {
    fn from(text: Option<&'a str>) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Value<'_> {
    fn from(int: i64) -> Self {
        Self::Int(Some(int))
    }
}

impl From<Option<i64>> for Value<'_> {
    fn from(int: Option<i64>) -> Self {
        Self::Int(int)
    }
}

/// What no database counts to, ends at the largest it does.
impl From<u64> for Value<'_> {
    fn from(count: u64) -> Self {
        Self::Int(Some(i64::try_from(count).unwrap_or(i64::MAX)))
    }
}

impl From<bool> for Value<'_> {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

/// Values to write, one for each placeholder.
macro_rules! values {
    ($($value:expr),* $(,)?) => { vec![$($crate::store::Value::from($value)),*] };
}
pub(crate) use values;

pub(super) fn registry<'a>(name: &'a Name<'_>, record: &'a RegistryRecord) -> [Value<'a>; 3] {
    [(&**name).into(), Value::Int(record.crawled), Value::Text(record.capabilities.as_deref())]
}

pub(super) fn repository<'a>((registry, name): &'a Place<'_>, record: &'a RepositoryRecord) -> [Value<'a>; 5] {
    [(&**registry).into(), (&**name).into(), record.first_seen.into(), Value::Int(record.crawled), record.strikes.into()]
}

pub(super) fn tag<'a>((registry, repository, tag): &'a Key<'_>, record: &'a TagRecord) -> [Value<'a>; 9] {
    [
        (&**registry).into(),
        (&**repository).into(),
        (&**tag).into(),
        Value::Text(record.digest.as_deref()),
        record.first_seen.into(),
        Value::Int(record.pushed),
        Value::Flag(record.told),
        record.strikes.into(),
        Value::Text(record.problem.as_deref()),
    ]
}

/// A tag, what it names, and since or until when: the row that ends and begins moments.
pub(super) fn moment<'a>((registry, repository, tag): &'a Key<'_>, digest: Option<&'a str>, instant: i64) -> [Value<'a>; 5] {
    [(&**registry).into(), (&**repository).into(), (&**tag).into(), Value::Text(digest), instant.into()]
}

/// The moment that a tag's row tells of.
pub(super) fn named<'a>(key: &'a Key<'_>, record: &'a TagRecord) -> [Value<'a>; 5] {
    moment(key, record.digest.as_deref(), record.pushed.unwrap_or(record.first_seen))
}

pub(super) fn manifest<'a>(digest: &'a Name<'_>, record: &'a ManifestRecord) -> [Value<'a>; 3] {
    [(&**digest).into(), (&*record.media_type).into(), Value::Bytes(Some(&record.summary))]
}

pub(super) fn body<'a>(digest: &'a Name<'_>, record: &'a ManifestRecord) -> [Value<'a>; 3] {
    [(&**digest).into(), Value::Bytes(Some(&record.body)), Value::Bytes(record.config.as_deref())]
}

pub(super) fn referrers<'a>((registry, repository, digest): &'a Key<'_>, record: &'a ReferrersRecord) -> [Value<'a>; 5] {
    [(&**registry).into(), (&**repository).into(), (&**digest).into(), record.checked.into(), (&*record.descriptors).into()]
}

pub(super) fn held<'a>((registry, repository, digest): &'a Key<'_>, since: i64) -> [Value<'a>; 4] {
    [(&**registry).into(), (&**repository).into(), (&**digest).into(), since.into()]
}
