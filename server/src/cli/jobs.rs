//! `jobs`.

use super::{
    exit::Failed,
    listing::{self, Listing, PAGE},
    output::{self, Output},
    reading::{Reading, registry_name},
};
use crate::{json::export::As, settings::Flags};
use api::{Job, List};
use clap::Args;
use service::JobsQuery;
use std::fmt::Write as _;

/// List jobs, or show one with its steps.
#[derive(Debug, Args)]
pub(super) struct Jobs {
    /// Only this one, with its steps
    #[arg(value_name = "ID")]
    id: Option<String>,
    /// queued, running, done, failed or cancelled; active for the first two
    #[arg(long, conflicts_with = "id")]
    state: Option<String>,
    /// How many to list at most
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1000), conflicts_with = "id")]
    limit: u32,
    /// Write the steps of the job as jsonl or csv
    #[arg(long = "as", value_name = "FORMAT", requires = "id", value_parser = ["jsonl", "csv"], conflicts_with = "json")]
    format: Option<String>,
    /// Write JSON
    #[arg(long)]
    json: bool,
    /// By `--registry NAME`.
    #[arg(skip)]
    registry: Option<String>,
}

impl Jobs {
    pub(super) async fn run(mut self, mut flags: Flags) -> Result<(), Failed> {
        self.registry = registry_name(&mut flags)?;
        let Some(id) = self.id.take() else { return listing::run(self, flags).await };
        let reading = Reading::open(flags).await?;
        let shown = self.show(&reading, &id).await;
        reading.close().await;
        shown
    }

    async fn show(&self, reading: &Reading, id: &str) -> Result<(), Failed> {
        let job = reading.service.job(&reading.caller, id).await?;
        if let Some(format) = self.format.as_deref().and_then(As::parse) {
            return steps(reading, &job, format).await;
        }
        if self.json { output::json(&job) } else { output::print(&written(&job, Output::of_process())) }
    }
}

/// All steps, page by page.
async fn steps(reading: &Reading, job: &Job, format: As) -> Result<(), Failed> {
    output::print(&format.begin::<api::JobItem>())?;
    let mut after = 0;
    loop {
        let items = reading.service.job_items(&reading.caller, &job.id, after, PAGE).await?;
        let lines = format.lines(&items).map_err(|e| Failed::Other(format!("The steps could not be written: {e}.")))?;
        output::print(&lines)?;
        if items.len() < PAGE as usize {
            return Ok(());
        }
        after += u64::from(PAGE);
    }
}

impl Listing for Jobs {
    type Item = Job;
    const HEADER: &'static [&'static str] = &["ID", "STATE", "WHAT", "DONE", "ASKED FOR", "UNDO ENDS"];
    const WIDE: usize = 2;
    const WHOLE: bool = false;

    fn json(&self) -> bool {
        self.json
    }

    async fn page(&self, reading: &Reading, after: Option<String>) -> Result<List<Job>, Failed> {
        let query = JobsQuery {
            registry: self.registry.clone(),
            state: self.state.clone(),
            limit: Some(self.limit),
            after,
            ..JobsQuery::default()
        };
        Ok(reading.service.jobs(&reading.caller, &query).await?)
    }

    fn row(j: &Job, out: Output) -> Vec<String> {
        vec![
            j.id.clone(),
            j.state.as_str().to_owned(),
            j.summary.clone(),
            far(j, out),
            out.time(Some(&j.created)),
            out.until(j.undo_until.as_deref()),
        ]
    }
}

/// How far it is: `12/200`, or in bytes.
fn far(job: &Job, out: Output) -> String {
    if job.unit == "bytes" && out.is_terminal() {
        format!("{}/{}", out.size(Some(job.done)), out.size(Some(job.total)))
    } else {
        format!("{}/{}", job.done, job.total)
    }
}

/// What is known of a job, then its steps.
fn written(job: &Job, out: Output) -> String {
    let mut lines = vec![
        ("Job", job.id.clone()),
        ("What", job.summary.clone()),
        ("State", job.state.as_str().to_owned()),
        ("Done", format!("{} {}", far(job, out), job.unit)),
        ("Asked for", out.time(Some(&job.created))),
    ];
    let mut some = |name, value: Option<String>| lines.extend(value.filter(|v| !v.is_empty()).map(|v| (name, v)));
    some("Began", Some(out.time(job.started.as_deref())));
    some("Ended", Some(out.time(job.finished.as_deref())));
    some("Undo ends", Some(out.until(job.undo_until.as_deref())));
    some("Undoes", job.undoes.clone());
    some("Undone by", job.undone_by.clone());
    lines.extend(job.problems.iter().map(|p| ("Problem", p.to_string())));
    let mut text = output::lines(&lines, out);
    let steps: Vec<Vec<String>> = job
        .items
        .iter()
        .map(|i| vec![i.state.as_str().to_owned(), i.step.clone(), i.reference.clone(), i.detail.clone().unwrap_or_default()])
        .collect();
    if !steps.is_empty() {
        // Writing into a String cannot fail.
        let _ = write!(text, "\n{}", out.format(&["STATE", "STEP", "REFERENCE", "HOW"], &steps, 3));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{super::change::tests::job, *};
    use api::{ItemState, JobItem, JobState};

    #[test]
    fn a_job_is_shown_with_its_steps() {
        let item = JobItem { step: "delete tag".into(), reference: "local/a:1".into(), state: ItemState::Done, detail: None };
        let job = Job { items: vec![item], undo_until: Some("2026-01-02T00:00:00.000Z".into()), ..job(JobState::Done, Vec::new()) };
        let text = written(&job, Output::pipe());
        assert!(text.starts_with("Job\t7\nWhat\tDelete 3 tags from local/team/api\nState\tdone\nDone\t1/3 steps\n"), "{text}");
        assert!(text.contains("Undo ends\t2026-01-02T00:00:00.000Z\n"), "{text}");
        assert!(text.ends_with("\n\ndone\tdelete tag\tlocal/a:1\t\n"), "{text}");
    }
}
