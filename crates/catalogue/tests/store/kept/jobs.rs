use super::*;
use crate::*;
use catalogue::kept::{Begun, Cancelled, JobFilter, JobState, Lease, Outcome, StepState, StepUpdate};
use catalogue::store::Store;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

on_every_database!(
    a_plan_is_taken_once,
    a_plan_expires_and_is_forgotten_unless_a_job_took_it,
    a_job_is_claimed_worked_on_and_ended,
    jobs_on_one_repository_queue_and_others_do_not_wait,
    a_job_whose_owner_is_gone_goes_on_elsewhere,
    a_job_is_given_back,
    a_job_is_cancelled,
    a_job_is_undone_once,
    steps_are_read_in_pages_and_written_together,
    jobs_are_listed_newest_first,
    jobs_are_forgotten_with_all_they_have,
);
on_lasting_databases!(each_job_runs_once_over_several_processes, plans_and_jobs_outlive_a_restart_and_the_catalogue);

const DAY: i64 = 86_400_000;

async fn begin(store: &Store, job: &NewJob) -> String {
    assert_eq!(store.jobs().begin(job, 2_000).await.unwrap(), Begun::Queued);
    job.id.clone()
}

async fn claim(store: &Store, owner: &str, now: i64) -> Option<String> {
    store.jobs().claim_next(owner, 100, now).await.unwrap().map(|job| job.id)
}

const DONE: Outcome<'static> = Outcome { state: JobState::Done, done: 3, problems: "[]", undo: None, undo_until: Some(9_000) };

async fn state(store: &Store, id: &str) -> JobState {
    store.jobs().get(id).await.unwrap().unwrap().state
}

async fn a_plan_is_taken_once(database: &Database) {
    let store = database.open().await;
    let plan = plan();
    store.plans().add(&plan).await.unwrap();
    assert_eq!(store.plans().get(&plan.id).await.unwrap(), Some(plan.clone()));
    assert_eq!(store.plans().get("another").await.unwrap(), None);

    let taking = || NewJob { plan: Some(plan.id.clone()), ..job(&["a"]) };
    let taken = begin(&store, &taking()).await;
    assert_eq!(store.jobs().begin(&taking(), 2_001).await.unwrap(), Begun::PlanTaken(taken.clone()));
    assert_eq!(store.plans().get(&plan.id).await.unwrap().unwrap().job, Some(taken));
    let unknown = NewJob { plan: Some("unknown".to_owned()), ..job(&["a"]) };
    assert_eq!(store.jobs().begin(&unknown, 2_001).await.unwrap(), Begun::PlanUnknown);
    assert_eq!(store.jobs().page(&JobFilter::default(), None, 10).await.unwrap().len(), 1, "what was refused left nothing");
}

async fn a_plan_expires_and_is_forgotten_unless_a_job_took_it(database: &Database) {
    let store = database.open().await;
    let (old, taken) = (plan(), plan());
    store.plans().add(&old).await.unwrap();
    store.plans().add(&taken).await.unwrap();
    begin(&store, &NewJob { plan: Some(taken.id.clone()), ..job(&["a"]) }).await;
    assert!(!old.is_expired(1_000 + DAY - 1) && old.is_expired(1_000 + DAY));
    let late = NewJob { plan: Some(old.id.clone()), ..job(&["a"]) };
    assert_eq!(store.jobs().begin(&late, 1_000 + DAY).await.unwrap(), Begun::PlanExpired);
    assert_eq!(store.plans().forget_before(1_000).await.unwrap(), 0);
    assert_eq!(store.plans().forget_before(1_001).await.unwrap(), 1);
    assert!(store.plans().get(&old.id).await.unwrap().is_none());
    assert!(store.plans().get(&taken.id).await.unwrap().is_some());
}

async fn a_job_is_claimed_worked_on_and_ended(database: &Database) {
    let store = database.open().await;
    let jobs = store.jobs();
    let new = NewJob { steps: steps(3), actor: Some("mira".to_owned()), ..job(&["b", "a", "a"]) };
    let id = begin(&store, &new).await;
    assert_eq!(jobs.repositories(&id).await.unwrap(), [(R.to_owned(), "a".to_owned()), (R.to_owned(), "b".to_owned())]);

    let claimed = jobs.claim_next("one", 100, 3_000).await.unwrap().unwrap();
    assert_eq!((claimed.id.as_str(), claimed.state, claimed.started), (id.as_str(), JobState::Running, Some(3_000)));
    assert_eq!((claimed.owner.as_deref(), claimed.lease, claimed.actor.as_deref()), (Some("one"), Some(3_100), Some("mira")));
    assert_eq!(claim(&store, "two", 3_050).await, None, "it has an owner");

    let ours = Lease::Ours { cancel_asked: false };
    assert_eq!(jobs.renew(&id, "one", 100, 3_050).await.unwrap(), ours);
    assert_eq!(jobs.renew(&id, "two", 100, 3_050).await.unwrap(), Lease::Lost);
    let update = StepUpdate { n: 0, state: StepState::Done, detail: None, undo: Some("{}".to_owned()) };
    assert_eq!(jobs.progress((&id, "one"), 100, 3_060, 1, Some(5), std::slice::from_ref(&update)).await.unwrap(), ours);
    assert_eq!(jobs.progress((&id, "two"), 100, 3_060, 9, None, &[update]).await.unwrap(), Lease::Lost);
    let job = jobs.get(&id).await.unwrap().unwrap();
    assert_eq!((job.done, job.total, job.lease), (1, 5, Some(3_160)));

    let outcome = Outcome { problems: r#"["x"]"#, undo: Some(r#"{"tags":[]}"#), ..DONE };
    assert!(!jobs.finish(&id, "two", &outcome, 3_070).await.unwrap());
    assert!(jobs.finish(&id, "one", &outcome, 3_070).await.unwrap());
    assert!(!jobs.finish(&id, "one", &outcome, 3_080).await.unwrap(), "it is over");
    let job = jobs.get(&id).await.unwrap().unwrap();
    assert_eq!((job.state, job.finished, job.owner, job.lease), (JobState::Done, Some(3_070), None, None));
    assert_eq!((job.done, job.problems.as_str(), job.undo_until), (3, r#"["x"]"#, Some(9_000)));
    assert_eq!(jobs.undo(&id).await.unwrap().as_deref(), Some(r#"{"tags":[]}"#));
    assert_eq!(claim(&store, "one", 9_999).await, None);
}

async fn jobs_on_one_repository_queue_and_others_do_not_wait(database: &Database) {
    let store = database.open().await;
    let first = begin(&store, &job(&["a", "b"])).await;
    let second = begin(&store, &job(&["b", "c"])).await;
    let third = begin(&store, &job(&["c"])).await;
    let elsewhere = NewJob { repositories: vec![("other".to_owned(), "a".to_owned())], ..job(&[]) };
    let fourth = begin(&store, &elsewhere).await;
    assert_eq!(claim(&store, "one", 10).await, Some(first.clone()));
    assert_eq!(claim(&store, "one", 10).await, Some(fourth), "the same name in another registry");
    assert_eq!(claim(&store, "one", 10).await, None, "the third waits for the second, though that waits itself");
    store.jobs().finish(&first, "one", &DONE, 20).await.unwrap();
    assert_eq!(claim(&store, "one", 20).await, Some(second.clone()));
    assert_eq!(claim(&store, "one", 20).await, None);
    store.jobs().finish(&second, "one", &DONE, 30).await.unwrap();
    assert_eq!(claim(&store, "one", 30).await, Some(third));
}

async fn a_job_whose_owner_is_gone_goes_on_elsewhere(database: &Database) {
    let store = database.open().await;
    let id = begin(&store, &job(&["a"])).await;
    let waits = begin(&store, &job(&["a"])).await;
    assert_eq!(claim(&store, "one", 1_000).await, Some(id.clone()));
    assert_eq!(claim(&store, "two", 1_099).await, None);
    assert_eq!(claim(&store, "two", 1_100).await, Some(id.clone()), "its lease has run out");
    assert_eq!(store.jobs().get(&id).await.unwrap().unwrap().started, Some(1_000));
    assert_eq!(store.jobs().renew(&id, "one", 100, 1_101).await.unwrap(), Lease::Lost);
    assert!(!store.jobs().finish(&id, "one", &DONE, 1_101).await.unwrap());
    assert!(!store.jobs().release(&id, "one").await.unwrap());
    assert!(store.jobs().finish(&id, "two", &DONE, 1_102).await.unwrap());
    assert_eq!(claim(&store, "one", 1_103).await, Some(waits));
}

async fn a_job_is_given_back(database: &Database) {
    let store = database.open().await;
    let id = begin(&store, &job(&["a"])).await;
    assert_eq!(claim(&store, "one", 1_000).await, Some(id.clone()));
    assert!(store.jobs().release(&id, "one").await.unwrap());
    assert_eq!(state(&store, &id).await, JobState::Queued);
    assert_eq!(claim(&store, "two", 1_001).await, Some(id));
}

async fn a_job_is_cancelled(database: &Database) {
    let store = database.open().await;
    let (jobs, id) = (store.jobs(), begin(&store, &job(&["a"])).await);
    let waiting = begin(&store, &job(&["a"])).await;
    assert_eq!(claim(&store, "one", 10).await, Some(id.clone()));
    assert_eq!(jobs.ask_cancel(&id, 20).await.unwrap(), Some(Cancelled::Asked));
    assert_eq!(jobs.renew(&id, "one", 100, 20).await.unwrap(), Lease::Ours { cancel_asked: true });
    assert_eq!(jobs.ask_cancel(&waiting, 21).await.unwrap(), Some(Cancelled::AtOnce));
    let job = jobs.get(&waiting).await.unwrap().unwrap();
    assert_eq!((job.state, job.finished, job.started), (JobState::Cancelled, Some(21), None));
    assert!(jobs.finish(&id, "one", &Outcome { state: JobState::Cancelled, ..DONE }, 22).await.unwrap());
    assert_eq!(jobs.ask_cancel(&id, 23).await.unwrap(), Some(Cancelled::Over(JobState::Cancelled)));
    assert_eq!(jobs.ask_cancel("unknown", 23).await.unwrap(), None);
    assert_eq!(claim(&store, "one", 24).await, None);
}

async fn a_job_is_undone_once(database: &Database) {
    let store = database.open().await;
    let (jobs, id) = (store.jobs(), begin(&store, &job(&["a"])).await);
    let undoing = || NewJob { undoes: Some(id.clone()), action: "undo".to_owned(), ..job(&["a"]) };
    assert_eq!(jobs.begin(&undoing(), 5).await.unwrap(), Begun::NothingToUndo, "it is not over");
    claim(&store, "one", 10).await.unwrap();
    jobs.finish(&id, "one", &DONE, 20).await.unwrap();

    let first = begin(&store, &undoing()).await;
    assert_eq!(jobs.begin(&undoing(), 30).await.unwrap(), Begun::Undone(first.clone()));
    assert_eq!(jobs.get(&id).await.unwrap().unwrap().undone_by, Some(first.clone()));
    claim(&store, "one", 30).await.unwrap();
    jobs.finish(&first, "one", &Outcome { state: JobState::Failed, ..DONE }, 40).await.unwrap();
    let job = jobs.get(&id).await.unwrap().unwrap();
    assert_eq!((job.undone_by, job.undo_until), (None, Some(9_000)), "it can be tried again");

    let second = begin(&store, &undoing()).await;
    jobs.ask_cancel(&second, 50).await.unwrap();
    let third = begin(&store, &undoing()).await;
    claim(&store, "one", 60).await.unwrap();
    jobs.finish(&third, "one", &DONE, 70).await.unwrap();
    let job = jobs.get(&id).await.unwrap().unwrap();
    assert_eq!((job.undone_by, job.undo_until), (Some(third.clone()), None));
    assert_eq!(jobs.begin(&undoing(), 80).await.unwrap(), Begun::Undone(third));
    assert_eq!(jobs.begin(&NewJob { undoes: Some("unknown".to_owned()), ..undoing() }, 80).await.unwrap(), Begun::NothingToUndo);
}

async fn steps_are_read_in_pages_and_written_together(database: &Database) {
    let store = database.open().await;
    let jobs = store.jobs();
    let id = begin(&store, &NewJob { steps: steps(5_000), ..job(&["a"]) }).await;
    claim(&store, "one", 10).await.unwrap();
    let page = jobs.steps(&id, 4_998, None, 100).await.unwrap();
    assert_eq!(
        page.iter().map(|s| (s.n, s.step.as_str(), s.state)).collect::<Vec<_>>(),
        [(4_998, "step 4998", StepState::Waiting), (4_999, "step 4999", StepState::Waiting)]
    );
    let update = |n: u64, state| StepUpdate { n, state, detail: Some(format!("{n}")), undo: Some(format!("{{{n}}}")) };
    let mut updates: Vec<StepUpdate> = (0..2_000).map(|n| update(n, StepState::Done)).collect();
    updates.push(update(7, StepState::Failed));
    updates.push(update(99_999, StepState::Done));
    jobs.progress((&id, "one"), 100, 20, 2_000, None, &updates).await.unwrap();
    // What undoes a step is not forgotten when it is told of again.
    let again = StepUpdate { undo: None, detail: None, ..update(8, StepState::Skipped) };
    jobs.progress((&id, "one"), 100, 20, 2_000, None, &[again]).await.unwrap();

    let page = jobs.steps(&id, 6, None, 3).await.unwrap();
    assert_eq!(
        page.iter().map(|s| (s.n, s.state, s.detail.as_deref(), s.undo.as_deref())).collect::<Vec<_>>(),
        [
            (6, StepState::Done, Some("6"), Some("{6}")),
            (7, StepState::Failed, Some("7"), Some("{7}")),
            (8, StepState::Skipped, None, Some("{8}")),
        ]
    );
    let waiting = jobs.steps(&id, 0, Some(StepState::Waiting), 1).await.unwrap();
    assert_eq!(waiting[0].n, 2_000, "where to go on");
    assert!(jobs.steps("unknown", 0, None, 10).await.unwrap().is_empty());
}

async fn jobs_are_listed_newest_first(database: &Database) {
    let store = database.open().await;
    let mut ids = Vec::new();
    for repositories in [&["a"][..], &["b"], &["a", "b"], &[]] {
        ids.push(begin(&store, &job(repositories)).await);
    }
    let elsewhere = NewJob { registry: "other".to_owned(), action: "copy".to_owned(), ..job(&["a"]) };
    ids.push(begin(&store, &elsewhere).await);
    claim(&store, "one", 10).await.unwrap();
    let list = async |filter: JobFilter, before| {
        let page = store.jobs().page(&filter, before, 10).await.unwrap();
        page.iter().map(|j| ids.iter().position(|id| *id == j.id).unwrap()).collect::<Vec<_>>()
    };
    let of = |registry: &str, repository: Option<&str>| JobFilter {
        registry: Some(registry.to_owned()),
        repository: repository.map(str::to_owned),
        ..JobFilter::default()
    };
    assert_eq!(list(JobFilter::default(), None).await, [4, 3, 2, 1, 0]);
    let third = store.jobs().page(&JobFilter::default(), None, 3).await.unwrap()[2].number;
    assert_eq!(list(JobFilter::default(), Some(third)).await, [1, 0]);
    assert_eq!(list(of(R, None), None).await, [4, 3, 2, 1, 0], "it touches a repository there");
    assert_eq!(list(of("other", None), None).await, [4]);
    assert_eq!(list(of(R, Some("a")), None).await, [4, 2, 0]);
    assert_eq!(list(of("other", Some("a")), None).await, Vec::<usize>::new());
    let running = JobFilter { states: vec![JobState::Running, JobState::Done], ..JobFilter::default() };
    assert_eq!(list(running, None).await, [0]);
    assert_eq!(list(JobFilter { action: Some("copy".to_owned()), ..JobFilter::default() }, None).await, [4]);
}

async fn jobs_are_forgotten_with_all_they_have(database: &Database) {
    let store = database.open().await;
    let plan = plan();
    store.plans().add(&plan).await.unwrap();
    let old = begin(&store, &NewJob { plan: Some(plan.id.clone()), steps: steps(3), ..job(&["a"]) }).await;
    let unfinished = begin(&store, &job(&["b"])).await;
    claim(&store, "one", 10).await.unwrap();
    store.jobs().finish(&old, "one", &DONE, 20).await.unwrap();
    assert_eq!(store.jobs().forget_before(20).await.unwrap(), 0);
    assert_eq!(store.jobs().forget_before(21).await.unwrap(), 1);
    assert!(store.jobs().get(&old).await.unwrap().is_none());
    assert!(store.jobs().steps(&old, 0, None, 10).await.unwrap().is_empty());
    assert!(store.jobs().repositories(&old).await.unwrap().is_empty());
    assert!(store.plans().get(&plan.id).await.unwrap().is_none());
    assert_eq!(state(&store, &unfinished).await, JobState::Queued);
}

/// Two processes with three workers each, over jobs on few repositories. No job is run by two, none on a repository that
/// another is at, and those on one repository run in the order in which they were asked for.
async fn each_job_runs_once_over_several_processes(database: &Database) {
    const JOBS: usize = 24;
    let stores = [database.open().await, database.open().await];
    let mut numbers = BTreeMap::new();
    for n in 0..JOBS {
        let repository = format!("r{}", n % 4);
        let id = begin(&stores[0], &job(&[&repository])).await;
        numbers.insert(id, (n, repository));
    }
    let (numbers, clock) = (Arc::new(numbers), Arc::new(AtomicU64::new(0)));
    let at_work: Arc<Mutex<BTreeMap<String, Vec<usize>>>> = Arc::default();
    let busy: Arc<Mutex<Vec<String>>> = Arc::default();
    let workers: Vec<_> = (0..6)
        .map(|worker| {
            let (store, numbers, clock) = (stores[worker % 2].clone(), Arc::clone(&numbers), Arc::clone(&clock));
            let (at_work, busy) = (Arc::clone(&at_work), Arc::clone(&busy));
            tokio::spawn(async move {
                let owner = format!("worker-{worker}");
                while at_work.lock().unwrap().values().map(Vec::len).sum::<usize>() < JOBS {
                    let now = clock.fetch_add(1, Ordering::Relaxed) as i64;
                    let Some(job) = store.jobs().claim_next(&owner, 1_000_000, now).await.unwrap() else {
                        tokio::task::yield_now().await;
                        continue;
                    };
                    let (n, repository) = numbers[&job.id].clone();
                    {
                        let mut busy = busy.lock().unwrap();
                        assert!(!busy.contains(&repository), "{repository} is being worked on");
                        busy.push(repository.clone());
                    }
                    store.jobs().renew(&job.id, &owner, 1_000_000, now).await.unwrap();
                    busy.lock().unwrap().retain(|b| *b != repository);
                    assert!(store.jobs().finish(&job.id, &owner, &DONE, now).await.unwrap());
                    at_work.lock().unwrap().entry(repository).or_default().push(n);
                }
            })
        })
        .collect();
    for worker in workers {
        worker.await.unwrap();
    }
    for (repository, ran) in at_work.lock().unwrap().iter() {
        assert!(ran.len() == JOBS / 4, "{repository}: {ran:?}");
    }
}

async fn plans_and_jobs_outlive_a_restart_and_the_catalogue(database: &Database) {
    let store = database.open().await;
    let plan = plan();
    store.plans().add(&plan).await.unwrap();
    let id = begin(&store, &NewJob { plan: Some(plan.id.clone()), steps: steps(2), ..job(&["a"]) }).await;
    claim(&store, "one", 10).await.unwrap();
    store.activity().append(&[done(1, "push", "a", Some("1"))]).await.unwrap();
    // Everything that the catalogue ever drops.
    store.save(&[Write::Registry(registry(R)), Write::Repository(repository("a")), pushed("a", "1", "sha256:1", 5)]).await.unwrap();
    store.save(&[drop_tag("a", "1", 6), drop_repository("a", 7)]).await.unwrap();
    store.close().await;

    let store = database.open().await;
    assert_eq!(store.plans().get(&plan.id).await.unwrap().unwrap().job, Some(id.clone()));
    assert_eq!(state(&store, &id).await, JobState::Running);
    assert_eq!(store.jobs().steps(&id, 0, None, 10).await.unwrap().len(), 2);
    assert_eq!(store.activity().page(&catalogue::kept::ActivityFilter::default(), None, 10).await.unwrap().len(), 1);
    assert_eq!(claim(&store, "two", 1_000).await, Some(id), "whoever is there goes on");
}
