//! Requests one after another over connections that are kept.

use super::{Seen, content::MANIFEST, wire::Wire};
use anyhow::ensure;
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::{Duration, Instant},
};
use tokio::{task::LocalSet, time::timeout};

/// Bytes are counted as they come, so that a long answer need not end in time.
pub(super) async fn run(address: &str, method: &str, clients: usize, time: Duration, paths: &[&str]) -> anyhow::Result<Seen> {
    let headers = format!("Accept: {MANIFEST}, application/vnd.oci.image.index.v1+json\r\n");
    let bytes = Rc::new(Cell::new(0));
    let times = Rc::new(RefCell::new(Vec::new()));
    let mut wires = Vec::new();
    for _ in 0..clients {
        wires.push(Wire::open(address).await?);
    }
    let begun = Instant::now();
    let set = LocalSet::new();
    let mut tasks = Vec::new();
    for (nth, mut wire) in wires.into_iter().enumerate() {
        let (bytes, times) = (bytes.clone(), times.clone());
        let (method, headers) = (method.to_owned(), headers.clone());
        let paths: Vec<String> = paths.iter().map(|&path| path.to_owned()).collect();
        tasks.push(set.spawn_local(async move {
            let run = async {
                for turn in nth.. {
                    let path = &paths[turn % paths.len()];
                    let asked = Instant::now();
                    wire.send(&method, path, &headers, &[]).await?;
                    let answer = wire.answer(method == "HEAD", false, Some(&bytes)).await?;
                    ensure!(answer.status == 200, "{method} {path}: {}", answer.status);
                    times.borrow_mut().push(asked.elapsed().as_secs_f64() * 1e3);
                }
                anyhow::Ok(())
            };
            timeout(time, run).await.unwrap_or(Ok(()))
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
    Ok(Seen { requests: times.len() as u64, bytes: bytes.get(), seconds: begun.elapsed().as_secs_f64(), times })
}
