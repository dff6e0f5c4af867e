//! Which of many descriptors are ready, at a cost that grows with those that are, not with all that could be: epoll(7).

use std::cell::Cell;
use std::io;
use std::ops::Deref;
use std::os::fd::{AsFd, OwnedFd};
use std::rc::Rc;
use std::time::Duration;

use rustix::buffer::spare_capacity;
use rustix::event::Timespec;
use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};

/// So many are told of at once; of more that are ready the others come first the next time.
const MOST_AT_ONCE: usize = 256;

/// Stands for one watched descriptor, and never for another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Token(u64);

/// What of a descriptor wakes whoever waits. Its end always does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interest {
    End,
    Readable,
    ReadableOrWritable,
}

#[derive(Debug)]
pub struct Poller {
    epoll: OwnedFd,
    next: Cell<u64>,
}

/// A descriptor that is watched until this is dropped. Closing it alone would not end that: others may hold the same
/// pipe or socket.
#[derive(Debug)]
pub struct Watched<D: AsFd> {
    descriptor: D,
    poller: Rc<Poller>,
    token: Token,
    interest: Interest,
}

impl Poller {
    /// # Errors
    /// When the system has no descriptor for it.
    pub fn new() -> io::Result<Self> {
        Ok(Self { epoll: epoll::create(CreateFlags::CLOEXEC)?, next: Cell::new(0) })
    }

    /// # Errors
    /// When the system watches no more of them, or nothing like this.
    pub fn watch<D: AsFd>(self: &Rc<Self>, descriptor: D, interest: Interest) -> io::Result<Watched<D>> {
        let token = Token(self.next.get());
        self.next.set(token.0 + 1);
        epoll::add(&self.epoll, &descriptor, EventData::new_u64(token.0), interest.flags())?;
        Ok(Watched { descriptor, poller: Rc::clone(self), token, interest })
    }

    /// Waits until some are ready, or so long. Whoever does nothing about one is told of it again.
    ///
    /// # Errors
    /// What the system says.
    pub fn wait(&self, timeout: Option<Duration>) -> io::Result<Vec<Token>> {
        let timeout = timeout.map(|left| Timespec {
            tv_sec: i64::try_from(left.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: i64::from(left.subsec_nanos()),
        });
        let mut events: Vec<Event> = Vec::with_capacity(MOST_AT_ONCE);
        match epoll::wait(&self.epoll, spare_capacity(&mut events), timeout.as_ref()) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        Ok(events.iter().map(|event| Token(event.data.u64())).collect())
    }
}

impl Interest {
    const fn flags(self) -> EventFlags {
        match self {
            Self::End => EventFlags::empty(),
            Self::Readable => EventFlags::IN,
            Self::ReadableOrWritable => EventFlags::IN.union(EventFlags::OUT),
        }
    }
}

impl<D: AsFd> Watched<D> {
    pub const fn token(&self) -> Token {
        self.token
    }

    pub fn set_interest(&mut self, interest: Interest) {
        let data = EventData::new_u64(self.token.0);
        if self.interest != interest
            && epoll::modify(&self.poller.epoll, &self.descriptor, data, interest.flags()).is_ok()
        {
            self.interest = interest;
        }
    }
}

impl<D: AsFd> Deref for Watched<D> {
    type Target = D;

    fn deref(&self) -> &D {
        &self.descriptor
    }
}

impl<D: AsFd> Drop for Watched<D> {
    fn drop(&mut self) {
        // Only what isn't watched can't be let go.
        let _ = epoll::delete(&self.poller.epoll, &self.descriptor);
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    const NOW: Option<Duration> = Some(Duration::ZERO);

    #[test]
    fn one_is_told_of_as_long_as_it_is_ready_and_watched_though_others_hold_it() {
        let poller = Rc::new(Poller::new().unwrap());
        let (read, mut write) = io::pipe().unwrap();
        let also = read.try_clone().unwrap();
        let mut watched = poller.watch(read, Interest::Readable).unwrap();
        assert_eq!(poller.wait(NOW).unwrap(), []);
        write.write_all(b"x").unwrap();
        for _ in 0..2 {
            assert_eq!(poller.wait(NOW).unwrap(), [watched.token()]);
        }
        watched.set_interest(Interest::End);
        assert_eq!(poller.wait(NOW).unwrap(), []);
        drop(write);
        assert_eq!(poller.wait(NOW).unwrap(), [watched.token()]);
        drop(watched);
        assert_eq!(poller.wait(NOW).unwrap(), []);
        let again = poller.watch(also, Interest::Readable).unwrap();
        assert_eq!(poller.wait(NOW).unwrap(), [again.token()]);
    }

    #[test]
    fn all_have_their_turn_however_many_are_ready() {
        let poller = Rc::new(Poller::new().unwrap());
        let pipes: Vec<_> = (0..MOST_AT_ONCE + 1).map(|_| io::pipe().unwrap()).collect();
        let watched: Vec<_> =
            pipes.into_iter().map(|(read, _)| poller.watch(read, Interest::Readable).unwrap()).collect();
        let mut told = poller.wait(NOW).unwrap();
        told.extend(poller.wait(NOW).unwrap());
        assert!(watched.iter().all(|watched| told.contains(&watched.token())));
    }
}
