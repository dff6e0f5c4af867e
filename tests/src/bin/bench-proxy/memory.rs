//! What connections take of memory: busy ones on both sides, and idle ones of clients.
//!
//! Theory of operation: memory that was once taken is seldom given back, so each measurement has a world of its own.

use std::io::{Error, Read, Result, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use kinfra_tests::bench::race::Race;

use crate::arguments::Arguments;
use crate::lanes::{Measured, alternate};
use crate::peers::CONNECTIONS;
use crate::tools::Tool;
use crate::world::{Service, World};
use crate::wrk::{Load, load};

const BUSY: u32 = 512;
const IDLE: u16 = 10_000;
const LOOK: Duration = Duration::from_millis(20);
const PATIENCE: Duration = Duration::from_secs(10);

pub fn races(arguments: &Arguments) -> Vec<Race> {
    let without_direct = Arguments {
        tools: arguments.tools.iter().copied().filter(|tool| *tool != Tool::Direct).collect(),
        parts: vec![],
        connections: vec![],
        ..*arguments
    };
    let busy = [("PSS at rest", "MiB"), ("growth of PSS for each pair", "KiB")];
    let what = format!("{BUSY} busy connections");
    let mut races = alternate(&what, &busy, &without_direct, |tool| measure_busy(tool, arguments.seconds));
    let what = format!("{IDLE} idle client connections");
    races.extend(alternate(&what, &[("growth of PSS for each", "KiB")], &without_direct, measure_idle));
    for lane in
        races.iter_mut().flat_map(|race| &mut race.lanes).filter(|lane| lane.name.starts_with("nginx"))
    {
        lane.note =
            format!("{}; it takes the memory of all its {CONNECTIONS} connections at its start", lane.note);
    }
    races
}

/// The most memory that a tool had meanwhile, in KiB.
pub fn most_while<T>(world: &World, tool: Tool, act: impl FnOnce() -> T) -> (T, Option<f64>) {
    let ended = AtomicBool::new(false);
    thread::scope(|scope| {
        let most = scope.spawn(|| {
            let mut most = world.memory(tool)?;
            while !ended.load(Ordering::Relaxed) {
                thread::sleep(LOOK);
                most = world.memory(tool).map_or(most, |now| most.max(now));
            }
            Some(most)
        });
        let done = act();
        ended.store(true, Ordering::Relaxed);
        (done, most.join().ok().flatten())
    })
}

fn measure_busy(tool: Tool, seconds: u32) -> std::result::Result<Measured, String> {
    let world = World::new(&[tool]);
    world.see_that_it_runs(tool)?;
    let before = world.memory(tool);
    let kind = Load { connections: BUSY, seconds, closing: false };
    let (loaded, most) = most_while(&world, tool, || load(&world, tool, "1k", kind));
    let loaded = loaded?;
    let wrong =
        (loaded.errors > 0.0).then(|| format!("{} of {} requests failed", loaded.errors, loaded.requests));
    let growth = before.zip(most).map(|(before, most)| (most - before) / f64::from(BUSY));
    Ok(Measured { values: vec![before.map(|before| before / 1024.0), growth], wrong })
}

fn measure_idle(tool: Tool) -> std::result::Result<Measured, String> {
    let world = World::new(&[tool]);
    world.see_that_it_runs(tool)?;
    let port = world.port(tool, Service::Files);
    // What the first requests of all take is not a connection's.
    drop(visit(port));
    let before = world.memory(tool);
    let clients: Result<Vec<TcpStream>> = (0..IDLE).map(|_| visit(port)).collect();
    let clients = clients.map_err(|error| format!("not all of {IDLE} clients got an answer: {error}"))?;
    let growth = before.zip(world.memory(tool)).map(|(before, after)| (after - before) / f64::from(IDLE));
    let closed = clients.iter().filter(|client| is_closed(client)).count();
    let wrong = (closed > 0).then(|| format!("{closed} were closed meanwhile"));
    Ok(Measured { values: vec![growth], wrong })
}

/// A connection that has had its answer and stays.
fn visit(port: u16) -> Result<TcpStream> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    // In one piece: a second one would wait for the other side to say that it has the first.
    stream.write_all(format!("GET /1k HTTP/1.1\r\nHost: {}\r\n\r\n", Service::Files.host()).as_bytes())?;
    let mut answer = vec![];
    let mut piece = [0; 4096];
    // The file is the end of the answer, and nothing else in it is as long.
    while !answer.ends_with(&[b'x'; 1024]) {
        match stream.read(&mut piece)? {
            0 => return Err(Error::other("closed within an answer")),
            read => answer.extend_from_slice(&piece[..read]),
        }
    }
    if answer.starts_with(b"HTTP/1.1 200") {
        Ok(stream)
    } else {
        Err(Error::other("an answer of another status"))
    }
}

fn is_closed(stream: &TcpStream) -> bool {
    stream.set_nonblocking(true).is_err() || matches!(stream.peek(&mut [0]), Ok(0))
}
