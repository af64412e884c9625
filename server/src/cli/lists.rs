//! `ls`, `tags`, `search`.

use super::{
    exit::Failed,
    output::{self, Output},
    reading::{Reading, pointed},
};
use crate::settings::Flags;
use api::List;
use clap::Args;
use service::{RepositoriesQuery, TagsQuery};

/// The most items that are asked for at once.
const PAGE: u32 = 1000;

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

impl Ls {
    pub(super) async fn run(self, flags: Flags) -> Result<(), Failed> {
        let reading = Reading::open(flags).await?;
        let list = self.list(&reading).await;
        reading.close().await;
        let list = list?;
        if self.json {
            return output::json(&list);
        }
        let out = Output::of_process();
        let row = |r: &api::Repository| {
            vec![
                format!("{}/{}", r.registry, r.repository),
                r.newest.clone().unwrap_or_default(),
                r.tags.to_string(),
                out.size(r.size),
                r.platforms.join(" "),
                out.time(r.updated.as_deref()),
            ]
        };
        out.table(&["REPOSITORY", "NEWEST", "TAGS", "SIZE", "PLATFORMS", "UPDATED"], list.items.iter().map(row).collect(), 4)
    }

    async fn list(&self, reading: &Reading) -> Result<List<api::Repository>, Failed> {
        reading.read_registries().await?;
        let q = self.pattern.clone().unwrap_or_default();
        let mut query = RepositoriesQuery { q: q.clone(), sort: self.sort.clone(), limit: Some(PAGE), ..RepositoriesQuery::default() };
        let mut all = reading.service.repositories(&reading.caller, &query).await.map_err(pointed(&q))?;
        while let Some(next) = all.next.take() {
            query.after = Some(next);
            let page = reading.service.repositories(&reading.caller, &query).await?;
            all.items.extend(page.items);
            all.next = page.next;
        }
        Ok(all)
    }
}

impl Tags {
    pub(super) async fn run(self, flags: Flags) -> Result<(), Failed> {
        let reading = Reading::open(flags).await?;
        let list = self.list(&reading).await;
        reading.close().await;
        let list = list?;
        if self.json {
            return output::json(&list);
        }
        let out = Output::of_process();
        let row = |t: &api::Tag| {
            vec![t.tag.clone(), out.digest(t.digest.as_deref()), out.size(t.size), t.platforms.join(" "), out.time(t.pushed.as_deref())]
        };
        out.table(&["TAG", "DIGEST", "SIZE", "PLATFORMS", "PUSHED"], list.items.iter().map(row).collect(), 3)
    }

    async fn list(&self, reading: &Reading) -> Result<List<api::Tag>, Failed> {
        let reference = reading.reference(&self.reference)?;
        let q = self.pattern.clone().unwrap_or_default();
        let mut query = TagsQuery { q: q.clone(), sort: self.sort.clone(), limit: Some(PAGE), ..TagsQuery::default() };
        let mut all = reading.service.tags(&reading.caller, &reference, &query).await.map_err(pointed(&q))?;
        while let Some(next) = all.next.take() {
            query.after = Some(next);
            let page = reading.service.tags(&reading.caller, &reference, &query).await?;
            all.items.extend(page.items);
            all.next = page.next;
        }
        Ok(all)
    }
}

impl Search {
    pub(super) async fn run(self, flags: Flags) -> Result<(), Failed> {
        let reading = Reading::open(flags).await?;
        let list = self.list(&reading).await;
        reading.close().await;
        let list = list?;
        if self.json {
            return output::json(&list);
        }
        let out = Output::of_process();
        let row = |h: &api::Hit| vec![h.kind.clone(), h.reference.clone(), h.matched.clone(), out.time(h.pushed.as_deref())];
        out.table(&["KIND", "REFERENCE", "MATCHED", "PUSHED"], list.items.iter().map(row).collect(), 2)
    }

    async fn list(&self, reading: &Reading) -> Result<List<api::Hit>, Failed> {
        reading.read_registries().await?;
        let q = self.query.join(" ");
        reading.service.search(&reading.caller, &q, Some(self.limit), None).await.map_err(pointed(&q))
    }
}
