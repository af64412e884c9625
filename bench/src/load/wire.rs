//! HTTP/1.1 with as little work of our own as can be: a connection that is kept, a head written as text, a body that is counted, or
//! kept where it is wanted.

use anyhow::{Context, ensure};
use std::{cell::Cell, io::IoSlice};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// More than one read gives on the loopback.
const BUFFER: usize = 256 << 10;

/// A connection to a registry.
pub(super) struct Wire {
    stream: TcpStream,
    address: String,
    buffer: Vec<u8>,
    filled: usize,
}

/// What was answered; the body only where it was asked for.
pub(super) struct Answer {
    pub(super) status: u16,
    head: String,
    pub(super) body: Vec<u8>,
}

impl Answer {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        header(&self.head, name)
    }

    /// Where an upload goes on, or a list: path and query.
    pub(super) fn location(&self) -> anyhow::Result<String> {
        Ok(origin_form(self.header("location").context("no Location")?).to_owned())
    }

    pub(super) fn expect(self, status: u16) -> anyhow::Result<Self> {
        ensure!(self.status == status, "{} instead of {status}: {}", self.status, String::from_utf8_lossy(&self.body));
        Ok(self)
    }
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines()
        .skip(1)
        .filter_map(|line| line.split_once(':'))
        .find(|(key, _)| key.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.trim())
}

/// A URL without its origin.
pub(super) fn origin_form(url: &str) -> &str {
    let Some((_, rest)) = url.split_once("://") else { return url };
    rest.find('/').map_or("/", |at| &rest[at..])
}

impl Wire {
    /// Opens a connection to `host:port`.
    pub(super) async fn open(address: &str) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, address: address.to_owned(), buffer: vec![0; BUFFER], filled: 0 })
    }

    /// A request with its body in pieces that were there before. `headers` are whole lines.
    pub(super) async fn ask(&mut self, method: &str, path: &str, headers: &str, body: &[&[u8]]) -> anyhow::Result<Answer> {
        let length: usize = body.iter().map(|piece| piece.len()).sum();
        let sized = if matches!(method, "GET" | "HEAD") { String::new() } else { format!("Content-Length: {length}\r\n") };
        self.send(method, path, &format!("{headers}{sized}"), body).await?;
        self.answer(method == "HEAD", true, None).await
    }

    /// Writes a request; `headers` say how long its body is.
    pub(super) async fn send(&mut self, method: &str, path: &str, headers: &str, body: &[&[u8]]) -> anyhow::Result<()> {
        let head = format!("{method} {path} HTTP/1.1\r\nHost: {}\r\n{headers}\r\n", self.address);
        let mut slices: Vec<IoSlice<'_>> = Vec::with_capacity(body.len() + 1);
        slices.push(IoSlice::new(head.as_bytes()));
        slices.extend(body.iter().map(|piece| IoSlice::new(piece)));
        let mut left = &mut slices[..];
        while !left.is_empty() {
            let written = self.stream.write_vectored(left).await?;
            ensure!(written > 0 || left.iter().all(|slice| slice.is_empty()), "the connection was closed");
            IoSlice::advance_slices(&mut left, written);
        }
        Ok(())
    }

    /// Reads an answer. `counted` grows with each read of a body, so that who stops in its middle knows how far it was.
    pub(super) async fn answer(&mut self, bodiless: bool, keep: bool, counted: Option<&Cell<u64>>) -> anyhow::Result<Answer> {
        let end = loop {
            if let Some(at) = self.buffer[..self.filled].windows(4).position(|four| four == b"\r\n\r\n") {
                break at + 4;
            }
            self.fill().await?;
        };
        let head = String::from_utf8_lossy(&self.buffer[..end]).into_owned();
        self.consume(end);
        let status = head.split(' ').nth(1).and_then(|word| word.parse().ok()).context("no status")?;
        let mut answer = Answer { status, head, body: Vec::new() };
        if bodiless || matches!(status, 204 | 304) {
            return Ok(answer);
        }
        let into = &mut answer.body;
        if header(&answer.head, "transfer-encoding").is_some_and(|coding| coding.eq_ignore_ascii_case("chunked")) {
            loop {
                let line = self.line().await?;
                let length = usize::from_str_radix(line.split(';').next().unwrap_or_default().trim(), 16)?;
                self.body(length, keep.then_some(&mut *into), counted).await?;
                self.line().await?;
                if length == 0 {
                    break;
                }
            }
        } else if let Some(length) = header(&answer.head, "content-length") {
            self.body(length.parse()?, keep.then_some(into), counted).await?;
        }
        Ok(answer)
    }

    async fn fill(&mut self) -> anyhow::Result<()> {
        ensure!(self.filled < self.buffer.len(), "a head or line that is too long");
        let read = self.stream.read(&mut self.buffer[self.filled..]).await?;
        ensure!(read > 0, "the connection was closed");
        self.filled += read;
        Ok(())
    }

    fn consume(&mut self, bytes: usize) {
        self.buffer.copy_within(bytes..self.filled, 0);
        self.filled -= bytes;
    }

    async fn line(&mut self) -> anyhow::Result<String> {
        loop {
            if let Some(at) = self.buffer[..self.filled].windows(2).position(|two| two == b"\r\n") {
                let line = String::from_utf8_lossy(&self.buffer[..at]).into_owned();
                self.consume(at + 2);
                return Ok(line);
            }
            self.fill().await?;
        }
    }

    async fn body(&mut self, mut left: usize, mut into: Option<&mut Vec<u8>>, counted: Option<&Cell<u64>>) -> anyhow::Result<()> {
        while left > 0 {
            if self.filled == 0 {
                self.fill().await?;
            }
            let here = self.filled.min(left);
            if let Some(into) = &mut into {
                into.extend_from_slice(&self.buffer[..here]);
            }
            if let Some(counted) = counted {
                counted.set(counted.get() + here as u64);
            }
            self.consume(here);
            left -= here;
        }
        Ok(())
    }
}
