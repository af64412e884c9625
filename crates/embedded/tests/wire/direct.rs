//! Blobs that the kernel sends from their files: what comes is what was pushed, whatever the client does.

use crate::support::{Answer, Server, raw, serve, sha256};
use embedded::{Direct, router};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
};
use oci::Digest;
use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};
use tower::ServiceExt;

const MIB: usize = 1 << 20;

/// A registry whose connections send files, as the product's do.
fn direct(server: &Server) -> (SocketAddr, tokio::runtime::Runtime) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
    let address = listener.local_addr().unwrap();
    let routes = router(server.local.clone());
    runtime.spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (routes, direct) = (routes.clone(), Direct::default());
            let stream = direct.over(stream);
            let service = hyper::service::service_fn(move |mut request: hyper::Request<hyper::body::Incoming>| {
                request.extensions_mut().insert(direct.clone());
                routes.clone().oneshot(request)
            });
            tokio::spawn(async move {
                let _ = auto::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service).await;
            });
        }
    });
    (address, runtime)
}

/// Bytes that differ at each place.
fn bytes(length: usize, seed: u32) -> Vec<u8> {
    let mut state = seed | 1;
    (0..length)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        })
        .collect()
}

fn request(digest: &Digest, more: &str) -> Vec<u8> {
    format!("GET /v2/a/blobs/{digest} HTTP/1.1\r\nHost: registry.test\r\n{more}\r\n").into_bytes()
}

fn get(address: SocketAddr, digest: &Digest, more: &str) -> Answer {
    raw(address, &request(digest, &format!("Connection: close\r\n{more}"))).unwrap()
}

#[test]
fn what_comes_is_what_was_pushed() {
    let folder = tempfile::tempdir().unwrap();
    let server = serve(folder.path(), |_| {});
    let (address, _runtime) = direct(&server);
    for (seed, length) in [0, 1, (64 << 10) - 1, 64 << 10, MIB - 1, MIB, MIB + 1, 5 * MIB + 12_345].into_iter().enumerate() {
        let content = bytes(length, seed as u32);
        let digest = server.push_blob("a", &content);
        // The first read of it may be one that is checked; the second is sent from the file.
        for _ in 0..2 {
            assert!(get(address, &digest, "").body == content, "{length} bytes");
        }
        if length > 3 * MIB {
            let part = get(address, &digest, &format!("Range: bytes=3-{}\r\n", 3 * MIB));
            assert!(part.status == 206 && part.body == content[3..=3 * MIB]);
            let end = get(address, &digest, "Range: bytes=-200000\r\n");
            assert!(end.status == 206 && end.body == content[length - 200_000..]);
        }
    }
}

#[test]
fn answers_follow_each_other_on_one_connection() {
    let folder = tempfile::tempdir().unwrap();
    let server = serve(folder.path(), |_| {});
    let (address, _runtime) = direct(&server);
    let contents: Vec<Vec<u8>> = (0..6).map(|n| bytes(if n % 2 == 0 { 3 * MIB + n } else { 100 + n }, n as u32)).collect();
    let digests: Vec<Digest> = contents.iter().map(|content| server.push_blob("a", content)).collect();
    // All are asked for before the first is read.
    let mut asked: Vec<u8> = digests.iter().flat_map(|digest| request(digest, "")).collect();
    asked.extend(request(&digests[0], "Connection: close\r\n"));
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream.write_all(&asked).unwrap();
    std::thread::sleep(Duration::from_millis(100));
    let mut told = Vec::new();
    stream.read_to_end(&mut told).unwrap();
    let mut rest = told.as_slice();
    for content in contents.iter().chain(&contents[..1]) {
        let head = rest.windows(4).position(|w| w == b"\r\n\r\n").unwrap();
        assert!(rest.starts_with(b"HTTP/1.1 200"));
        let body;
        (body, rest) = rest[head + 4..].split_at(content.len());
        assert!(body == content, "an answer of {} bytes", content.len());
    }
    assert!(rest.is_empty());
}

#[test]
fn a_client_may_read_slowly_or_leave() {
    let folder = tempfile::tempdir().unwrap();
    let server = serve(folder.path(), |_| {});
    let (address, _runtime) = direct(&server);
    let content = bytes(12 * MIB, 7);
    let digest = server.push_blob("a", &content);
    for _ in 0..20 {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(&request(&digest, "")).unwrap();
        stream.read_exact(&mut [0; 1000]).unwrap();
    }
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(&request(&digest, "Connection: close\r\n")).unwrap();
    let mut told = Vec::<u8>::new();
    let mut piece = vec![0; 300_000];
    loop {
        let n = stream.read(&mut piece).unwrap();
        if n == 0 {
            break;
        }
        told.extend(&piece[..n]);
        std::thread::sleep(Duration::from_millis(2));
    }
    let head = told.windows(4).position(|w| w == b"\r\n\r\n").unwrap();
    assert!(told[head + 4..] == content);
}

#[test]
fn a_file_that_becomes_shorter_ends_the_answer() {
    let folder = tempfile::tempdir().unwrap();
    let server = serve(folder.path(), |_| {});
    let (address, _runtime) = direct(&server);
    let content = bytes(40 * MIB, 9);
    let digest = server.push_blob("a", &content);
    assert!(get(address, &digest, "").body == content);
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(&request(&digest, "Connection: close\r\n")).unwrap();
    stream.read_exact(&mut [0; 1000]).unwrap();
    let hex = digest.to_string().split_off("sha256:".len());
    let file = folder.path().join(format!("docker/registry/v2/blobs/sha256/{}/{hex}/data", &hex[..2]));
    std::fs::OpenOptions::new().write(true).open(file).unwrap().set_len(20 * MIB as u64).unwrap();
    let mut told = Vec::new();
    // It ends early, by an end or a reset.
    let _ = stream.read_to_end(&mut told);
    assert!(told.len() < 40 * MIB, "{} bytes came", told.len());
    let server_is_well = get(address, &server.push_blob("a", b"another"), "");
    assert_eq!(sha256(&server_is_well.body), sha256(b"another"));
}
