//! What a page is made of: plain data, filled by the server from the use cases, drawn by [`crate::shell`].
//!
//! A [`Frame`] is what surrounds every page; a [`Page`] is one of them with its model. Nothing here fetches anything.

use api::{Collections, Comparison, Hit, Image, List, Lock, Registry, Repository, Tag, Totals};
use std::collections::BTreeMap;

mod change;
pub use change::{ActivityAsked, ActivityModel, ActivityShown, ActivityTab, CleanUpModel, CopyModel, JobModel, PlanModel, RetagModel};

/// What surrounds every page.
#[derive(Debug, Clone, Default)]
pub struct Frame {
    /// The path of the public address, without a slash at its end: `""`, or `"/sub"`.
    pub base: String,
    /// From the cookie `theme`.
    pub theme: Theme,
    /// Of this answer's Content-Security-Policy.
    pub nonce: String,
    /// The token that the forms send back as `csrf_token`.
    pub csrf: String,
    /// The built files.
    pub assets: Assets,
    /// Path and query of this page, below `base`; where a form leads back to.
    pub path: String,
    /// How many registries are configured.
    pub registries: usize,
    /// Host (and port) under which people reach us: for the commands of empty states.
    pub public_host: String,
    /// Whether any registry can be changed through us: what changes them is shown only then.
    pub can_change: bool,
    /// Only the content is asked for, to be shown in a dialog or a notice of a page that is open already.
    pub fragment: bool,
    /// When the page was asked for, in milliseconds since 1970: what changed later it may not show.
    pub asked_at: i64,
}

/// The built front end: paths below `base`, from `assets.json` of `cargo xtask site`.
#[derive(Debug, Clone, Default)]
pub struct Assets {
    /// `/pkg/supercargo.<hash>.css`
    pub css: String,
    /// `/pkg/supercargo.<hash>.js`
    pub js: String,
    /// `/pkg/supercargo.<hash>.wasm`
    pub wasm: String,
}

/// Light or dark, or what the system says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Theme {
    /// As the system says.
    #[default]
    System,
    /// Ink on paper.
    Light,
    /// The night.
    Dark,
}

impl Theme {
    /// As it stands in the cookie and in the form's field `to`; anything unknown is the system's.
    pub fn parse(text: &str) -> Self {
        match text {
            "light" => Self::Light,
            "dark" => Self::Dark,
            _ => Self::System,
        }
    }

    /// The word of the cookie and of `data-theme`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}

/// A page with everything it shows.
#[derive(Debug, Clone)]
pub enum Page {
    /// `/`
    Catalogue(CatalogueModel),
    /// `/r/{registry}`
    Registry(RegistryModel),
    /// `/r/{registry}/{repository}`
    Repository(RepositoryModel),
    /// `/r/{registry}/{repository}:{tag}` and `@{digest}`
    Image(Box<ImageModel>),
    /// `/search`
    Search(SearchModel),
    /// `/compare`
    Compare(Box<CompareModel>),
    /// `/plans/{id}`
    Plan(PlanModel),
    /// `/jobs/{id}`
    Job(JobModel),
    /// `/retag`
    Retag(RetagModel),
    /// `/copy`
    Copy(CopyModel),
    /// `/clean-up`
    CleanUp(CleanUpModel),
    /// `/activity`
    Activity(ActivityModel),
    /// Any address that cannot be answered as asked.
    Problem(ProblemModel),
}

/// What an address asked of a list; kept so that every link on the page changes one thing and leaves the rest.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asked {
    /// In the query language; empty for everything.
    pub q: String,
    /// Only of this registry (`registry=`, catalogue only).
    pub registry: Option<String>,
    /// Only in this namespace and below (`namespace=`, catalogue only).
    pub namespace: Option<String>,
    /// As in the API; none for the page's own default (catalogue: `-pushed`; repository: `version`).
    pub sort: Option<String>,
    /// One row for each tag (`flat=1`, repository only) instead of one for each digest.
    pub flat: bool,
    /// The cursor of this page (`after=`); none on the first.
    pub after: Option<String>,
    /// How many rows come before this page (`n=`), as the link here told; 0 on the first.
    pub before: u64,
    /// The cursor of the page before, where the list can tell: `Some("")` is the first page.
    pub previous: Option<String>,
}

/// Where a query cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryError {
    /// Byte at which the wrong term begins, in `q`.
    pub start: usize,
    /// Byte after its last.
    pub end: usize,
    /// What is wrong, in a sentence.
    pub message: String,
    /// What would be right, in a sentence.
    pub hint: Option<String>,
}

/// A namespace's sums, for its heading in the catalogue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Namespace {
    /// The registry's name.
    pub registry: String,
    /// One level below the namespace asked for; empty for repositories that are in none.
    pub namespace: String,
    /// How many repositories are in it and below.
    pub repositories: u64,
    /// Bytes of their distinct blobs.
    pub size: Option<u64>,
}

/// The list of repositories.
#[derive(Debug, Clone)]
pub struct CatalogueModel {
    /// Milliseconds since 1970: what relative times are counted from.
    pub now: i64,
    /// Of everything (of `asked.registry` when given).
    pub totals: Totals,
    /// All registries: for the picker, the banners, the progress.
    pub registries: Vec<Registry>,
    /// The page of the list; empty when the query is wrong.
    pub list: List<Repository>,
    /// What was asked.
    pub asked: Asked,
    /// Where `asked.q` cannot be read.
    pub error: Option<QueryError>,
    /// Sums of the namespaces on this page; may be empty, the headings then tell no sums.
    pub namespaces: Vec<Namespace>,
}

/// One registry: what it can do, how far we agree with it.
#[derive(Debug, Clone)]
pub struct RegistryModel {
    /// Milliseconds since 1970.
    pub now: i64,
    /// It.
    pub registry: Registry,
    /// Where the registry may send its events, as a whole address; none where it cannot be told.
    pub notifications: Option<String>,
    /// How its garbage is collected; none where it collects by itself.
    pub collections: Option<Collections>,
    /// A refresh was asked for just now.
    pub refreshing: bool,
}

/// One repository and a page of its tags.
#[derive(Debug, Clone)]
pub struct RepositoryModel {
    /// Milliseconds since 1970.
    pub now: i64,
    /// The registry it is in.
    pub registry: Registry,
    /// It.
    pub repository: Repository,
    /// The page of the list; gathered unless `asked.flat`.
    pub list: List<Tag>,
    /// What was asked.
    pub asked: Asked,
    /// Where `asked.q` cannot be read.
    pub error: Option<QueryError>,
    /// Labels and annotations of the newest tag (source, licences, documentation); may be empty.
    pub labels: BTreeMap<String, String>,
    /// How many tags match `asked.q`, however the list gathers them; none where that is not known.
    pub matching: Option<u64>,
    /// Of the repository and its tags.
    pub locks: Vec<Lock>,
}

/// The tabs of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tab {
    /// What it runs, is made of, says of itself.
    #[default]
    Overview,
    /// History and layers.
    Layers,
    /// The configuration's exact bytes.
    Configuration,
    /// The manifest's exact bytes.
    Manifest,
    /// Signatures, SBOMs, provenance, other referrers.
    Attached,
}

impl Tab {
    /// In the order of the page.
    pub const ALL: [Self; 5] = [Self::Overview, Self::Layers, Self::Configuration, Self::Manifest, Self::Attached];

    /// The value of `tab=`; none when there is no such tab. Empty is the overview.
    pub fn parse(text: &str) -> Option<Self> {
        if text.is_empty() { Some(Self::Overview) } else { Self::ALL.into_iter().find(|tab| tab.as_str() == text) }
    }

    /// As it stands in the address.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Overview => "overview",
            Self::Layers => "layers",
            Self::Configuration => "configuration",
            Self::Manifest => "manifest",
            Self::Attached => "attached",
        }
    }

    /// As it stands on the page.
    pub fn title(self) -> &'static str {
        match self {
            Self::Overview => "Overview",
            Self::Layers => "Layers",
            Self::Configuration => "Configuration",
            Self::Manifest => "Manifest",
            Self::Attached => "Attached",
        }
    }
}

/// A document of a registry: its exact bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Of the bytes.
    pub digest: String,
    /// Its type.
    pub media_type: String,
    /// The bytes; a sequence that is not UTF-8 replaced.
    pub text: String,
    /// How many bytes there are.
    pub size: u64,
}

/// One image, one platform, one tab.
#[derive(Debug, Clone)]
pub struct ImageModel {
    /// Milliseconds since 1970.
    pub now: i64,
    /// The registry it is in.
    pub registry: Registry,
    /// It.
    pub image: Image,
    /// The tab shown.
    pub tab: Tab,
    /// The platform as asked for in the address (`platform=`), if it was.
    pub platform: Option<String>,
    /// For the manifest tab: what the reference names, then the manifest of the platform where that is another.
    pub manifests: Vec<Document>,
    /// For the configuration tab; none where there is none of interest.
    pub configuration: Option<Document>,
    /// Of the tag, its other names and its repository.
    pub locks: Vec<Lock>,
}

/// What a search found.
#[derive(Debug, Clone)]
pub struct SearchModel {
    /// Milliseconds since 1970.
    pub now: i64,
    /// What was asked; only `q`, `after`, `before` and `previous` count.
    pub asked: Asked,
    /// None when nothing was asked or the query is wrong.
    pub list: Option<List<Hit>>,
    /// Where `asked.q` cannot be read.
    pub error: Option<QueryError>,
    /// How many milliseconds it took.
    pub took_ms: u64,
}

/// Two images side by side.
#[derive(Debug, Clone)]
pub struct CompareModel {
    /// Milliseconds since 1970.
    pub now: i64,
    /// The first, as it was typed; empty where it is yet to be named.
    pub from: String,
    /// The second.
    pub to: String,
    /// The platform as asked for, if it was.
    pub platform: Option<String>,
    /// What differs; none where one is yet to be named, or cannot be compared.
    pub comparison: Option<Comparison>,
    /// Images that are perhaps meant: tags of the repositories named.
    pub suggestions: Vec<String>,
    /// Why they cannot be compared.
    pub problem: Option<api::Problem>,
}

/// A page instead of the page asked for.
#[derive(Debug, Clone)]
pub struct ProblemModel {
    /// Milliseconds since 1970.
    pub now: i64,
    /// What happened, why, what mends it; its status is the page's.
    pub problem: api::Problem,
    /// The registry it concerns, where one is known.
    pub registry: Option<Registry>,
    /// Its repository, where one is known to exist.
    pub repository: Option<String>,
    /// Places that were perhaps meant: references (`registry/repository[:tag]`).
    pub suggestions: Vec<String>,
    /// The request's id, to find it in the log.
    pub request_id: Option<String>,
}

impl Page {
    /// The HTTP status that goes with the page.
    pub fn status(&self) -> u16 {
        match self {
            Self::Problem(model) => model.problem.status,
            Self::Catalogue(CatalogueModel { error: Some(_), .. })
            | Self::Repository(RepositoryModel { error: Some(_), .. })
            | Self::Search(SearchModel { error: Some(_), .. }) => 400,
            Self::Compare(model) if model.problem.is_some() => model.problem.as_ref().map_or(200, |problem| problem.status),
            Self::Plan(PlanModel { problem: Some(problem), .. })
            | Self::Job(JobModel { problem: Some(problem), .. })
            | Self::Retag(RetagModel { problem: Some(problem), .. })
            | Self::Copy(CopyModel { problem: Some(problem), .. })
            | Self::CleanUp(CleanUpModel { problem: Some(problem), .. })
            | Self::Activity(ActivityModel { problem: Some(problem), .. }) => problem.status,
            _ => 200,
        }
    }

    /// The document's title, unique for each page.
    pub fn title(&self) -> String {
        let what = match self {
            Self::Catalogue(m) => {
                let narrowed =
                    [m.asked.registry.as_deref(), m.asked.namespace.as_deref()].into_iter().flatten().collect::<Vec<_>>().join("/");
                [m.asked.q.as_str(), &narrowed, "Catalogue"].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ")
            }
            Self::Registry(m) => format!("{} · Registry", m.registry.name),
            Self::Repository(m) => format!("{}/{}", m.repository.registry, m.repository.repository),
            Self::Image(m) if m.tab == Tab::Overview => m.image.reference.clone(),
            Self::Image(m) => format!("{} of {}", m.tab.title(), m.image.reference),
            Self::Search(m) if m.asked.q.is_empty() => "Search".to_owned(),
            Self::Search(m) => format!("{} · Search", m.asked.q),
            Self::Plan(m) => crate::pages::plan::title(&m.plan),
            Self::Job(m) => m.job.summary.clone(),
            Self::Retag(m) => format!("Retag {}", m.reference),
            Self::Copy(m) => format!("Copy {}", m.refs.first().map_or("", String::as_str)),
            Self::CleanUp(_) => "Clean-up".to_owned(),
            Self::Activity(m) => {
                let place =
                    [m.asked.registry.as_deref(), m.asked.repository.as_deref()].into_iter().flatten().collect::<Vec<_>>().join("/");
                let tab = if m.asked.tab == ActivityTab::Jobs { "Jobs" } else { "Activity" };
                [place.as_str(), tab].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ")
            }
            Self::Compare(m) => {
                let named = [m.from.as_str(), &m.to].into_iter().filter(|name| !name.is_empty()).collect::<Vec<_>>().join(" and ");
                format!("{named} · Compare")
            }
            Self::Problem(m) => m.problem.title.clone(),
        };
        format!("{} · Supercargo", crate::text::visible(&what))
    }
}
