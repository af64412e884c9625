//! `healthcheck`: for containers without a shell or curl.

use super::exit::Failed;
use crate::settings::{self, Flags, Sources};
use axum::body::Body;
use http::{Request, header};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_rustls::TlsConnector;

/// How long the server may take to say that it lives.
const PATIENCE: Duration = Duration::from_secs(3);

pub(super) async fn run(flags: Flags) -> Result<(), Failed> {
    let settings = settings::load(&Sources::of_process(flags))?;
    let address = reachable(settings.listen);
    match tokio::time::timeout(PATIENCE, ask(address, settings.tls.is_some())).await {
        Ok(Ok(200)) => Ok(()),
        Ok(Ok(status)) => Err(Failed::Other(format!("The server at {address} answers {status}."))),
        Ok(Err(error)) => Err(Failed::Other(format!("The server at {address} does not answer: {error}."))),
        Err(_) => Err(Failed::Other(format!("The server at {address} does not answer within {} seconds.", PATIENCE.as_secs()))),
    }
}

/// The address at which what listens at `listen` is reached from this machine.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

type Failure = Box<dyn std::error::Error + Send + Sync>;

async fn ask(address: SocketAddr, tls: bool) -> Result<u16, Failure> {
    let stream = TcpStream::connect(address).await?;
    if !tls {
        return ask_over(stream, address).await;
    }
    // Its name is not this address, and it need not be: nothing is told and nothing believed.
    let mut config = registry::remote::with_anyone()?;
    config.alpn_protocols.clear();
    let connector = TlsConnector::from(Arc::new(config));
    ask_over(connector.connect(ServerName::IpAddress(address.ip().into()), stream).await?, address).await
}

async fn ask_over(stream: impl AsyncRead + AsyncWrite + Unpin, address: SocketAddr) -> Result<u16, Failure> {
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let request = Request::get("/healthz").header(header::HOST, address.to_string()).body(Body::empty())?;
    let answer = tokio::select! {
        answer = sender.send_request(request) => answer?,
        ended = connection => {
            ended?;
            return Err("it hung up".into());
        }
    };
    Ok(answer.status().as_u16())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_on_every_address_is_asked_on_the_loopback() {
        for (listen, reached) in [("0.0.0.0:5080", "127.0.0.1:5080"), ("[::]:5080", "[::1]:5080"), ("10.0.0.7:1", "10.0.0.7:1")] {
            assert_eq!(reachable(listen.parse().unwrap()).to_string(), reached);
        }
    }
}
