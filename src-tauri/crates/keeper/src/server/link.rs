//! One connection of an engine.

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::rc::Rc;
use std::time::Duration;

use crate::platform::{Interest, Poller, Watched};
use crate::protocol::{FromKeeper, Reply, RequestFrame, WATCHES};
use crate::wire::{Inbox, Outbox};

/// An engine that leaves so much unread is cut off: it can connect again and ask for the list.
const MOST_UNREAD: usize = 4 * 1024 * 1024;

/// Replies that are held back while more follow. Each message wakes the engine: told of 100 new processes one by one,
/// it takes a fifth more processor time, which those processes need in that moment.
const REPLIES_AT_ONCE: usize = 64;

pub struct Link {
    pub socket: Watched<UnixStream>,
    /// It said hello: it is the engine.
    pub greeted: bool,
    /// The version that it said.
    pub protocol: u32,
    pub lost: bool,
    /// It may have asked for more than it was answered in this turn.
    pub has_more: bool,
    inbox: Inbox,
    outbox: Outbox,
}

impl Link {
    /// # Errors
    /// When the socket can't be made non-blocking, or not be watched.
    pub fn new(poller: &Rc<Poller>, socket: UnixStream) -> io::Result<Self> {
        socket.set_nonblocking(true)?;
        let socket = poller.watch(socket, Interest::Readable)?;
        let (inbox, outbox) = (Inbox::default(), Outbox::default());
        Ok(Self { socket, greeted: false, protocol: 0, lost: false, has_more: false, inbox, outbox })
    }

    #[must_use]
    pub fn has_unsent(&self) -> bool {
        !self.outbox.is_empty()
    }

    /// Has whoever reads what it was sent wake the loop, as long as something is left.
    pub fn wait_for_room(&mut self) {
        let unsent = self.has_unsent();
        self.socket.set_interest(if unsent { Interest::ReadableOrWritable } else { Interest::Readable });
    }

    /// The next request, if a whole one is there.
    pub fn next(&mut self) -> Option<(RequestFrame, Vec<OwnedFd>)> {
        while !self.lost {
            match self.inbox.take() {
                Ok(Some(request)) => return Some(request),
                Ok(None) => {}
                Err(_) => {
                    self.lost = true;
                    break;
                }
            }
            match self.inbox.receive(&*self.socket) {
                Ok(0) => self.lost = true,
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(_) => self.lost = true,
            }
        }
        None
    }

    pub fn reply(&mut self, id: u64, mut reply: Reply, mut descriptors: Vec<OwnedFd>) {
        if self.protocol < WATCHES
            && let Reply::Spawned { watch, .. } | Reply::Pipes { watch, .. } = &mut reply
            && std::mem::take(watch)
        {
            // The last of them.
            descriptors.pop();
        }
        self.queue(&FromKeeper::Reply { id, descriptors: descriptors.len(), reply }, descriptors);
    }

    /// Sends the replies, unless many more follow soon: the engine takes up what comes together at less cost.
    pub fn answer(&mut self) {
        if !self.has_more || self.outbox.len() >= REPLIES_AT_ONCE {
            self.flush();
        }
    }

    pub fn send(&mut self, message: &FromKeeper) {
        self.queue(message, Vec::new());
        self.flush();
    }

    fn queue(&mut self, message: &FromKeeper, descriptors: Vec<OwnedFd>) {
        if self.outbox.push(message, descriptors).is_err() || self.outbox.bytes() > MOST_UNREAD {
            self.lost = true;
        }
    }

    pub fn flush(&mut self) {
        match self.outbox.flush(&*self.socket) {
            Err(error) if error.kind() != io::ErrorKind::WouldBlock => self.lost = true,
            _ => {}
        }
    }

    /// Sends the rest before the keeper ends, for at most a second.
    pub fn say_goodbye(&mut self) {
        let _ = self.socket.set_nonblocking(false);
        let _ = self.socket.set_write_timeout(Some(Duration::from_secs(1)));
        self.flush();
    }
}
