//! Collecting: what goes, what stays, and pushes that are under way meanwhile.

use crate::s3::Place;
use crate::support::{Server, config, image, serve, sha256};
use embedded::{Checked, Collected, Collection};
use oci::{Digest, media_type};
use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

const NOW: Collection = Collection { grace: Duration::ZERO, untagged: true, dry_run: false };

fn collect(server: &Server, how: Collection) -> Vec<Collected> {
    let all = Arc::new(Mutex::new(Vec::new()));
    let told = all.clone();
    let visit = move |what| {
        if !matches!(what, Collected::Looked { .. }) {
            told.lock().unwrap().push(what);
        }
        true
    };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(server.local.collect(how, visit)).unwrap();
    drop(runtime);
    Arc::try_unwrap(all).unwrap().into_inner().unwrap()
}

/// The digests of what was told to go.
fn gone(told: &[Collected]) -> BTreeSet<String> {
    told.iter()
        .filter_map(|what| match what {
            Collected::Blob { digest, .. } => Some(digest.to_string()),
            _ => None,
        })
        .collect()
}

fn put(server: &Server, name: &str, reference: &str, kind: &str, manifest: &str) -> Digest {
    let answer = server.ask("PUT", &format!("/v2/{name}/manifests/{reference}"), &[("Content-Type", kind)], manifest.as_bytes());
    assert_eq!(answer.status, 201, "{}", answer.text());
    sha256(manifest.as_bytes())
}

/// Pushes what an image is made of; the manifest is still to be put.
fn parts(server: &Server, name: &str, seed: &str, subject: Option<&Digest>) -> String {
    let (config, layer) = (config(seed), format!("layer of {seed}"));
    server.push_blob(name, config.as_bytes());
    server.push_blob(name, layer.as_bytes());
    image(&config, &layer, subject)
}

fn index(children: &[&str]) -> String {
    let children: Vec<_> = children
        .iter()
        .map(|child| serde_json::json!({"mediaType": media_type::OCI_MANIFEST, "digest": sha256(child.as_bytes()), "size": child.len()}))
        .collect();
    serde_json::json!({"schemaVersion": 2, "mediaType": media_type::OCI_INDEX, "manifests": children}).to_string()
}

fn pulls(server: &Server, name: &str, reference: &str) -> bool {
    let manifest = server.get(&format!("/v2/{name}/manifests/{reference}"));
    if manifest.status != 200 {
        println!("{name} has no manifest {reference}: {}", manifest.text());
        return false;
    }
    let json = manifest.json();
    let blobs = json["layers"].as_array().into_iter().flatten().chain(json.get("config"));
    let whole = |blob: &serde_json::Value| {
        let digest = blob["digest"].as_str().unwrap();
        let bytes = server.get(&format!("/v2/{name}/blobs/{digest}"));
        let whole = bytes.status == 200 && sha256(&bytes.body).as_str() == digest;
        if !whole {
            println!("{name} has no blob {digest} of {reference}: {}", bytes.text());
        }
        whole
    };
    let mut children = json["manifests"].as_array().into_iter().flatten();
    blobs.into_iter().all(whole) && children.all(|child| pulls(server, name, child["digest"].as_str().unwrap()))
}

/// How many blobs are stored.
fn blobs(server: &Server) -> usize {
    let count = Arc::new(AtomicUsize::new(0));
    let counted = count.clone();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let count_one = move |checked| {
        counted.fetch_add(usize::from(matches!(checked, Checked::Whole { .. })), Ordering::Relaxed);
        true
    };
    runtime.block_on(server.local.verify(false, count_one)).unwrap();
    count.load(Ordering::Relaxed)
}

crate::s3::everywhere! {
    what_is_held_stays_and_all_else_goes,
}

/// Waits until what was done is older than the storage's next tick.
fn settle(place: Option<&Place>) {
    let in_a_folder = place.is_none_or(|place| place.path().is_some());
    std::thread::sleep(Duration::from_millis(if in_a_folder { 20 } else { 1_100 }));
}

fn what_is_held_stays_and_all_else_goes(place: &Place) {
    let server = serve(place.storage(), |_| {});
    // An index and what it names; a referrer of a child; a referrer of the referrer.
    let (amd64, arm64) = (parts(&server, "team/api", "amd64", None), parts(&server, "team/api", "arm64", None));
    for child in [&amd64, &arm64] {
        put(&server, "team/api", sha256(child.as_bytes()).as_str(), media_type::OCI_MANIFEST, child);
    }
    put(&server, "team/api", "v1", media_type::OCI_INDEX, &index(&[&amd64, &arm64]));
    let sbom = parts(&server, "team/api", "sbom", Some(&sha256(arm64.as_bytes())));
    let sbom_digest = put(&server, "team/api", sha256(sbom.as_bytes()).as_str(), media_type::OCI_MANIFEST, &sbom);
    let signed = parts(&server, "team/api", "signature", Some(&sbom_digest));
    let signed_digest = put(&server, "team/api", sha256(signed.as_bytes()).as_str(), media_type::OCI_MANIFEST, &signed);
    // An image whose tag moves on, with its signature; one whose tag is deleted; blobs of no manifest; a repository that is left empty.
    let old = server.push("team/api", "latest", "old");
    let old_signature = parts(&server, "team/api", "old signature", Some(&old));
    put(&server, "team/api", sha256(old_signature.as_bytes()).as_str(), media_type::OCI_MANIFEST, &old_signature);
    server.push("team/api", "latest", "new");
    server.push("team/api", "gone", "of a deleted tag");
    assert_eq!(server.ask("DELETE", "/v2/team/api/manifests/gone", &[], b"").status, 202);
    server.push_blob("team/api", b"nobody's");
    server.push("left", "one", "old");
    let other = server.push("left", "one", "another");
    assert_eq!(server.ask("DELETE", "/v2/left/manifests/one", &[], b"").status, 202);

    let young = collect(&server, Collection { grace: Duration::from_hours(1), ..NOW });
    assert_eq!(young, [], "all was pushed within the hour");
    settle(Some(place));
    let kept = collect(&server, Collection { untagged: false, ..NOW });
    assert_eq!(gone(&kept), [sha256(b"nobody's").to_string()].into(), "manifests stay where they are to");

    let before = blobs(&server);
    let planned = collect(&server, Collection { dry_run: true, ..NOW });
    assert_eq!(blobs(&server), before);
    assert!(pulls(&server, "left", other.as_str()));
    let told = collect(&server, NOW);
    assert_eq!(told, planned, "what was listed is what goes");
    // old, its signature, that of the deleted tag and the other of "left": a manifest, a configuration and a layer each.
    assert_eq!(gone(&told).len(), 4 * 3);
    assert_eq!(blobs(&server), before - 4 * 3);
    assert!(told.iter().any(|what| matches!(what, Collected::Repository { repository } if repository.as_str() == "left")));

    for reference in ["v1", "latest", signed_digest.as_str(), sbom_digest.as_str()] {
        assert!(pulls(&server, "team/api", reference), "{reference}");
    }
    let referrers = server.get(&format!("/v2/team/api/referrers/{}", sha256(arm64.as_bytes()))).json();
    assert_eq!(referrers["manifests"][0]["digest"], sbom_digest.to_string());
    assert_eq!(server.get(&format!("/v2/team/api/manifests/{old}")).status, 404);
    assert_eq!(server.get(&format!("/v2/team/api/referrers/{old}")).json()["manifests"].as_array().unwrap().len(), 0);
    assert_eq!(server.get("/v2/_catalog").json()["repositories"], serde_json::json!(["team/api"]));
    assert!(place.path().is_none_or(|folder| !folder.join("docker/registry/v2/repositories/left/_layers").exists()));
    assert_eq!(collect(&server, NOW), [], "nothing is left to collect");
    // What was collected can be pushed again.
    assert_eq!(server.push("left", "one", "old"), old);
    assert!(pulls(&server, "left", "one"));
}

#[test]
fn a_manifest_that_cannot_be_read_holds_all_of_its_repository() {
    let folder = tempfile::tempdir().unwrap();
    let digest = serve(folder.path(), |_| {}).push("team/api", "v1", "damaged");
    let data = folder.path().join(format!("docker/registry/v2/blobs/sha256/{}/{}/data", &digest.encoded()[..2], digest.encoded()));
    std::fs::write(data, "rot").unwrap();
    let server = serve(folder.path(), |_| {});
    settle(None);
    let told = collect(&server, NOW);
    assert!(matches!(&told[..], [Collected::Unread { digest: unread, .. }] if *unread == digest), "{told:?}");
    // Put again it is whole: what it names was kept.
    let manifest = image(&config("damaged"), "layer of damaged", None);
    put(&server, "team/api", "v1", media_type::OCI_MANIFEST, &manifest);
    assert!(pulls(&server, "team/api", "v1"));
}

#[test]
fn what_others_store_is_understood() {
    // Docker's schema 1 names its layers elsewhere, and no client may put one here: as a registry of old has left it.
    let folder = tempfile::tempdir().unwrap();
    let server = serve(folder.path(), |_| {});
    let layer = server.push_blob("old/app", b"a layer of 2015");
    let manifest = serde_json::json!({"schemaVersion": 1, "name": "old/app", "tag": "v1", "fsLayers": [{"blobSum": layer}]}).to_string();
    let digest = sha256(manifest.as_bytes());
    let top = folder.path().join("docker/registry/v2");
    let write = |path: String, text: &str| {
        let path = top.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write(format!("blobs/sha256/{}/{}/data", &digest.encoded()[..2], digest.encoded()), &manifest);
    write(format!("repositories/old/app/_manifests/revisions/sha256/{}/link", digest.encoded()), digest.as_str());
    write("repositories/old/app/_manifests/tags/v1/current/link".into(), digest.as_str());
    settle(None);
    assert_eq!(collect(&server, NOW), []);
    assert_eq!(server.get(&format!("/v2/old/app/blobs/{layer}")).status, 200);
}

#[test]
fn pushes_under_way_lose_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let server = serve(folder.path(), |settings| settings.durability = embedded::Durability::Relaxed);
    let (ended, refused, collected) = (AtomicBool::new(false), AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            // Hardly longer than a push takes, so that some lose a race for their parts, and most do not.
            let how = Collection { grace: Duration::from_millis(10), ..NOW };
            while !ended.load(Ordering::Relaxed) {
                collected.fetch_add(gone(&collect(&server, how)).len(), Ordering::Relaxed);
            }
        });
        let workers: Vec<_> = (0..3)
            .map(|worker| {
                let (server, refused) = (&server, &refused);
                scope.spawn(move || {
                    for n in 0..60 {
                        // Few images, by the same names everywhere: what one lets go another is about to name.
                        let seed = format!("image {} of {}", (worker + n) % 3, n / 5);
                        let (name, tag) = (format!("r/{}", n % 2), format!("w{worker}"));
                        let manifest = loop {
                            let child = parts(server, &name, &seed, None);
                            let child_digest = sha256(child.as_bytes());
                            let kind = [("Content-Type", media_type::OCI_MANIFEST)];
                            let answer = server.ask("PUT", &format!("/v2/{name}/manifests/{child_digest}"), &kind, child.as_bytes());
                            let index = index(&[&child]);
                            let kind = [("Content-Type", media_type::OCI_INDEX)];
                            if answer.status == 201
                                && server.ask("PUT", &format!("/v2/{name}/manifests/{tag}"), &kind, index.as_bytes()).status == 201
                            {
                                break sha256(index.as_bytes());
                            }
                            // Collected between its parts, which is told; what was acknowledged as a whole stays.
                            refused.fetch_add(1, Ordering::Relaxed);
                        };
                        assert!(pulls(server, &name, &tag), "{name}:{tag} is {manifest}");
                        if n % 3 == 0 {
                            assert_eq!(server.ask("DELETE", &format!("/v2/{name}/manifests/{tag}"), &[], b"").status, 202);
                        }
                    }
                })
            })
            .collect();
        let ends: Vec<_> = workers.into_iter().map(std::thread::ScopedJoinHandle::join).collect();
        ended.store(true, Ordering::Relaxed);
        ends.into_iter().for_each(Result::unwrap);
    });
    let (collected, refused) = (collected.into_inner(), refused.into_inner());
    println!("{collected} blobs collected amid 180 pushes; {refused} pushes were told that a part was missing");
    assert!(collected > 0);
}
