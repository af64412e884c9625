//! Servers of S3 to test against: one in this process, of a library that speaks the protocol (`s3s`) over a bucket in [`memory`], and
//! versitygw (`versitygw` on PATH, or `VERSITYGW`; `go install github.com/versity/versitygw/cmd/versitygw@v1.8.0`) where it is installed.
//!
//! `s3s-fs`, which keeps its objects in files, does not do: it has no keys as long as those of referrers, and looks at a condition some
//! time before it writes.

mod memory;

use embedded::{Bucket, Storage};
use hyper_util::rt::TokioIo;
use s3s::{auth::SimpleAuth, service::S3ServiceBuilder};
use std::{
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

pub(crate) const KEY: &str = "tester";
pub(crate) const SECRET: &str = "the-secret-of-the-tester";
pub(crate) const NAME: &str = "images";
pub(crate) const PREFIX: &str = "some/prefix";

/// A server with one bucket. Ends with this.
pub(crate) struct S3 {
    pub(crate) address: SocketAddr,
    /// What was asked for: the method and the path with its query.
    asked: Arc<Mutex<Vec<String>>>,
    running: Running,
}

enum Running {
    Here(Option<tokio::runtime::Runtime>),
    Program(Child, #[expect(dead_code, reason = "kept until the end")] tempfile::TempDir),
}

impl Drop for S3 {
    fn drop(&mut self) {
        match &mut self.running {
            Running::Here(runtime) => {
                if let Some(runtime) = runtime.take() {
                    runtime.shutdown_background();
                }
            }
            Running::Program(child, _) => {
                let _ = child.kill();
                let _ = child.wait();
            }
        }
    }
}

impl S3 {
    /// In this process.
    pub(crate) fn here() -> Self {
        let mut builder = S3ServiceBuilder::new(memory::Memory::new(NAME));
        builder.set_auth(SimpleAuth::from_single(KEY, SECRET));
        let service = builder.build();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let listener = {
            let _entered = runtime.enter();
            tokio::net::TcpListener::from_std(listener).unwrap()
        };
        let told = asked.clone();
        runtime.spawn(async move {
            loop {
                let Ok((stream, _)) = listener.accept().await else { return };
                let (service, told) = (service.clone(), told.clone());
                let answer = hyper::service::service_fn(move |request: http::Request<hyper::body::Incoming>| {
                    told.lock().unwrap().push(format!("{} {}", request.method(), request.uri()));
                    let service = service.clone();
                    async move { hyper::service::Service::call(&service, request).await }
                });
                tokio::spawn(hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), answer));
            }
        });
        Self { address, asked, running: Running::Here(Some(runtime)) }
    }

    /// versitygw, where it is installed.
    pub(crate) fn gateway() -> Option<Self> {
        let program = std::env::var("VERSITYGW").unwrap_or_else(|_| "versitygw".to_owned());
        if !Command::new(&program).arg("--version").output().is_ok_and(|said| said.status.success()) {
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let [data, beside] = ["data", "beside"].map(|name| folder.path().join(name));
        std::fs::create_dir_all(data.join(NAME)).unwrap();
        std::fs::create_dir(&beside).unwrap();
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let child = Command::new(&program)
            .args(["--access", KEY, "--secret", SECRET, "--quiet", "--port", &address.to_string(), "posix", "--sidecar"])
            .args([&beside, &data])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let gateway = Self { address, asked: Arc::default(), running: Running::Program(child, folder) };
        let started = Instant::now();
        while TcpStream::connect(address).is_err() {
            assert!(started.elapsed() < Duration::from_secs(20), "{program} does not answer");
            std::thread::sleep(Duration::from_millis(5));
        }
        Some(gateway)
    }

    /// The variables by which a registry finds it.
    pub(crate) fn variables(&self) -> [(&'static str, String); 5] {
        [
            ("AWS_ENDPOINT_URL", format!("http://{}", self.address)),
            ("AWS_ALLOW_HTTP", "true".to_owned()),
            ("AWS_ACCESS_KEY_ID", KEY.to_owned()),
            ("AWS_SECRET_ACCESS_KEY", SECRET.to_owned()),
            ("AWS_REGION", "us-east-1".to_owned()),
        ]
    }

    pub(crate) fn bucket(&self) -> Bucket {
        self.variables().iter().fold(bucket(&format!("s3://{NAME}/{PREFIX}")), |bucket, (name, value)| bucket.with(name, value))
    }

    /// What was asked for since this was called last. Of a server in this process only.
    pub(crate) fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }
}

pub(crate) fn bucket(text: &str) -> Bucket {
    match text.parse() {
        Ok(Storage::Bucket(bucket)) => bucket,
        other => panic!("{other:?}"),
    }
}

/// Where a registry can be: each test that is not about files is run in all of these.
pub(crate) enum Place {
    Folder(tempfile::TempDir),
    Bucket(S3),
}

/// Makes a test of each function: in all places.
macro_rules! everywhere {
    ($($name:ident,)*) => {
        mod everywhere {
            $(#[test]
            fn $name() {
                crate::s3::places().for_each(|place| super::$name(&place));
            })*
        }
    };
}
pub(crate) use everywhere;

pub(crate) fn places() -> impl Iterator<Item = Place> {
    let ways: [fn() -> Option<Place>; 3] =
        [|| Some(Place::Folder(tempfile::tempdir().unwrap())), || Some(Place::Bucket(S3::here())), || S3::gateway().map(Place::Bucket)];
    ways.into_iter().filter_map(|place| place())
}

impl Place {
    pub(crate) fn storage(&self) -> Storage {
        match self {
            Self::Folder(folder) => folder.path().into(),
            Self::Bucket(server) => server.bucket().into(),
        }
    }

    /// The folder, where it is one.
    pub(crate) fn path(&self) -> Option<&Path> {
        match self {
            Self::Folder(folder) => Some(folder.path()),
            Self::Bucket(_) => None,
        }
    }

    pub(crate) fn is_bucket(&self) -> bool {
        self.path().is_none()
    }

    /// versitygw: a bucket over files, which lists a folder before there is an object in it.
    pub(crate) fn is_gateway(&self) -> bool {
        matches!(self, Self::Bucket(S3 { running: Running::Program(..), .. }))
    }
}
