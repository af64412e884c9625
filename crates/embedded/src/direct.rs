//! A file's bytes from the kernel's page cache into a connection without passing through this process: sendfile(2).
//!
//! hyper takes pieces of memory, and nothing else. So a piece that stands for a file's bytes is a part of [`STAND_IN`], as long as
//! they are; the connection under hyper, a [`DirectStream`], knows such a piece by its address and has the kernel send the file's
//! bytes in its place. A connection has one of them under way at a time; one that is not exactly where the connection expects it is
//! an error that ends the connection.
//!
//! Only a connection's own listener can offer this, in the request's extensions, and only where nothing stands between the answer's
//! body and the connection: not for TLS, not for HTTP/2, and no layer in between may read the body of a blob.

use crate::driver::Content;
use std::{
    io::{self, IoSlice},
    os::fd::AsFd,
    pin::Pin,
    sync::{Arc, LazyLock, Mutex, PoisonError},
    task::{Context, Poll, ready},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, Interest, ReadBuf},
    net::TcpStream,
};

/// The longest piece.
pub(crate) const LONGEST: usize = 1 << 20;

/// Memory that is never written, and read by nobody: pages that the kernel need not give.
static STAND_IN: LazyLock<Box<[u8]>> = LazyLock::new(|| vec![0; LONGEST].into());

/// What a connection and the answers on it share. In a request's extensions it says that its answer may be sent directly.
#[derive(Clone, Default)]
pub struct Direct(Arc<Mutex<Option<Span>>>);

/// What is under way.
struct Span {
    content: Arc<dyn Content>,
    /// Where its next byte is.
    at: u64,
    left: usize,
    length: usize,
}

/// A piece of an answer in place of bytes of a file.
pub(crate) struct Placed {
    direct: Direct,
    length: usize,
}

impl Direct {
    /// The connection, as hyper is to be given it.
    pub fn over(&self, stream: TcpStream) -> DirectStream {
        DirectStream { stream, direct: self.clone() }
    }

    /// A piece for bytes that are there without waiting for a disk, [`LONGEST`] at most. `None` where another is under way.
    pub(crate) fn place(&self, content: Arc<dyn Content>, at: u64, length: usize) -> Option<Placed> {
        debug_assert!(length <= LONGEST);
        let mut span = self.span();
        if span.is_some() {
            return None;
        }
        *span = Some(Span { content, at, left: length, length });
        Some(Placed { direct: self.clone(), length })
    }

    fn span(&self) -> std::sync::MutexGuard<'_, Option<Span>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl AsRef<[u8]> for Placed {
    fn as_ref(&self) -> &[u8] {
        &STAND_IN[..self.length]
    }
}

impl Drop for Placed {
    fn drop(&mut self) {
        *self.direct.span() = None;
    }
}

/// Where a piece begins in [`STAND_IN`], if it is a part of that.
fn stands_in(piece: &[u8]) -> Option<usize> {
    let offset = (piece.as_ptr() as usize).checked_sub(STAND_IN.as_ptr() as usize)?;
    (offset < LONGEST).then_some(offset)
}

/// A connection that sends files where pieces stand in for them.
pub struct DirectStream {
    stream: TcpStream,
    direct: Direct,
}

impl DirectStream {
    fn poll_send(&self, context: &mut Context<'_>, piece: &[u8], offset: usize) -> Poll<io::Result<usize>> {
        loop {
            ready!(self.stream.poll_write_ready(context))?;
            let mut span = self.direct.span();
            let expected = span.as_mut().filter(|span| span.length - span.left == offset && span.left == piece.len());
            let Some(span) = expected else {
                return Poll::Ready(Err(io::Error::other("a piece of a file is not what was to be sent")));
            };
            let sent = self.stream.try_io(Interest::WRITABLE, || span.content.send(self.stream.as_fd(), span.at, span.left));
            match sent {
                Ok(0) => return Poll::Ready(Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the blob's file has become shorter"))),
                Ok(n) => {
                    span.at += n as u64;
                    span.left -= n;
                    return Poll::Ready(Ok(n));
                }
                Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }
}

impl AsyncRead for DirectStream {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for DirectStream {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, piece: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(context, &[IoSlice::new(piece)])
    }

    fn poll_write_vectored(mut self: Pin<&mut Self>, context: &mut Context<'_>, pieces: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let from = pieces.iter().position(|piece| !piece.is_empty()).unwrap_or(0);
        let until = pieces.iter().skip(from).position(|piece| stands_in(piece).is_some()).map_or(pieces.len(), |more| from + more);
        match pieces.get(from).and_then(|piece| Some((piece, stands_in(piece)?))) {
            Some((piece, offset)) => self.poll_send(context, piece, offset),
            None => Pin::new(&mut self.stream).poll_write_vectored(context, &pieces[from..until]),
        }
    }

    /// What hyper would copy into one buffer would be sent as it is.
    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
