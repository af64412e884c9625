//! `gc`, as people run it.

use crate::program::Program;
use embedded::{InProcess, Local, Settings};
use oci::{Digest, RepositoryName, Tag, Target, media_type};
use registry::Registry;
use sha2::Digest as _;
use std::time::Duration;

/// Puts an image of a configuration and nothing else under a tag.
async fn push(registry: &InProcess, seed: &str) -> Digest {
    let name = RepositoryName::parse("team/api").unwrap();
    let config = serde_json::json!({"os": "linux", "architecture": "amd64", "author": seed, "rootfs": {"type": "layers", "diff_ids": []}});
    let config = bytes::Bytes::from(config.to_string());
    let digest = Digest::sha256(&sha2::Sha256::digest(&config).into());
    registry.write_blob(&name, &digest, config.len() as u64, &config, &|_| {}).await.unwrap();
    let manifest = serde_json::json!({
        "schemaVersion": 2, "mediaType": media_type::OCI_MANIFEST, "layers": [],
        "config": {"mediaType": media_type::OCI_CONFIG, "digest": digest, "size": config.len()},
    });
    let tag = Target::Tag(Tag::parse("latest").unwrap());
    registry.put_manifest(&name, &tag, media_type::OCI_MANIFEST, manifest.to_string().into()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_tag_names_goes_when_it_is_old_enough() {
    let program = Program::new();
    let none = program.run(&["gc"]).await;
    assert!(none.status == 3 && none.err.contains("There is no registry in ./data/registry yet"), "{none:?}");
    let registry = InProcess(Local::open(Settings::new(program.directory.path().join("data/registry"))).unwrap());
    let old = push(&registry, "old").await;
    let new = push(&registry, "new").await;

    let young = program.run(&["gc"]).await;
    assert_eq!((young.status, young.out.as_str(), young.err.as_str()), (0, "Nothing went.\n", ""));
    let planned = program.run(&["gc", "--grace", "0s", "--dry-run"]).await;
    assert_eq!(planned.status, 0, "{planned:?}");
    assert!(planned.out.contains(&format!("manifest   team/api@{old}  ")), "{}", planned.out);
    assert!(planned.out.contains("1 manifest without a tag and 2 blobs would go; "), "{}", planned.out);
    let kept = program.run(&["gc", "--grace", "0s", "--keep-untagged"]).await;
    assert_eq!(kept.out, "Nothing went.\n");
    let went = program.run(&["gc", "--grace", "0s", "--json"]).await;
    let lines: Vec<serde_json::Value> = went.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((lines.len(), &lines[0]["kind"], &lines[0]["digest"]), (4, &"manifest".into(), &old.to_string().into()));
    assert_eq!((&lines[3]["blobs"], &lines[3]["manifests"], &lines[3]["dry_run"]), (&2.into(), &1.into(), &false.into()));
    let name = RepositoryName::parse("team/api").unwrap();
    assert!(registry.manifest(&name, &Target::Digest(old)).await.is_err());
    assert!(registry.manifest(&name, &Target::Digest(new)).await.is_ok());

    let told = program.run(&["activity"]).await;
    assert!(told.out.contains("collect"), "{told:?}");
    let wrong = program.run(&["gc", "--grace", "soon"]).await;
    assert!(wrong.status == 2 && wrong.err.contains("is not a duration"), "{wrong:?}");
    let beside = program.run(&["gc", "--registry", "http://127.0.0.1:9"]).await;
    assert!(beside.status == 3 && beside.err.contains("There is no registry of ours here"), "{beside:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_due_is_collected_once_whenever_the_server_starts() {
    let program = Program::new();
    let registry = InProcess(Local::open(Settings::new(program.directory.path().join("data/registry"))).unwrap());
    let old = push(&registry, "old").await;
    push(&registry, "new").await;
    let serve = || {
        let mut serving = program.command(&["serve", "--listen", "127.0.0.1:0"]);
        serving.env("SUPERCARGO_EMBEDDED_GC_EVERY", "1d").env("SUPERCARGO_EMBEDDED_GC_GRACE", "0s");
        Serving(serving.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null()).spawn().unwrap())
    };
    let schedule = async || {
        let url = format!("sqlite:{}", program.directory.path().join("data/catalogue.db").display());
        catalogue::store::Store::open(&url).await.unwrap()
    };
    // A day from the first start on: not yet.
    let serving = serve();
    let due = loop {
        tokio::time::sleep(Duration::from_millis(50)).await;
        if !program.directory.path().join("data/catalogue.db").exists() {
            continue;
        }
        if let Some(due) = schedule().await.schedules().next("collect", "local").await.unwrap() {
            break due;
        }
    };
    drop(serving);
    let left = due - service::now();
    assert!((23 * 3_600_000..=86_400_000).contains(&left), "{left} ms are left");
    assert!(!program.run(&["activity"]).await.out.contains("collect"));

    // The day goes by while nothing runs.
    let store = schedule().await;
    assert!(store.schedules().claim("collect", "local", -86_400_000, 0, due).await.unwrap());
    store.close().await;
    let serving = serve();
    let told = loop {
        tokio::time::sleep(Duration::from_millis(50)).await;
        let told = program.run(&["activity"]).await.out;
        if told.contains("collect") {
            break told;
        }
    };
    drop(serving);
    assert!(told.contains("schedule"), "{told}");
    assert!(registry.manifest(&RepositoryName::parse("team/api").unwrap(), &Target::Digest(old)).await.is_err());
    let next = schedule().await.schedules().next("collect", "local").await.unwrap().unwrap();
    assert!(next > service::now() + 23 * 3_600_000, "the next is a day later");
}

/// A server that ends with the test.
struct Serving(std::process::Child);

impl Drop for Serving {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}
