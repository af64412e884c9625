//! The same registry over storage that knows no folders and no renames, as object storage is: what it needs of a driver is enough.

use crate::support::{config, image, serve_over, sha256};
use bytes::Bytes;
use embedded::{
    Settings, Store,
    driver::{Append, Content, Driver, Entry, Stat, Step},
    locks::LocalLocks,
};
use oci::media_type::OCI_MANIFEST;
use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    sync::{Arc, Mutex},
    time::SystemTime,
};

type Map = Arc<Mutex<BTreeMap<String, (Bytes, SystemTime)>>>;

#[derive(Debug, Default, Clone)]
struct Objects(Map);

struct Bytes_(Bytes);

impl Content for Bytes_ {
    fn size(&self) -> u64 {
        self.0.len() as u64
    }

    fn read_at(&self, buffer: &mut [u8], at: u64) -> io::Result<usize> {
        let rest = self.0.get(usize::try_from(at).unwrap()..).unwrap_or_default();
        let n = rest.len().min(buffer.len());
        buffer[..n].copy_from_slice(&rest[..n]);
        Ok(n)
    }
}

struct Growing {
    objects: Objects,
    path: String,
}

impl Append for Growing {
    fn size(&self) -> u64 {
        self.objects.get(&self.path).map_or(0, |bytes| bytes.len() as u64)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let all = [&self.objects.get(&self.path).unwrap_or_default()[..], bytes].concat();
        self.objects.put(&self.path, all.into());
        Ok(())
    }
}

impl Objects {
    fn get(&self, path: &str) -> Option<Bytes> {
        self.0.lock().unwrap().get(path).map(|(bytes, _)| bytes.clone())
    }

    fn put(&self, path: &str, bytes: Bytes) {
        self.0.lock().unwrap().insert(path.to_owned(), (bytes, SystemTime::now()));
    }

    fn remove(&self, path: &str) {
        self.0.lock().unwrap().retain(|key, _| key != path && !key.starts_with(&format!("{path}/")));
    }
}

impl Driver for Objects {
    fn read(&self, path: &str, limit: usize) -> io::Result<Option<Vec<u8>>> {
        match self.get(path) {
            Some(bytes) if bytes.len() > limit => Err(io::ErrorKind::InvalidData.into()),
            other => Ok(other.map(|bytes| bytes.to_vec())),
        }
    }

    fn stat(&self, path: &str) -> io::Result<Option<Stat>> {
        Ok(self.0.lock().unwrap().get(path).map(|(bytes, modified)| Stat { size: bytes.len() as u64, modified: *modified }))
    }

    fn list(&self, folder: &str) -> io::Result<Option<Vec<Entry>>> {
        let prefix = format!("{folder}/");
        let map = self.0.lock().unwrap();
        let inside = map.range(prefix.clone()..).take_while(|(key, _)| key.starts_with(&prefix)).map(|(key, _)| &key[prefix.len()..]);
        let names: BTreeSet<(String, bool)> =
            inside.map(|rest| rest.split_once('/').map_or((rest.to_owned(), false), |(n, _)| (n.to_owned(), true))).collect();
        Ok((!names.is_empty()).then(|| names.into_iter().map(|(name, folder)| Entry { name, folder }).collect()))
    }

    fn open(&self, path: &str) -> io::Result<Option<Arc<dyn Content>>> {
        Ok(self.get(path).map(|bytes| Arc::new(Bytes_(bytes)) as Arc<dyn Content>))
    }

    fn commit(&self, steps: &[Step]) -> io::Result<()> {
        for step in steps {
            match step {
                Step::Put { path, bytes } => self.put(path, bytes.clone()),
                Step::Folder { path, files } => files.iter().for_each(|(file, bytes)| self.put(&format!("{path}/{file}"), bytes.clone())),
                Step::Place { upload, folder } => {
                    let bytes = self.get(&format!("{upload}/data")).unwrap_or_default();
                    self.put(&format!("{folder}/data"), bytes);
                    self.remove(upload);
                }
                Step::Ensure { .. } => {}
                Step::Remove { path } => self.remove(path),
                Step::Move { from, to } => {
                    let mut objects = self.0.lock().unwrap();
                    let inside: Vec<String> = objects.keys().filter(|key| key.starts_with(&format!("{from}/"))).cloned().collect();
                    for key in inside {
                        let object = objects.remove(&key).unwrap();
                        objects.insert(key.replacen(from, to, 1), object);
                    }
                }
            }
        }
        Ok(())
    }

    fn date(&self, path: &str, at: SystemTime) -> io::Result<bool> {
        Ok(self.0.lock().unwrap().get_mut(path).map(|object| object.1 = at).is_some())
    }

    fn append(&self, upload: &str) -> io::Result<Option<Box<dyn Append>>> {
        let there = self.list(upload)?.is_some();
        Ok(there.then(|| Box::new(Growing { objects: self.clone(), path: format!("{upload}/data") }) as Box<dyn Append>))
    }

    fn begin(&self, upload: &str, started_at: &str) -> io::Result<()> {
        self.put(&format!("{upload}/startedat"), Bytes::copy_from_slice(started_at.as_bytes()));
        Ok(())
    }

    fn discard(&self, upload: &str) -> io::Result<()> {
        self.remove(upload);
        Ok(())
    }

    fn tidy(&self, _before: SystemTime) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn storage_without_folders_serves() {
    let objects = Objects::default();
    let open = || serve_over(Store::over(Arc::new(objects.clone()), Box::new(LocalLocks::default()), Settings::new("unused")));
    let (digest, blob) = {
        let server = open();
        let digest = server.push("a/b", "v1", "x");
        server.push("a", "v1", "y");
        let whole = vec![7; 700_000];
        let blob = sha256(&whole);
        let location = server.ask("POST", "/v2/a/blobs/uploads/", &[], b"").header("location").unwrap().to_owned();
        assert_eq!(server.ask("PATCH", &location, &[("Content-Range", "0-299999")], &whole[..300_000]).status, 202);
        assert_eq!(
            server.ask("PUT", &format!("{location}?digest={blob}"), &[("Content-Range", "300000-699999")], &whole[300_000..]).status,
            201
        );
        (digest, blob)
    };
    let server = open();
    assert_eq!(server.get("/v2/_catalog").json()["repositories"], serde_json::json!(["a", "a/b"]));
    assert_eq!(server.get("/v2/a/b/tags/list").json()["tags"], serde_json::json!(["v1"]));
    assert_eq!(sha256(&server.get("/v2/a/b/manifests/v1").body), digest);
    assert_eq!(server.get(&format!("/v2/a/blobs/{blob}")).body.len(), 700_000);
    assert_eq!(server.ask("POST", &format!("/v2/a/b/blobs/uploads/?mount={blob}&from=a"), &[], b"").status, 201);
    let manifest = image(&config("x"), "layer of x", Some(&digest));
    let path = format!("/v2/a/b/manifests/{}", sha256(manifest.as_bytes()));
    assert_eq!(server.ask("PUT", &path, &[("Content-Type", OCI_MANIFEST)], manifest.as_bytes()).status, 201);
    assert_eq!(server.get(&format!("/v2/a/b/referrers/{digest}")).json()["manifests"].as_array().unwrap().len(), 1);
    assert_eq!(server.ask("DELETE", &format!("/v2/a/b/manifests/{digest}"), &[], b"").status, 202);
    assert_eq!(server.get("/v2/a/b/tags/list").json()["tags"], serde_json::json!([]));
    assert_eq!(server.ask("DELETE", &path, &[], b"").status, 202);
    assert_eq!(server.get("/v2/_catalog").json()["repositories"], serde_json::json!(["a"]));
}
