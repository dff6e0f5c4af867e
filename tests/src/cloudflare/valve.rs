//! A connection that can be stopped without a word, and cut, whatever is being done with it.

use std::fmt::{Debug, Formatter};
use std::io::{Error, ErrorKind, Result};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Position {
    Open,
    Frozen,
    Closed,
}

/// Shared by a connection and by whoever breaks it.
pub(super) struct Valve(Mutex<(Position, Vec<Waker>)>);

impl Debug for Valve {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        self.turned().0.fmt(f)
    }
}

impl Valve {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::new((Position::Open, Vec::new()))))
    }

    /// Nothing comes through, and nobody is told.
    pub(super) fn freeze(&self) {
        self.turn(Position::Frozen);
    }

    pub(super) fn open(&self) {
        self.turn(Position::Open);
    }

    /// Ends it, for good.
    pub(super) fn close(&self) {
        self.turn(Position::Closed);
    }

    fn turn(&self, to: Position) {
        let mut turned = self.turned();
        if turned.0 != Position::Closed {
            turned.0 = to;
        }
        for waker in turned.1.drain(..) {
            waker.wake();
        }
    }

    fn turned(&self) -> std::sync::MutexGuard<'_, (Position, Vec<Waker>)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ready when it is open. Who waits here is woken by each turn, and so is who waits for the connection itself.
    fn poll(&self, context: &Context<'_>) -> Poll<Result<()>> {
        let mut turned = self.turned();
        match turned.0 {
            Position::Closed => Poll::Ready(Err(Error::from(ErrorKind::ConnectionReset))),
            position => {
                if !turned.1.iter().any(|waker| waker.will_wake(context.waker())) {
                    turned.1.push(context.waker().clone());
                }
                if position == Position::Open { Poll::Ready(Ok(())) } else { Poll::Pending }
            }
        }
    }
}

#[derive(Debug)]
pub(super) struct Valved {
    pub stream: TcpStream,
    pub valve: Arc<Valve>,
}

impl AsyncRead for Valved {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<Result<()>> {
        ready!(self.valve.poll(context))?;
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Valved {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize>> {
        ready!(self.valve.poll(context))?;
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
