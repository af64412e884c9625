//! What other registries were seen to get wrong.

use crate::s3::Place;
use crate::support::{config, image, serve, sha256};
use oci::media_type::{OCI_INDEX, OCI_MANIFEST};
use serde_json::json;
use std::{fs, path::Path, time::Duration};

crate::s3::everywhere! {
    a_tag_is_seen_whole_or_not_at_all,
    a_location_needs_no_query_and_repeats_no_host,
    an_upload_goes_on_after_a_restart_and_knows_its_gaps,
    deleting_a_digest_takes_its_tags_and_only_those,
    what_a_manifest_names_must_be_there_unless_sparse,
    what_is_missing_of_many_is_told_in_their_order,
    old_uploads_are_thrown_away,
    two_processes_share_one_storage,
    pushes_and_deletes_at_once_leave_no_tag_without_its_manifest,
}

fn blob(root: &Path, digest: &oci::Digest) -> std::path::PathBuf {
    root.join(format!("docker/registry/v2/blobs/sha256/{}/{}/data", &digest.encoded()[..2], digest.encoded()))
}

#[test]
fn a_broken_blob_file_is_not_already_there() {
    let folder = tempfile::tempdir().unwrap();
    let digest = {
        let server = serve(folder.path(), |_| {});
        server.push("a", "v1", "x");
        server.push_blob("a", b"the whole blob")
    };
    for broken in [&b""[..], b"the whole", b"THE WHOLE BLOB"] {
        fs::write(blob(folder.path(), &digest), broken).unwrap();
        let server = serve(folder.path(), |_| {});
        let path = format!("/v2/a/blobs/{digest}");
        assert_eq!(server.ask("HEAD", &path, &[], b"").status, 404);
        assert_eq!(server.ask("POST", &format!("/v2/b/blobs/uploads/?mount={digest}&from=a"), &[], b"").status, 202);
        // Not served as whole: not there at all, or cut.
        let got = crate::support::asked(server.address, "GET", &path, &[], b"");
        assert!(got.is_none_or(|answer| answer.status == 404), "{broken:?}");
        server.push_blob("a", b"the whole blob");
        let got = server.get(&path);
        assert_eq!((got.status, got.text().as_str()), (200, "the whole blob"));
        assert_eq!(server.ask("POST", &format!("/v2/b/blobs/uploads/?mount={digest}&from=a"), &[], b"").status, 201);
    }
}

#[test]
fn a_broken_manifest_is_missing_until_it_is_pushed_again() {
    let folder = tempfile::tempdir().unwrap();
    let digest = serve(folder.path(), |_| {}).push("a", "v1", "x");
    fs::write(blob(folder.path(), &digest), "{}").unwrap();
    let server = serve(folder.path(), |_| {});
    assert_eq!(server.get("/v2/a/manifests/v1").status, 404);
    assert_eq!(server.push("a", "v1", "x"), digest);
    let got = server.get("/v2/a/manifests/v1");
    assert_eq!((got.status, sha256(&got.body)), (200, digest));
}

fn a_tag_is_seen_whole_or_not_at_all(place: &Place) {
    if place.is_gateway() {
        return;
    }
    let server = serve(place.storage(), |settings| settings.durability = embedded::Durability::Relaxed);
    let most = if place.is_bucket() { 20 } else { 60 };
    server.push("a", "first", "x");
    let address = server.address;
    let watcher = std::thread::spawn(move || {
        let mut seen = 0;
        while seen < most {
            let list = crate::support::asked(address, "GET", "/v2/a/tags/list", &[], b"").unwrap().json();
            let tags: Vec<String> = list["tags"].as_array().unwrap().iter().map(|t| t.as_str().unwrap().to_owned()).collect();
            if let Some(last) = tags.iter().max_by_key(|tag| tag.trim_start_matches('t').parse::<usize>().unwrap_or(0)) {
                let answer = crate::support::asked(address, "HEAD", &format!("/v2/a/manifests/{last}"), &[], b"").unwrap();
                assert_eq!(answer.status, 200, "{last} is listed");
            }
            seen = tags.len();
        }
    });
    let manifest = image(&config("x"), "layer of x", None);
    for n in 1..most {
        assert_eq!(server.ask("PUT", &format!("/v2/a/manifests/t{n}"), &[("Content-Type", OCI_MANIFEST)], manifest.as_bytes()).status, 201);
    }
    watcher.join().unwrap();
}

#[test]
fn a_repository_of_indexes_only_has_its_layers_folder() {
    let folder = tempfile::tempdir().unwrap();
    let server = serve(folder.path(), |_| {});
    let index = format!(r#"{{"schemaVersion":2,"mediaType":"{OCI_INDEX}","manifests":[]}}"#);
    assert_eq!(server.ask("PUT", "/v2/only/indexes/manifests/v1", &[("Content-Type", OCI_INDEX)], index.as_bytes()).status, 201);
    assert!(folder.path().join("docker/registry/v2/repositories/only/indexes/_layers").is_dir());
    assert_eq!(server.get("/v2/_catalog").json()["repositories"], serde_json::json!(["only/indexes"]));
}

fn a_location_needs_no_query_and_repeats_no_host(place: &Place) {
    let server = serve(place.storage(), |_| {});
    let begun = server.ask("POST", "/v2/a/blobs/uploads/", &[("X-Forwarded-Host", "evil.test"), ("X-Forwarded-Proto", "https")], b"");
    let location = begun.header("location").unwrap();
    assert!(location.starts_with("/v2/a/blobs/uploads/") && !location.contains('?'), "{location}");
    assert_eq!(server.ask("PATCH", location, &[], b"hello").status, 202);
    let done = server.ask("PUT", &format!("{location}?digest={}", sha256(b"hello")), &[], b"");
    assert_eq!((done.status, done.header("location").unwrap()), (201, format!("/v2/a/blobs/{}", sha256(b"hello")).as_str()));
}

fn an_upload_goes_on_after_a_restart_and_knows_its_gaps(place: &Place) {
    let whole: Vec<u8> = (0..3_000_000_u32).map(|n| n as u8 ^ (n >> 9) as u8).collect();
    let location = {
        let server = serve(place.storage(), |_| {});
        let begun = server.ask("POST", "/v2/a/blobs/uploads/", &[], b"");
        let location = begun.header("location").unwrap().to_owned();
        let first = server.ask("PATCH", &location, &[("Content-Range", "0-999999")], &whole[..1_000_000]);
        assert_eq!((first.status, first.header("range").unwrap()), (202, "0-999999"));
        for (range, bytes) in [("1000001-1000002", &whole[..2]), ("0-1", &whole[..2]), ("999999-1000000", &whole[..2])] {
            for (method, path) in [("PATCH", location.clone()), ("PUT", format!("{location}?digest={}", sha256(&whole)))] {
                let refused = server.ask(method, &path, &[("Content-Range", range)], bytes);
                assert_eq!((refused.status, refused.header("range").unwrap()), (416, "0-999999"), "{method} {range}");
            }
        }
        let bad = server.ask("PATCH", &location, &[("Content-Range", "1000000-1000005")], b"xx");
        assert_eq!((bad.status, bad.code().as_str()), (400, "SIZE_INVALID"));
        location
    };
    let server = serve(place.storage(), |_| {});
    let stands = server.get(&location);
    assert_eq!((stands.status, stands.header("range").unwrap()), (204, "0-999999"));
    assert_eq!(server.ask("PATCH", &location, &[("Content-Range", "1000000-1999999")], &whole[1_000_000..2_000_000]).status, 202);
    let digest = sha256(&whole);
    let done = server.ask("PUT", &format!("{location}?digest={digest}"), &[("Content-Range", "2000000-2999999")], &whole[2_000_000..]);
    assert_eq!(done.status, 201, "{}", done.text());
    assert_eq!(server.get(&format!("/v2/a/blobs/{digest}")).body, whole);
    assert_eq!(server.get(&location).status, 404);
    let part = server.ask("GET", &format!("/v2/a/blobs/{digest}"), &[("Range", "bytes=-5")], b"");
    assert_eq!((part.status, &part.body[..]), (206, &whole[2_999_995..]));
}

fn deleting_a_digest_takes_its_tags_and_only_those(place: &Place) {
    let server = serve(place.storage(), |_| {});
    let one = server.push("a", "one", "1");
    assert_eq!(server.push("a", "uno", "1"), one);
    let two = server.push("a", "two", "2");
    assert_eq!(server.ask("DELETE", "/v2/a/manifests/uno", &[], b"").status, 202);
    assert_eq!(server.get("/v2/a/manifests/one").status, 200);
    assert_eq!(server.ask("DELETE", &format!("/v2/a/manifests/{one}"), &[], b"").status, 202);
    assert_eq!(server.get("/v2/a/tags/list").json()["tags"], serde_json::json!(["two"]));
    assert_eq!(server.ask("DELETE", &format!("/v2/a/manifests/{two}"), &[], b"").status, 202);
    assert_eq!(server.ask("DELETE", &format!("/v2/a/manifests/{two}"), &[], b"").status, 404);
    assert_eq!(server.get("/v2/_catalog").json()["repositories"], serde_json::json!([]));
}

#[test]
fn deletes_can_be_switched_off() {
    let folder = tempfile::tempdir().unwrap();
    let server = serve(folder.path(), |settings| settings.delete = false);
    let digest = server.push("a", "v1", "x");
    for path in ["/v2/a/manifests/v1".to_owned(), format!("/v2/a/manifests/{digest}"), format!("/v2/a/blobs/{digest}")] {
        let answer = server.ask("DELETE", &path, &[], b"");
        assert_eq!((answer.status, answer.code().as_str()), (405, "UNSUPPORTED"));
    }
}

fn what_a_manifest_names_must_be_there_unless_sparse(place: &Place) {
    let manifest = image(&config("absent"), "absent", None);
    for sparse in [false, true] {
        let server = serve(place.storage(), |settings| settings.sparse = sparse);
        let answer = server.ask("PUT", "/v2/a/manifests/v1", &[("Content-Type", OCI_MANIFEST)], manifest.as_bytes());
        assert_eq!(answer.status, if sparse { 201 } else { 400 });
        if !sparse {
            assert_eq!(answer.code(), "MANIFEST_BLOB_UNKNOWN");
            assert_eq!(answer.json()["errors"].as_array().unwrap().len(), 2);
        }
    }
}

fn what_is_missing_of_many_is_told_in_their_order(place: &Place) {
    let server = serve(place.storage(), |_| {});
    let config = config("many");
    server.push_blob("a", config.as_bytes());
    let layers: Vec<String> = (0..40).map(|n| format!("layer {n} of many")).collect();
    let absent = [3, 17, 39];
    for (n, layer) in layers.iter().enumerate() {
        if !absent.contains(&n) {
            server.push_blob("a", layer.as_bytes());
        }
    }
    let described = |bytes: &str, kind: &str| json!({"mediaType": format!("application/vnd.oci.image.{kind}"), "digest": sha256(bytes.as_bytes()), "size": bytes.len()});
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": described(&config, "config.v1+json"),
        "layers": layers.iter().map(|layer| described(layer, "layer.v1.tar")).collect::<Vec<_>>(),
    })
    .to_string();
    let put = || server.ask("PUT", "/v2/a/manifests/v1", &[("Content-Type", OCI_MANIFEST)], manifest.as_bytes());
    let refused = put();
    assert_eq!((refused.status, refused.code().as_str()), (400, "MANIFEST_BLOB_UNKNOWN"));
    let told: Vec<_> = refused.json()["errors"].as_array().unwrap().iter().map(|error| error["detail"]["digest"].clone()).collect();
    assert_eq!(told, absent.map(|n| json!(sha256(layers[n].as_bytes()))));
    assert_eq!(server.get("/v2/a/manifests/v1").status, 404);
    for n in absent {
        server.push_blob("a", layers[n].as_bytes());
    }
    assert_eq!(put().status, 201);
}

#[test]
fn referrers_of_an_adopted_folder_are_found_and_paged() {
    let folder = tempfile::tempdir().unwrap();
    let subject = sha256(b"not yet there");
    let manifests: Vec<String> = (0..5).map(|n| image(&config("x"), &format!("layer {n}"), Some(&subject))).collect();
    {
        let server = serve(folder.path(), |settings| settings.sparse = true);
        for manifest in &manifests {
            let path = format!("/v2/a/manifests/{}", sha256(manifest.as_bytes()));
            let put = server.ask("PUT", &path, &[("Content-Type", OCI_MANIFEST)], manifest.as_bytes());
            assert_eq!((put.status, put.header("oci-subject").unwrap()), (201, subject.as_str()));
        }
    }
    // As another registry leaves it.
    fs::remove_dir_all(folder.path().join("docker/registry/v2/repositories/a/_referrers")).unwrap();
    let server = serve(folder.path(), |_| {});
    let mut path = format!("/v2/a/referrers/{subject}?n=2&artifactType=application/spdx%2Bjson");
    let mut found = Vec::new();
    loop {
        let page = server.get(&path);
        assert_eq!(page.header("oci-filters-applied"), Some("artifactType"));
        found.extend(page.json()["manifests"].as_array().unwrap().clone());
        let Some(link) = page.header("link") else { break };
        path = link.split(['<', '>']).nth(1).unwrap().to_owned();
    }
    assert_eq!(found.len(), 5);
    assert!(found.iter().all(|d| d["artifactType"] == "application/spdx+json" && d["annotations"]["made.by"] == "a test"));
    assert_eq!(server.get(&format!("/v2/a/referrers/{subject}?artifactType=other")).json()["manifests"], serde_json::json!([]));
    let gone = found[0]["digest"].as_str().unwrap();
    assert_eq!(server.ask("DELETE", &format!("/v2/a/manifests/{gone}"), &[], b"").status, 202);
    assert_eq!(server.get(&format!("/v2/a/referrers/{subject}")).json()["manifests"].as_array().unwrap().len(), 4);
}

fn old_uploads_are_thrown_away(place: &Place) {
    let server = serve(place.storage(), |settings| settings.upload_expiry = Duration::ZERO);
    let begun = server.ask("POST", "/v2/a/blobs/uploads/", &[], b"");
    let location = begun.header("location").unwrap();
    assert_eq!(server.get(location).status, 204);
    // Its time is in the past as soon as the clock has moved on.
    let started = std::time::Instant::now();
    while server.get(location).status != 404 {
        assert!(started.elapsed() < Duration::from_secs(5));
        tokio::runtime::Runtime::new().unwrap().block_on(server.local.tidy()).unwrap();
    }
    assert_eq!(server.ask("PATCH", location, &[], b"late").status, 404);
}

#[test]
fn a_tag_that_names_nothing_is_not_listed() {
    let folder = tempfile::tempdir().unwrap();
    let digest = serve(folder.path(), |_| {}).push("a", "v1", "x");
    let tags = folder.path().join("docker/registry/v2/repositories/a/_manifests/tags");
    // As a kill leaves docker-registry 2.8 and 3.
    fs::create_dir_all(tags.join("v2/index/sha256").join(digest.encoded())).unwrap();
    fs::create_dir_all(tags.join("v3/current")).unwrap();
    fs::write(tags.join("v3/current/link"), sha256(b"nothing").as_str()).unwrap();
    fs::create_dir_all(tags.join("v4/current")).unwrap();
    fs::write(tags.join("v4/current/link"), "").unwrap();
    let server = serve(folder.path(), |_| {});
    assert_eq!(server.get("/v2/a/tags/list").json()["tags"], serde_json::json!(["v1"]));
    for tag in ["v2", "v3", "v4"] {
        assert_eq!(server.get(&format!("/v2/a/manifests/{tag}")).status, 404);
        assert_eq!(server.push("a", tag, "x"), digest);
        assert_eq!(server.get(&format!("/v2/a/manifests/{tag}")).status, 200);
    }
    assert_eq!(server.get("/v2/a/tags/list").json()["tags"], serde_json::json!(["v1", "v2", "v3", "v4"]));
}

fn two_processes_share_one_storage(place: &Place) {
    let one = serve(place.storage(), |settings| settings.catalogue_age = Duration::ZERO);
    let two = serve(place.storage(), |settings| settings.catalogue_age = Duration::ZERO);
    assert_eq!(two.get("/v2/_catalog").json()["repositories"], serde_json::json!([]));
    let location = one.ask("POST", "/v2/a/blobs/uploads/", &[], b"").header("location").unwrap().to_owned();
    assert_eq!(one.ask("PATCH", &location, &[("Content-Range", "0-2")], b"one").status, 202);
    assert_eq!(two.ask("PATCH", &location, &[("Content-Range", "3-5")], b"two").status, 202);
    let digest = sha256(b"onetwothree");
    assert_eq!(one.ask("PUT", &format!("{location}?digest={digest}"), &[], b"three").status, 201);
    assert_eq!(two.get(&format!("/v2/a/blobs/{digest}")).text(), "onetwothree");
    let first = one.push("a", "v1", "1");
    let second = two.push("a", "v1", "2");
    assert_ne!(first, second);
    assert_eq!(one.ask("HEAD", "/v2/a/manifests/v1", &[], b"").header("docker-content-digest"), Some(second.as_str()));
    assert_eq!(one.ask("DELETE", &format!("/v2/a/manifests/{second}"), &[], b"").status, 202);
    assert_eq!(two.get("/v2/a/manifests/v1").status, 404);
    assert_eq!(two.get(&format!("/v2/a/manifests/{second}")).status, 404);
    let started = std::time::Instant::now();
    while two.get("/v2/_catalog").json()["repositories"] != serde_json::json!(["a"]) {
        assert!(started.elapsed() < Duration::from_secs(10));
    }
}

fn pushes_and_deletes_at_once_leave_no_tag_without_its_manifest(place: &Place) {
    let server = serve(place.storage(), |settings| settings.durability = embedded::Durability::Relaxed);
    let rounds = if place.is_bucket() { 20 } else { 100 };
    let digest = server.push("a", "v0", "x");
    let manifest = server.get("/v2/a/manifests/v0").body;
    let address = server.address;
    std::thread::scope(|scope| {
        for worker in 0..3 {
            let manifest = &manifest;
            scope.spawn(move || {
                for n in 0..rounds {
                    let path = format!("/v2/a/manifests/v{}", (n + worker) % 4);
                    let put = crate::support::asked(address, "PUT", &path, &[("Content-Type", OCI_MANIFEST)], manifest).unwrap();
                    assert_eq!(put.status, 201, "{}", put.text());
                }
            });
        }
        scope.spawn(|| {
            for n in 0..rounds * 3 / 2 {
                let path = if n % 3 == 0 { "/v2/a/manifests/v1".to_owned() } else { format!("/v2/a/manifests/{digest}") };
                let deleted = crate::support::asked(address, "DELETE", &path, &[], b"").unwrap();
                assert!(matches!(deleted.status, 202 | 404), "{}", deleted.text());
                // Whatever is there at this moment, a tag names something.
                if let Some(folder) = place.path() {
                    let link = folder.join("docker/registry/v2/repositories/a/_manifests/tags/v2/current/link");
                    let _ = fs::read_to_string(link).map(|text| assert_eq!(text, digest.as_str()));
                }
            }
        });
    });
    let tags = server.get("/v2/a/tags/list").json()["tags"].as_array().cloned().unwrap_or_default();
    for tag in tags {
        assert_eq!(server.get(&format!("/v2/a/manifests/{}", tag.as_str().unwrap())).status, 200);
    }
    // With the manifest gone, so are all tags: none was made behind the delete's back.
    let _ = server.ask("DELETE", &format!("/v2/a/manifests/{digest}"), &[], b"");
    assert_eq!(server.get("/v2/a/tags/list").json()["tags"].as_array().map_or(0, Vec::len), 0);
    if let Some(folder) = place.path() {
        assert_eq!(fs::read_dir(folder.join("docker/registry/v2/repositories/a/_manifests/tags")).unwrap().count(), 0);
    }
}

#[test]
fn referrers_are_found_where_no_index_can_be_written() {
    let folder = tempfile::tempdir().unwrap();
    let subject = sha256(b"subject");
    let manifest = image(&config("x"), "layer", Some(&subject));
    let path = format!("/v2/a/manifests/{}", sha256(manifest.as_bytes()));
    assert_eq!(
        serve(folder.path(), |s| s.sparse = true).ask("PUT", &path, &[("Content-Type", OCI_MANIFEST)], manifest.as_bytes()).status,
        201
    );
    let index = folder.path().join("docker/registry/v2/repositories/a/_referrers");
    fs::remove_dir_all(&index).unwrap();
    fs::write(&index, "a file stands where its folder should be").unwrap();
    let answer = serve(folder.path(), |_| {}).get(&format!("/v2/a/referrers/{subject}"));
    assert_eq!((answer.status, answer.json()["manifests"].as_array().unwrap().len()), (200, 1));
}
