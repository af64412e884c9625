//! What hostile clients leave behind: nothing. Memory, open files and the storage are after them about what they were before.

use crate::{
    child::{Process, wait},
    support::{raw, sha256},
};
use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    path::Path,
};

const MIB: u64 = 1 << 20;

/// What an allocator keeps for next time, and buffers of connections that just ended.
const SLACK: u64 = 48 * MIB;

/// Connections made at once: more than wait to be accepted (128) are slowed down by the system.
const AT_ONCE: usize = 100;

/// Of a hundred megabytes of zeros.
const ZEROS: &str = "20492a4d0d84f8beb1767f6616229f85d44c2827b64bdbfb260ee12fa1109e0e";

/// Files and folders below a folder.
fn count(folder: &Path) -> usize {
    let inside = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    inside.map(|entry| if entry.file_type().unwrap().is_dir() { 1 + count(&entry.path()) } else { 1 }).sum()
}

/// Sends the request so many times on one connection; the statuses of the answers, which have no body but what their length says.
fn repeat(address: SocketAddr, request: &str, times: usize) -> Vec<u16> {
    let mut stream = TcpStream::connect(address).unwrap();
    let mut answers = BufReader::new(stream.try_clone().unwrap());
    let mut statuses = Vec::new();
    for _ in 0..times {
        stream.write_all(request.as_bytes()).unwrap();
        let (mut line, mut length) = (String::new(), 0);
        answers.read_line(&mut line).unwrap();
        statuses.push(line.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0));
        loop {
            line.clear();
            answers.read_line(&mut line).unwrap();
            if line.trim().is_empty() {
                break;
            }
            if let Some(said) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = said.trim().parse().unwrap();
            }
        }
        answers.by_ref().take(length).read_to_end(&mut Vec::new()).unwrap();
    }
    statuses
}

/// Connections to which something was sent, and nothing more is.
fn hold(address: SocketAddr, sent: &[u8], times: usize) -> Vec<TcpStream> {
    let open = |_| {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(sent).unwrap();
        stream
    };
    (0..times).map(open).collect()
}

struct Before {
    memory: u64,
    open_files: usize,
}

impl Before {
    fn of(child: &Process) -> Self {
        Self { memory: child.memory(), open_files: child.open_files() }
    }

    /// Waits until it is again as it was.
    fn is_again(&self, child: &Process, after: &str) {
        // One may be of a connection that is just being closed.
        wait(|| child.open_files() <= self.open_files + 1 && child.memory() <= self.memory + SLACK);
        let (files, memory) = (child.open_files(), child.memory());
        println!("{after}: {} MiB before, {} after; {} open files, {files} after", self.memory / MIB, memory / MIB, self.open_files);
        assert!(files <= self.open_files + 1, "{after}: {} open files became {files}", self.open_files);
        assert!(memory <= self.memory + SLACK, "{after}: {} MiB became {}", self.memory / MIB, memory / MIB);
        assert_eq!(child.ask("GET", "/v2/", &[], b"").status, 200, "it serves on after {after}");
    }
}

#[test]
fn abandoned_uploads_take_a_bounded_place_and_go() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = Process::start(folder.path(), &["CHILD_RELAXED", "CHILD_EXPIRES"], None);
    let begin = "POST /v2/a/blobs/uploads/ HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n";
    assert_eq!(repeat(child.address, begin, 100), [202; 100]);
    child.tell("tidy");
    let (before, files) = (Before::of(&child), count(folder.path()));
    let address = child.address;
    let workers: Vec<_> = (0..4).map(|_| std::thread::spawn(move || repeat(address, begin, 2_600))).collect();
    let statuses: Vec<u16> = workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect();
    let refused = statuses.iter().filter(|status| **status == 429).count();
    assert_eq!(statuses.iter().filter(|status| **status == 202).count() + refused, statuses.len());
    assert_eq!(refused, 400, "ten thousand may be open");
    assert!(count(folder.path()) <= files + 2 * 10_000);
    assert!(child.memory() <= before.memory + SLACK, "{} MiB", child.memory() / MIB);
    let digest = sha256(b"x");
    let push = format!("/v2/a/blobs/uploads/?digest={digest}");
    assert_eq!(child.ask("POST", &push, &[], b"x").status, 429);
    child.tell("tidy");
    assert_eq!(count(folder.path()), files);
    before.is_again(&child, "abandoned uploads");
    assert_eq!(child.ask("POST", &push, &[], b"x").status, 201);
}

#[test]
fn connections_that_are_left_alone_hold_little() {
    let folder = tempfile::tempdir().unwrap();
    let child = Process::start(folder.path(), &["CHILD_RELAXED"], None);
    let address = child.address;
    assert_eq!(child.ask("POST", &format!("/v2/a/blobs/uploads/?digest={}", sha256(b"")), &[], b"").status, 201);
    // A hundred megabytes of nothing, which take no room.
    let digest = format!("sha256:{ZEROS}");
    let storage = folder.path().join("docker/registry/v2");
    let (blob, link) =
        (storage.join(format!("blobs/sha256/{}/{ZEROS}", &ZEROS[..2])), storage.join(format!("repositories/a/_layers/sha256/{ZEROS}")));
    fs::create_dir_all(&blob).unwrap();
    fs::create_dir_all(&link).unwrap();
    fs::File::create(blob.join("data")).unwrap().set_len(100 << 20).unwrap();
    fs::write(link.join("link"), &digest).unwrap();
    let path = format!("/v2/a/blobs/{digest}");
    assert_eq!(child.ask("HEAD", &path, &[], b"").status, 200);
    drop(hold(address, b"GET /v2/ HTTP/1.1\r\n", AT_ONCE));
    let warm = Before { memory: child.memory(), open_files: 0 };
    wait(|| child.open_files() < 50);
    let (before, files) = (Before { open_files: child.open_files(), ..warm }, count(folder.path()));

    let get = format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n");
    let mut slow = hold(address, get.as_bytes(), 50);
    for stream in &mut slow {
        stream.read_exact(&mut [0; 1024]).unwrap();
    }
    let memory = child.memory();
    assert!(memory <= before.memory + 50 * MIB, "fifty that stopped reading: {} MiB", memory.saturating_sub(before.memory) / MIB);
    assert_eq!(child.ask("GET", "/v2/_catalog", &[], b"").status, 200);
    drop(slow);
    before.is_again(&child, "clients that stopped reading");

    let upload = child.ask("POST", "/v2/a/blobs/uploads/", &[], b"").header("location").unwrap().to_owned();
    for (what, sent) in [
        ("nothing sent", String::new()),
        ("half a head", "GET /v2/ HTTP/1.1\r\nHost: a\r\nX-Slow: ".to_owned()),
        ("a length and no body", "PUT /v2/a/manifests/v1 HTTP/1.1\r\nHost: a\r\nContent-Length: 4000000\r\n\r\n".to_owned()),
        ("a terabyte announced", format!("PATCH {upload} HTTP/1.1\r\nHost: a\r\nContent-Length: 1099511627776\r\n\r\n")),
        ("half a chunk", "POST /v2/a/manifests/v1 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nffffff\r\nx".to_owned()),
    ] {
        let open = hold(address, sent.as_bytes(), AT_ONCE);
        assert_eq!(child.ask("GET", "/v2/", &[], b"").status, 200, "{what}");
        assert!(child.memory() <= before.memory + SLACK, "{what}: {} MiB", child.memory() / MIB);
        drop(open);
        before.is_again(&child, what);
    }
    for _ in 0..30 {
        drop(hold(address, b"", AT_ONCE));
        // It is accepted after those.
        assert_eq!(child.ask("GET", "/v2/", &[], b"").status, 200);
    }
    before.is_again(&child, "three thousand connections");
    assert_eq!(child.ask("DELETE", &upload, &[], b"").status, 204);
    assert_eq!(count(folder.path()), files);
}

#[test]
fn bombs_of_json_take_what_a_manifest_may_have() {
    let folder = tempfile::tempdir().unwrap();
    let child = Process::start(folder.path(), &["CHILD_RELAXED"], None);
    let room = (4 << 20) - 200;
    let wide = |item: &str| vec![item; room / (item.len() + 1)].join(",");
    let bombs = [
        format!(r#"{{"schemaVersion":2,"layers":[{}]}}"#, wide("{}")),
        format!(r#"{{"schemaVersion":2,"manifests":[{}]}}"#, wide("null")),
        format!(r#"{{"schemaVersion":2,"x":[{}]}}"#, wide("[]")),
        format!(r#"{{"schemaVersion":2,"annotations":{{{}}}}}"#, wide(r#""":"""#)),
        format!(
            r#"{{"schemaVersion":2,"annotations":{{{}}}}}"#,
            (0..200_000).map(|n| format!(r#""{n}":"""#)).collect::<Vec<_>>().join(",")
        ),
        format!(r#"{{"schemaVersion":2,"x":{}{}}}"#, "[".repeat(room / 2), "]".repeat(room / 2)),
        format!(r#"{{"schemaVersion":2,"x":{}"#, r#"{"x":"#.repeat(room / 5)),
        format!(r#"{{"schemaVersion":2,"x":{}}}"#, "9".repeat(room)),
        format!(r#"{{"schemaVersion":2,"x":"{}"}}"#, r"\u0000".repeat(room / 6)),
    ];
    let put = |bomb: &str| child.ask("PUT", "/v2/a/manifests/v1", &[], bomb.as_bytes()).status;
    let all = || bombs.iter().for_each(|bomb| assert_eq!(put(bomb), 400, "{bomb:.60}"));
    // What the allocator keeps after the first it has for the next.
    all();
    let before = Before::of(&child);
    assert!(before.memory <= 128 * MIB, "{} MiB", before.memory / MIB);
    all();
    before.is_again(&child, "bombs");
    assert_eq!(raw(child.address, b"GET /v2/a/tags/list HTTP/1.0\r\n\r\n").unwrap().status, 404, "nothing of them is there");
}
