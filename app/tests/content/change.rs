//! Plans, jobs and activity as they are in a registry that is in use.

use super::{NOW, ago, at, digest, list};
use api::*;
use app::*;

const MINUTE: i64 = 60;
const HOUR: i64 = 3600;
const DAY: i64 = 86_400;

fn effect(kind: EffectKind, effect: Fate, reference: &str, seed: u64, why: &str) -> Effect {
    Effect { kind, effect, reference: reference.into(), digest: Some(digest(seed)), why: why.into() }
}

fn pinned(seed: u64) -> String {
    format!("local/team/api@{}", digest(seed))
}

fn plan(action: Action, effects: Vec<Effect>) -> Plan {
    Plan {
        id: "01jdbqk3".into(),
        action,
        steps: effects.iter().filter(|effect| effect.effect != Fate::Stays).count() as u64,
        effects_total: effects.len() as u64,
        consent: None,
        effects,
        frees: Some(41_000_000),
        confirm: "team/api".into(),
        wide: false,
        problems: vec![],
        notes: vec![
            "Tags are deleted one by one, by a placeholder where another tag names the same image.".into(),
            "The bytes are freed when the registry collects its garbage: `registry garbage-collect /etc/docker/registry/config.yml`."
                .into(),
        ],
        summary: "Delete 3 tags from local/team/api".into(),
        created: at(2),
        job: None,
    }
}

/// Three tags: two with their images, one whose image has another name.
pub(crate) fn deletion() -> Plan {
    plan(
        Action::Delete,
        vec![
            effect(EffectKind::Tag, Fate::Goes, "local/team/api:v2.13.4", 1, ""),
            effect(EffectKind::Tag, Fate::Goes, "local/team/api:v2.13.3", 2, ""),
            effect(EffectKind::Tag, Fate::Goes, "local/team/api:v2.13.2", 3, ""),
            effect(EffectKind::Manifest, Fate::Goes, &pinned(2), 2, "no tag names it any more"),
            effect(EffectKind::Manifest, Fate::Goes, &pinned(3), 3, "no tag names it any more"),
            effect(EffectKind::Manifest, Fate::Goes, &pinned(60), 60, "it is a signature of what goes"),
            effect(EffectKind::Manifest, Fate::Stays, &pinned(1), 1, "2.13 still names it"),
        ],
    )
}

/// So much of a repository that its name is to be typed, more than is told.
pub(crate) fn wide() -> Plan {
    let mut effects: Vec<Effect> =
        (0..600).map(|n| effect(EffectKind::Tag, Fate::Goes, &format!("local/team/api:v1.{n}.0"), n, "")).collect();
    effects.extend((0..400).map(|n| effect(EffectKind::Manifest, Fate::Goes, &pinned(n), n, "no tag names it any more")));
    let mut plan = plan(Action::Delete, effects);
    plan.wide = true;
    plan.effects_total = 5_012;
    plan.summary = "Delete 5,000 tags from local/team/api".into();
    plan.steps = 5_000;
    plan.frees = Some(6_200_000_000);
    plan.problems = vec![PlanProblem {
        code: "unreadable".into(),
        detail: "3 tags could not be read, so their images stay.".into(),
        hint: Some("Delete their tags once the registry answers for them.".into()),
    }];
    plan.notes.push("Do not run it with `--delete-untagged` on registry 2.8: it takes the children of multi-platform images.".into());
    plan
}

pub(crate) fn refused() -> Plan {
    let mut plan = plan(Action::Delete, vec![]);
    plan.frees = None;
    plan.notes.clear();
    plan.problems = vec![PlanProblem {
        code: "delete_disabled".into(),
        detail: "The registry local does not delete.".into(),
        hint: Some("Set `REGISTRY_STORAGE_DELETE_ENABLED=true` in its environment and start it again.".into()),
    }];
    plan
}

fn retagging() -> Plan {
    let mut plan = plan(
        Action::Retag,
        vec![
            effect(EffectKind::Tag, Fate::Appears, "local/team/api:stable", 1, "it named sha256:ee03…c4d7 before"),
            effect(EffectKind::Manifest, Fate::Stays, &pinned(6), 6, "v2.12.7 and 2.12 still name it"),
        ],
    );
    plan.frees = Some(0);
    plan.notes.truncate(0);
    plan
}

fn copying() -> Plan {
    let names = ["v2.14.0", "v2.13.4", "v2.13.3"];
    let mut plan = plan(
        Action::Copy,
        names.iter().zip(0..).map(|(tag, n)| effect(EffectKind::Tag, Fate::Appears, &format!("prod/team/api:{tag}"), n, "")).collect(),
    );
    plan.frees = None;
    plan.notes = vec!["Layers are sent only where they are not there already: 129 MB of 549 MB.".into()];
    plan
}

fn several() -> Plan {
    plan(
        Action::CleanUp,
        vec![
            effect(EffectKind::Tag, Fate::Goes, "local/team/api:pr-1881", 7, "older than 14 days"),
            effect(EffectKind::Tag, Fate::Goes, "local/team/web:pr-77", 8, "older than 14 days"),
            effect(EffectKind::Tag, Fate::Goes, "local/team/web:pr-71", 9, "older than 14 days"),
            effect(EffectKind::Manifest, Fate::Goes, &pinned(7), 7, "no tag names it any more"),
            effect(EffectKind::Tag, Fate::Stays, "local/team/api:pr-1902", 10, "it is 3 days old"),
            effect(EffectKind::Tag, Fate::Stays, "local/team/worker:pr-12", 11, "its age is not known"),
        ],
    )
}

pub(crate) fn shown(plan: Plan) -> Page {
    Page::Plan(PlanModel { now: NOW, plan, problem: None })
}

pub(crate) fn job(state: JobState) -> Job {
    let over = state.is_over();
    Job {
        id: "01jdbqm9".into(),
        plan: "01jdbqk3".into(),
        action: Action::Delete,
        state,
        done: if state == JobState::Done { 5 } else { u64::from(state != JobState::Queued) * 2 },
        total: 5,
        created: at(9),
        started: ago(8).filter(|_| state != JobState::Queued),
        finished: ago(1).filter(|_| over),
        problems: if state == JobState::Failed {
            vec![
                Problem::new(Code::PlanStale, "local/team/api:v2.13.3 was moved to another image meanwhile; nothing more was done.")
                    .hint("Make the plan anew: it then shows what there is now."),
            ]
        } else {
            vec![]
        },
        undo_until: Some(at(-DAY)).filter(|_| over),
        summary: "Delete 3 tags from local/team/api".into(),
        unit: "steps".into(),
        undoes: None,
        undone_by: None,
        items: vec![],
    }
}

pub(crate) fn job_page(state: JobState) -> JobModel {
    let item = |step: &str, reference: &str, state, detail: Option<&str>| JobItem {
        step: step.into(),
        reference: reference.into(),
        state,
        detail: detail.map(str::to_owned),
    };
    let rest = match state {
        JobState::Done => ItemState::Done,
        JobState::Failed => ItemState::Failed,
        _ => ItemState::Waiting,
    };
    JobModel {
        now: NOW,
        job: job(state),
        items: vec![
            item("delete tag", "local/team/api:v2.13.4", ItemState::Done, Some("By a placeholder: 2.13 names the same image.")),
            item("delete manifest", &pinned(2), ItemState::Skipped, Some("It was gone already.")),
            item("delete manifest", &pinned(3), rest, (rest == ItemState::Failed).then_some("It names another image now.")),
        ],
        before: 0,
        more: false,
        problem: None,
    }
}

pub(crate) fn activity() -> Vec<Activity> {
    let one = |id: i64, seconds: i64, action: &str, source: &str, tag: Option<&str>| Activity {
        id,
        at: at(seconds),
        action: action.into(),
        actor: Some("ci".into()),
        address: Some("10.0.4.17".into()),
        source: source.into(),
        registry: "local".into(),
        repository: "team/api".into(),
        tag: tag.map(str::to_owned),
        before: None,
        after: Some(digest(id as u64)),
        result: "done".into(),
        detail: None,
        job: None,
        undo_until: None,
    };
    let ours = |activity: Activity| Activity {
        actor: Some("anonymous".into()),
        before: activity.after.clone(),
        after: None,
        job: Some("01jdbqm9".into()),
        undo_until: Some(at(-DAY)),
        ..activity
    };
    vec![
        ours(one(9, 20, "delete", "us", Some("v2.13.3"))),
        ours(one(8, 21, "delete", "us", Some("v2.13.2"))),
        Activity {
            result: "failed".into(),
            detail: Some("The registry answered 500 twice.".into()),
            job: None,
            ..ours(one(7, 40, "delete", "us", None))
        },
        Activity { before: Some(digest(3)), ..one(6, 2 * MINUTE, "push", "registry", Some("latest")) },
        Activity { actor: None, address: None, ..one(5, HOUR, "pull", "registry", Some("v2.14.0")) },
        Activity { job: Some("01jdbqaa".into()), ..one(4, 3 * HOUR, "tag", "us", Some("stable")) },
        one(3, 2 * DAY, "push", "registry", Some("v2.14.0")),
    ]
}

pub(crate) fn activity_page(tab: ActivityTab) -> ActivityModel {
    let shown = match tab {
        ActivityTab::Activity => ActivityShown::Activity(list(activity(), 212, Some("cursor"), State::Fresh)),
        ActivityTab::Jobs => ActivityShown::Jobs(list(
            [JobState::Running, JobState::Queued, JobState::Done, JobState::Failed, JobState::Cancelled].map(job).into(),
            5,
            None,
            State::Fresh,
        )),
    };
    ActivityModel {
        now: NOW,
        asked: ActivityAsked { tab, ..ActivityAsked::default() },
        registries: vec!["local".into()],
        shown,
        problem: None,
    }
}

pub(crate) fn retag_page() -> RetagModel {
    RetagModel { now: NOW, reference: "local/team/api:v2.14.0".into(), tag: String::new(), problem: None }
}

pub(crate) fn copy_page(refs: &[&str]) -> CopyModel {
    CopyModel {
        now: NOW,
        refs: refs.iter().map(|&reference| reference.to_owned()).collect(),
        registries: vec!["local".into(), "prod".into()],
        registry: "prod".into(),
        repository: "team/api".into(),
        tag: "v2.14.0".into(),
        platforms: if refs.len() == 1 { vec!["linux/amd64".into(), "linux/arm64".into()] } else { vec![] },
        chosen: vec![],
        problem: None,
    }
}

pub(crate) fn clean_up_page(plan: Option<Plan>) -> CleanUpModel {
    CleanUpModel {
        kept: Vec::new(),
        edited: None,
        now: NOW,
        pending: false,
        registries: vec!["local".into(), "prod".into()],
        policy: Policy {
            r#match: "tag:pr-*".into(),
            protect: "tag:latest,stable".into(),
            older_than: Some("14d".into()),
            clock: Some("any".into()),
            ..Policy::default()
        },
        plan,
        problem: None,
    }
}

/// Every page about changes, by the name of its file.
pub(crate) fn pages() -> Vec<(&'static str, Page)> {
    let long = "a-name-that-goes-on-and-on-and-on-without-any-place-to-break-it-".repeat(4);
    let mut carried_out = deletion();
    carried_out.job = Some("01jdbqm9".into());
    let mut far = deletion();
    for effect in &mut far.effects {
        effect.reference = effect.reference.replace("local/team/api", &format!("local/{}", &long[..250]));
    }
    far.wide = true;
    far.confirm = long[..250].into();
    let unconfirmed = PlanModel {
        now: NOW,
        plan: wide(),
        problem: Some(Problem::new(Code::PlanUnconfirmed, "“team” is not what was to be typed: team/api.")),
    };
    let wrong = RetagModel {
        tag: "not a tag".into(),
        problem: Some(Problem::new(Code::NotAReference, "“not a tag” is no tag: a tag has letters, digits, “_”, “.” and “-”.")),
        ..retag_page()
    };
    let problem = CleanUpModel {
        problem: Some(
            Problem::new(Code::BadQuery, "“size:>5xx” cannot be read: 5xx is no size.").hint("A size is a number and a unit: size:>500MB."),
        ),
        ..clean_up_page(None)
    };
    let bytes = Job {
        unit: "bytes".into(),
        done: 1_840_000_000,
        total: 5_000_000_000,
        action: Action::Copy,
        summary: "Copy 3 tags to prod/team/api".into(),
        ..job(JobState::Running)
    };
    let empty =
        ActivityModel { shown: ActivityShown::Activity(list(vec![], 0, None, State::Fresh)), ..activity_page(ActivityTab::Activity) };
    let narrowed = ActivityModel {
        asked: ActivityAsked {
            repository: Some("team/api".into()),
            tag: Some("v2.13.3".into()),
            actor: Some("ci".into()),
            action: Some("delete".into()),
            ..ActivityAsked::default()
        },
        registries: vec!["local".into(), "prod".into()],
        ..activity_page(ActivityTab::Activity)
    };
    vec![
        ("plan-delete", shown(deletion())),
        ("plan-wide", shown(wide())),
        ("plan-unconfirmed", Page::Plan(unconfirmed)),
        ("plan-refused", shown(refused())),
        ("plan-retag", shown(retagging())),
        ("plan-copy", shown(copying())),
        ("plan-clean-up", shown(several())),
        ("plan-carried-out", shown(carried_out)),
        ("plan-long", shown(far)),
        ("job-running", Page::Job(job_page(JobState::Running))),
        ("job-queued", Page::Job(job_page(JobState::Queued))),
        ("job-done", Page::Job(job_page(JobState::Done))),
        ("job-failed", Page::Job(job_page(JobState::Failed))),
        ("job-copy", Page::Job(JobModel { job: bytes, ..job_page(JobState::Running) })),
        ("retag", Page::Retag(retag_page())),
        ("retag-wrong", Page::Retag(wrong)),
        ("copy", Page::Copy(copy_page(&["local/team/api:v2.14.0"]))),
        (
            "copy-many",
            Page::Copy(copy_page(&[
                "local/team/api:v1",
                "local/team/api:v2",
                "local/team/api:v3",
                "local/team/api:v4",
                "local/team/api:v5",
                "local/team/api:v6",
                "local/team/api:v7",
            ])),
        ),
        ("clean-up", Page::CleanUp(clean_up_page(Some(several())))),
        ("clean-up-start", Page::CleanUp(CleanUpModel { policy: Policy::default(), ..clean_up_page(None) })),
        ("clean-up-wrong", Page::CleanUp(problem)),
        ("activity", Page::Activity(activity_page(ActivityTab::Activity))),
        ("activity-narrowed", Page::Activity(narrowed)),
        ("activity-empty", Page::Activity(empty)),
        ("activity-jobs", Page::Activity(activity_page(ActivityTab::Jobs))),
    ]
}
