//! Bytes that one server reads as one request and another as two, and heads that are too much: refused, or read as RFC 9112 has it, and
//! never a failure of ours.

use crate::support::{serve, sha256};
use std::{
    io::{ErrorKind, Read, Write},
    net::{Shutdown, SocketAddr, TcpStream},
    time::Duration,
};

/// The statuses of all answers to these bytes, up to where the server closes. Where it would wait for more, `last` says that there is none.
fn poke(address: SocketAddr, bytes: &[u8], last: bool) -> (Vec<u16>, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    // It may have answered and closed before all was sent.
    let _ = stream.write_all(bytes);
    if last {
        let _ = stream.shutdown(Shutdown::Write);
    }
    let mut answer = Vec::new();
    // A connection that was reset is closed, too.
    if let Err(error) = stream.read_to_end(&mut answer) {
        assert_ne!(error.kind(), ErrorKind::WouldBlock, "neither answered nor closed: {:?}", String::from_utf8_lossy(bytes));
    }
    let text = String::from_utf8_lossy(&answer).into_owned();
    let statuses = text.split("HTTP/1.").skip(1).filter_map(|answer| answer.get(2..5)?.parse().ok()).collect();
    (statuses, text)
}

#[test]
fn what_two_servers_read_differently_is_refused_or_read_once() {
    let folder = tempfile::tempdir().unwrap();
    let server = serve(folder.path(), |_| {});
    let put = "PUT /v2/a/manifests/v1 HTTP/1.1\r\nHost: a\r\n";
    let smuggled = "DELETE /v2/a/manifests/v1 HTTP/1.1\r\nHost: a\r\n\r\n";
    server.push("a", "v1", "x");
    for (head, body) in [
        ("Content-Length: 5\r\nContent-Length: 6\r\n", "hello"),
        ("Content-Length: 5, 6\r\n", "hello"),
        ("Content-Length: +5\r\n", "hello"),
        ("Content-Length: -1\r\n", "hello"),
        ("Content-Length: 0x5\r\n", "hello"),
        ("Content-Length: 5 5\r\n", "hello"),
        ("Content-Length: 99999999999999999999999999\r\n", "hello"),
        ("Content-Length : 5\r\n", "hello"),
        ("Transfer-Encoding: identity\r\n", "hello"),
        ("Transfer-Encoding: chunked, identity\r\n", "0\r\n\r\n"),
        ("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n"),
        ("Transfer-Encoding : chunked\r\n", "0\r\n\r\n"),
        ("Transfer-Encoding: chunked\r\n", "FFFFFFFFFFFFFFFFF\r\nx"),
        ("Transfer-Encoding: chunked\r\n", "-1\r\nx\r\n0\r\n\r\n"),
        ("Transfer-Encoding: chunked\r\n", "0x1\r\nx\r\n0\r\n\r\n"),
        ("Transfer-Encoding: chunked\r\n", "1\r\nxyz\r\n0\r\n\r\n"),
        ("Transfer-Encoding: chunked\r\n", "garbage"),
        ("Transfer-Encoding: chunked\r\n", "\r\n\r\n"),
        ("X: a\r\n folded\r\nContent-Length: 1\r\n", "x"),
        ("X\0: a\r\nContent-Length: 1\r\n", "x"),
        ("X: a\0b\r\nContent-Length: 1\r\n", "x"),
        ("X: a\rY: b\r\nContent-Length: 1\r\n", "x"),
        (": empty\r\nContent-Length: 1\r\n", "x"),
    ] {
        // Whatever follows must not be done, as the end of the request before it is in doubt.
        let (statuses, text) = poke(server.address, format!("{put}{head}\r\n{body}{smuggled}").as_bytes(), false);
        assert!(statuses.len() <= 1 && statuses.iter().all(|status| (400..500).contains(status)), "{head:?} {body:?}: {text}");
        assert_eq!(server.get("/v2/a/manifests/v1").status, 200, "{head:?} {body:?}");
    }
    // A length beside chunks is overruled by them (RFC 9112, section 6.3), whichever is first: what follows the last chunk is the next.
    for head in ["Content-Length: 4\r\nTransfer-Encoding: chunked\r\n", "Transfer-Encoding: chunked\r\nContent-Length: 500\r\n"] {
        let (statuses, text) = poke(
            server.address,
            format!("{put}{head}\r\n2\r\n{{}}\r\n0\r\n\r\nGET /v2/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").as_bytes(),
            false,
        );
        assert!(statuses == [400] || statuses == [400, 200], "{text}");
    }
    // A body that is refused is no request.
    let body = format!("GET /v2/ HTTP/1.1\r\nHost: a\r\n\r\n{smuggled}");
    let refused =
        format!("PUT /v2/A/manifests/v1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    assert_eq!(poke(server.address, refused.as_bytes(), false).0, [400]);
    assert_eq!(server.get("/v2/a/manifests/v1").status, 200);
}

#[test]
fn heads_that_are_too_much_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let server = serve(folder.path(), |_| {});
    let long = "x".repeat(3 << 20);
    for head in [
        "GET /v2/ HTTP/1.1\r\nHost: a\r\n".to_owned() + &"X: y\r\n".repeat(10_000) + "\r\n",
        format!("GET /v2/ HTTP/1.1\r\nHost: a\r\nX: {long}\r\n\r\n"),
        format!("GET /v2/_catalog?last={long} HTTP/1.1\r\nHost: a\r\n\r\n"),
        format!("GET /v2/{long}/tags/list HTTP/1.1\r\nHost: a\r\n\r\n"),
        format!("GET /v2/{}/tags/list HTTP/1.1\r\nHost: a\r\n\r\n", "a/".repeat(20_000)),
        format!("{long} /v2/ HTTP/1.1\r\nHost: a\r\n\r\n"),
        format!("GET /v2/_catalog?{} HTTP/1.1\r\nHost: a\r\n\r\n", "n=%00&".repeat(10_000)),
        format!("GET /v2/_catalog?last={} HTTP/1.1\r\nHost: a\r\n\r\n", "%61".repeat(2_000)),
        "GET http://[::1/v2/ HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(),
        "GET \u{e9} HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(),
        "get /v2/ HTTP/1.1 HTTP/1.1\r\n\r\n".to_owned(),
        "CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(),
        "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(),
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(),
        "\x16\x03\x01\x02\0\x01\0\x01".to_owned(),
    ] {
        let (statuses, text) = poke(server.address, head.as_bytes(), true);
        let refused = statuses.iter().all(|status| (400..500).contains(status) || *status == 505);
        assert!(refused && statuses.len() <= 1, "{head:.60}: {statuses:?} {text:.200}");
        assert_eq!(server.get("/v2/").status, 200, "{head:.60}");
    }
}

#[test]
fn no_word_of_a_hosts_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let server = serve(folder.path(), |_| {});
    let digest = sha256(b"x");
    for host in [
        "evil.test",
        "evil.test:99999",
        "a\r\nHost: evil.test",
        "a\r\nX-Forwarded-Host: evil.test\r\nX-Forwarded-Proto: javascript",
        "a\r\nForwarded: host=evil.test;proto=evil.test\r\nX-Forwarded-Prefix: /evil.test\r\nX-Original-URL: /evil.test",
        "",
        "[::1",
        "evil.test\u{7f}",
        "<evil.test>",
    ] {
        for request in [
            "POST /v2/a/blobs/uploads/ HTTP/1.1".to_owned(),
            format!("POST /v2/a/blobs/uploads/?digest={digest} HTTP/1.1"),
            "POST http://evil.test/v2/a/blobs/uploads/ HTTP/1.1".to_owned(),
            "GET /v2/_catalog?n=1 HTTP/1.1".to_owned(),
        ] {
            let body = if request.contains("digest") { "x" } else { "" };
            let (statuses, text) = poke(
                server.address,
                format!("{request}\r\nHost: {host}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len()).as_bytes(),
                false,
            );
            assert!(statuses.len() == 1 && statuses[0] < 500 && !text.contains("evil"), "{request} {host:?}: {text}");
        }
    }
    assert_eq!(server.get(&format!("/v2/a/blobs/{digest}")).text(), "x");
}
