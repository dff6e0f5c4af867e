//! One connection to a keeper.

use std::io;
use std::os::fd::OwnedFd;

use kinfra_keeper::protocol::{FromKeeper, Identity, Reply, Request, RequestFrame};
use kinfra_keeper::wire::{Inbox, Outbox};
use tokio::io::Interest;
use tokio::net::UnixStream;

pub struct Link {
    socket: UnixStream,
    inbox: Inbox,
    outbox: Outbox,
    next_id: u64,
    /// The keeper at the other end, once it said hello.
    pub keeper: Identity,
}

impl Link {
    pub fn new(socket: UnixStream) -> Self {
        let keeper = Identity { pid: 0, start_time: 0 };
        Self { socket, inbox: Inbox::default(), outbox: Outbox::default(), next_id: 1, keeper }
    }

    /// The process at the other end; 0 where the system doesn't say.
    #[must_use]
    pub fn peer(&self) -> u32 {
        let pid = self.socket.peer_cred().ok().and_then(|credentials| credentials.pid());
        pid.and_then(|pid| u32::try_from(pid).ok()).unwrap_or_default()
    }

    /// Queues a request and returns its id; [`Link::receive`] sends it.
    ///
    /// # Errors
    /// When the request can't be written as JSON.
    pub fn send(&mut self, request: Request, descriptors: Vec<OwnedFd>) -> io::Result<u64> {
        let id = self.next_id;
        self.outbox.push(&RequestFrame { id, descriptors: descriptors.len(), request }, descriptors)?;
        self.next_id += 1;
        Ok(id)
    }

    /// Sends what is queued until something comes. May be cancelled at any point without loss.
    ///
    /// # Errors
    /// Why the connection is lost; `UnexpectedEof` when the keeper closed it. What it had sent before comes first.
    pub async fn receive(&mut self) -> io::Result<(FromKeeper, Vec<OwnedFd>)> {
        loop {
            if let Some(message) = self.inbox.take()? {
                return Ok(message);
            }
            let interest = if self.outbox.is_empty() {
                Interest::READABLE
            } else {
                Interest::READABLE | Interest::WRITABLE
            };
            let ready = self.socket.ready(interest).await?;
            if ready.is_writable() && !self.outbox.is_empty() {
                let Self { socket, outbox, .. } = self;
                match socket.try_io(Interest::WRITABLE, || outbox.flush(&*socket)) {
                    Err(error) if error.kind() != io::ErrorKind::WouldBlock => {
                        // Nothing more can be said, but what the keeper said last is still to be read.
                        self.outbox = Outbox::default();
                    }
                    _ => {}
                }
            }
            if ready.is_readable() {
                let Self { socket, inbox, .. } = self;
                match socket.try_io(Interest::READABLE, || inbox.receive(&*socket)) {
                    Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                    Err(error) if error.kind() != io::ErrorKind::WouldBlock => return Err(error),
                    _ => {}
                }
            }
        }
    }

    /// Asks one thing and waits for its answer; what else comes meanwhile goes to `aside`.
    ///
    /// # Errors
    /// As [`Link::receive`].
    pub async fn ask(
        &mut self,
        request: Request,
        descriptors: Vec<OwnedFd>,
        mut aside: impl FnMut(FromKeeper),
    ) -> io::Result<(Reply, Vec<OwnedFd>)> {
        let id = self.send(request, descriptors)?;
        loop {
            match self.receive().await? {
                (FromKeeper::Reply { id: answered, reply, .. }, descriptors) if answered == id => {
                    return Ok((reply, descriptors));
                }
                (other, _) => aside(other),
            }
        }
    }
}
