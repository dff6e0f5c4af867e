//! Small messages in one piece.
//!
//! Theory of operation. A message that lies in one piece is sent by send(2), which is cheaper for the system than
//! writev(2): of a request of 1 KiB, two of them cost 3 % of all. One that lies in few small pieces, as the head and the
//! body of a short answer do, is put together for that: copying 2 KiB costs less than what is saved.

use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// In bytes: the largest message that is put together.
const BRIEF: usize = 2048;

/// Sends small messages in one piece.
pub(crate) struct Brief<S>(pub(crate) S);

impl<S: AsyncRead + Unpin> AsyncRead for Brief<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().0).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Brief<S> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().0).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let stream = Pin::new(&mut self.get_mut().0);
        if let [only] = pieces {
            return stream.poll_write(context, only);
        }
        if pieces.iter().map(|piece| piece.len()).sum::<usize>() > BRIEF {
            return stream.poll_write_vectored(context, pieces);
        }
        let mut whole = [const { MaybeUninit::uninit() }; BRIEF];
        let mut whole = ReadBuf::uninit(&mut whole);
        for piece in pieces {
            whole.put_slice(piece);
        }
        stream.poll_write(context, whole.filled())
    }

    fn is_write_vectored(&self) -> bool {
        self.0.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().0).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().0).poll_shutdown(context)
    }
}
