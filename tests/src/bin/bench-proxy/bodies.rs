//! A gibibyte there or back: how long it takes, what it costs, and whether it is held in memory.

use std::io::{BufReader, Error, Read, Result, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::time::{Duration, Instant};

use kinfra_tests::bench::race::Race;

use crate::arguments::Arguments;
use crate::lanes::{Measured, alternate};
use crate::memory::most_while;
use crate::message::{Framing, Head, SIZE};
use crate::tools::Tool;
use crate::world::{Service, World};

const FIGURES: [(&str, &str); 3] = [("wall", "s"), ("processor", "s"), ("growth of memory (PSS)", "MiB")];
const PATIENCE: Duration = Duration::from_secs(60);
const BUFFER: usize = 64 * 1024;

pub fn races(arguments: &Arguments) -> Vec<Race> {
    let world = World::new(&arguments.tools);
    let kinds = [
        ("download of 1 GiB with a length", false, Framing::Length),
        ("download of 1 GiB in chunks", false, Framing::Chunks),
        ("upload of 1 GiB with a length", true, Framing::Length),
        ("upload of 1 GiB in chunks", true, Framing::Chunks),
    ];
    let races = kinds.into_iter().flat_map(|(what, up, framing)| {
        alternate(what, &FIGURES, arguments, |tool| measure(&world, tool, up, framing))
    });
    races.collect()
}

fn measure(world: &World, tool: Tool, up: bool, framing: Framing) -> std::result::Result<Measured, String> {
    world.see_that_it_runs(tool)?;
    let port = world.port(tool, Service::Own);
    let (memory, processor) = (world.memory(tool), world.processor(tool));
    let begin = Instant::now();
    let (carried, most) = most_while(world, tool, || carry(port, up, framing));
    carried.map_err(|error| format!("the body doesn't arrive: {error}"))?;
    let wall = begin.elapsed().as_secs_f64();
    let spent = processor.zip(world.processor(tool)).map(|(before, after)| after - before);
    let growth = memory.zip(most).map(|(before, most)| (most - before).max(0.0) / 1024.0);
    Ok(Measured { values: vec![Some(wall), spent, growth], wrong: None })
}

fn carry(port: u16, up: bool, framing: Framing) -> Result<()> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let mut from = BufReader::with_capacity(BUFFER, stream.try_clone()?);
    let host = Service::Own.host();
    if up {
        let head = format!("POST / HTTP/1.1\r\nHost: {host}\r\n{}\r\n", framing.header());
        stream.write_all(head.as_bytes())?;
        framing.write(&mut stream)?;
    } else {
        stream.write_all(format!("GET {} HTTP/1.1\r\nHost: {host}\r\n\r\n", framing.path()).as_bytes())?;
    }
    let head = Head::read(&mut from)?;
    if head.word(1) != "200" {
        return Err(Error::other(format!("it is answered by {head:?}")));
    }
    let arrived = if up {
        let length = head.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
        let mut text = String::new();
        from.take(length).read_to_string(&mut text)?;
        text.parse().map_err(Error::other)?
    } else {
        head.read_body(&mut from)?
    };
    if arrived == SIZE { Ok(()) } else { Err(Error::other(format!("{arrived} bytes arrived"))) }
}
