//! What the changing commands share: a plan is made, shown, confirmed, and only that plan is carried out.

use super::{
    exit::Failed,
    output::{self, Output},
    plan, progress,
    reading::Reading,
};
use api::{Intent, Job, JobState, Plan};
use clap::Args;
use std::io::{self, IsTerminal, Write};

/// How far a command goes.
#[derive(Debug, Clone, Copy, Args)]
pub(super) struct How {
    /// Carry the plan out without asking
    #[arg(long, conflicts_with = "dry_run")]
    yes: bool,
    /// Only show the plan
    #[arg(long)]
    dry_run: bool,
    /// Write JSON: the plan, or with --yes the job that carried it out
    #[arg(long)]
    json: bool,
}

/// Plans, shows, asks and carries out.
pub(super) async fn change(reading: &Reading, intent: Intent, how: How) -> Result<(), Failed> {
    let plan = reading.service.plan(&reading.caller, &intent).await?;
    let idle = plan.steps == 0;
    // Of JSON there is one document: the plan, unless there will be a job.
    if !how.json {
        output::print(&plan::written(&plan, Output::of_process()))?;
    } else if idle || !how.yes {
        output::json(&plan)?;
    }
    if !how.json || idle {
        for remark in plan::remarks(&plan) {
            eprintln!("{}", output::clean(&remark));
        }
    }
    if how.dry_run {
        return Ok(());
    }
    if idle {
        return nothing_to_do(&plan);
    }
    if !how.yes {
        confirm(&plan, how)?;
    }
    let job = reading.service.carry_out(&reading.caller, &plan.id, &plan.confirm).await?;
    finish(reading, job, how.json).await
}

/// Waits for a job, and tells how it ended.
pub(super) async fn finish(reading: &Reading, job: Job, json: bool) -> Result<(), Failed> {
    let job = progress::wait(reading, job).await?;
    if json {
        output::json(&job)?;
    } else if job.state == JobState::Done {
        eprintln!("{}", output::clean(&done(&job, reading.kept)));
    }
    if job.state == JobState::Done { Ok(()) } else { Err(Failed::Job(Box::new(job), reading.kept)) }
}

/// Nothing was found to be done, or nothing of it can be: why was said.
fn nothing_to_do(plan: &Plan) -> Result<(), Failed> {
    if !plan.problems.is_empty() {
        return Err(Failed::Refused("Nothing can be done.".into()));
    }
    eprintln!("There is nothing to do.");
    Ok(())
}

/// Asks whoever sits at the terminal.
fn confirm(plan: &Plan, how: How) -> Result<(), Failed> {
    if how.json || !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return Err(Failed::Refused("Nothing was done: add --yes to carry this plan out.".into()));
    }
    if plan.wide {
        eprint!("This takes a great deal. To carry it out, type {}: ", output::clean(&plan.confirm));
    } else {
        eprint!("Carry this out? [y/N] ");
    }
    io::stderr().flush().map_err(Failed::io)?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer).map_err(Failed::io)?;
    if agrees(plan, answer.trim()) { Ok(()) } else { Err(Failed::Refused("Nothing was done.".into())) }
}

fn agrees(plan: &Plan, answer: &str) -> bool {
    if plan.wide { answer == plan.confirm } else { ["y", "yes"].iter().any(|yes| answer.eq_ignore_ascii_case(yes)) }
}

/// How a job went, and how it is undone.
fn done(job: &Job, kept: bool) -> String {
    let done = format!("Done: {}.", job.summary.trim_end_matches('.'));
    match &job.undo_until {
        Some(until) if kept => format!("{done} Until {until} it can be undone: supercargo undo {}", job.id),
        Some(_) => format!("{done} It cannot be undone from here, since nothing is kept of it; give --database to keep it."),
        None => done,
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use api::Action;

    pub(in crate::cli) fn plan() -> Plan {
        Plan {
            id: "1".into(),
            action: Action::Delete,
            effects: Vec::new(),
            frees: None,
            confirm: "team/api".into(),
            wide: false,
            problems: Vec::new(),
            notes: Vec::new(),
            consent: None,
            summary: "Delete 3 tags from local/team/api".into(),
            steps: 1,
            effects_total: 0,
            created: "2026-01-01T00:00:00.000Z".into(),
            job: None,
        }
    }

    pub(in crate::cli) fn job(state: JobState, problems: Vec<api::Problem>) -> Job {
        Job {
            id: "7".into(),
            plan: "1".into(),
            action: Action::Delete,
            state,
            done: 1,
            total: 3,
            created: "2026-01-01T00:00:00.000Z".into(),
            started: None,
            finished: None,
            problems,
            undo_until: None,
            summary: "Delete 3 tags from local/team/api".into(),
            unit: "steps".into(),
            undoes: None,
            undone_by: None,
            items: Vec::new(),
        }
    }

    #[test]
    fn a_wide_plan_wants_its_name_and_others_a_yes() {
        for (wide, answer, agreed) in [
            (false, "y", true),
            (false, "YES", true),
            (false, "", false),
            (false, "n", false),
            (false, "team/api", false),
            (true, "team/api", true),
            (true, "y", false),
            (true, "Team/api", false),
        ] {
            assert_eq!(agrees(&Plan { wide, ..plan() }, answer), agreed, "{wide} {answer}");
        }
    }

    #[test]
    fn what_can_be_undone_says_so() {
        let until = Some("2026-01-02T00:00:00.000Z".to_owned());
        let job = Job { undo_until: until, ..job(JobState::Done, Vec::new()) };
        assert_eq!(
            done(&job, true),
            "Done: Delete 3 tags from local/team/api. Until 2026-01-02T00:00:00.000Z it can be undone: supercargo undo 7"
        );
        assert!(done(&job, false).contains("give --database"));
        assert_eq!(done(&Job { undo_until: None, ..job }, true), "Done: Delete 3 tags from local/team/api.");
    }

    #[test]
    fn a_plan_that_does_nothing_is_refused_only_for_a_reason() {
        assert!(nothing_to_do(&Plan { steps: 0, ..plan() }).is_ok());
        let problem = api::PlanProblem { code: "delete_disabled".into(), detail: "It does not.".into(), hint: None };
        assert_eq!(nothing_to_do(&Plan { steps: 0, problems: vec![problem], ..plan() }).unwrap_err().status(), 4);
    }
}
