//! The upstream for what nginx doesn't do: a thread for each connection, nothing else. It takes any body and says how
//! long it was, gives a gibibyte, and returns what it is told on a WebSocket.

use std::io::{BufReader, Result, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::ExitCode;
use std::thread;

use crate::message::{Framing, Head};
use crate::websocket::{ACCEPT, Frame};

/// Long against a line of a head, short against what a processor keeps near.
const BUFFER: usize = 64 * 1024;

pub fn serve(port: &str) -> ExitCode {
    let listening = port
        .parse()
        .map_err(std::io::Error::other)
        .and_then(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)));
    let listener = match listening {
        Ok(listener) => listener,
        Err(error) => {
            eprintln!("cannot listen on port {port}: {error}");
            return ExitCode::FAILURE;
        }
    };
    for stream in listener.incoming().map_while(Result::ok) {
        // A connection that ends is nothing to be told: the client sees it.
        thread::spawn(move || drop(converse(&stream)));
    }
    ExitCode::SUCCESS
}

fn converse(mut stream: &TcpStream) -> Result<()> {
    stream.set_nodelay(true)?;
    let mut from = BufReader::with_capacity(BUFFER, stream);
    loop {
        let head = Head::read(&mut from)?;
        if head.header("upgrade").is_some_and(|protocol| protocol.eq_ignore_ascii_case("websocket")) {
            let answer = format!(
                "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                 Sec-WebSocket-Accept: {ACCEPT}\r\n\r\n"
            );
            stream.write_all(answer.as_bytes())?;
            loop {
                let frame = Frame::read(&mut from)?;
                stream.write_all(&frame.unmasked())?;
            }
        }
        if head.word(0) == "GET" {
            let framing = if head.word(1) == "/chunks" { Framing::Chunks } else { Framing::Length };
            stream.write_all(format!("HTTP/1.1 200 OK\r\n{}\r\n", framing.header()).as_bytes())?;
            framing.write(&mut stream)?;
        } else {
            let length = head.read_body(&mut from)?.to_string();
            let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{length}", length.len());
            stream.write_all(answer.as_bytes())?;
        }
    }
}
