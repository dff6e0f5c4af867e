//! Bytes carried both ways between two connections that have changed to another protocol, until both sides have closed
//! or the proxy ends: a relay has no end of its own that could be waited for.
//!
//! Theory of operation: the request that began it is counted and noted like any other, when it was answered. What was
//! carried afterwards is added when the relay ends, whichever way it does.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};

use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf, copy_bidirectional};
use tracing::debug;

use crate::Route;
use crate::passage::Number;
use crate::worker::Worker;

/// Begins to carry for the request that is noted as `number`.
pub(crate) fn start(
    worker: &Worker,
    route: &Arc<Route>,
    number: Number,
    client: OnUpgrade,
    service: OnUpgrade,
) {
    let (shared, traffic) = (Arc::clone(&worker.shared), Arc::clone(&route.traffic));
    worker.tasks.spawn(async move {
        let (received, sent) = (AtomicU64::new(0), AtomicU64::new(0));
        tokio::select! {
            () = shared.ending.cancelled() => debug!("relay ended with the proxy"),
            relayed = carry(client, &received, service, &sent) => match relayed {
                Ok(()) => debug!(?received, ?sent, "relay ended"),
                Err(error) => debug!(%error, ?received, ?sent, "relay broke off"),
            },
        }
        let (received, sent) = (received.into_inner(), sent.into_inner());
        traffic.carried(received, sent);
        shared.journal.carried(number.get(), received, sent);
    });
}

async fn carry(
    client: OnUpgrade,
    received: &AtomicU64,
    service: OnUpgrade,
    sent: &AtomicU64,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let (client, service) = tokio::try_join!(client, service)?;
    let mut client = Side { stream: TokioIo::new(client), read: received };
    let mut service = Side { stream: TokioIo::new(service), read: sent };
    copy_bidirectional(&mut client, &mut service).await?;
    Ok(())
}

/// One side, and how much was read from it.
struct Side<'a> {
    stream: TokioIo<Upgraded>,
    read: &'a AtomicU64,
}

impl AsyncRead for Side<'_> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let Self { stream, read } = self.get_mut();
        let before = buffer.filled().len();
        ready!(Pin::new(stream).poll_read(context, buffer))?;
        read.fetch_add(buffer.filled().len().saturating_sub(before) as u64, Ordering::Relaxed);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Side<'_> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }
}
