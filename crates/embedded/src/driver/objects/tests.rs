//! The driver over a bucket in memory: what its servers need not be asked for.

use super::{open::Open, *};
use crate::settings::Storage;
use bytes::Bytes;
use object_store::memory::InMemory;

const UPLOAD: &str = "docker/registry/v2/repositories/a/_uploads/1";

fn open(store: &Arc<InMemory>, copy_most: u64) -> Open {
    let Ok(Storage::Bucket(bucket)) = "s3://bucket/some/prefix".parse() else { panic!() };
    Open { bucket, store: store.clone(), parts: store.clone(), copy_most }
}

/// What another process on the same bucket is.
fn process(store: &Arc<InMemory>) -> Objects {
    Objects::over(open(store, COPY_MOST)).unwrap()
}

fn objects() -> (Arc<InMemory>, Objects) {
    let store = Arc::new(InMemory::new());
    let objects = process(&store);
    (store, objects)
}

fn names(objects: &Objects, folder: &str) -> Vec<String> {
    let mut names: Vec<_> = objects.list(folder).unwrap().unwrap_or_default().into_iter().map(|entry| entry.name).collect();
    names.sort();
    names
}

fn noise(length: usize) -> Vec<u8> {
    (0..length).map(|n| (n as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes()[0]).collect()
}

fn all(objects: &Objects, path: &str) -> Vec<u8> {
    let content = objects.open(path).unwrap().unwrap();
    let mut bytes = vec![0; usize::try_from(content.size()).unwrap()];
    let mut done = 0;
    for piece in bytes.chunks_mut(128 << 10) {
        assert_eq!(content.read_at(piece, done).unwrap(), piece.len());
        done += piece.len() as u64;
    }
    assert_eq!(content.read_at(&mut [0], done).unwrap(), 0);
    bytes
}

fn write(objects: &Objects, bytes: &[u8]) {
    let mut upload = objects.append(UPLOAD).unwrap().unwrap();
    bytes.chunks(128 << 10).for_each(|piece| upload.write(piece).unwrap());
    upload.rest().unwrap();
}

#[test]
fn steps_are_taken_and_nothing_is_left() {
    let (_, objects) = objects();
    let link = || Bytes::from_static(b"x");
    let tag = |files| Step::Folder { path: "r/tags/v1".into(), files };
    objects.commit(&[Step::Put { path: "a/b/c".into(), bytes: link() }, tag(vec![("current/link".into(), link())])]).unwrap();
    assert_eq!(objects.read("a/b/c", 9).unwrap().unwrap(), b"x");
    assert!(objects.read("a/b/c", 0).is_err(), "more than was allowed");
    assert_eq!(objects.read("a/b", 9).unwrap(), None);
    objects.commit(&[tag(vec![("index/link".into(), link()), ("current/link".into(), Bytes::from_static(b"y"))])]).unwrap();
    assert_eq!(names(&objects, "r/tags/v1"), ["current", "index"]);
    assert_eq!(objects.list("r/tags").unwrap(), Some(vec![Entry { name: "v1".into(), folder: true }]));
    objects.commit(&[Step::Move { from: "r/tags".into(), to: "s/tags".into() }]).unwrap();
    assert_eq!(objects.read("s/tags/v1/current/link", 9).unwrap().unwrap(), b"y");
    assert_eq!(objects.list("r").unwrap(), None);
    objects.commit(&[Step::Remove { path: "s/tags/v1".into() }, Step::Remove { path: "never/there".into() }]).unwrap();
    objects.commit(&[Step::Ensure { path: "r/_layers".into() }, Step::Remove { path: "a/b/c".into() }]).unwrap();
    assert_eq!(objects.list("").unwrap(), None);
}

#[test]
fn uploads_of_any_size_become_blobs() {
    let (_, objects) = objects();
    for length in [0, 5, PART - 1, PART, PART + 1, 3 * PART + 77] {
        let bytes = noise(length);
        objects.begin(UPLOAD, "2026").unwrap();
        let (front, back) = bytes.split_at(length / 3);
        write(&objects, front);
        write(&objects, back);
        assert_eq!(objects.stat(&format!("{UPLOAD}/data")).unwrap().map_or(0, |stat| stat.size), length as u64);
        objects.commit(&[Step::Place { upload: UPLOAD.into(), folder: "blobs/aa".into() }]).unwrap();
        assert_eq!(all(&objects, "blobs/aa/data"), bytes, "{length}");
        assert_eq!(names(&objects, "blobs/aa"), ["data"]);
        assert!(objects.append(UPLOAD).unwrap().is_none(), "{length}");
        assert_eq!(objects.list(UPLOAD).unwrap(), None);
    }
}

#[test]
fn an_upload_goes_on_in_another_process() {
    let (store, one) = objects();
    let two = process(&store);
    let bytes = noise(2 * PART + 1_000);
    one.begin(UPLOAD, "2026").unwrap();
    for (n, piece) in bytes.chunks(PART / 3).enumerate() {
        write(if n % 2 == 0 { &one } else { &two }, piece);
    }
    // Neither has seen all of it: it is read.
    let upload = two.append(UPLOAD).unwrap().unwrap();
    assert_eq!(upload.size(), bytes.len() as u64);
    assert_eq!(all(&two, &format!("{UPLOAD}/data")), bytes);
    two.commit(&[Step::Place { upload: UPLOAD.into(), folder: "blobs/aa".into() }]).unwrap();
    drop(upload);
    assert_eq!(all(&one, "blobs/aa/data"), bytes);
    assert!(one.append(UPLOAD).unwrap().is_none());
}

#[test]
fn one_writes_at_a_time_over_all_processes() {
    let (store, one) = objects();
    let two = process(&store);
    one.begin(UPLOAD, "2026").unwrap();
    // Less than a part: the second to end is refused.
    let mut first = one.append(UPLOAD).unwrap().unwrap();
    let mut second = two.append(UPLOAD).unwrap().unwrap();
    first.write(b"first").unwrap();
    second.write(b"other").unwrap();
    first.rest().unwrap();
    assert_eq!(second.rest().unwrap_err().kind(), io::ErrorKind::WouldBlock);
    drop((first, second));
    assert_eq!(two.append(UPLOAD).unwrap().unwrap().size(), 5);
    // A part is on its way: nobody else begins.
    let mut first = one.append(UPLOAD).unwrap().unwrap();
    first.write(&noise(PART)).unwrap();
    assert_eq!(two.append(UPLOAD).err().map(|error| error.kind()), Some(io::ErrorKind::WouldBlock));
    first.rest().unwrap();
    assert_eq!(two.append(UPLOAD).unwrap().unwrap().size(), 5 + PART as u64);
}

#[test]
fn a_process_that_is_killed_loses_only_what_was_not_answered() {
    let (store, one) = objects();
    one.begin(UPLOAD, "2026").unwrap();
    let bytes = noise(PART + 10);
    write(&one, &bytes);
    let mut killed = one.append(UPLOAD).unwrap().unwrap();
    killed.write(&noise(PART)).unwrap();
    // It does nothing any more, nor says that it will not.
    std::mem::forget(killed);
    drop(one);
    let two = process(&store);
    let held = |two: &Objects| two.wait(two.open.held(UPLOAD, None)).unwrap().unwrap();
    assert_eq!(two.append(UPLOAD).err().map(|error| error.kind()), Some(io::ErrorKind::WouldBlock));
    // A minute goes by.
    let mut late = held(&two);
    late.head.until = Some(1);
    two.wait(two.open.hold(UPLOAD, 7, &mut late)).unwrap();
    assert_eq!(two.append(UPLOAD).unwrap().unwrap().size(), bytes.len() as u64);
    write(&two, b"end");
    two.commit(&[Step::Place { upload: UPLOAD.into(), folder: "blobs/aa".into() }]).unwrap();
    assert_eq!(all(&two, "blobs/aa/data"), [&bytes[..], b"end"].concat());
}

#[test]
fn what_a_request_left_is_put_away_and_thrown_away() {
    let (store, one) = objects();
    one.begin(UPLOAD, "2026").unwrap();
    let mut upload = one.append(UPLOAD).unwrap().unwrap();
    upload.write(&noise(PART + 3)).unwrap();
    drop(upload);
    assert_eq!(one.append(UPLOAD).unwrap().unwrap().size(), PART as u64 + 3, "the next waits until it is");
    // As an upload whose bytes have not its digest: thrown away while it is open.
    let upload = one.append(UPLOAD).unwrap().unwrap();
    one.discard(UPLOAD).unwrap();
    drop(upload);
    assert!(one.append(UPLOAD).unwrap().is_none());
    assert_eq!(process(&store).list(UPLOAD).unwrap(), None);
}

#[test]
fn a_date_counts_until_the_file_is_newer() {
    let (_, objects) = objects();
    let put = || Step::Put { path: "t/current/link".into(), bytes: Bytes::from_static(b"x") };
    let long_ago = SystemTime::UNIX_EPOCH + Duration::from_millis(1_234_567_890_123);
    assert!(!objects.date("t/current/link", long_ago).unwrap());
    assert_eq!(objects.modified("t/current/link").unwrap(), None);
    objects.commit(&[put()]).unwrap();
    assert!(objects.date("t/current/link", long_ago).unwrap());
    assert_eq!(objects.modified("t/current/link").unwrap(), Some(long_ago));
    objects.commit(&[put()]).unwrap();
    assert!(objects.modified("t/current/link").unwrap().unwrap() > long_ago);
}

#[test]
fn what_is_too_large_to_be_copied_goes_part_by_part() {
    let store = Arc::new(InMemory::new());
    let objects = Objects::over(open(&store, 1 << 20)).unwrap();
    let bytes = noise((3 << 20) + 5);
    objects.commit(&[Step::Put { path: "a/data".into(), bytes: bytes.clone().into() }]).unwrap();
    objects.commit(&[Step::Move { from: "a".into(), to: "b".into() }]).unwrap();
    assert_eq!(all(&objects, "b/data"), bytes);
    assert_eq!(objects.list(layout::STAGING).unwrap(), None);
    // One that a kill left is given up.
    let key = objects.open.key("c/data").unwrap();
    let id = objects.wait(async { Ok(objects.open.parts.create_multipart(&key).await.unwrap()) }).unwrap();
    let note = Bytes::from(format!("{{\"key\":\"{key}\",\"id\":\"{id}\"}}"));
    objects.commit(&[Step::Put { path: format!("{}/x", layout::STAGING), bytes: note }]).unwrap();
    objects.tidy(SystemTime::UNIX_EPOCH).unwrap();
    assert_eq!(names(&objects, layout::STAGING), ["x"], "it is young");
    objects.tidy(SystemTime::now() + Duration::from_mins(1)).unwrap();
    assert_eq!(objects.list(layout::STAGING).unwrap(), None);
    let part = objects.wait(async { Ok(objects.open.parts.put_part(&key, &id, 0, Bytes::new().into()).await.is_ok()) });
    assert!(!part.unwrap(), "the parts are gone");
}

#[test]
fn a_blob_that_is_replaced_is_not_mixed() {
    let (_, objects) = objects();
    let put = |bytes: Vec<u8>| objects.commit(&[Step::Put { path: "a/data".into(), bytes: bytes.into() }]).unwrap();
    let bytes = noise(12 << 20);
    put(bytes.clone());
    let content = objects.open("a/data").unwrap().unwrap();
    let mut piece = vec![0; 1000];
    // Anywhere, in any order.
    for at in [7 << 20, 0, 11 << 20, 5, (12 << 20) - 10] {
        let n = content.read_at(&mut piece, at as u64).unwrap();
        assert_eq!(piece[..n], bytes[at..bytes.len().min(at + 1000)]);
    }
    put(vec![0; 12 << 20]);
    assert_eq!(content.read_at(&mut piece, 1 << 20).unwrap_err().kind(), io::ErrorKind::InvalidData);
}
