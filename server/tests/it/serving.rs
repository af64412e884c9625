//! Over a real connection: streams, the end, what is measured.

use crate::support::World;
use http::{Method, Request};
use http_body_util::{BodyExt, Empty};
use hyper::{body::Incoming, client::conn::http1::SendRequest};
use hyper_util::rt::TokioIo;
use registry::fake::{Fake, FakeSettings, Image};
use server::listen;
use std::{net::SocketAddr, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// Longer than anything here takes; only a failing test waits for it.
const PATIENCE: Duration = Duration::from_secs(20);

async fn listening(world: &World) -> (SocketAddr, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (address, tokio::spawn(listen::serve(listener, None, world.router.clone(), world.stopping.clone())))
}

async fn connect(address: SocketAddr) -> SendRequest<Empty<bytes::Bytes>> {
    let stream = TcpStream::connect(address).await.unwrap();
    let (sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    sender
}

async fn ask(sender: &mut SendRequest<Empty<bytes::Bytes>>, path: &str) -> http::Response<Incoming> {
    let request = Request::get(path).header("host", "here").body(Empty::new()).unwrap();
    tokio::time::timeout(PATIENCE, sender.send_request(request)).await.expect("an answer").unwrap()
}

/// Reads a stream until some text is in it.
async fn read_until(body: &mut Incoming, wanted: &str) -> String {
    let mut seen = String::new();
    while !seen.contains(wanted) {
        let frame = tokio::time::timeout(PATIENCE, body.frame()).await.unwrap_or_else(|_| panic!("“{wanted}” did not come: {seen}"));
        let data = frame.expect("the stream goes on").unwrap().into_data().unwrap_or_default();
        seen.push_str(&String::from_utf8_lossy(&data));
    }
    seen
}

#[tokio::test]
async fn a_push_is_told_to_those_who_listen() {
    let world = World::new().await;
    world.service.start();
    let (address, _server) = listening(&world).await;
    let mut connection = connect(address).await;
    let mut events = ask(&mut connection, "/api/v1/events").await;
    assert_eq!(events.headers()["content-type"], "text/event-stream");
    assert!(!events.headers().contains_key("content-encoding"));
    read_until(events.body_mut(), "retry: 3000").await;
    let digest = world.fake.push("team/api", "3.0.0", &Image::new("new"));
    let body = serde_json::json!({"events": [{
        "id": "1", "action": "push", "timestamp": "2026-01-01T00:00:00Z",
        "target": {"repository": "team/api", "tag": "3.0.0", "digest": digest.to_string(), "mediaType": "application/vnd.oci.image.manifest.v1+json"},
    }]});
    let kind = [("content-type", "application/vnd.docker.distribution.events.v1+json")];
    let taken = world.ask(Method::POST, "/api/v1/notifications/local", &kind, &body.to_string()).await;
    assert_eq!(taken.body, r#"{"taken":1}"#);
    read_until(events.body_mut(), r#"data: {"registry":"local","repository":"team/api"}"#).await;
    world.service.close().await;
}

#[tokio::test]
async fn the_end_finishes_what_is_under_way_and_lets_go_of_those_who_listen() {
    let world = World::beside(Fake::start(FakeSettings::default()).await.unwrap(), &[]).await;
    world.fake.push("slow", "1", &Image::new("slow"));
    let (address, server) = listening(&world).await;
    let mut listener = connect(address).await;
    let mut events = ask(&mut listener, "/api/v1/events").await;
    read_until(events.body_mut(), "retry").await;
    world.fake.knobs(|k| k.delay = Duration::from_millis(300));
    let before = world.fake.requests();
    let mut connection = connect(address).await;
    let answer = tokio::spawn(async move {
        let answer = ask(&mut connection, "/api/v1/image?ref=local/slow:1").await;
        let status = answer.status();
        (status, answer.into_body().collect().await.unwrap().to_bytes())
    });
    while world.fake.requests() == before {
        tokio::task::yield_now().await;
    }
    world.stopping.cancel();
    let (status, body) = tokio::time::timeout(PATIENCE, answer).await.unwrap().unwrap();
    assert_eq!(status, 200, "{}", String::from_utf8_lossy(&body));
    assert!(body.starts_with(b"{"), "the whole answer came");
    assert!(events.body_mut().frame().await.is_none_or(|f| f.is_ok()), "the stream ended by itself");
    tokio::time::timeout(PATIENCE, server).await.expect("the server ends").unwrap();
    assert!(TcpStream::connect(address).await.is_err(), "nobody listens any more");
    assert_eq!(world.get("/readyz").await.status, 503);
}

#[tokio::test]
async fn nonsense_on_the_wire_hurts_nobody() {
    let world = World::new().await;
    let (address, _server) = listening(&world).await;
    for nonsense in
        ["\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", &format!("GET /{} HTTP/1.1\r\nhost: x\r\n\r\n", "a".repeat(100_000))]
    {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(nonsense.as_bytes()).await.unwrap();
        stream.shutdown().await.unwrap();
        let mut answer = Vec::new();
        // Refused or hung up on; either ends the stream.
        let _ = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut answer)).await.expect("an end");
        assert!(!answer.starts_with(b"HTTP/1.1 200"));
    }
    assert_eq!(ask(&mut connect(address).await, "/healthz").await.status(), 200);
}

#[tokio::test]
async fn requests_are_measured_by_route() {
    let world = World::new().await;
    world.get("/r/local/team/api:1.0.0").await;
    world.get("/r/local/team/api:9.9.9").await;
    world.get("/never-to-be-found").await;
    world.ask(Method::from_bytes(b"BREW").unwrap(), "/", &[], "").await;
    let metrics = world.get("/metrics").await;
    assert!(metrics.header("content-type").starts_with("text/plain; version=0.0.4"));
    for line in [
        r#"supercargo_http_requests_total{method="GET",route="/r/{registry}/{*rest}",status="200"}"#,
        r#"supercargo_http_requests_total{method="GET",route="/r/{registry}/{*rest}",status="404"}"#,
        r#"supercargo_http_requests_total{method="GET",route="unmatched",status="404"}"#,
        r#"method="other""#,
        r#"supercargo_http_request_seconds_bucket{method="GET",route="/r/{registry}/{*rest}",status="200",le="0.005"}"#,
        r#"supercargo_tags{registry="local"}"#,
        "process_start_time_seconds",
        "supercargo_build_info{version=",
    ] {
        assert!(metrics.body.contains(line), "{line} is missing in\n{}", metrics.body);
    }
    assert!(!metrics.body.contains("never-to-be-found"), "an address must not become a label");
}

#[tokio::test]
async fn a_trace_goes_on_to_the_registry() {
    let world = World::beside(Fake::start(FakeSettings::default()).await.unwrap(), &[]).await;
    world.fake.push("traced", "1", &Image::new("traced"));
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let given = format!("00-{trace}-00f067aa0ba902b7-01");
    let answer = world.get_with("/api/v1/image?ref=local/traced:1", &[("traceparent", &given)]).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let passed_on =
        world.fake.count(|r| r.path.contains("/manifests/") && r.header("traceparent").is_some_and(|t| t.contains(trace) && t != given));
    assert!(passed_on > 0, "{:?}", world.fake.log());
}
