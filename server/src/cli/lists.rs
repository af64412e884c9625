//! `ls`, `tags`, `search`.

use super::{
    exit::Failed,
    listing::{Listing, PAGE},
    output::Output,
    reading::{Reading, pointed},
};
use api::{Hit, List, Repository, Tag};
use clap::Args;
use service::{RepositoriesQuery, TagsQuery};

/// List repositories.
#[derive(Debug, Args)]
pub(super) struct Ls {
    /// Only what matches: words, team/*, or any query
    pattern: Option<String>,
    /// name, pushed, updated, size or tags; "-" before it turns it round
    #[arg(long)]
    sort: Option<String>,
    /// Write JSON
    #[arg(long)]
    json: bool,
}

/// List the tags of a repository.
#[derive(Debug, Args)]
pub(super) struct Tags {
    /// registry/repository; the registry may be left out where there is one only
    #[arg(value_name = "REF")]
    reference: String,
    /// Only what matches: words, v2.*, or any query
    pattern: Option<String>,
    /// version (newest first), name, pushed, created or size; "-" before it turns it round
    #[arg(long)]
    sort: Option<String>,
    /// Write JSON
    #[arg(long)]
    json: bool,
}

/// Find repositories, tags, digests and labels.
#[derive(Debug, Args)]
pub(super) struct Search {
    /// Words, or terms such as tag:v2.* arch:arm64 label:team=blue age:>30d
    #[arg(required = true)]
    query: Vec<String>,
    /// How many to show at most
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1000))]
    limit: u32,
    /// Write JSON
    #[arg(long)]
    json: bool,
}

impl Listing for Ls {
    type Item = Repository;
    const HEADER: &'static [&'static str] = &["REPOSITORY", "NEWEST", "TAGS", "SIZE", "PLATFORMS", "UPDATED"];
    const WIDE: usize = 4;
    const WHOLE: bool = true;

    fn json(&self) -> bool {
        self.json
    }

    async fn prepare(&mut self, reading: &Reading) -> Result<(), Failed> {
        reading.read_registries(None).await
    }

    async fn page(&self, reading: &Reading, after: Option<String>) -> Result<List<Repository>, Failed> {
        let q = self.pattern.clone().unwrap_or_default();
        let query = RepositoriesQuery { q, sort: self.sort.clone(), limit: Some(PAGE), after, ..RepositoriesQuery::default() };
        reading.service.repositories(&reading.caller, &query).await.map_err(pointed(&query.q))
    }

    fn row(r: &Repository, out: Output) -> Vec<String> {
        vec![
            format!("{}/{}", r.registry, r.repository),
            r.newest.clone().unwrap_or_default(),
            r.tags.to_string(),
            out.size(r.size),
            r.platforms.join(" "),
            out.time(r.updated.as_deref()),
        ]
    }
}

impl Listing for Tags {
    type Item = Tag;
    const HEADER: &'static [&'static str] = &["TAG", "DIGEST", "SIZE", "PLATFORMS", "PUSHED"];
    const WIDE: usize = 3;
    const WHOLE: bool = true;

    fn json(&self) -> bool {
        self.json
    }

    async fn page(&self, reading: &Reading, after: Option<String>) -> Result<List<Tag>, Failed> {
        let reference = reading.reference(&self.reference)?;
        let q = self.pattern.clone().unwrap_or_default();
        let query = TagsQuery { q, sort: self.sort.clone(), limit: Some(PAGE), after, ..TagsQuery::default() };
        reading.service.tags(&reading.caller, &reference, &query).await.map_err(pointed(&query.q))
    }

    fn row(t: &Tag, out: Output) -> Vec<String> {
        vec![t.tag.clone(), out.digest(t.digest.as_deref()), out.size(t.size), t.platforms.join(" "), out.time(t.pushed.as_deref())]
    }
}

impl Listing for Search {
    type Item = Hit;
    const HEADER: &'static [&'static str] = &["KIND", "REFERENCE", "MATCHED", "PUSHED"];
    const WIDE: usize = 2;
    // The best are wanted, not all.
    const WHOLE: bool = false;

    fn json(&self) -> bool {
        self.json
    }

    async fn prepare(&mut self, reading: &Reading) -> Result<(), Failed> {
        reading.read_registries(None).await
    }

    async fn page(&self, reading: &Reading, after: Option<String>) -> Result<List<Hit>, Failed> {
        let q = self.query.join(" ");
        reading.service.search(&reading.caller, &q, Some(self.limit), after.as_deref()).await.map_err(pointed(&q))
    }

    fn row(h: &Hit, out: Output) -> Vec<String> {
        vec![h.kind.clone(), h.reference.clone(), h.matched.clone(), out.time(h.pushed.as_deref())]
    }
}
