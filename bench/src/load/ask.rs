//! Requests one after another over connections that are kept.

use super::{
    Seen,
    content::MANIFEST,
    crew::{Until, work},
};
use anyhow::ensure;
use std::{cell::Cell, rc::Rc, time::Duration};

/// Bytes are counted as they come, so that a long answer need not end in time.
pub(super) async fn run(address: &str, method: &str, clients: usize, time: Duration, paths: &[&str]) -> anyhow::Result<Seen> {
    let headers = format!("Accept: {MANIFEST}, application/vnd.oci.image.index.v1+json\r\n");
    let bytes = Rc::new(Cell::new(0));
    let (counted, method) = (bytes.clone(), method.to_owned());
    let paths: Vec<String> = paths.iter().map(|&path| path.to_owned()).collect();
    let until = Until { count: u64::MAX, time, cut: true };
    let seen = work(address, clients, until, async move |wire, number| {
        let path = &paths[number as usize % paths.len()];
        wire.send(&method, path, &headers, &[]).await?;
        let answer = wire.answer(method == "HEAD", false, Some(&counted)).await?;
        ensure!(answer.status == 200, "{method} {path}: {}", answer.status);
        Ok(())
    })
    .await?;
    Ok(Seen { bytes: bytes.get(), ..seen })
}
