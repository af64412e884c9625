//! TLS that ends here; certificates are made with the openssl command, without which these are skipped.

use crate::program::Program;
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::Path,
    process::{Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

/// Makes `tls.pem` and `tls.key` for a name; false, with a note, without openssl.
fn certificate(directory: &Path, name: &str) -> bool {
    let arguments = format!(
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout tls.key -out tls.pem -days 30 -subj /CN={name} -addext subjectAltName=DNS:{name}"
    );
    let made = Command::new("openssl").args(arguments.split(' ')).current_dir(directory).output().is_ok_and(|o| o.status.success());
    if !made {
        eprintln!("skipped: there is no usable openssl");
    }
    made
}

/// What is presented, the protocol agreed on of those offered, and the answer to `GET /healthz`.
fn ask(address: &str, offered: &[&str]) -> Option<(Vec<u8>, Option<Vec<u8>>, String)> {
    let mut config = registry::remote::with_anyone().unwrap();
    config.alpn_protocols = offered.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
    let name = rustls::pki_types::ServerName::try_from("localhost").unwrap();
    let connection = rustls::ClientConnection::new(Arc::new(config), name).unwrap();
    let mut stream = rustls::StreamOwned::new(connection, TcpStream::connect(address).ok()?);
    stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").ok()?;
    let mut answer = Vec::new();
    // What ends without a word of TLS has said all the same.
    let _ = stream.read_to_end(&mut answer);
    let presented = stream.conn.peer_certificates()?.first()?.to_vec();
    Some((presented, stream.conn.alpn_protocol().map(<[u8]>::to_vec), String::from_utf8_lossy(&answer).into_owned()))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_ends_tls_and_takes_up_a_new_certificate() {
    let program = Program::new();
    let directory = program.directory.path();
    if !certificate(directory, "first.example") {
        return;
    }
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let listen = format!("127.0.0.1:{port}");
    let with_tls = ["--listen", &listen, "--tls-cert", "tls.pem", "--tls-key", "tls.key"];
    let mut child = program.command(&with_tls).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut log = BufReader::new(child.stderr.take().unwrap()).lines();
    let serving = log.by_ref().map(|line| line.unwrap()).find(|line| line.contains("serving")).expect("it serves");
    assert!(serving.contains(&format!("https://{listen}/")), "{serving}");

    let (first, protocol, answer) = ask(&listen, &["http/1.1"]).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert_eq!(protocol.as_deref(), Some(b"http/1.1".as_slice()));
    assert_eq!(ask(&listen, &["http/1.1", "h2"]).unwrap().1.as_deref(), Some(b"h2".as_slice()));
    let healthy = program.run(&[&with_tls[..], &["healthcheck"]].concat()).await;
    assert_eq!((healthy.status, healthy.err.as_str()), (0, ""));
    let mut plain = TcpStream::connect(&listen).unwrap();
    plain.write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n").unwrap();
    let mut nothing = Vec::new();
    let _ = plain.read_to_end(&mut nothing);
    assert!(!nothing.starts_with(b"HTTP/1.1 200"), "what is not encrypted is not answered");

    std::fs::write(directory.join("tls.key"), "no key").unwrap();
    assert!(ask(&listen, &["http/1.1"]).is_some_and(|(presented, ..)| presented == first), "the last good pair stays");
    assert!(certificate(directory, "second.example"));
    let begun = Instant::now();
    while ask(&listen, &["http/1.1"]).is_none_or(|(presented, ..)| presented == first) {
        assert!(begun.elapsed() < Duration::from_secs(30), "the new certificate is presented in time");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    child.kill().unwrap();
    child.wait().unwrap();

    std::fs::write(directory.join("tls.key"), "no key").unwrap();
    let broken = program.run(&with_tls).await;
    assert!(broken.status == 1 && broken.err.contains("tls_key: tls.key cannot be read"), "{broken:?}");
}
