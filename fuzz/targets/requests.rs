//! Bytes on a connection, as they come from the network: each answer is well-formed and none is a failure of ours, nothing is written
//! outside the storage, and the registry serves on. The input is what is sent on one connection after another, separated by lines of
//! `---`; `@U` in it is the address of the upload that was begun last.
#![no_main]

use embedded::{Durability, Local, Settings, router};
use hyper_util::{rt::TokioIo, service::TowerToHyperService};
use std::path::Path;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// What is answered to bytes.
async fn connection(routes: axum::Router, bytes: &[u8]) -> Vec<u8> {
    let (mut client, server) = tokio::io::duplex(64 << 10);
    let serving = hyper::server::conn::http1::Builder::new()
        .half_close(true)
        .max_buf_size(64 << 10)
        .serve_connection(TokioIo::new(server), TowerToHyperService::new(routes));
    let asking = async {
        // The server may close before it has read everything.
        let _ = client.write_all(bytes).await;
        let _ = client.shutdown().await;
        let mut answer = Vec::new();
        let _ = client.read_to_end(&mut answer).await;
        answer
    };
    let (_, answer) = tokio::join!(serving, asking);
    answer
}

fn header<'a>(answer: &'a str, name: &str) -> Option<&'a str> {
    answer.lines().filter_map(|line| line.split_once(": ")).find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

/// Everything below a folder.
fn walk(folder: &Path, visit: &mut dyn FnMut(&Path)) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        visit(&entry.path());
        if entry.file_type().unwrap().is_dir() {
            walk(&entry.path(), visit);
        }
    }
}

async fn connections(data: &[u8]) {
    let outside = tempfile::tempdir().unwrap();
    let root = outside.path().join("a/b/root");
    let settings = Settings { durability: Durability::Relaxed, uploads: 4, ..Settings::new(root.as_path()) };
    let routes = router(Local::open(settings).unwrap());
    let mut upload = String::new();
    for bytes in split(data).take(8) {
        let bytes = replaced(bytes, upload.as_bytes());
        let answer = connection(routes.clone(), &bytes).await;
        let text = String::from_utf8_lossy(&answer);
        if !answer.is_empty() {
            let status: u16 = text.strip_prefix("HTTP/1.").and_then(|rest| rest.get(2..5)?.parse().ok()).expect("a status line");
            // 507 and 500 are the disk's; 505 is said of other versions of HTTP.
            assert!(status < 500 || status == 505, "{status}");
            assert!((200..=505).contains(&status) || status == 100, "{status}");
        }
        if let Some(begun) = header(&text, "location").filter(|to| to.contains("/uploads/")) {
            upload = begun.to_owned();
        }
    }
    let alive = connection(routes, b"GET /v2/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await;
    assert!(alive.starts_with(b"HTTP/1.1 200"));
    let mut files = 0;
    walk(outside.path(), &mut |path| {
        files += 1;
        let below = path.strip_prefix(&root).ok().filter(|below| !below.as_os_str().is_empty()).and_then(Path::to_str);
        match below {
            Some(below) => assert!(below.starts_with("docker") && !below.contains(".."), "{below:?}"),
            None => assert!(root.starts_with(path), "{path:?}"),
        }
    });
    assert!(files < 500 + data.len(), "{files} files");
}

fn split(data: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(data);
    std::iter::from_fn(move || {
        let now = rest?;
        let Some(end) = now.windows(5).position(|window| window == b"\n---\n") else { return rest.take() };
        rest = now.get(end + 5..);
        // The line break before the line is the request's.
        now.get(..=end)
    })
}

fn replaced(bytes: &[u8], by: &[u8]) -> Vec<u8> {
    let mut all = Vec::with_capacity(bytes.len() + by.len());
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at..].starts_with(b"@U") {
            all.extend_from_slice(by);
            at += 2;
        } else {
            all.push(bytes[at]);
            at += 1;
        }
    }
    all
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::run(connections(data)));
