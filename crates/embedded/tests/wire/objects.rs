//! What is of buckets only: the keys, how many requests things cost, what is told at the start, and blobs of many parts.

use crate::{
    s3::{NAME, PREFIX, Place, S3, bucket, places},
    support::{Server, config, image, serve, serve_over, sha256},
};
use embedded::{Settings, Store};
use oci::media_type::OCI_MANIFEST;
use std::{net::TcpListener, time::Instant};

fn buckets() -> impl Iterator<Item = S3> {
    places().filter_map(|place| match place {
        Place::Bucket(server) => Some(server),
        Place::Folder(_) => None,
    })
}

fn noise(length: usize) -> Vec<u8> {
    (0..length as u64).map(|n| (n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 33) as u8).collect()
}

#[test]
fn a_bucket_serves_as_a_folder_does() {
    for s3 in buckets() {
        let open = || serve(s3.bucket(), |_| {});
        let digest = {
            let server = open();
            server.push("a", "v1", "y");
            server.push("a/b", "v1", "x")
        };
        let server = open();
        assert_eq!(server.get("/v2/_catalog").json()["repositories"], serde_json::json!(["a", "a/b"]));
        assert_eq!(server.get("/v2/a/b/tags/list").json()["tags"], serde_json::json!(["v1"]));
        assert_eq!(sha256(&server.get("/v2/a/b/manifests/v1").body), digest);
        let layer = sha256(b"layer of y");
        assert_eq!(server.ask("POST", &format!("/v2/a/b/blobs/uploads/?mount={layer}&from=a"), &[], b"").status, 201);
        let manifest = image(&config("x"), "layer of x", Some(&digest));
        let path = format!("/v2/a/b/manifests/{}", sha256(manifest.as_bytes()));
        assert_eq!(server.ask("PUT", &path, &[("Content-Type", OCI_MANIFEST)], manifest.as_bytes()).status, 201);
        assert_eq!(server.get(&format!("/v2/a/b/referrers/{digest}")).json()["manifests"].as_array().unwrap().len(), 1);
        assert_eq!(server.ask("DELETE", &format!("/v2/a/b/manifests/{digest}"), &[], b"").status, 202);
        assert_eq!(server.get("/v2/a/b/tags/list").json()["tags"], serde_json::json!([]));
        assert_eq!(server.ask("DELETE", &path, &[], b"").status, 202);
        assert_eq!(server.get("/v2/_catalog").json()["repositories"], serde_json::json!(["a"]));
    }
}

/// A client that sends a blob as most do: begins, sends all, ends.
fn push(server: &Server, name: &str, bytes: &[u8]) {
    let location = server.ask("POST", &format!("/v2/{name}/blobs/uploads/"), &[], b"").header("location").unwrap().to_owned();
    let sent = server.ask("PATCH", &location, &[], bytes);
    assert_eq!(sent.status, 202, "{}", sent.text());
    let ended = server.ask("PUT", &format!("{location}?digest={}", sha256(bytes)), &[], b"");
    assert_eq!(ended.status, 201, "{}", ended.text());
}

#[test]
fn blobs_of_many_parts_go_in_and_out_in_any_process() {
    for s3 in buckets() {
        let (one, two) = (serve(s3.bucket(), |_| {}), serve(s3.bucket(), |_| {}));
        let whole = noise(20_000_000);
        let digest = sha256(&whole);
        let path = format!("/v2/a/blobs/{digest}");
        push(&one, "a", &whole);
        assert!(two.get(&path).body == whole);
        assert_eq!(two.ask("HEAD", &path, &[], b"").header("content-length"), Some("20000000"));
        let part = two.ask("GET", &path, &[("Range", "bytes=9000000-13999999")], b"");
        assert!(part.status == 206 && part.body == whole[9_000_000..14_000_000]);
        // In chunks, each to the other process; the one that ends it has not seen it all, and reads it.
        let whole = noise(20_000_001);
        let location = one.ask("POST", "/v2/a/blobs/uploads/", &[], b"").header("location").unwrap().to_owned();
        for (n, chunk) in whole.chunks(3_000_000).enumerate() {
            let at = n * 3_000_000;
            let range = format!("{at}-{}", at + chunk.len() - 1);
            let sent = [&one, &two][n % 2].ask("PATCH", &location, &[("Content-Range", &range)], chunk);
            assert_eq!(sent.status, 202, "{range}: {}", sent.text());
        }
        assert_eq!(one.get(&location).header("range"), Some("0-20000000"));
        let wrong = two.ask("PUT", &format!("{location}?digest={digest}"), &[], b"");
        assert_eq!((wrong.status, wrong.code().as_str()), (400, "DIGEST_INVALID"));
        assert_eq!(one.get(&location).status, 404, "it is gone");
        let location = one.ask("POST", "/v2/a/blobs/uploads/", &[], b"").header("location").unwrap().to_owned();
        assert_eq!(one.ask("PATCH", &location, &[], &whole[..15_000_000]).status, 202);
        let ended = two.ask("PUT", &format!("{location}?digest={}", sha256(&whole)), &[], &whole[15_000_000..]);
        assert_eq!(ended.status, 201, "{}", ended.text());
        assert!(one.get(&format!("/v2/a/blobs/{}", sha256(&whole))).body == whole);
    }
}

/// What docs/decisions/008 says that things cost.
#[test]
fn what_things_cost() {
    let s3 = S3::here();
    let server = serve(s3.bucket(), |_| {});
    server.push("a", "v0", "before");
    s3.asked();
    let cost = |what: &str, most: usize| {
        let asked: Vec<String> =
            s3.asked().iter().map(|asked| asked.replace(&format!("/{NAME}/{PREFIX}/docker/registry/v2"), "")).collect();
        assert!(asked.len() <= most, "{what}: {} requests: {asked:#?}", asked.len());
        println!("{what}: {} requests", asked.len());
    };
    let (config, layer) = (config("x"), "layer of x");
    server.push_blob("a", config.as_bytes());
    cost("a small blob in one request", 7);
    push(&server, "a", layer.as_bytes());
    cost("a small blob in three", 9);
    push(&server, "a", &noise(20_000_000));
    cost("a blob of two parts and a rest", 15);
    let manifest = image(&config, layer, None);
    let put = server.ask("PUT", "/v2/a/manifests/v1", &[("Content-Type", OCI_MANIFEST)], manifest.as_bytes());
    assert_eq!(put.status, 201, "{}", put.text());
    cost("a manifest with a new tag", 20);
    server.get("/v2/a/manifests/v1");
    cost("a manifest by its tag", 2);
    assert_eq!(server.get(&format!("/v2/a/blobs/{}", sha256(layer.as_bytes()))).text(), layer);
    cost("a small blob read", 2);
    server.get(&format!("/v2/a/blobs/{}", sha256(&noise(20_000_000))));
    cost("a blob of 20 MB read", 7);
    server.ask("HEAD", &format!("/v2/a/blobs/{}", sha256(layer.as_bytes())), &[], b"");
    cost("whether a blob is there", 2);
    assert_eq!(server.ask("DELETE", "/v2/a/manifests/v1", &[], b"").status, 202);
    cost("a tag deleted", 7);
}

#[test]
fn what_is_wrong_is_told_at_the_start_in_one_sentence() {
    let s3 = S3::here();
    let told = |bucket: embedded::Bucket| {
        let Err(error) = Store::open(Settings::new(bucket)) else { panic!("it was opened") };
        let text = error.to_string();
        assert!(!text.contains("secret") && !text.contains('\n') && text.len() < 300, "{text}");
        text
    };
    let absent = s3.variables().iter().fold(bucket("s3://absent/x"), |bucket, (name, value)| bucket.with(name, value));
    assert!(told(absent).ends_with("s3://absent/x: there is no such bucket"));
    let stranger = s3.bucket().with("AWS_SECRET_ACCESS_KEY", "another-secret");
    assert!(told(stranger).contains("the credentials are not accepted (SignatureDoesNotMatch)"));
    let plain = s3.bucket().with("AWS_ALLOW_HTTP", "false");
    assert!(told(plain).ends_with("is without TLS; AWS_ALLOW_HTTP=true allows that"));
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let started = Instant::now();
    let nowhere = told(s3.bucket().with("AWS_ENDPOINT_URL", &format!("http://{nobody}")));
    assert!(nowhere.contains("it cannot be reached") && started.elapsed().as_secs() < 30, "{nowhere}");
}

#[test]
fn a_storage_that_is_gone_is_an_answer() {
    let s3 = S3::here();
    let server = serve_over(Store::open(Settings::new(s3.bucket())).unwrap());
    server.push("a", "v1", "x");
    drop(s3);
    let got = server.get("/v2/a/manifests/v1");
    assert_eq!(got.status, 500);
    assert!(got.text().contains("the registry's storage failed: s3://images/some/prefix: it cannot be reached"), "{}", got.text());
}
