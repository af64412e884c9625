//! Killed with signal 9 at random moments of concurrent pushes, deletes and collections: what was acknowledged is there, and nothing is half.
//!
//! `KILLS=200 cargo test -p embedded --test wire kills -- --nocapture` for the long run.

use crate::s3::Place;
use crate::support::{Answer, asked, config, image, serve, sha256};
use embedded::{Collected, Collection, Storage};
use oci::media_type::OCI_MANIFEST;
use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader},
    net::SocketAddr,
    process::{Command, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

/// Not a test: the child that is killed.
#[test]
#[ignore = "the child of the test below"]
fn child() {
    let Ok(storage) = std::env::var("KILLED_STORAGE") else { return };
    let relaxed = std::env::var("KILLED_RELAXED").is_ok();
    let storage: Storage = storage.parse().unwrap();
    let grace = if matches!(storage, Storage::Bucket(_)) { GRACE_IN_A_BUCKET } else { GRACE };
    let server = serve(storage, |settings| {
        if relaxed {
            settings.durability = embedded::Durability::Relaxed;
        }
    });
    println!("listening {}", server.address);
    // Without a pause: whatever was let go by earlier children is taken away amid the pushes.
    let local = server.local.clone();
    std::thread::spawn(move || while collect(&local, grace).is_some() {});
    loop {
        std::thread::park();
    }
}

/// Longer than a push takes, most of the time: one that takes longer is told that its blobs are missing.
const GRACE: Duration = Duration::from_millis(300);

/// A bucket tells seconds only.
const GRACE_IN_A_BUCKET: Duration = Duration::from_secs(3);

/// Collects once; returns how many blobs went.
fn collect(local: &embedded::Local, grace: Duration) -> Option<usize> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().ok()?;
    let blobs = Arc::new(AtomicUsize::new(0));
    let counted = blobs.clone();
    let how = Collection { grace, untagged: true, dry_run: false };
    let told = move |what| {
        counted.fetch_add(usize::from(matches!(what, Collected::Blob { .. })), Ordering::Relaxed);
        true
    };
    runtime.block_on(local.collect(how, told)).ok()?;
    Some(blobs.load(Ordering::Relaxed))
}

/// What a tag was last known to be: a digest, or gone; `None` where its last change was not answered.
type Known = BTreeMap<String, Option<Option<String>>>;

#[derive(Default)]
struct Promised {
    tags: Known,
    /// Manifests, and whether they were deleted; `None` where that was not answered, or no tag holds it any more.
    manifests: BTreeMap<String, Option<bool>>,
}

fn noise(seed: usize, length: usize) -> Vec<u8> {
    let mut x = seed as u64 ^ 0x9e37_79b9_7f4a_7c15;
    (0..length)
        .map(|_| {
            x ^= x << 13;
            x ^= x >> 7;
            x ^= x << 17;
            x as u8
        })
        .collect()
}

/// Pushes and deletes until the registry is gone. Each worker has tags of its own, so what it was told last holds.
fn work(address: SocketAddr, worker: usize, count: &AtomicUsize, promised: &Mutex<Promised>) -> Option<()> {
    let ask =
        |method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]| -> Option<Answer> { asked(address, method, path, headers, body) };
    loop {
        let n = count.fetch_add(1, Ordering::Relaxed);
        let name = format!("r/{}", n % 3);
        let (config, layer) = (config(&n.to_string()), noise(n, 1 + n * 7919 % 300_000));
        let started = ask("POST", &format!("/v2/{name}/blobs/uploads/"), &[], b"")?;
        let location = started.header("location")?.to_owned();
        let (front, back) = layer.split_at(layer.len() / 2);
        ask("PATCH", &location, &[], front)?;
        assert_eq!(ask("PUT", &format!("{location}?digest={}", sha256(&layer)), &[], back)?.status, 201);
        assert_eq!(
            ask("POST", &format!("/v2/{name}/blobs/uploads/?digest={}", sha256(config.as_bytes())), &[], config.as_bytes())?.status,
            201
        );
        let manifest = {
            let mut json: serde_json::Value = serde_json::from_str(&image(&config, "", None)).unwrap();
            json["layers"][0]["digest"] = sha256(&layer).to_string().into();
            json["layers"][0]["size"] = layer.len().into();
            json.to_string()
        };
        let digest = sha256(manifest.as_bytes()).to_string();
        // One tag of each three is moved again and again.
        let tag = if n.is_multiple_of(3) { format!("moving-{worker}") } else { format!("t{n}") };
        let tag_key = format!("{name}:{tag}");
        let key = format!("{name}@{digest}");
        {
            let mut promised = promised.lock().unwrap();
            // What the tag named is held by nothing from now on.
            if let Some(Some(Some(before))) = promised.tags.insert(tag_key.clone(), None) {
                promised.manifests.insert(format!("{name}@{before}"), None);
            }
        }
        let put = ask("PUT", &format!("/v2/{name}/manifests/{tag}"), &[("Content-Type", OCI_MANIFEST)], manifest.as_bytes())?;
        if put.status == 400 && put.text().contains("MANIFEST_BLOB_UNKNOWN") {
            // It took longer than the time of grace.
            continue;
        }
        assert_eq!(put.status, 201, "{}", put.text());
        {
            let mut promised = promised.lock().unwrap();
            promised.tags.insert(tag_key.clone(), Some(Some(digest.clone())));
            promised.manifests.insert(key.clone(), Some(false));
        }
        match n % 5 {
            1 => {
                {
                    let mut promised = promised.lock().unwrap();
                    promised.tags.insert(tag_key.clone(), None);
                    promised.manifests.insert(key, None);
                }
                assert_eq!(ask("DELETE", &format!("/v2/{name}/manifests/{tag}"), &[], b"")?.status, 202);
                promised.lock().unwrap().tags.insert(tag_key, Some(None));
            }
            2 => {
                {
                    let mut promised = promised.lock().unwrap();
                    promised.tags.insert(tag_key.clone(), None);
                    promised.manifests.insert(key.clone(), None);
                }
                assert_eq!(ask("DELETE", &format!("/v2/{name}/manifests/{digest}"), &[], b"")?.status, 202);
                let mut promised = promised.lock().unwrap();
                promised.tags.insert(tag_key, Some(None));
                promised.manifests.insert(key, Some(true));
            }
            _ => {}
        }
    }
}

fn check(place: &Place, promised: &Promised) -> (usize, usize) {
    let server = serve(place.storage(), |_| {});
    // Whatever state it was left in, a collection takes nothing that is held.
    assert!(collect(&server.local, Duration::ZERO).unwrap() > 0, "deleted images leave something behind");
    let (mut lost, mut unreadable) = (0, 0);
    let whole = |name: &str, reference: &str| -> Option<String> {
        let got = server.get(&format!("/v2/{name}/manifests/{reference}"));
        if got.status != 200 {
            return None;
        }
        let json = got.json();
        for blob in json["layers"].as_array().unwrap().iter().chain([&json["config"]]) {
            let digest = blob["digest"].as_str().unwrap();
            let bytes = server.get(&format!("/v2/{name}/blobs/{digest}"));
            if bytes.status != 200 || sha256(&bytes.body).as_str() != digest {
                println!("UNREADABLE {name}/{reference}: {digest}");
                return None;
            }
        }
        Some(sha256(&got.body).to_string())
    };
    for (tag, known) in &promised.tags {
        let Some(known) = known else { continue };
        let (name, reference) = tag.split_once(':').unwrap();
        if whole(name, reference) != *known {
            println!("LOST {tag}: should be {known:?}");
            lost += 1;
        }
    }
    for (manifest, deleted) in &promised.manifests {
        let Some(deleted) = deleted else { continue };
        let (name, digest) = manifest.split_once('@').unwrap();
        if whole(name, digest).is_none() != *deleted {
            println!("LOST {manifest}: deleted is {deleted}");
            lost += 1;
        }
    }
    // Whatever is listed can be read, acknowledged or not.
    for name in ["r/0", "r/1", "r/2"] {
        let list = server.get(&format!("/v2/{name}/tags/list")).json();
        for tag in list["tags"].as_array().into_iter().flatten() {
            if whole(name, tag.as_str().unwrap()).is_none() {
                println!("UNREADABLE {name}:{tag}");
                unreadable += 1;
            }
        }
    }
    (lost, unreadable)
}

crate::s3::everywhere! {
    nothing_acknowledged_is_lost_to_kills,
}

fn nothing_acknowledged_is_lost_to_kills(place: &Place) {
    let most = if place.is_bucket() { 6 } else { 20 };
    let kills: usize = std::env::var("KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(most);
    let (count, promised) = (AtomicUsize::new(0), Mutex::new(Promised::default()));
    for kill in 0..kills {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["kills::child", "--exact", "--ignored", "--nocapture"]);
        match place {
            Place::Folder(folder) => command.env("KILLED_STORAGE", format!("file:{}", folder.path().display())),
            Place::Bucket(server) => command.env("KILLED_STORAGE", server.bucket().to_string()).envs(server.variables()),
        };
        if !kill.is_multiple_of(4) {
            // Faster, so that more happens; a kill asks nothing of the disk.
            command.env("KILLED_RELAXED", "1");
        }
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let address: SocketAddr =
            lines.find_map(|line| line.ok()?.split("listening ").nth(1).map(str::to_owned)).unwrap().trim().parse().unwrap();
        std::thread::scope(|scope| {
            let (count, promised) = (&count, &promised);
            for worker in 0..4 {
                scope.spawn(move || work(address, worker, count, promised));
            }
            let longest = if place.is_bucket() { 1_000_000 } else { 150_000 };
            std::thread::sleep(Duration::from_micros(5_000 + (kill as u64).wrapping_mul(2_654_435_761) % longest));
            child.kill().unwrap();
            child.wait().unwrap();
        });
    }
    let promised = promised.into_inner().unwrap();
    let (lost, unreadable) = check(place, &promised);
    println!(
        "{kills} kills, {} pushes begun, {} tags and {} manifests promised: {lost} lost, {unreadable} unreadable",
        count.into_inner(),
        promised.tags.len(),
        promised.manifests.len()
    );
    assert_eq!((lost, unreadable), (0, 0));
}
