//! Listening: connections in, answers out, and an end that cuts nothing off.

use crate::middleware::Peer;
use axum::{Router, body::Body};
use embedded::Direct;
use http::{Request, Version};
use hyper::body::Incoming;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto, graceful::GracefulShutdown},
};
use std::{io, net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    net::{TcpListener, TcpStream},
    signal::unix::{Signal, SignalKind, signal},
    sync::Semaphore,
};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

/// How many connections are served at once; further ones wait in the listener's queue.
const CONNECTIONS: usize = 4096;
/// How long a request's head may take to come in, and how long a connection may stay idle between two.
const HEAD_TIME: Duration = Duration::from_secs(30);
/// How many bytes a request's head may have.
const HEAD_BYTES: usize = 64 * 1024;
/// How many requests one HTTP/2 connection may have open.
const STREAMS: u32 = 128;
/// How long answers under way are waited for at the end.
pub const GRACE: Duration = Duration::from_secs(10);

/// Serves until `stopping` is cancelled, then finishes what is under way, for at most [`GRACE`].
pub async fn serve(listener: TcpListener, tls: Option<TlsAcceptor>, router: Router, stopping: CancellationToken) {
    let permits = Arc::new(Semaphore::new(CONNECTIONS));
    let graceful = GracefulShutdown::new();
    loop {
        let accepted = tokio::select! {
            biased;
            () = stopping.cancelled() => break,
            accepted = accept(&listener, &permits) => accepted,
        };
        let Some((stream, peer, permit)) = accepted else { continue };
        let router = router.clone();
        let secure = tls.is_some();
        let direct = Direct::default();
        let offered = direct.clone();
        let service = hyper::service::service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(Peer { address: peer, secure });
            if !secure && request.version() <= Version::HTTP_11 {
                request.extensions_mut().insert(offered.clone());
            }
            router.clone().oneshot(request.map(Body::new))
        });
        let watcher = graceful.watcher();
        let tls = tls.clone();
        tokio::spawn(async move {
            let builder = builder();
            // Clients hang up, time out and speak nonsense; none of it is ours to repair.
            let ended = match tls {
                None => watcher.watch(builder.serve_connection(TokioIo::new(direct.over(stream)), service).into_owned()).await,
                Some(tls) => match crate::tls::accept(&tls, stream, HEAD_TIME).await {
                    Ok(stream) => watcher.watch(builder.serve_connection(TokioIo::new(stream), service).into_owned()).await,
                    Err(error) => Err(error.into()),
                },
            };
            if let Err(error) = ended {
                tracing::debug!(%peer, error = %error, "a connection ended early");
            }
            drop(permit);
        });
    }
    drop(listener);
    let left = graceful.count();
    if tokio::time::timeout(GRACE, graceful.shutdown()).await.is_err() {
        tracing::warn!(left, "some answers were not finished in time");
    }
}

fn builder() -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD_TIME).max_buf_size(HEAD_BYTES);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS)
        .max_header_list_size(HEAD_BYTES as u32)
        .keep_alive_interval(HEAD_TIME);
    builder
}

async fn accept(listener: &TcpListener, permits: &Arc<Semaphore>) -> Option<(TcpStream, SocketAddr, tokio::sync::OwnedSemaphorePermit)> {
    let permit = permits.clone().acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, peer)) => {
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!(%peer, %error, "a connection keeps its delay");
            }
            Some((stream, peer, permit))
        }
        Err(error) => {
            // Out of descriptors, mostly: others have to end before the next can begin.
            tracing::warn!(%error, "a connection could not be accepted");
            tokio::time::sleep(Duration::from_millis(100)).await;
            None
        }
    }
}

/// Cancels `stopping` at the first SIGTERM or SIGINT; a second one ends the process at once.
///
/// # Errors
/// When the process may not listen to signals.
pub fn stop_on_signals(stopping: CancellationToken) -> io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::spawn(async move {
        either(&mut terminate, &mut interrupt).await;
        tracing::info!("told to end; finishing what is under way");
        stopping.cancel();
        either(&mut terminate, &mut interrupt).await;
        tracing::warn!("told to end twice; ending at once");
        std::process::exit(1);
    });
    Ok(())
}

async fn either(a: &mut Signal, b: &mut Signal) {
    tokio::select! {
        _ = a.recv() => {}
        _ = b.recv() => {}
    }
}
