//! The types of `/api/v1`, shared by the server, the islands and the command line.
//!
//! Sizes are bytes. Times are RFC 3339 in UTC with milliseconds. Unknown is null, never 0. The shapes are a promise
//! to outsiders (docs/api.md); fields may be added, never renamed.

#![cfg_attr(not(feature = "openapi"), warn(missing_docs))]

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

mod problem;
pub use problem::{Code, Problem};

macro_rules! shape {
    ($($(#[$m:meta])* pub struct $name:ident { $($(#[$fm:meta])* pub $f:ident: $t:ty,)* })*) => {$(
        $(#[$m])*
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        pub struct $name { $($(#[$fm])* pub $f: $t,)* }
    )*};
}

mod change;
mod compare;
pub use change::{
    Action, Activity, Collection, Collections, Effect, EffectKind, Fate, Intent, ItemState, Job, JobItem, JobState, Lock, Plan,
    PlanProblem, Policy, StoredPolicy,
};
pub use compare::{ComparedImage, ComparedLayer, ComparedPlatform, Comparison, Difference, LayerState};

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct List<T> {
    /// The items of this page, in the order asked for.
    pub items: Vec<T>,
    /// Give it back as `after` for the next page; null on the last.
    pub next: Option<String>,
    /// How many items there are on all pages.
    pub total: u64,
    /// How far what is shown can be trusted.
    pub freshness: Freshness,
}

/// How far what we know agrees with the registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Every name is known and the digest of each is fetched.
    Fresh,
    /// The crawl is under way.
    Crawling,
    /// The last crawl is longer ago than it should be.
    Stale,
    /// The registry does not answer.
    Unreachable,
}

shape! {
    /// The worst state of the registries a list speaks of.
    pub struct Freshness {
        /// The state.
        pub state: State,
        /// When the registry was last known to agree; null when never.
        pub at: Option<String>,
    }

    /// One registry.
    pub struct Registry {
        /// Its name in the settings, in addresses and in references.
        pub name: String,
        /// Where it is reached.
        pub url: String,
        /// What people type before the repository in a pull.
        pub pull_host: String,
        /// How far what we know agrees with it.
        pub state: State,
        /// When it was last asked.
        pub checked: Option<String>,
        /// What it can do.
        pub capabilities: Vec<Capability>,
        /// Repositories known.
        pub repositories: u64,
        /// Tags known.
        pub tags: u64,
        /// The crawl under way, if one is.
        pub progress: Option<Progress>,
        /// Why it cannot be reached or read, in a sentence.
        pub problem: Option<Problem>,
        /// Milliseconds of the last answer.
        pub latency_ms: Option<u64>,
        /// Nothing can be changed through us.
        pub read_only: bool,
        /// Bytes of all distinct blobs known.
        pub size: Option<u64>,
    }

    /// One thing a registry can or cannot do.
    pub struct Capability {
        /// `catalog`, `delete`, `delete-tag`, `referrers`, `tag-paging`, …
        pub name: String,
        /// Whether it can.
        pub state: Answer,
        /// What it means, and the setting that changes it.
        pub hint: Option<String>,
    }

    /// How far a crawl is.
    pub struct Progress {
        /// Repositories done.
        pub done: u64,
        /// Repositories known so far; grows while names come in.
        pub total: u64,
        /// Manifests fetched in this crawl.
        pub manifests: u64,
        /// When it began.
        pub started: String,
    }

    /// One repository.
    pub struct Repository {
        /// The registry's name.
        pub registry: String,
        /// The repository's name.
        pub repository: String,
        /// How many tags, machinery left out.
        pub tags: u64,
        /// Bytes of all distinct blobs in it.
        pub size: Option<u64>,
        /// When a tag last changed.
        pub updated: Option<String>,
        /// The newest tag by version.
        pub newest: Option<String>,
        /// The platforms of the newest tag.
        pub platforms: Vec<String>,
        /// The kinds of what it holds.
        pub kinds: Vec<String>,
        /// From `org.opencontainers.image.description` of the newest tag.
        pub description: Option<String>,
        /// Other tags of the newest tag's digest.
        pub aliases: Vec<String>,
        /// Whether the newest tag has a signature attached (present, not verified).
        pub signed: bool,
        /// Distinct images among the tags.
        pub images: u64,
        /// Bytes before sharing: the sum over images.
        pub size_unshared: Option<u64>,
    }

    /// One tag.
    pub struct Tag {
        /// The tag.
        pub tag: String,
        /// What it names; null until fetched.
        pub digest: Option<String>,
        /// The manifest's type.
        pub media_type: Option<String>,
        /// What it is.
        pub kind: String,
        /// Bytes: of an image, its distinct layers and configuration; of an index, those of its default platform.
        pub size: Option<u64>,
        /// `os/architecture[/variant]`.
        pub platforms: Vec<String>,
        /// When it was built, by its own words.
        pub created: Option<String>,
        /// When it was pushed: told by an event, else when we saw it change; null where it was there before us.
        pub pushed: Option<String>,
        /// Other tags of the same digest.
        pub aliases: Vec<String>,
        /// A signature is attached (present, not verified).
        pub signed: bool,
        /// How many things are attached.
        pub attached: u64,
        /// An SBOM is attached.
        pub sbom: bool,
        /// The registry's name.
        pub registry: String,
        /// The repository's name.
        pub repository: String,
        /// Why its manifest could not be read.
        pub problem: Option<Problem>,
    }

    /// One image in full.
    pub struct Image {
        /// As asked for.
        pub reference: String,
        /// The registry's name.
        pub registry: String,
        /// The repository's name.
        pub repository: String,
        /// The tag asked for, if one was.
        pub tag: Option<String>,
        /// Of what the reference names: of an index where it is one.
        pub digest: String,
        /// The manifest's type.
        pub media_type: String,
        /// What it is.
        pub kind: String,
        /// Bytes of the platform shown, as stored.
        pub size: Option<u64>,
        /// Bytes once unpacked; null until the layers were read.
        pub unpacked_size: Option<u64>,
        /// The platform shown.
        pub platform: Option<String>,
        /// All platforms.
        pub platforms: Vec<PlatformImage>,
        /// All tags of this digest.
        pub tags: Vec<String>,
        /// When it was built, by its own words.
        pub created: Option<String>,
        /// When it was pushed: told by an event, else when we saw it change; null where it was there before us.
        pub pushed: Option<String>,
        /// The whole configuration document, as stored.
        pub config: Option<serde_json::Value>,
        /// Labels of the configuration.
        pub labels: BTreeMap<String, String>,
        /// Annotations of the manifest shown, over those of its index.
        pub annotations: BTreeMap<String, String>,
        /// The build's steps.
        pub history: Vec<HistoryStep>,
        /// The layers, lowest first.
        pub layers: Vec<Layer>,
        /// What is attached: signatures, SBOMs, provenance, other referrers.
        pub attached: Vec<Descriptor>,
        /// The manifest of the platform shown (equal to `digest` unless that is an index).
        pub platform_digest: Option<String>,
        /// The platform's manifest type.
        pub platform_media_type: Option<String>,
        /// Which digests the tag named before, newest first.
        pub tag_history: Vec<TagMoment>,
        /// The artifact's own type.
        pub artifact_type: Option<String>,
        /// The line that pulls it, without a client: host/repository:tag.
        pub pull_reference: String,
        /// The same, pinned by digest.
        pub pull_reference_pinned: String,
    }

    /// One platform of an index.
    pub struct PlatformImage {
        /// `os/architecture[/variant]`.
        pub platform: String,
        /// Its manifest.
        pub digest: String,
        /// Bytes of its distinct layers and configuration; null until fetched.
        pub size: Option<u64>,
    }

    /// One step of a build.
    pub struct HistoryStep {
        /// The instruction.
        pub created_by: Option<String>,
        /// When.
        pub created: Option<String>,
        /// It made no layer.
        pub empty: bool,
        /// The author's remark.
        pub comment: Option<String>,
        /// The layer it made; null where it made none or the counts differ.
        pub layer: Option<String>,
    }

    /// One layer.
    pub struct Layer {
        /// Of the stored (compressed) blob.
        pub digest: String,
        /// Bytes as stored; null in old manifests, which do not say.
        pub size: Option<u64>,
        /// The layer's type.
        pub media_type: String,
        /// The step that made it, where known.
        pub created_by: Option<String>,
        /// In how many images known here it is, this one included.
        pub images: u64,
        /// File title and other annotations (artifacts carry names here).
        pub annotations: BTreeMap<String, String>,
    }

    /// Something attached to an image.
    pub struct Descriptor {
        /// The manifest's type.
        pub media_type: String,
        /// The manifest.
        pub digest: String,
        /// Bytes of the manifest.
        pub size: u64,
        /// What it says it is.
        pub artifact_type: Option<String>,
        /// Its annotations.
        pub annotations: BTreeMap<String, String>,
        /// What it is.
        pub kind: String,
    }

    /// A time at which a tag named a digest.
    pub struct TagMoment {
        /// The digest.
        pub digest: String,
        /// Since when, as far as we saw.
        pub from: String,
        /// Until when; null: still.
        pub until: Option<String>,
    }

    /// One search result.
    pub struct Hit {
        /// `repository`, `tag`, `digest` or `label`.
        pub kind: String,
        /// The registry's name.
        pub registry: String,
        /// The repository's name.
        pub repository: String,
        /// The tag, where the hit is one.
        pub tag: Option<String>,
        /// The digest, where known.
        pub digest: Option<String>,
        /// The page's path without `/r/`.
        pub reference: String,
        /// The text that matched: the reference, a description, `key=value` of a label, the digest.
        pub matched: String,
        /// Byte ranges of `matched` that the words hit.
        pub marks: Vec<(u32, u32)>,
        /// Tags in the repository, for repositories.
        pub tags: Option<u64>,
        /// When pushed, for tags; when updated, for repositories.
        pub pushed: Option<String>,
        /// `image`, `helm`, … of what it names.
        pub image_kind: Option<String>,
    }

    /// The counts above the catalogue.
    pub struct Totals {
        /// Registries.
        pub registries: u64,
        /// Repositories.
        pub repositories: u64,
        /// Tags.
        pub tags: u64,
        /// Bytes of all distinct blobs.
        pub size: u64,
        /// Bytes before sharing: the sum over distinct images of each repository.
        pub size_unshared: u64,
    }

    /// Something that changed, as sent by `GET /api/v1/events`.
    pub struct Change {
        /// The registry's name.
        pub registry: String,
        /// The repository; null when the whole registry's state changed.
        pub repository: Option<String>,
    }
}

/// Whether a registry can do something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Answer {
    /// It can.
    Yes,
    /// It cannot.
    No,
    /// Not tried yet, or it cannot be told without changing something.
    Unknown,
}
