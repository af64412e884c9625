//! A disk that is full, read only, forbidden, rotten or dated wrongly: who asks is told so in a sentence, the log has one line of it,
//! nothing that was acknowledged is lost, nothing is seen half, reads go on, and all is well by itself when the disk is.

use crate::{
    child::{Process, wait},
    support::{Answer, config, image, serve, sha256},
};
use oci::media_type::OCI_MANIFEST;
use std::{
    fs,
    path::Path,
    process::Command,
    time::{Duration, SystemTime},
};

const TYPE: &[(&str, &str)] = &[("Content-Type", OCI_MANIFEST)];

/// The registry over a disk of its own, of so many megabytes, which it alone sees.
fn on_a_small_disk(root: &Path, megabytes: usize) -> Option<Process> {
    let mount = format!("mount -t tmpfs -o size={megabytes}m tmpfs \"$1\" && shift && exec \"$@\"");
    let root_text = root.to_str().unwrap();
    // Who is not root may be so in a namespace of their own, where that is allowed.
    for flags in ["-m", "-rm"] {
        let wrapper = ["unshare", flags, "sh", "-c", &mount, "sh", root_text];
        let probe = Command::new(wrapper[0]).args(&wrapper[1..]).arg("true").output();
        if probe.is_ok_and(|probe| probe.status.success()) {
            return Some(Process::start(root, &["CHILD_RELAXED"], Some(&wrapper)));
        }
    }
    println!("skipped: no disk can be mounted here (that takes root, or a namespace in which one is)");
    None
}

/// A failure of the storage: its status, a sentence with these words, in the specification's form.
fn failed(answer: &Answer, status: u16, words: &str) {
    assert_eq!(answer.status, status, "{}", answer.text());
    assert_eq!(answer.code(), "UNKNOWN");
    let message = answer.json()["errors"][0]["message"].as_str().unwrap_or_default().to_owned();
    assert!(message.contains(words), "{message}");
}

fn blobs(process: &Process, name: &str, seed: &str) -> (u16, String) {
    let (config, layer) = (config(seed), format!("layer of {seed}"));
    let manifest = image(&config, &layer, None);
    for bytes in [&config, &layer] {
        let path = format!("/v2/{name}/blobs/uploads/?digest={}", sha256(bytes.as_bytes()));
        let answer = process.ask("POST", &path, &[], bytes.as_bytes());
        if answer.status != 201 {
            return (answer.status, manifest);
        }
    }
    (201, manifest)
}

fn push(process: &Process, name: &str, tag: &str, seed: &str) -> u16 {
    let (status, manifest) = blobs(process, name, seed);
    if status != 201 {
        return status;
    }
    process.ask("PUT", &format!("/v2/{name}/manifests/{tag}"), TYPE, manifest.as_bytes()).status
}

/// An image is there to its last byte.
fn is_whole(process: &Process, name: &str, tag: &str) {
    let manifest = process.ask("GET", &format!("/v2/{name}/manifests/{tag}"), &[], b"");
    assert_eq!(manifest.status, 200, "{}", manifest.text());
    for blob in [&manifest.json()["config"], &manifest.json()["layers"][0]] {
        let digest = blob["digest"].as_str().unwrap();
        let path = format!("/v2/{name}/blobs/{digest}");
        assert_eq!(process.ask("HEAD", &path, &[], b"").status, 200);
        assert_eq!(sha256(&process.ask("GET", &path, &[], b"").body).as_str(), digest);
    }
}

fn tags(process: &Process, name: &str) -> String {
    process.ask("GET", &format!("/v2/{name}/tags/list"), &[], b"").json()["tags"].to_string()
}

#[test]
fn a_full_disk() {
    let root = tempfile::tempdir().unwrap();
    let Some(mut process) = on_a_small_disk(root.path(), 8) else { return };
    assert_eq!(push(&process, "a", "v1", "one"), 201);
    let (_, ready) = blobs(&process, "a", "two");
    let upload = process.ask("POST", "/v2/a/blobs/uploads/", &[], b"").header("location").unwrap().to_owned();
    let half = vec![b'h'; 300_000];
    assert_eq!(process.ask("PATCH", &upload, &[], &half).status, 202);
    let fill = root.path().join("fill");
    let in_use =
        |process: &Process| fs::read_dir(process.sees(root.path()).join("docker/registry/v2/repositories/a/_uploads")).unwrap().count();
    let uploads = in_use(&process);

    // Half a megabyte is left: what is larger fails on its way, and gives back what it took.
    process.tell(&format!("head -c 20M /dev/zero > {0} 2>/dev/null; truncate -s -512K {0}", fill.display()));
    let log = process.log_length();
    let large = vec![b'l'; 1_000_000];
    let path = format!("/v2/a/blobs/uploads/?digest={}", sha256(&large));
    for _ in 0..3 {
        failed(&process.ask("POST", &path, &[], &large), 507, "full");
    }
    assert_eq!(in_use(&process), uploads, "nothing of it stays");
    assert_eq!(process.complaints(log, 3).len(), 3, "{:?}", process.complaints(log, 3));
    assert_eq!(process.ask("HEAD", &format!("/v2/a/blobs/{}", sha256(&large)), &[], b"").status, 404);
    assert_eq!(push(&process, "a", "small", "three"), 201, "there is room for what is small");

    // Nothing is left.
    process.tell(&format!("head -c 20M /dev/zero >> {} 2>/dev/null; true", fill.display()));
    let log = process.log_length();
    failed(&process.ask("PATCH", &upload, &[], &half), 507, "full");
    failed(&process.ask("POST", "/v2/a/blobs/uploads/", &[], b""), 507, "full");
    failed(&process.ask("POST", "/v2/new/blobs/uploads/", &[], b""), 507, "full");
    failed(&process.ask("PUT", "/v2/a/manifests/v2", TYPE, ready.as_bytes()), 507, "full");
    failed(&process.ask("PUT", "/v2/a/manifests/v1", TYPE, ready.as_bytes()), 507, "full");
    assert_eq!(process.complaints(log, 5).len(), 5, "{:?}", process.complaints(log, 5));
    assert_eq!(in_use(&process), uploads);
    assert_eq!(fs::read_dir(process.sees(root.path()).join("docker/registry/v2/_staging")).unwrap().count(), 0);
    is_whole(&process, "a", "v1");
    assert_eq!(tags(&process, "a"), r#"["small","v1"]"#);
    assert_eq!(process.ask("HEAD", &format!("/v2/a/manifests/{}", sha256(ready.as_bytes())), &[], b"").status, 404);
    // What makes room goes on.
    assert_eq!(process.ask("DELETE", "/v2/a/manifests/small", &[], b"").status, 202);
    assert_eq!(tags(&process, "a"), r#"["v1"]"#);
    let stands = process.ask("GET", &upload, &[], b"").header("range").unwrap().to_owned();
    let at: usize = stands.strip_prefix("0-").unwrap().parse::<usize>().unwrap() + 1;
    assert!((half.len()..=2 * half.len()).contains(&at), "{stands}");

    process.tell(&format!("rm {}", fill.display()));
    let whole = [&half[..], &half[..]].concat();
    let end = format!("{upload}?digest={}", sha256(&whole));
    assert_eq!(process.ask("PUT", &end, &[], &whole[at..]).status, 201, "it is gone on from where it stands");
    assert_eq!(process.ask("GET", &format!("/v2/a/blobs/{}", sha256(&whole)), &[], b"").body, whole);
    assert_eq!(process.ask("PUT", "/v2/a/manifests/v2", TYPE, ready.as_bytes()).status, 201);
    is_whole(&process, "a", "v2");
    is_whole(&process, "a", "v1");
}

#[test]
fn a_disk_that_becomes_read_only() {
    let root = tempfile::tempdir().unwrap();
    let Some(mut process) = on_a_small_disk(root.path(), 8) else { return };
    assert_eq!(push(&process, "a", "v1", "one"), 201);
    let (_, ready) = blobs(&process, "a", "two");
    let upload = process.ask("POST", "/v2/a/blobs/uploads/", &[], b"").header("location").unwrap().to_owned();
    assert_eq!(process.ask("PATCH", &upload, &[], b"hello").status, 202);
    process.tell(&format!("mount -o remount,ro {}", root.path().display()));
    let log = process.log_length();
    let digest = sha256(b"hello");
    let changes = [
        ("POST", "/v2/a/blobs/uploads/".to_owned(), &b""[..]),
        ("POST", format!("/v2/a/blobs/uploads/?digest={}", sha256(b"new")), b"new"),
        ("POST", format!("/v2/b/blobs/uploads/?mount={}&from=a", sha256(b"layer of one")), b""),
        ("PATCH", upload.clone(), b"more"),
        ("PUT", format!("{upload}?digest={digest}"), b""),
        ("DELETE", upload.clone(), b""),
        ("PUT", "/v2/a/manifests/v2".to_owned(), ready.as_bytes()),
        ("DELETE", "/v2/a/manifests/v1".to_owned(), b""),
        ("DELETE", format!("/v2/a/blobs/{}", sha256(b"layer of one")), b""),
    ];
    for (method, path, body) in &changes {
        failed(&process.ask(method, path, if *method == "PUT" { TYPE } else { &[] }, body), 500, "read only");
    }
    let errors = process.errors(log, changes.len());
    assert_eq!(errors.len(), changes.len(), "{errors:#?}");
    is_whole(&process, "a", "v1");
    assert_eq!(tags(&process, "a"), r#"["v1"]"#);
    assert_eq!(process.ask("GET", "/v2/_catalog", &[], b"").json()["repositories"].to_string(), r#"["a"]"#);
    assert_eq!(process.ask("GET", &format!("/v2/a/referrers/{digest}"), &[], b"").status, 200);
    process.tell(&format!("mount -o remount,rw {}", root.path().display()));
    assert_eq!(process.ask("PUT", &format!("{upload}?digest={digest}"), &[], b"").status, 201, "the upload is as it was");
    assert_eq!(push(&process, "a", "v2", "two"), 201);
    is_whole(&process, "a", "v2");
}

/// As another user than root, whom nothing is forbidden. `None` where that cannot be.
fn as_anyone(root: &Path) -> Option<Process> {
    let is_root = fs::metadata("/proc/self").map(|own| std::os::unix::fs::MetadataExt::uid(&own)).unwrap() == 0;
    if !is_root {
        return Some(Process::start(root, &["CHILD_RELAXED"], None));
    }
    let wrapper = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
    std::os::unix::fs::chown(root, Some(65534), Some(65534)).unwrap();
    let probe = Command::new(wrapper[0]).args(&wrapper[1..]).arg(std::env::current_exe().unwrap()).arg("--list").output();
    if !probe.is_ok_and(|probe| probe.status.success()) {
        println!("skipped: these tests cannot be run by another user than root");
        return None;
    }
    Some(Process::start(root, &["CHILD_RELAXED"], Some(&wrapper)))
}

#[test]
fn a_folder_that_is_forbidden() {
    let root = tempfile::tempdir().unwrap();
    let Some(mut process) = as_anyone(root.path()) else { return };
    assert_eq!(push(&process, "a", "v1", "one"), 201);
    let storage = root.path().join("docker/registry/v2").display().to_string();
    process.tell(&format!("chmod -R a-w {storage}"));
    let log = process.log_length();
    for (method, path) in [("POST", "/v2/a/blobs/uploads/"), ("POST", "/v2/new/blobs/uploads/"), ("DELETE", "/v2/a/manifests/v1")] {
        failed(&process.ask(method, path, &[], b""), 500, "may not use");
    }
    assert_eq!(process.complaints(log, 3).len(), 3);
    is_whole(&process, "a", "v1");
    // Not even read.
    let layer = sha256(b"layer of one");
    process.tell(&format!("chmod 0 {storage}/blobs/sha256/{}/{}/data", &layer.encoded()[..2], layer.encoded()));
    failed(&process.ask("GET", &format!("/v2/a/blobs/{layer}"), &[], b""), 500, "may not use");
    assert_eq!(process.ask("GET", "/v2/a/manifests/v1", &[], b"").status, 200, "the others go on");
    process.tell(&format!("chmod -R u+rwX {storage}"));
    is_whole(&process, "a", "v1");
    assert_eq!(push(&process, "new", "v1", "two"), 201);
    is_whole(&process, "new", "v1");
}

#[test]
fn links_that_rot_are_missing_until_they_are_pushed_again() {
    let root = tempfile::tempdir().unwrap();
    let process = Process::start(root.path(), &["CHILD_RELAXED"], None);
    for tag in ["v1", "v2"] {
        assert_eq!(push(&process, "a", tag, tag), 201);
    }
    let repository = root.path().join("docker/registry/v2/repositories/a");
    let link = repository.join("_manifests/tags/v1/current/link");
    let other = sha256(b"of nobody's");
    for rot in ["", "\0\0\0", "sha256:3f2a", "../../../../etc/passwd", &"x".repeat(100_000), other.as_str()] {
        fs::write(&link, rot).unwrap();
        let log = process.log_length();
        assert_eq!(process.ask("GET", "/v2/a/manifests/v1", &[], b"").status, 404, "{rot:.30}");
        assert!(process.complaints(log, 0).len() <= 1, "{:?}", process.complaints(log, 0));
        assert_eq!(process.ask("GET", "/v2/a/tags/list", &[], b"").status, 200, "{rot:.30}");
        is_whole(&process, "a", "v2");
        assert_eq!(push(&process, "a", "v1", "v1"), 201, "{rot:.30}");
        is_whole(&process, "a", "v1");
    }
    // A blob of which nothing is left is not there, though it was whole before.
    let layer = sha256(b"layer of v1");
    let data = root.path().join(format!("docker/registry/v2/blobs/sha256/{}/{}/data", &layer.encoded()[..2], layer.encoded()));
    fs::write(&data, "").unwrap();
    for method in ["HEAD", "GET"] {
        assert_eq!(process.ask(method, &format!("/v2/a/blobs/{layer}"), &[], b"").status, 404);
    }
    assert_eq!(push(&process, "a", "v1", "v1"), 201);
    is_whole(&process, "a", "v1");
    // A pipe in the place of a file, which nobody will ever write into: nobody waits for that either.
    for (file, path) in [(&link, "/v2/a/manifests/v1".to_owned()), (&data, format!("/v2/a/blobs/{layer}"))] {
        fs::remove_file(file).unwrap();
        assert!(Command::new("mkfifo").arg(file).status().unwrap().success());
        for method in ["HEAD", "GET"] {
            assert_eq!(process.ask(method, &path, &[], b"").status, 404, "{path}");
        }
        is_whole(&process, "a", "v2");
        assert_eq!(push(&process, "a", "v1", "v1"), 201);
        is_whole(&process, "a", "v1");
    }
    drop(process);
    // A manifest's bytes, read anew: rotten, and larger than any manifest may be.
    let digest = serve(root.path(), |_| {}).get("/v2/a/manifests/v2").header("docker-content-digest").unwrap().to_owned();
    let hex = digest.strip_prefix("sha256:").unwrap();
    let data = root.path().join(format!("docker/registry/v2/blobs/sha256/{}/{hex}/data", &hex[..2]));
    for rot in [vec![b'{'; 500], vec![b' '; 5 << 20], Vec::new()] {
        fs::write(&data, rot).unwrap();
        let process = Process::start(root.path(), &["CHILD_RELAXED"], None);
        let log = process.log_length();
        assert_eq!(process.ask("GET", "/v2/a/manifests/v2", &[], b"").status, 404);
        assert_eq!(process.complaints(log, 1).len(), 1);
        assert_eq!(process.ask("GET", &format!("/v2/a/referrers/{}", sha256(b"x")), &[], b"").status, 200);
        assert_eq!(process.ask("DELETE", "/v2/a/manifests/v2", &[], b"").status, 202, "it can be thrown away");
        assert_eq!(push(&process, "a", "v2", "v2"), 201);
        is_whole(&process, "a", "v2");
    }
}

/// Sets the times of all files below a folder.
fn date(folder: &Path, at: SystemTime) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            date(&path, at);
        } else {
            fs::File::open(&path).unwrap().set_modified(at).unwrap();
        }
    }
}

#[test]
fn a_clock_that_jumps() {
    let year = Duration::from_hours(24 * 365);
    for at in [SystemTime::now() + 80 * year, SystemTime::UNIX_EPOCH, SystemTime::UNIX_EPOCH - 60 * year] {
        let root = tempfile::tempdir().unwrap();
        let (subject, upload) = {
            let process = Process::start(root.path(), &["CHILD_RELAXED"], None);
            assert_eq!(push(&process, "a", "v1", "one"), 201);
            let subject = process.ask("GET", "/v2/a/manifests/v1", &[], b"").header("docker-content-digest").unwrap().to_owned();
            (subject, process.ask("POST", "/v2/a/blobs/uploads/", &[], b"").header("location").unwrap().to_owned())
        };
        // Another registry on the same folder, which keeps no index, has an image's referrer put in.
        let referrer = image(&config("one"), "layer of one", Some(&oci::Digest::parse(&subject).unwrap()));
        let other = serve(root.path(), |_| {});
        assert_eq!(other.ask("PUT", &format!("/v2/a/manifests/{}", sha256(referrer.as_bytes())), TYPE, referrer.as_bytes()).status, 201);
        let index = root.path().join("docker/registry/v2/repositories/a/_referrers");
        fs::remove_dir_all(index.join("sha256")).unwrap();
        date(&root.path().join("docker/registry/v2/repositories/a/_uploads"), at);
        date(&index, at);
        let mut process = Process::start(root.path(), &["CHILD_RELAXED", "CHILD_EXPIRES"], None);
        let referrers = process.ask("GET", &format!("/v2/a/referrers/{subject}"), &[], b"").json();
        assert_eq!(referrers["manifests"].as_array().map(Vec::len), Some(1), "{at:?}");
        date(root.path(), at);
        is_whole(&process, "a", "v1");
        assert_eq!(process.ask("GET", &upload, &[], b"").status, 204);
        wait(|| {
            process.tell("tidy");
            process.ask("GET", &upload, &[], b"").status == 404
        });
        assert_eq!(process.ask("GET", &upload, &[], b"").status, 404, "an upload of {at:?} expires");
        assert_eq!(push(&process, "a", "v2", "two"), 201);
        is_whole(&process, "a", "v2");
    }
}
