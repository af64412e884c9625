//! Measures a backup and its restoring: `cargo run --release -p catalogue --example backup_speed -- URL FILE NEW`. URL is backed up
//! into FILE, and that restored into NEW; `postgresql` in place of NEW starts a server for the time, and backs it up again. A
//! database to begin with is made by `store_speed`.
#![expect(clippy::unwrap_used, reason = "a measurement, run by hand")]

use catalogue::store::backup::{self, Contents};
use catalogue::testing::PostgreSql;
use std::{path::Path, time::Instant};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [url, file, new] = arguments.as_slice() else { return eprintln!("URL FILE NEW") };
    let file = Path::new(file);
    let began = Instant::now();
    told("backup", began, &backup::make(url, file, true, &|_, _| {}).await.unwrap());
    let server = if new == "postgresql" { PostgreSql::start().unwrap() } else { None };
    let new = if let Some(server) = &server { server.database().await.unwrap() } else { new.clone() };
    let began = Instant::now();
    told("restore", began, &backup::restore(&new, file, true, &|_, _| {}).await.unwrap());
    if server.is_some() {
        let began = Instant::now();
        told("backup of PostgreSQL", began, &backup::make(&new, file, true, &|_, _| {}).await.unwrap());
    }
}

fn told(what: &str, began: Instant, contents: &Contents) {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default().trim();
    println!("{what}: {:.1} s, {} bytes, {peak} of memory at most; {contents}", began.elapsed().as_secs_f64(), contents.bytes);
}
