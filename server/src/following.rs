//! A job, watched until it is over.

use api::Job;
use futures::{Stream, stream};
use service::{Caller, Result, Service};
use std::time::Duration;
use tokio::sync::broadcast::{Receiver, error::RecvError};

/// A change is told at most so often: a job of thousands of steps is read some times a second, not thousands.
const SPACING: Duration = Duration::from_millis(100);
/// So often a job is read though no change was told: another process may be at it.
const UNTOLD: Duration = Duration::from_secs(2);

struct Following {
    service: Service,
    caller: Caller,
    id: String,
    changes: Receiver<String>,
    last: Option<Job>,
    ended: bool,
}

/// A job as it stands, and again whenever it has changed; ends when it is over, or with the first error.
pub(crate) fn follow(service: &Service, caller: &Caller, id: &str) -> impl Stream<Item = Result<Job>> + Send + use<> {
    let following = Following {
        service: service.clone(),
        caller: caller.clone(),
        id: id.to_owned(),
        // Before it is read for the first time, so that nothing falls in between.
        changes: service.job_changes(),
        last: None,
        ended: false,
    };
    stream::unfold(following, |mut following| async move {
        let told = following.next().await?;
        Some((told, following))
    })
}

impl Following {
    async fn next(&mut self) -> Option<Result<Job>> {
        while !self.ended {
            if self.last.is_some() {
                tokio::time::sleep(SPACING).await;
                // No change told in time is a reason to look, too.
                drop(tokio::time::timeout(UNTOLD, self.changed()).await);
            }
            match self.service.job(&self.caller, &self.id).await {
                Err(error) => {
                    self.ended = true;
                    return Some(Err(error));
                }
                Ok(job) if self.last.as_ref() == Some(&job) => {}
                Ok(job) => {
                    self.ended = job.state.is_over();
                    self.last = Some(job.clone());
                    return Some(Ok(job));
                }
            }
        }
        None
    }

    async fn changed(&mut self) {
        loop {
            match self.changes.recv().await {
                Ok(id) if id == self.id => return,
                Ok(_) => {}
                Err(RecvError::Lagged(_)) => return,
                Err(RecvError::Closed) => std::future::pending().await,
            }
        }
    }
}
