//! The registry by itself: `registry STORAGE [PORT]`, with `RELAXED=1`, `SPARSE=1`, `DELETE=0`. Prints its address. For tests and measuring.

use embedded::{Direct, Durability, Local, Settings, Storage, router};
use hyper_util::rt::TokioIo;
use std::{error::Error, io::Write};
use tower::ServiceExt;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> Result<(), Box<dyn Error>> {
    // What blocks waits for the disk: more threads would wait no less, and each has memory of its own.
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().max_blocking_threads(32).build()?;
    runtime.block_on(run())
}

async fn run() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    let mut arguments = std::env::args().skip(1);
    let storage = arguments.next().ok_or("usage: registry STORAGE [PORT]")?;
    let storage = if storage.contains(':') { storage.parse()? } else { Storage::Folder(storage.into()) };
    let mut settings = Settings::new(storage);
    let is = |name: &str, value: &str| std::env::var(name).is_ok_and(|v| v == value);
    settings.durability = if is("RELAXED", "1") { Durability::Relaxed } else { Durability::Full };
    settings.sparse = is("SPARSE", "1");
    settings.delete = !is("DELETE", "0");
    let port = arguments.next().unwrap_or_else(|| "0".to_owned());
    let listener = tokio::net::TcpListener::bind(format!("127.0.0.1:{port}")).await?;
    let local = Local::open(settings)?;
    tokio::spawn(local.clone().keep());
    println!("http://{}", listener.local_addr()?);
    std::io::stdout().flush()?;
    let routes = router(local);
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let (routes, direct) = (routes.clone(), Direct::default());
        let stream = direct.over(stream);
        let service = hyper::service::service_fn(move |mut request: hyper::Request<hyper::body::Incoming>| {
            request.extensions_mut().insert(direct.clone());
            routes.clone().oneshot(request)
        });
        // A connection's buffer: what it grows to it keeps.
        let connection = hyper::server::conn::http1::Builder::new().max_buf_size(64 << 10).serve_connection(TokioIo::new(stream), service);
        tokio::spawn(async move {
            // A client that leaves is no error.
            let _ = connection.await;
        });
    }
}
