use super::*;
use registry::{
    Error,
    fake::{Answer, Fault, Image, Seen},
};
use std::{sync::Arc, time::Instant};

async fn fake_with_image() -> Fake {
    let fake = fake().await;
    fake.push("a", "1", &Image::new("x"));
    fake
}

fn any(_: &Seen) -> bool {
    true
}

#[tokio::test]
async fn what_passes_is_asked_for_again() {
    for fault in [
        Fault::Answer(Answer::status(503)),
        Fault::Answer(Answer::status(502)),
        Fault::Answer(Answer::status(500)),
        Fault::Answer(Answer::status(429)),
        Fault::Answer(Answer::status(429).header("retry-after", "0")),
        Fault::Answer(Answer::status(429).header("retry-after", "soon")),
        Fault::Close,
    ] {
        let fake = fake_with_image().await;
        fake.fault(any, fault.clone(), 2);
        remote(fake.url()).resolve(&name("a"), &tag("1")).await.unwrap();
        assert!(fake.requests() >= 3, "{fault:?}");
    }
}

#[tokio::test]
async fn what_does_not_pass_is_told_after_three_tries() {
    let fake = fake_with_image().await;
    fake.fault(any, Fault::Answer(Answer::error(429, "TOOMANYREQUESTS")), 100);
    let error = remote(fake.url()).resolve(&name("a"), &tag("1")).await.unwrap_err();
    assert!(matches!(error, Error::Busy { .. }), "{error}");
    assert_eq!(fake.requests(), 3);
}

#[tokio::test]
async fn a_wait_is_kept_and_a_long_one_is_told() {
    let fake = fake_with_image().await;
    fake.fault(any, Fault::Answer(Answer::status(429).header("retry-after", "1")), 1);
    let started = Instant::now();
    let patient = remote(fake.url());
    patient.resolve(&name("a"), &tag("1")).await.unwrap();
    assert!(started.elapsed() >= Duration::from_millis(900));
    fake.fault(any, Fault::Answer(Answer::status(503).header("retry-after", "1000000000")), 1);
    let before = fake.requests();
    let error = patient.resolve(&name("a"), &tag("1")).await.unwrap_err();
    let Error::Busy { retry_after_ms, .. } = error else { panic!("{error}") };
    assert_eq!(retry_after_ms, 60_000, "at most a minute");
    // Nobody else of us asks meanwhile.
    let error = patient.resolve(&name("a"), &tag("1")).await.unwrap_err();
    assert!(matches!(error, Error::Busy { retry_after_ms: 50_000..=60_000, .. }), "{error}");
    assert_eq!(fake.requests() - before, 1);
}

#[tokio::test]
async fn a_registry_that_is_gone_is_left_alone_and_found_again() {
    let fake = fake_with_image().await;
    let remote = remote(fake.url());
    remote.resolve(&name("a"), &tag("1")).await.unwrap();
    assert!(remote.health().latency_ms.is_some() && remote.health().last_error.is_none());
    fake.stop().await;
    let error = remote.resolve(&name("a"), &tag("1")).await.unwrap_err();
    assert!(matches!(&error, Error::Unreachable(why) if why.contains("refused") && why.contains("127.0.0.1")), "{error}");
    while remote.health().open_for_ms.is_none() {
        assert!(remote.resolve(&name("a"), &tag("1")).await.is_err());
    }
    let health = remote.health();
    assert!(health.open_for_ms.is_some() && health.last_error.is_some());
    let started = Instant::now();
    let error = remote.resolve(&name("a"), &tag("1")).await.unwrap_err();
    assert!(started.elapsed() < Duration::from_millis(50), "{error}");
    assert!(matches!(&error, Error::Unreachable(why) if why.contains("refused")), "{error}");
    fake.start_again().await.unwrap();
    let back = Instant::now();
    while let Err(error) = remote.resolve(&name("a"), &tag("1")).await {
        assert!(error.is_outage(), "{error}");
        assert!(back.elapsed() < Duration::from_secs(5), "in step within five seconds");
        tokio::task::yield_now().await;
    }
    assert!(remote.health().open_for_ms.is_none() && remote.health().last_error.is_none());
}

#[tokio::test]
async fn silence_ends_in_time() {
    let fake = fake_with_image().await;
    fake.fault(any, Fault::Hang, 100);
    let mut settings = settings(fake.url());
    settings.timeouts.header = Duration::from_millis(200);
    let remote = Remote::new(settings).unwrap();
    let started = Instant::now();
    let error = remote.resolve(&name("a"), &tag("1")).await.unwrap_err();
    assert!(matches!(&error, Error::Unreachable(why) if why.contains("no answer within")), "{error}");
    assert!(started.elapsed() < Duration::from_secs(3));
    let mut settings = super::settings(fake.url());
    settings.timeouts.total = Duration::from_millis(300);
    let started = Instant::now();
    let error = Remote::new(settings).unwrap().resolve(&name("a"), &tag("1")).await.unwrap_err();
    assert!(matches!(error, Error::Unreachable(_)) && started.elapsed() < Duration::from_millis(1500), "{error}");
}

#[tokio::test]
async fn no_more_than_a_few_requests_run_at_a_time() {
    let fake = Arc::new(fake_with_image().await);
    fake.knobs(|k| k.delay = Duration::from_millis(20));
    let remote = Arc::new(remote(fake.url()));
    let many = |n: usize| {
        let remote = Arc::clone(&remote);
        async move {
            let asks: Vec<_> = (0..n)
                .map(|_| {
                    let remote = Arc::clone(&remote);
                    tokio::spawn(async move { remote.resolve(&name("a"), &tag("1")).await })
                })
                .collect();
            for ask in asks {
                ask.await.unwrap().unwrap();
            }
        }
    };
    many(8).await;
    assert!(fake.busiest() <= 9, "{}", fake.busiest());
    many(600).await;
    assert!(fake.busiest() > 9 && fake.busiest() <= 64, "it grows while the registry keeps up, to 64: {}", fake.busiest());
}
