//! Clients that work side by side, each over a connection that is kept, the next request as soon as the last was answered.

use super::{Seen, wire::Wire};
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::{Duration, Instant},
};
use tokio::{task::LocalSet, time::timeout_at};

/// When they are done.
pub(super) struct Until {
    /// So many were done, or
    pub(super) count: u64,
    /// so long it took: what was begun is ended,
    pub(super) time: Duration,
    /// or dropped in its middle.
    pub(super) cut: bool,
}

/// Does `one` over and over, numbered from 0.
pub(super) async fn work(
    address: &str,
    clients: usize,
    until: Until,
    one: impl AsyncFn(&mut Wire, u64) -> anyhow::Result<()> + 'static,
) -> anyhow::Result<Seen> {
    let (one, next, times) = (Rc::new(one), Rc::new(Cell::new(0)), Rc::new(RefCell::new(Vec::new())));
    let mut wires = Vec::new();
    for _ in 0..clients {
        wires.push(Wire::open(address).await?);
    }
    let (begun, before) = (Instant::now(), crate::processor());
    let end = begun + until.time;
    let set = LocalSet::new();
    let mut tasks = Vec::new();
    for mut wire in wires {
        let (one, next, times) = (one.clone(), next.clone(), times.clone());
        tasks.push(set.spawn_local(async move {
            let turns = async {
                loop {
                    let number = next.replace(next.get() + 1);
                    if number >= until.count || Instant::now() >= end {
                        return anyhow::Ok(());
                    }
                    let asked = Instant::now();
                    one(&mut wire, number).await?;
                    times.borrow_mut().push(asked.elapsed().as_secs_f64() * 1e3);
                }
            };
            if until.cut { timeout_at(end.into(), turns).await.unwrap_or(Ok(())) } else { turns.await }
        }));
    }
    set.run_until(async {
        for task in tasks {
            task.await??;
        }
        anyhow::Ok(())
    })
    .await?;
    let times = times.take();
    Ok(Seen { requests: times.len() as u64, bytes: 0, seconds: begun.elapsed().as_secs_f64(), own: crate::processor() - before, times })
}
