//! Measures the locks over several processes: `cargo run --release -p catalogue --example locks_speed [URL]`. Without an address a
//! PostgreSQL is started for the time.
#![expect(clippy::unwrap_used, reason = "a measurement, run by hand")]

use catalogue::{AdvisoryLocks, testing::PostgreSql};
use std::{sync::Arc, time::Instant};

const ROUNDS: i64 = 2_000;

#[tokio::main]
async fn main() {
    let server = if std::env::args().len() > 1 { None } else { PostgreSql::start().unwrap() };
    let url = match &server {
        Some(server) => server.database().await.unwrap(),
        None => std::env::args().nth(1).unwrap(),
    };
    let locks = Arc::new(AdvisoryLocks::of(&url).unwrap().unwrap());
    for threads in [1, 8, 32] {
        let began = Instant::now();
        let all: Vec<_> = (0..threads)
            .map(|thread| {
                let locks = locks.clone();
                // As many keys as the push of a manifest with a tag has.
                tokio::task::spawn_blocking(move || {
                    (0..ROUNDS)
                        .for_each(|round| drop(locks.hold(0, &[(thread, false), (100 + round, false), (9_999 + thread, true)]).unwrap()));
                })
            })
            .collect();
        for one in all {
            one.await.unwrap();
        }
        let each = began.elapsed().as_secs_f64() * 1_000.0 / ROUNDS as f64;
        println!(
            "{threads} at a time: {each:.2} ms until held, {:.0} in a second",
            ROUNDS as f64 * threads as f64 / began.elapsed().as_secs_f64()
        );
    }
}
