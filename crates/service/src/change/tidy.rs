//! What goes by the clock: schedules that are due, records that are old enough to be forgotten.

use crate::Service;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// How often schedules are looked at.
const LOOK: Duration = Duration::from_secs(5);
/// How often old records are looked for.
const FORGET: Duration = Duration::from_hours(1);
/// For how long jobs and their steps are kept; a plan that none took is kept for a day.
const JOBS: Duration = Duration::from_hours(24 * 90);

/// Until `ending`.
pub(super) async fn run(service: Service, ending: CancellationToken) {
    let mut forgot: Option<Instant> = None;
    loop {
        if forgot.is_none_or(|at| at.elapsed() > FORGET) {
            forgot = Some(Instant::now());
            forget(&service).await;
        }
        service.run_due_policies().await;
        service.empty_trash().await;
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            () = ending.cancelled() => return,
        }
    }
}

async fn forget(service: &Service) {
    let now = catalogue::now();
    let before = |age: Duration| now.saturating_sub(i64::try_from(age.as_millis()).unwrap_or(i64::MAX));
    let catalogue = &service.0.catalogue;
    let outcomes = [
        ("plans", catalogue.plans().forget_before(before(Duration::from_hours(24))).await),
        ("jobs", catalogue.jobs().forget_before(before(JOBS)).await),
        ("activity", catalogue.activity().forget_before(before(service.0.settings.activity)).await),
    ];
    for (what, outcome) in outcomes {
        match outcome {
            Ok(0) => {}
            Ok(count) => tracing::info!(what, count, "forgot what was old enough"),
            Err(error) => tracing::warn!(what, %error, "what is old could not be forgotten"),
        }
    }
}
