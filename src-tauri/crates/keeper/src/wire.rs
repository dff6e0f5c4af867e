//! Lines and descriptors over a unix socket, for both ends of it.
//!
//! Theory of operation: a message is one line of JSON, and its descriptors go as SCM_RIGHTS with its first byte.
//! The kernel never delivers a descriptor later than the byte it was sent with, and keeps their order, so the
//! receiver queues descriptors as they come and gives each line as many as it announces. Nothing here blocks:
//! an [`Outbox`] keeps what the socket doesn't take, an [`Inbox`] keeps what is not yet a whole line.

use std::collections::VecDeque;
use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::protocol::{FromKeeper, Reply, Request, RequestFrame};

/// The most descriptors that one message carries: stdout, stderr and a pidfd. Engines of before protocol 3 have room for
/// two.
const MOST_DESCRIPTORS: usize = 3;

/// The longest line: twice Linux's default limit for arguments and environment together (2 MiB), since JSON
/// escapes some of it.
const LONGEST_LINE: usize = 4 * 1024 * 1024;

const RECEIVE_BYTES: usize = 64 * 1024;

/// A line that says how many descriptors come with it.
pub trait Frame: Serialize + DeserializeOwned {
    fn descriptors(&self) -> usize;

    /// What a line is taken for that only a newer version understands; none for one that is no message at all.
    fn unknown(line: &[u8]) -> Option<Self>;
}

/// What every version understands of a message.
#[derive(Deserialize)]
struct Header {
    id: u64,
    #[serde(default)]
    descriptors: usize,
}

impl Frame for RequestFrame {
    fn descriptors(&self) -> usize {
        self.descriptors
    }

    fn unknown(line: &[u8]) -> Option<Self> {
        let Header { id, descriptors } = serde_json::from_slice(line).ok()?;
        Some(Self { id, descriptors, request: Request::Unknown })
    }
}

impl Frame for FromKeeper {
    fn descriptors(&self) -> usize {
        match self {
            Self::Reply { descriptors, .. } => *descriptors,
            Self::Exited { .. } | Self::Output { .. } | Self::Dropping { .. } | Self::Unknown => 0,
        }
    }

    fn unknown(line: &[u8]) -> Option<Self> {
        let mut told: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(line).ok()?;
        let Some(reply) = told.remove("reply") else { return Some(Self::Unknown) };
        let Header { id, descriptors } = serde_json::from_value(reply).ok()?;
        let reason = "its answer is one that this version doesn't know".to_owned();
        Some(Self::Reply { id, descriptors, reply: Reply::Refused { reason } })
    }
}

struct Message {
    line: Vec<u8>,
    descriptors: Vec<OwnedFd>,
}

/// What is still to be sent.
#[derive(Default)]
pub struct Outbox {
    messages: VecDeque<Message>,
    /// How much of the first message has gone.
    sent: usize,
    bytes: usize,
}

impl Outbox {
    /// Queues one message.
    ///
    /// # Errors
    /// `InvalidInput` when it can't be written as JSON (a path that isn't UTF-8), or its descriptors are not as
    /// many as it announces.
    pub fn push<F: Frame>(&mut self, frame: &F, descriptors: Vec<OwnedFd>) -> io::Result<()> {
        if frame.descriptors() != descriptors.len() || descriptors.len() > MOST_DESCRIPTORS {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                format!(
                    "a message announces {} descriptors and has {}",
                    frame.descriptors(),
                    descriptors.len()
                ),
            ));
        }
        let mut line = serde_json::to_vec(frame)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error.to_string()))?;
        line.push(b'\n');
        self.bytes += line.len();
        self.messages.push_back(Message { line, descriptors });
        Ok(())
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    /// Messages that wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.messages.len()
    }

    /// Bytes that wait.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Sends as much as the socket takes at once.
    ///
    /// # Errors
    /// `WouldBlock` when something is left, else why the connection is lost.
    pub fn flush<S: AsFd>(&mut self, socket: &S) -> io::Result<()> {
        while let Some(message) = self.messages.front_mut() {
            let rest = &message.line[self.sent..];
            let sent = send(socket, rest, &message.descriptors)?;
            // They went with the first byte; a second sendmsg must not send them again.
            message.descriptors.clear();
            self.sent += sent;
            self.bytes -= sent;
            if self.sent == message.line.len() {
                self.messages.pop_front();
                self.sent = 0;
            }
        }
        Ok(())
    }
}

fn send<S: AsFd>(socket: &S, bytes: &[u8], descriptors: &[OwnedFd]) -> io::Result<usize> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST_DESCRIPTORS))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    let borrowed: Vec<_> = descriptors.iter().map(AsFd::as_fd).collect();
    if !borrowed.is_empty() && !control.push(SendAncillaryMessage::ScmRights(&borrowed)) {
        return Err(io::Error::other("too many descriptors for one message"));
    }
    loop {
        // The flag, because the engine's side may not ignore SIGPIPE.
        match rustix::net::sendmsg(socket, &[IoSlice::new(bytes)], &mut control, SendFlags::NOSIGNAL) {
            Err(rustix::io::Errno::INTR) => {}
            result => return Ok(result?),
        }
    }
}

/// What has come.
#[derive(Default)]
pub struct Inbox {
    bytes: Vec<u8>,
    /// Up to here they were taken; they go with the next that are received.
    taken: usize,
    /// Up to here no line's end was found.
    searched: usize,
    descriptors: VecDeque<OwnedFd>,
}

impl Inbox {
    /// Receives once; returns the number of bytes, 0 when the other end is closed.
    ///
    /// # Errors
    /// `WouldBlock` when there is nothing, `InvalidData` when a line is too long or descriptors were lost, else
    /// why the connection is lost.
    pub fn receive<S: AsFd>(&mut self, socket: &S) -> io::Result<usize> {
        self.bytes.drain(..self.taken);
        self.searched -= self.taken;
        self.taken = 0;
        if self.bytes.len() > LONGEST_LINE {
            return Err(invalid(format!("a line is longer than {LONGEST_LINE} bytes")));
        }
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST_DESCRIPTORS))];
        let mut control = RecvAncillaryBuffer::new(&mut space);
        let before = self.bytes.len();
        self.bytes.resize(before + RECEIVE_BYTES, 0);
        let received = loop {
            let mut into = [IoSliceMut::new(&mut self.bytes[before..])];
            match rustix::net::recvmsg(socket, &mut into, &mut control, RecvFlags::CMSG_CLOEXEC) {
                Err(rustix::io::Errno::INTR) => {}
                result => break result,
            }
        };
        self.bytes.truncate(before + received.as_ref().map_or(0, |message| message.bytes));
        let received = received?;
        for message in control.drain() {
            if let RecvAncillaryMessage::ScmRights(descriptors) = message {
                self.descriptors.extend(descriptors);
            }
        }
        if received.flags.contains(ReturnFlags::CTRUNC) {
            return Err(invalid("descriptors were lost: this process has too many files open".to_owned()));
        }
        Ok(received.bytes)
    }

    /// The next whole message and its descriptors.
    ///
    /// # Errors
    /// `InvalidData` when a line is not what it should be.
    pub fn take<F: Frame>(&mut self) -> io::Result<Option<(F, Vec<OwnedFd>)>> {
        let Some(end) = self.bytes[self.searched..].iter().position(|byte| *byte == b'\n') else {
            self.searched = self.bytes.len();
            return Ok(None);
        };
        let end = self.searched + end;
        let line = &self.bytes[self.taken..end];
        let frame: F = serde_json::from_slice(line).or_else(|error| {
            F::unknown(line).ok_or_else(|| invalid(format!("a line can't be understood: {error}")))
        })?;
        self.taken = end + 1;
        self.searched = self.taken;
        let announced = frame.descriptors();
        if announced > self.descriptors.len() {
            return Err(invalid(format!(
                "a line announces {announced} descriptors, {} came",
                self.descriptors.len()
            )));
        }
        Ok(Some((frame, self.descriptors.drain(..announced).collect())))
    }
}

fn invalid(text: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, text)
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::{Read, Write};
    use std::os::unix::net::UnixStream;

    use super::*;

    fn reply(id: u64, descriptors: usize, padding: usize) -> FromKeeper {
        FromKeeper::Reply { id, descriptors, reply: Reply::Refused { reason: "x".repeat(padding) } }
    }

    #[test]
    fn each_line_gets_its_own_descriptors_even_when_the_socket_is_full() {
        let (left, right) = UnixStream::pair().unwrap();
        left.set_nonblocking(true).unwrap();
        right.set_nonblocking(true).unwrap();
        let mut outbox = Outbox::default();
        let mut ends = Vec::new();
        for id in 0..64 {
            let (read, write) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC).unwrap();
            let many = usize::from(id % 3 != 0);
            outbox
                .push(&reply(id, many, 20_000), (0..many).map(|_| read.try_clone().unwrap()).collect())
                .unwrap();
            ends.push(File::from(write));
        }
        let mut inbox = Inbox::default();
        let mut seen = 0;
        while seen < 64 {
            match outbox.flush(&left) {
                Ok(()) => assert_eq!(outbox.bytes(), 0),
                Err(error) => assert_eq!(error.kind(), io::ErrorKind::WouldBlock),
            }
            while inbox.receive(&right).is_ok() {}
            while let Some((frame, descriptors)) = inbox.take::<FromKeeper>().unwrap() {
                assert_eq!(frame, reply(seen, usize::from(seen % 3 != 0), 20_000));
                for descriptor in descriptors {
                    ends[usize::try_from(seen).unwrap()].write_all(&[u8::try_from(seen).unwrap()]).unwrap();
                    let mut byte = [0];
                    File::from(descriptor).read_exact(&mut byte).unwrap();
                    assert_eq!(u64::from(byte[0]), seen);
                }
                seen += 1;
            }
        }
    }

    #[test]
    fn what_only_a_newer_version_understands_is_known_for_that() {
        let taken = |line: &str| {
            let (mut left, right) = UnixStream::pair().unwrap();
            left.write_all(format!("{line}\n").as_bytes()).unwrap();
            let mut inbox = Inbox::default();
            inbox.receive(&right).unwrap();
            inbox.take::<FromKeeper>().map(|message| message.map(|(message, _)| message)).ok()
        };
        assert_eq!(taken(r#"{"drowned":{"run":"a"}}"#), Some(Some(FromKeeper::Unknown)));
        let reply = taken(r#"{"reply":{"id":7,"descriptors":0,"reply":{"sung":{"a":1}}}}"#).flatten();
        let is_refused = |reply: &FromKeeper| {
            matches!(reply, FromKeeper::Reply { id: 7, reply: Reply::Refused { .. }, .. })
        };
        assert!(reply.as_ref().is_some_and(is_refused), "{reply:?}");
        for no_message in ["GET / HTTP/1.1", "[]", "7", r#"{"reply":{"reply":"done"}}"#] {
            assert_eq!(taken(no_message), None, "{no_message}");
        }
    }

    #[test]
    fn a_line_that_announces_a_descriptor_which_did_not_come_is_an_error() {
        let (mut left, right) = UnixStream::pair().unwrap();
        let mut line = serde_json::to_vec(&reply(1, 1, 0)).unwrap();
        line.push(b'\n');
        left.write_all(&line).unwrap();
        let mut inbox = Inbox::default();
        inbox.receive(&right).unwrap();
        assert_eq!(inbox.take::<FromKeeper>().unwrap_err().kind(), io::ErrorKind::InvalidData);
    }
}
