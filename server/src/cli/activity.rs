//! `activity`.

use super::{
    exit::Failed,
    listing::{self, Listing, PAGE},
    output::{self, Output},
    reading::{Reading, registry_name},
};
use crate::{json::export::As, settings::Flags};
use api::List;
use clap::Args;
use oci::Target;
use service::ActivityQuery;

/// What was done to the registries: by whom, when, on what.
#[derive(Debug, Args)]
pub(super) struct Activity {
    /// Only of this repository or tag
    #[arg(value_name = "REF")]
    reference: Option<String>,
    /// push, pull, delete, tag, copy or restore
    #[arg(long)]
    action: Option<String>,
    /// Only by this one
    #[arg(long)]
    actor: Option<String>,
    /// us: through Supercargo; registry: told by the registry's events
    #[arg(long)]
    source: Option<String>,
    /// Only what this job did
    #[arg(long, value_name = "ID")]
    job: Option<String>,
    /// Words that stand in repository, tag, actor, digest or detail
    #[arg(long, value_name = "WORDS")]
    q: Option<String>,
    /// Not before: RFC 3339, or an age such as 7d
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Before: RFC 3339, or an age
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// How many to list at most
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1000))]
    limit: u32,
    /// Write all of it as jsonl or csv
    #[arg(long = "as", value_name = "FORMAT", value_parser = ["jsonl", "csv"], conflicts_with_all = ["json", "limit"])]
    format: Option<String>,
    /// Write JSON
    #[arg(long)]
    json: bool,
    /// By `--registry NAME`.
    #[arg(skip)]
    registry: Option<String>,
}

impl Activity {
    pub(super) async fn run(mut self, mut flags: Flags) -> Result<(), Failed> {
        self.registry = registry_name(&mut flags)?;
        let Some(format) = self.format.as_deref().and_then(As::parse) else { return listing::run(self, flags).await };
        let reading = Reading::open(flags).await?;
        let written = self.write(&reading, format).await;
        reading.close().await;
        written
    }

    /// Everything, page by page.
    async fn write(&self, reading: &Reading, format: As) -> Result<(), Failed> {
        output::print(&format.begin::<api::Activity>())?;
        let mut query = ActivityQuery { limit: Some(PAGE), ..self.query(reading)? };
        loop {
            let page = reading.service.activity(&reading.caller, &query).await?;
            let lines = format.lines(&page.items).map_err(|e| Failed::Other(format!("What was done could not be written: {e}.")))?;
            output::print(&lines)?;
            query.after = page.next;
            if query.after.is_none() {
                return Ok(());
            }
        }
    }

    fn query(&self, reading: &Reading) -> Result<ActivityQuery, Failed> {
        let reference = self.reference.as_deref().map(|text| reading.reference(text)).transpose()?;
        let mut query = ActivityQuery {
            registry: self.registry.clone(),
            action: self.action.clone(),
            actor: self.actor.clone(),
            source: self.source.clone(),
            job: self.job.clone(),
            q: self.q.clone().unwrap_or_default(),
            since: self.since.clone(),
            until: self.until.clone(),
            limit: Some(self.limit),
            ..ActivityQuery::default()
        };
        if let Some(reference) = reference {
            match &reference.target {
                Some(Target::Tag(tag)) => query.tag = Some(tag.to_string()),
                // Digests are found by words.
                Some(Target::Digest(digest)) => query.q = format!("{digest} {}", query.q),
                None => {}
            }
            query.registry = Some(reference.registry);
            query.repository = Some(reference.repository.to_string());
        }
        Ok(query)
    }
}

impl Listing for Activity {
    type Item = api::Activity;
    const HEADER: &'static [&'static str] = &["WHEN", "ACTION", "REFERENCE", "BEFORE", "AFTER", "WHO", "RESULT"];
    const WIDE: usize = 2;
    const WHOLE: bool = false;

    fn json(&self) -> bool {
        self.json
    }

    async fn page(&self, reading: &Reading, after: Option<String>) -> Result<List<api::Activity>, Failed> {
        let query = ActivityQuery { after, ..self.query(reading)? };
        Ok(reading.service.activity(&reading.caller, &query).await?)
    }

    fn row(a: &api::Activity, out: Output) -> Vec<String> {
        let tag = a.tag.as_ref().map(|t| format!(":{t}")).unwrap_or_default();
        vec![
            out.time(Some(&a.at)),
            a.action.clone(),
            format!("{}/{}{tag}", a.registry, a.repository),
            out.digest(a.before.as_deref()),
            out.digest(a.after.as_deref()),
            a.actor.clone().unwrap_or_default(),
            a.result.clone(),
        ]
    }
}
