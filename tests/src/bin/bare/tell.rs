use std::io::{Error, Result};
use std::os::unix::net::UnixDatagram;
use std::process::id;

use rustix::time::{ClockId, clock_gettime};

/// Who is to be told that a process began: the exact moment, by the process itself, is worth more than when somebody
/// found it.
pub struct Listener<'a> {
    socket: Option<&'a str>,
}

impl<'a> Listener<'a> {
    /// The last argument, if there is one.
    pub fn of(arguments: &[&'a str]) -> Result<Self> {
        match arguments {
            [] => Ok(Self { socket: None }),
            [socket] => Ok(Self { socket: Some(socket) }),
            more => Err(Error::other(format!("{more:?} is too much"))),
        }
    }

    /// Sends `PORT PID NANOSECONDS`, the last of CLOCK_MONOTONIC.
    pub fn tell(self, port: u16) -> Result<()> {
        let Some(socket) = self.socket else { return Ok(()) };
        let now = clock_gettime(ClockId::Monotonic);
        let nanoseconds = i128::from(now.tv_sec) * 1_000_000_000 + i128::from(now.tv_nsec);
        let message = format!("{port} {} {nanoseconds}", id());
        UnixDatagram::unbound()?.send_to(message.as_bytes(), socket).map(drop)
    }
}
