//! What a client says first, which tells the protocol it speaks: HTTP/2 begins with a preface of its own (RFC 9113, 3.4).
//!
//! Theory of operation. As much is read as there is, which mostly is the whole head of a request, and hyper finds it
//! where it reads next. So it takes a connection no more reads than it would if its protocol were known.

use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// The head of a browser's request.
const ENOUGH: usize = 2048;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spoken {
    Http1,
    Http2,
}

/// A connection of which something has been read already.
pub(crate) struct Greeted<S> {
    stream: S,
    /// Freed when hyper has it.
    said: Vec<u8>,
    /// How much of it hyper has.
    taken: usize,
}

impl<S: AsyncRead + Unpin> Greeted<S> {
    pub(crate) const fn new(stream: S) -> Self {
        Self { stream, said: Vec::new(), taken: 0 }
    }

    /// Reads until it is clear what is spoken. None if the client leaves without a word.
    pub(crate) fn poll_greeting(&mut self, context: &mut Context<'_>) -> Poll<io::Result<Option<Spoken>>> {
        loop {
            let mut piece = [const { MaybeUninit::uninit() }; ENOUGH];
            let mut piece = ReadBuf::uninit(&mut piece);
            ready!(Pin::new(&mut self.stream).poll_read(context, &mut piece))?;
            self.said.extend_from_slice(piece.filled());
            if self.said.is_empty() {
                return Poll::Ready(Ok(None));
            }
            let is_preface = self.said.iter().zip(PREFACE).all(|(said, expected)| said == expected);
            if !is_preface || piece.filled().is_empty() {
                return Poll::Ready(Ok(Some(Spoken::Http1)));
            }
            if self.said.len() >= PREFACE.len() {
                return Poll::Ready(Ok(Some(Spoken::Http2)));
            }
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Greeted<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let Self { stream, said, taken } = self.get_mut();
        let Some(rest) = said.get(*taken..).filter(|rest| !rest.is_empty()) else {
            return Pin::new(stream).poll_read(context, buffer);
        };
        let (piece, later) = rest.split_at(rest.len().min(buffer.remaining()));
        buffer.put_slice(piece);
        *taken += piece.len();
        if later.is_empty() {
            (*said, *taken) = (Vec::new(), 0);
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Greeted<S> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write_vectored(context, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;

    /// What is spoken by who says these pieces, and all that is found after that.
    async fn after(pieces: &[&[u8]]) -> (Option<Spoken>, Vec<u8>) {
        // Each piece waits until the one before it was read.
        let (mut client, stream) = duplex(pieces.iter().map(|piece| piece.len()).max().unwrap_or(0).max(1));
        let mut stream = Greeted::new(stream);
        let saying = async move {
            for piece in pieces {
                client.write_all(piece).await.unwrap();
            }
        };
        let reading = async move {
            let spoken = poll_fn(|context| stream.poll_greeting(context)).await.unwrap();
            let mut found = Vec::new();
            stream.read_to_end(&mut found).await.unwrap();
            (spoken, found)
        };
        tokio::join!(saying, reading).1
    }

    #[tokio::test]
    async fn the_preface_is_http2_and_all_else_is_http1_and_nothing_is_lost() {
        let long = [b"GET / HTTP/1.1\r\nX: ".as_slice(), &[b'x'; 3 * ENOUGH]].concat();
        let asked = [PREFACE, b"more"].concat();
        for (pieces, spoken) in [
            (vec![b"GET / HTTP/1.1\r\n".as_slice(), b"\r\n"], Some(Spoken::Http1)),
            (vec![&long], Some(Spoken::Http1)),
            (vec![b"P", b"O", b"ST / HTTP/1.1\r\n"], Some(Spoken::Http1)),
            // It ends where it could still be either.
            (vec![b"PRI * HTTP/2.0\r\n"], Some(Spoken::Http1)),
            (vec![&PREFACE[..23], &PREFACE[23..]], Some(Spoken::Http2)),
            (vec![&asked], Some(Spoken::Http2)),
            (vec![], None),
        ] {
            assert_eq!(after(&pieces).await, (spoken, pieces.concat()), "{pieces:?}");
        }
    }
}
