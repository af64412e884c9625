//! Clients that mean harm, or do not know better: every answer is a refusal, never a failure of ours.

use crate::s3::Place;
use crate::support::{asked, raw, serve, sha256};
use oci::media_type::OCI_MANIFEST;

crate::s3::everywhere! {
    no_request_is_a_server_error,
    no_manifest_is_a_server_error,
    tags_beside_a_digest,
    uploads_are_bounded_and_a_body_that_breaks_off_is_gone_on_from,
    a_chunk_is_as_long_as_it_says,
    two_writers_of_one_upload_never_mix,
}

fn no_request_is_a_server_error(place: &Place) {
    let server = serve(place.storage(), |_| {});
    let digest = server.push("a", "v1", "x");
    let upload = server.ask("POST", "/v2/a/blobs/uploads/", &[], b"").header("location").unwrap().to_owned();
    let long = "a".repeat(300);
    let paths = [
        "/v2/a/manifests/%2e%2e",
        "/v2/a/manifests/x%00y",
        "/v2/a/manifests/x%0d%0aSet-Cookie:%20a",
        "/v2/a%2fb/manifests/v1",
        "/v2/../../etc/passwd",
        "/v2/a/../b/tags/list",
        "/v2//a/tags/list",
        "/v2/a//tags/list",
        "/v2/a/blobs/sha256:..%2f..%2fx",
        "/v2/a/blobs/sha256:abc",
        "/v2/a/blobs/md5:abc",
        "/v2/a/blobs/uploads/../../x",
        "/v2/a/referrers/x",
        "/v2/a/tags/list?n=-1",
        "/v2/a/tags/list?n=99999999999999999999999",
        "/v2/a/tags/list?last=%00",
        "/v2/_catalog?n=x",
        "/v2/_catalog?last=%ff",
        "/v2/_catalog?n=0",
        "/v2/a/tags/list?n=0",
        "/v2/A/tags/list",
        "/v2/a/blobs/uploads/?digest=x",
        "/v2/a/blobs/uploads/?mount=x",
        "/v2/a/blobs/uploads/?digest-algorithm=md5",
        "/v2/a/manifests/v1?tag=..",
        "/v2/%",
        "/v2/%zz",
        "/v2/a/manifests/",
        "/v2/a/manifests/..%2f..%2f..%2fetc%2fpasswd",
        "/v2/..%5c..%5cetc/tags/list",
        "/v2/a%c0%af/tags/list",
        "/v2/a/manifests/%252e%252e",
        "/v2/_uploads/tags/list",
        "/v2/a/_layers/manifests/v1",
        "/v2/a\u{e9}/tags/list",
        "/v2/null/manifests/null",
        "/v2/a/blobs/sha256:null",
        "/v2/a/blobs/null",
        "/v2/a/referrers/null",
        "/v2/a/blobs/uploads/null",
        "/v2/a/tags/list?n=null&last=null",
        "/v2/a/blobs/uploads/?mount=null&from=null",
        "/v2/a/blobs/uploads/?digest=",
        "/v2/a/blobs/uploads/?from=..%2f..",
    ]
    .map(str::to_owned);
    let more = [
        format!("/v2/{long}/tags/list"),
        format!("/v2/a/manifests/{long}"),
        format!("/v2/a/tags/list?last={}", "x".repeat(9000)),
        format!("/v2/{}x", "a/".repeat(4000)),
        upload.clone(),
        format!("/v2/a/blobs/{digest}"),
        format!("/v2/a/manifests/{digest}"),
    ];
    for path in paths.iter().chain(&more) {
        for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"] {
            // What is well-formed would be done.
            if method == "DELETE" && (path.contains(digest.as_str()) || path.contains("?tag=")) {
                continue;
            }
            let headers = [("Content-Range", "x"), ("Range", "bytes=9-1,x"), ("Content-Type", "\"")];
            let answer = asked(server.address, method, path, &headers, b"{}").unwrap();
            assert!(answer.status < 500, "{method} {path}: {}", answer.status);
            assert!(!answer.head.to_ascii_lowercase().contains("set-cookie"), "{method} {path}");
        }
    }
    for range in [
        "",
        "-",
        "-1--2",
        "0--1",
        "5-",
        "-5",
        "9-1",
        "a-b",
        "null",
        "0-18446744073709551615",
        "99999999999999999999-1",
        "0-1,2-3",
        "bytes */5",
    ] {
        let answer = server.ask("PATCH", &upload, &[("Content-Range", range)], b"{}");
        assert!(matches!(answer.status, 400 | 416), "{range:?}: {}", answer.status);
        let answer = server.ask("GET", &format!("/v2/a/blobs/{}", sha256(b"layer of x")), &[("Range", &format!("bytes={range}"))], b"");
        assert!(matches!(answer.status, 200 | 206 | 416), "{range:?}: {}", answer.status);
    }
    assert_eq!(server.get("/v2/a/tags/list?n=0").text(), "{\"name\":\"a\",\"tags\":[]}\n");
    assert_eq!(server.get("/v2/a/manifests/v1").status, 200);
}

fn no_manifest_is_a_server_error(place: &Place) {
    let server = serve(place.storage(), |settings| settings.sparse = true);
    let digest = sha256(b"x");
    let descriptor = format!(r#"{{"mediaType":"a/b","digest":"{digest}","size":1}}"#);
    for manifest in [
        "",
        "null",
        "[]",
        "1",
        "\"x\"",
        "{",
        "\u{feff}{}",
        "{\"schemaVersion\":1}",
        "{\"schemaVersion\":2}",
        "{\"schemaVersion\":2,\"layers\":null}",
        &format!(r#"{{"schemaVersion":2,"config":{descriptor},"layers":[],"manifests":[]}}"#),
        &format!(r#"{{"schemaVersion":2,"config":{},"layers":[]}}"#, descriptor.replace(":1}", ":-1}")),
        &format!(r#"{{"schemaVersion":2,"config":{},"layers":[]}}"#, descriptor.replace(":1}", ":1e99}")),
        &format!(r#"{{"schemaVersion":2,"config":{},"layers":[]}}"#, descriptor.replace("sha256:", "sha256:../")),
        &format!(r#"{{"schemaVersion":2,"mediaType":"x/y","config":{descriptor},"layers":[]}}"#),
        &format!("{{\"schemaVersion\":2,\"layers\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000)),
    ] {
        for reference in ["v1", digest.as_str()] {
            let answer = server.ask("PUT", &format!("/v2/a/manifests/{reference}"), &[("Content-Type", OCI_MANIFEST)], manifest.as_bytes());
            assert_eq!(answer.status, 400, "{manifest:.80}");
            assert!(!answer.json()["errors"][0]["message"].as_str().unwrap().is_empty());
        }
    }
    let large = format!(r#"{{"schemaVersion":2,"config":{descriptor},"layers":[],"x":"{}"}}"#, "x".repeat(4 << 20));
    assert_eq!(server.ask("PUT", "/v2/a/manifests/v1", &[], large.as_bytes()).status, 413);
    let fits = format!(r#"{{"schemaVersion":2,"config":{descriptor},"layers":[],"x":"{}"}}"#, "x".repeat((4 << 20) - 300));
    assert_eq!(server.ask("PUT", "/v2/a/manifests/v1", &[], fits.as_bytes()).status, 201);
}

fn tags_beside_a_digest(place: &Place) {
    let server = serve(place.storage(), |_| {});
    let digest = server.push("a", "v1", "x");
    let manifest = server.get("/v2/a/manifests/v1").body;
    let tags: Vec<String> = (0..12).map(|n| format!("tag=t{n}")).collect();
    let put = server.ask("PUT", &format!("/v2/a/manifests/{digest}?{}", tags.join("&")), &[("Content-Type", OCI_MANIFEST)], &manifest);
    assert_eq!((put.status, put.head.matches("oci-tag: ").count()), (201, 12));
    assert_eq!(server.get("/v2/a/tags/list?n=5&last=t1").json()["tags"], serde_json::json!(["t10", "t11", "t2", "t3", "t4"]));
    let many: Vec<String> = (0..101).map(|n| format!("tag=t{n}")).collect();
    assert_eq!(server.ask("PUT", &format!("/v2/a/manifests/{digest}?{}", many.join("&")), &[], &manifest).status, 414);
    assert_eq!(server.ask("GET", "/v2/a/manifests/t3", &[("If-None-Match", &format!("\"{digest}\""))], b"").status, 304);
}

fn uploads_are_bounded_and_a_body_that_breaks_off_is_gone_on_from(place: &Place) {
    let server = serve(place.storage(), |settings| settings.uploads = 3);
    let locations: Vec<String> =
        (0..3).map(|_| server.ask("POST", "/v2/a/blobs/uploads/", &[], b"").header("location").unwrap().to_owned()).collect();
    let refused = server.ask("POST", "/v2/a/blobs/uploads/", &[], b"");
    assert_eq!((refused.status, refused.header("retry-after")), (429, Some("10")));
    assert_eq!(server.ask("DELETE", &locations[0], &[], b"").status, 204);
    assert_eq!(server.ask("DELETE", &locations[0], &[], b"").status, 404);
    // Uploads that never were take no place.
    for n in 0..20 {
        let path = format!("/v2/a/blobs/uploads/01234567-89ab-4def-8123-4567890000{n:02}");
        assert_eq!(server.ask("PATCH", &path, &[], b"x").status, 404);
    }
    let last = server.ask("POST", "/v2/a/blobs/uploads/", &[], b"");
    assert_eq!(last.status, 202);
    // A hundred bytes of a thousand, and away.
    let half = format!("PATCH {} HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n{}", locations[1], "x".repeat(100));
    {
        use std::io::Write;
        let mut stream = std::net::TcpStream::connect(server.address).unwrap();
        stream.write_all(half.as_bytes()).unwrap();
    }
    let whole = "x".repeat(1000);
    let digest = sha256(whole.as_bytes());
    // Where it stands is where it is gone on from, whether the hundred were kept or not.
    let started = std::time::Instant::now();
    loop {
        let range = server.get(&locations[1]).header("range").unwrap().to_owned();
        let at = if range == "0-99" { 100 } else { 0 };
        let put = server.ask(
            "PUT",
            &format!("{}?digest={digest}", locations[1]),
            &[("Content-Range", &format!("{at}-999"))],
            &whole.as_bytes()[at..],
        );
        if put.status == 201 {
            break;
        }
        assert!(put.status == 416 && started.elapsed().as_secs() < 10, "{} {}", put.status, put.text());
    }
    assert_eq!(server.get(&format!("/v2/a/blobs/{digest}")).text(), whole);
}

fn a_chunk_is_as_long_as_it_says(place: &Place) {
    let server = serve(place.storage(), |_| {});
    let location = server.ask("POST", "/v2/a/blobs/uploads/", &[], b"").header("location").unwrap().to_owned();
    for (body, range, status) in [("5\r\nhello", "0-8", 400), ("5\r\nhello", "0-3", 400), ("0", "0-0", 400), ("5\r\nhello", "0-4", 202)] {
        let end = if body == "0" { "\r\n\r\n" } else { "\r\n0\r\n\r\n" };
        let request = format!(
            "PATCH {location} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Range: {range}\r\nTransfer-Encoding: chunked\r\n\r\n{body}{end}"
        );
        let answer = raw(server.address, request.as_bytes()).unwrap();
        assert_eq!(answer.status, status, "{range} {}", answer.text());
        let stands = if status == 202 { "0-4" } else { "0-0" };
        assert_eq!(server.get(&location).header("range").unwrap(), stands, "what is refused changes nothing");
    }
}

fn two_writers_of_one_upload_never_mix(place: &Place) {
    let server = serve(place.storage(), |_| {});
    let location = server.ask("POST", "/v2/a/blobs/uploads/", &[], b"").header("location").unwrap().to_owned();
    let address = server.address;
    let writers: Vec<_> = (0..4_u8)
        .map(|n| {
            let location = location.clone();
            std::thread::spawn(move || {
                let bytes = vec![b'a' + n; 1_000_000];
                asked(address, "PATCH", &location, &[("Content-Range", "0-999999")], &bytes).map(|answer| (answer.status, n))
            })
        })
        .collect();
    let answers: Vec<_> = writers.into_iter().map(|w| w.join().unwrap()).collect();
    let won: Vec<u8> = answers.iter().flatten().filter(|(status, _)| *status == 202).map(|(_, n)| *n).collect();
    assert_eq!(won.len(), 1, "{answers:?}");
    let digest = sha256(&vec![b'a' + won[0]; 1_000_000]);
    assert_eq!(server.ask("PUT", &format!("{location}?digest={digest}"), &[], b"").status, 201);
}

#[test]
fn what_is_no_http_does_no_harm() {
    let folder = tempfile::tempdir().unwrap();
    let server = serve(folder.path(), |_| {});
    for request in [
        &b"\0\0\0\0\r\n\r\n"[..],
        b"GET /v2/ HTTP/9.9\r\n\r\n",
        b"PUT /v2/a/manifests/x HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
        b"GET /v2/\xff HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    ] {
        let answer = raw(server.address, request);
        assert!(answer.is_none_or(|answer| answer.status < 500 || answer.status == 505));
    }
    assert_eq!(server.get("/v2/").status, 200);
}
