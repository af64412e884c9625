//! Two that serve one folder, as two processes would: nothing is shared but the folder.

use crate::support::{Server, config, image, serve, sha256};
use oci::media_type::OCI_MANIFEST;

fn put(server: &Server, reference: &str, manifest: &str) -> u16 {
    server.ask("PUT", &format!("/v2/team/api/manifests/{reference}"), &[("Content-Type", OCI_MANIFEST)], manifest.as_bytes()).status
}

#[test]
fn what_is_pushed_to_one_is_pulled_from_the_other_and_uploads_go_on_there() {
    let folder = tempfile::tempdir().unwrap();
    let (one, other) = (serve(folder.path(), |_| {}), serve(folder.path(), |_| {}));
    let first = one.push("team/api", "v1", "first");
    assert_eq!(other.get("/v2/team/api/manifests/v1").header("docker-content-digest"), Some(first.as_str()));
    // Moved on the one, it has moved on the other at once.
    let second = other.push("team/api", "v1", "second");
    assert_eq!(one.get("/v2/team/api/manifests/v1").header("docker-content-digest"), Some(second.as_str()));

    let location = one.ask("POST", "/v2/team/api/blobs/uploads/", &[], b"").header("location").unwrap().to_owned();
    for (server, chunk, range) in [(&one, &b"begun here, "[..], "0-11"), (&other, b"gone on there, ", "12-26"), (&one, b"back", "27-30")] {
        let answer = server.ask("PATCH", &location, &[("Content-Range", range)], chunk);
        assert_eq!(answer.status, 202, "{}", answer.text());
    }
    let digest = sha256(b"begun here, gone on there, back and ended");
    assert_eq!(other.ask("PUT", &format!("{location}?digest={digest}"), &[], b" and ended").status, 201);
    assert_eq!(one.get(&format!("/v2/team/api/blobs/{digest}")).body, b"begun here, gone on there, back and ended");
}

#[test]
fn a_tag_never_names_what_the_other_deletes() {
    let folder = tempfile::tempdir().unwrap();
    let relaxed = |settings: &mut embedded::Settings| settings.durability = embedded::Durability::Relaxed;
    let (one, other) = (serve(folder.path(), relaxed), serve(folder.path(), relaxed));
    let (config, layer) = (config("contended"), "layer of contended");
    one.push_blob("team/api", config.as_bytes());
    one.push_blob("team/api", layer.as_bytes());
    let manifest = image(&config, layer, None);
    let digest = sha256(manifest.as_bytes());
    for round in 0..100 {
        assert_eq!(put(&one, "first", &manifest), 201);
        std::thread::scope(|scope| {
            scope.spawn(|| assert_eq!(put(&one, "second", &manifest), 201));
            scope.spawn(|| {
                let status = other.ask("DELETE", &format!("/v2/team/api/manifests/{digest}"), &[], b"").status;
                assert!(matches!(status, 202 | 404), "{status}");
            });
        });
        // The push came last, or the deletion took its tag with it: a tag that is listed can be pulled.
        let there = |server: &Server, reference: &str| server.get(&format!("/v2/team/api/manifests/{reference}")).status == 200;
        assert_eq!(there(&one, "second"), there(&other, digest.as_str()), "round {round}");
    }
}
