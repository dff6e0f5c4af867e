use std::env::var;
use std::io::{BufWriter, Error, Result, Write, stdout};
use std::net::{Ipv4Addr, TcpListener};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::tell::Listener;

/// Without anybody who connects.
const LONGEST_WAIT: Timespec = Timespec { tv_sec: 600, tv_nsec: 0 };

/// `-` is what the environment says.
pub fn port(text: &str) -> Result<u16> {
    match text {
        "-" => crate::number(&var("PORT").map_err(|_| Error::other("PORT is not set"))?),
        text => crate::number(text),
    }
}

/// Takes connections and says nothing on them.
pub fn serve(port: u16, listener: Listener<'_>) -> Result<()> {
    listener.tell(port)?;
    let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
    while poll(&mut [PollFd::new(&socket, PollFlags::IN)], Some(&LONGEST_WAIT))? > 0 {
        drop(socket.accept()?);
    }
    Ok(())
}

/// Lines of 100 bytes, which begin with their number from 0 on, in writes of 8 KiB, as the buffers of most languages
/// make them.
pub fn print(lines: u64, listener: Listener<'_>) -> Result<()> {
    listener.tell(0)?;
    let mut stdout = BufWriter::with_capacity(8192, stdout().lock());
    let mut line = [b'.'; 100];
    line[99] = b'\n';
    for number in 0..lines {
        write!(&mut line[..], "{number:010} ")?;
        stdout.write_all(&line)?;
    }
    stdout.flush()
}
