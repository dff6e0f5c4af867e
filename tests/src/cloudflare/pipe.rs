//! Bodies of HTTP as the two directions of a connection, and other bodies that are not of one kind only.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Empty, Full};
use hyper::body::{Body as HttpBody, Bytes, Frame, Incoming};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, split};
use tokio::sync::mpsc;

type Fault = Box<dyn std::error::Error + Send + Sync>;

pub type Body = UnsyncBoxBody<Bytes, Fault>;

#[must_use]
pub fn empty() -> Body {
    Empty::new().map_err(never).boxed_unsync()
}

#[must_use]
pub fn full(bytes: impl Into<Bytes>) -> Body {
    Full::new(bytes.into()).map_err(never).boxed_unsync()
}

#[must_use]
pub fn passed_on(incoming: Incoming) -> Body {
    incoming.map_err(Into::into).boxed_unsync()
}

/// A body of what is sent, until the sender is dropped.
#[must_use]
pub fn sent() -> (mpsc::Sender<Bytes>, Body) {
    let (sender, receiver) = mpsc::channel(16);
    (sender, Sent(receiver).map_err(never).boxed_unsync())
}

fn never(error: Infallible) -> Fault {
    match error {}
}

struct Sent(mpsc::Receiver<Bytes>);

impl HttpBody for Sent {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0.poll_recv(context).map(|bytes| bytes.map(|bytes| Ok(Frame::data(bytes))))
    }
}

/// Carries what comes by a connection into one body and what comes by the other body into the connection, until both
/// have ended or one of them is broken.
pub async fn carry(
    connection: impl AsyncRead + AsyncWrite,
    mut incoming: Incoming,
    outgoing: mpsc::Sender<Bytes>,
) {
    let (mut read, mut write) = split(connection);
    let out = async move {
        let mut buffer = vec![0; 16 << 10];
        loop {
            match read.read(&mut buffer).await {
                Ok(0) => return Ok(()),
                Ok(length) => outgoing.send(Bytes::copy_from_slice(&buffer[..length])).await.map_err(drop)?,
                Err(_) => return Err(()),
            }
        }
    };
    let back = async move {
        while let Some(frame) = incoming.frame().await {
            if let Ok(data) = frame.map_err(drop)?.into_data() {
                write.write_all(&data).await.map_err(drop)?;
                write.flush().await.map_err(drop)?;
            }
        }
        write.shutdown().await.map_err(drop)
    };
    // Whichever is broken takes the other with it.
    let _ = tokio::try_join!(out, back);
}
