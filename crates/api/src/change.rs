//! Plans, jobs and activity: what a change would do, what it does, what was done.

use super::{Deserialize, Problem, Serialize};

shape! {
    /// What a change would do, before anything is done.
    pub struct Plan {
        /// Give it to `POST jobs`.
        pub id: String,
        /// What kind of change.
        pub action: Action,
        /// What goes, stays and appears, in the order in which it is done.
        pub effects: Vec<Effect>,
        /// Bytes of the layers and configurations that nothing in the registry names afterwards; null where it cannot be told.
        pub frees: Option<u64>,
        /// To be sent back word for word with the job. Where the plan is wide it is the repository's name (the registry's, where
        /// several repositories lose something).
        pub confirm: String,
        /// It takes over half of a repository's tags, or the last name of more than one image: `confirm` is to be typed.
        pub wide: bool,
        /// What keeps it from being done, or part of it; and what should be known before it is.
        pub problems: Vec<PlanProblem>,
        /// How it is done, and what remains to be done for the disk space, in sentences.
        pub notes: Vec<String>,
        /// What is to be agreed to first, where it was never agreed to for the registry. To confirm the plan is to agree.
        pub consent: Option<String>,
        /// How many steps it has; nothing can be done where there is none.
        pub steps: u64,
        /// Effects in all; `effects` holds the first 1,000.
        pub effects_total: u64,
        /// In a few words: `Delete 3 tags from local/team/api`.
        pub summary: String,
        /// When it was made. A plan can be carried out for a day.
        pub created: String,
        /// The job that carried it out, if one did.
        pub job: Option<String>,
    }

    /// One thing that a change does, or leaves.
    pub struct Effect {
        /// What it is about.
        pub kind: EffectKind,
        /// `registry/repository:tag` or `registry/repository@digest`.
        pub reference: String,
        /// What it names, or is, where known.
        pub digest: Option<String>,
        /// What becomes of it.
        pub effect: Fate,
        /// Why, in words: the end of a sentence that begins with what becomes of it.
        pub why: String,
    }

    /// What stands in a plan's way.
    pub struct PlanProblem {
        /// Stable, for programs: `delete_disabled`, `read_only`, `delete_tag`, `index_child`, `protected`, `unreadable`, …
        pub code: String,
        /// What, in a sentence.
        pub detail: String,
        /// The setting or step that mends it.
        pub hint: Option<String>,
    }

    /// A plan being carried out, or carried out.
    pub struct Job {
        /// In addresses: `/jobs/{id}`.
        pub id: String,
        /// The plan it carries out.
        pub plan: String,
        /// What kind of change.
        pub action: Action,
        /// How it stands.
        pub state: JobState,
        /// Steps done; bytes for a copy.
        pub done: u64,
        /// Steps in all; bytes for a copy.
        pub total: u64,
        /// When it was asked for.
        pub created: String,
        /// When it began.
        pub started: Option<String>,
        /// When it ended.
        pub finished: Option<String>,
        /// What went wrong.
        pub problems: Vec<Problem>,
        /// Until when it can be undone; null where it cannot, or was.
        pub undo_until: Option<String>,
        /// In a few words: `Delete 3 tags from local/team/api`.
        pub summary: String,
        /// `steps` or `bytes`: what `done` and `total` count.
        pub unit: String,
        /// The job that this one undoes.
        pub undoes: Option<String>,
        /// The job that undid this one.
        pub undone_by: Option<String>,
        /// Each step and its result, where one job was asked for; at most 1,000.
        pub items: Vec<JobItem>,
    }

    /// One step of a job.
    pub struct JobItem {
        /// What is done: `delete tag`, `delete manifest`, `tag`, `copy`, `restore`.
        pub step: String,
        /// `registry/repository:tag` or `registry/repository@digest`.
        pub reference: String,
        /// How it stands.
        pub state: ItemState,
        /// What went wrong, or how it was done, in a sentence.
        pub detail: Option<String>,
    }

    /// What a collection of garbage took away, or would take.
    #[derive(Default)]
    pub struct Collection {
        /// Nothing was taken away: this is what would have gone.
        pub dry_run: bool,
        /// When it began.
        pub started: String,
        /// When it ended; null while it goes on.
        pub finished: Option<String>,
        /// Repositories looked at so far.
        pub looked: u64,
        /// All of them.
        pub of: u64,
        /// Manifests that no tag named.
        pub manifests: u64,
        /// The first 100 of them, each as `repository@digest`.
        pub references: Vec<String>,
        /// Blobs, manifests among them.
        pub blobs: u64,
        /// Bytes that are free since.
        pub frees: u64,
        /// Repositories that have nothing left.
        pub repositories: u64,
        /// Manifests that could not be read, so that all blobs of their repositories stay.
        pub unread: Vec<String>,
        /// What ended it before its time.
        pub problem: Option<Problem>,
    }

    /// What the settings say of collecting garbage, and the last collections of this process.
    pub struct Collections {
        /// Seconds between collections by themselves; null where there are none.
        pub every: Option<u64>,
        /// When the next one is due; null where there is none.
        pub next: Option<String>,
        /// Seconds for which what was pushed or lost its tag stays.
        pub grace: u64,
        /// Whether manifests without a tag go.
        pub untagged: bool,
        /// The one under way, or the last.
        pub last: Option<Collection>,
    }

    /// Something that was done to a registry.
    pub struct Activity {
        /// Grows with time; `after` of the next page.
        pub id: i64,
        /// When.
        pub at: String,
        /// `push`, `pull`, `delete`, `tag`, `copy`, `restore`, `clean-up`, `collect`, `lock`, `unlock`.
        pub action: String,
        /// Who: the name a registry told, else `anonymous`, else `command line` or `schedule`.
        pub actor: Option<String>,
        /// From which address.
        pub address: Option<String>,
        /// `us`: through Supercargo; `registry`: told by the registry's events.
        pub source: String,
        /// The registry's name.
        pub registry: String,
        /// The repository's name.
        pub repository: String,
        /// The tag, where it is about one.
        pub tag: Option<String>,
        /// What it named before.
        pub before: Option<String>,
        /// What it names since.
        pub after: Option<String>,
        /// `done` or `failed`.
        pub result: String,
        /// What went wrong, in a sentence.
        pub detail: Option<String>,
        /// The job that did it.
        pub job: Option<String>,
        /// Until when that job can be undone.
        pub undo_until: Option<String>,
    }
}

/// What is cleaned up, and what never is. Everything is optional: a policy that says nothing takes nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Policy {
    /// Only in this registry; all when absent.
    pub registry: Option<String>,
    /// In the query language: the candidates. Empty: every tag.
    pub r#match: String,
    /// In the query language: what is never taken. Other tags of the same image may go, the image stays.
    pub protect: String,
    /// The newest so many of each repository stay.
    pub keep: Option<u32>,
    /// What is newest: `version`, `pushed` or `created`.
    pub keep_by: Option<String>,
    /// Newest among `all` candidates (as registry-cli and Harbor count), or among the `old` ones only (as `acr purge` does).
    pub keep_of: Option<String>,
    /// Only what is older: `30d`, `12h`, `2w`. What has no known date is never old.
    pub older_than: Option<String>,
    /// By which clock: `pushed` (where that is unknown nothing is old) or `created`, or `any`: pushed, else created.
    pub clock: Option<String>,
    /// Only what was not pulled for so long, and was pushed before that; needs the registry's events.
    pub not_pulled_for: Option<String>,
    /// Also manifests that no tag reaches, as far as they are known.
    pub untagged: bool,
}

shape! {
    /// What no change of ours takes away or moves. A registry knows nothing of it.
    pub struct Lock {
        /// `registry/repository:tag`, or `registry/repository` for all of it.
        pub reference: String,
        /// Since when.
        pub at: String,
        /// Who locked it.
        pub actor: Option<String>,
        /// Why.
        pub note: Option<String>,
    }
}

/// A policy that is kept, and perhaps run by a schedule.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct StoredPolicy {
    /// Ours; empty for a new one.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// What it cleans up.
    pub policy: Policy,
    /// Cron's five fields; none: it is run by hand only.
    pub schedule: Option<String>,
    /// The time zone the schedule is meant in, such as `Europe/Berlin`; UTC when absent.
    pub zone: Option<String>,
    /// Whether the schedule runs.
    pub enabled: bool,
    /// When it runs next.
    pub next: Option<String>,
    /// When it last ran.
    pub last: Option<String>,
    /// The job of the last run, if there was something to be done.
    pub job: Option<String>,
    /// What came of the last run, in a sentence.
    pub result: Option<String>,
}

/// What is asked of `POST plans`. References are `registry/repository[:tag|@digest]`; one without tag or digest is the whole repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "action", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Intent {
    /// Tags, digests and repositories named, or every tag that matches a query. One of the two.
    Delete {
        /// What goes.
        #[serde(default)]
        refs: Vec<String>,
        /// In the query language.
        #[serde(default)]
        query: Option<String>,
    },
    /// A tag comes to name what a reference names; where it named something else, that keeps its other names.
    Retag {
        /// What is to be named: a tag or a digest.
        r#ref: String,
        /// The tag, in the same repository.
        tag: String,
    },
    /// From one repository to another, of the same registry or not.
    Copy {
        /// A tag or digest; a repository for all its tags; `*` stands for anything in repository and tag. Several, parted by spaces, where
        /// `to` is a repository.
        from: String,
        /// A tag, or a repository, where each tag keeps its name; `*` as in `from`.
        to: String,
        /// Of an index only these; all when absent.
        #[serde(default)]
        platforms: Option<Vec<String>>,
    },
    /// What a policy says goes.
    CleanUp {
        /// The policy.
        policy: Policy,
    },
}

macro_rules! words {
    ($($(#[$m:meta])* pub enum $name:ident { $($(#[$vm:meta])* $variant:ident $text:literal,)* })*) => {$(
        $(#[$m])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        pub enum $name { $($(#[$vm])* #[serde(rename = $text)] $variant,)* }

        impl $name {
            /// As it stands in JSON.
            pub fn as_str(self) -> &'static str { match self { $(Self::$variant => $text),* } }
            /// From JSON's word.
            pub fn parse(text: &str) -> Option<Self> { match text { $($text => Some(Self::$variant),)* _ => None } }
        }
    )*};
}

words! {
    /// What kind of change.
    pub enum Action {
        /// Tags, manifests, whole repositories go.
        Delete "delete",
        /// A tag comes to name what another names.
        Retag "retag",
        /// From one repository to another.
        Copy "copy",
        /// What a policy says goes.
        CleanUp "clean-up",
        /// What a job took comes back.
        Undo "undo",
    }

    /// What an effect is about.
    pub enum EffectKind {
        /// A name.
        Tag "tag",
        /// An image, index or artifact.
        Manifest "manifest",
        /// A layer or configuration.
        Blob "blob",
    }

    /// What becomes of something.
    pub enum Fate {
        /// It is no longer there.
        Goes "goes",
        /// It is left, though it might seem otherwise.
        Stays "stays",
        /// It was not there before.
        Appears "appears",
    }

    /// How a job stands.
    pub enum JobState {
        /// It waits for another on the same repository, or for a free place.
        Queued "queued",
        /// At work.
        Running "running",
        /// Everything was done.
        Done "done",
        /// It stopped; what was done by then is told.
        Failed "failed",
        /// Someone stopped it.
        Cancelled "cancelled",
    }

    /// How a step stands.
    pub enum ItemState {
        /// Not begun.
        Waiting "waiting",
        /// Done.
        Done "done",
        /// Nothing was left to be done.
        Skipped "skipped",
        /// It failed.
        Failed "failed",
    }
}

impl JobState {
    /// Nothing more happens.
    pub fn is_over(self) -> bool {
        matches!(self, Self::Done | Self::Failed | Self::Cancelled)
    }
}
