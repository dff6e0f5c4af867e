//! Round trips of a WebSocket: a message of 64 bytes there, the same one back, then the next one.

use std::io::{BufRead, BufReader, Error, Result, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::time::{Duration, Instant};

use kinfra_tests::bench::race::Race;

use crate::arguments::Arguments;
use crate::lanes::{Measured, alternate};
use crate::message::Head;
use crate::tools::Tool;
use crate::world::{Service, World};

const FIGURES: [(&str, &str); 3] =
    [("round trips", "1/s"), ("processor for 10,000 round trips", "s"), ("one round trip, on average", "µs")];
const WARM_UP: u32 = 200;
/// The one of RFC 6455, section 1.3, and its answer.
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
pub const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
/// Of a text, as is 0x81 for its only frame.
const LENGTH: usize = 64;
const PATIENCE: Duration = Duration::from_secs(30);

pub fn races(arguments: &Arguments) -> Vec<Race> {
    let world = World::new(&arguments.tools);
    let what = format!("WebSocket, {LENGTH} bytes");
    alternate(&what, &FIGURES, arguments, |tool| {
        measure(&world, tool, Duration::from_secs(arguments.seconds.into()))
    })
}

fn measure(world: &World, tool: Tool, duration: Duration) -> std::result::Result<Measured, String> {
    world.see_that_it_runs(tool)?;
    let failed = |error: Error| format!("the WebSocket fails: {error}");
    let mut socket = Socket::open(world.port(tool, Service::Own)).map_err(failed)?;
    for _ in 0..WARM_UP {
        socket.round_trip().map_err(failed)?;
    }
    let before = world.processor(tool);
    let (begin, mut trips) = (Instant::now(), 0.0);
    while begin.elapsed() < duration {
        socket.round_trip().map_err(failed)?;
        trips += 1.0;
    }
    let taken = begin.elapsed().as_secs_f64();
    let spent = before.zip(world.processor(tool)).map(|(before, after)| (after - before) / trips * 1e4);
    Ok(Measured { values: vec![Some(trips / taken), spent, Some(taken / trips * 1e6)], wrong: None })
}

struct Socket {
    stream: TcpStream,
    from: BufReader<TcpStream>,
}

impl Socket {
    fn open(port: u16) -> Result<Self> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let mut from = BufReader::new(stream.try_clone()?);
        let head = format!(
            "GET / HTTP/1.1\r\nHost: {}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: {KEY}\r\n\r\n",
            Service::Own.host()
        );
        stream.write_all(head.as_bytes())?;
        let answer = Head::read(&mut from)?;
        if (answer.word(1), answer.header("sec-websocket-accept")) == ("101", Some(ACCEPT)) {
            Ok(Self { stream, from })
        } else {
            Err(Error::other(format!("the upgrade is answered by {answer:?}")))
        }
    }

    fn round_trip(&mut self) -> Result<()> {
        let frame = Frame { masked: true, payload: [b'm'; LENGTH] };
        self.stream.write_all(&frame.bytes())?;
        let back = Frame::read(&mut self.from)?;
        if back.payload == frame.payload { Ok(()) } else { Err(Error::other("another message came back")) }
    }
}

/// A text of 64 bytes. The mask of a client's is there, and is zero: it costs the same to whoever only carries it.
#[derive(Debug)]
pub struct Frame {
    masked: bool,
    payload: [u8; LENGTH],
}

impl Frame {
    pub fn read(from: &mut impl BufRead) -> Result<Self> {
        let mut head = [0; 2];
        from.read_exact(&mut head)?;
        let masked = head[1] & 0x80 != 0;
        if head[0] != 0x81 || usize::from(head[1] & 0x7f) != LENGTH {
            return Err(Error::other(format!("a frame that begins with {head:?}")));
        }
        let mut mask = [0; 4];
        if masked {
            from.read_exact(&mut mask)?;
        }
        let mut payload = [0; LENGTH];
        from.read_exact(&mut payload)?;
        payload.iter_mut().zip(mask.iter().cycle()).for_each(|(byte, mask)| *byte ^= mask);
        Ok(Self { masked, payload })
    }

    /// As a server says it.
    pub fn unmasked(self) -> Vec<u8> {
        Self { masked: false, ..self }.bytes()
    }

    fn bytes(&self) -> Vec<u8> {
        let (flag, mask): (u8, &[u8]) = if self.masked { (0x80, &[0; 4]) } else { (0, &[]) };
        [&[0x81, flag | LENGTH as u8], mask, &self.payload].concat()
    }
}
