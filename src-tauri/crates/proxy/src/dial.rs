use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio::time;
use tracing::{debug, trace};

use crate::brief::Brief;
use crate::http1::Http1;
use crate::pool::Http2;
use crate::tcp::is_near;
use crate::{Limits, Trouble};

/// How much of a body is read at once, where as much is there: hyper begins with 8 KiB and doubles that with each read
/// that finds more. A gibibyte in pieces of 64 KiB takes about 1.6 times the processor that it takes in pieces of
/// 512 KiB (measured on loopback), and larger ones gain nothing.
pub(crate) const LARGEST_PIECE: usize = 512 * 1024;

/// A new connection to `port` on 127.0.0.1, or on ::1 where nothing listens on the former: some servers bind
/// *localhost*, and that is ::1 for some of them.
async fn reach(port: u16, limits: &Limits) -> Result<TokioIo<Brief<TcpStream>>, Trouble> {
    let stream = match connect((Ipv4Addr::LOCALHOST, port).into(), limits).await {
        Err(Trouble::Refused) => connect((Ipv6Addr::LOCALHOST, port).into(), limits).await?,
        connected => connected?,
    };
    trace!(port, "connected");
    Ok(TokioIo::new(Brief(stream)))
}

/// For one request at a time.
pub(crate) async fn dial(port: u16, limits: &Limits) -> Result<Http1, Trouble> {
    let stream = reach(port, limits).await?;
    let mut builder = http1::Builder::new();
    builder.max_header_size(limits.headers).max_buf_size(limits.headers.max(LARGEST_PIECE));
    let (requests, driver) = builder.handshake(stream).await.map_err(|error| not_greeted(port, &error))?;
    Ok(Http1::new(port, requests, driver))
}

/// For any number of requests at a time.
pub(crate) async fn dial_http2(port: u16, limits: &Limits) -> Result<Http2, Trouble> {
    let stream = reach(port, limits).await?;
    let mut builder = http2::Builder::new(TokioExecutor::new());
    builder.timer(TokioTimer::new()).adaptive_window(true).max_header_list_size(list_size(limits));
    let (connection, driver) = builder.handshake(stream).await.map_err(|error| not_greeted(port, &error))?;
    tokio::spawn(async move {
        if let Err(error) = driver.await {
            debug!(%error, port, "HTTP/2 connection to the service ended");
        }
    });
    Ok(connection)
}

/// The headers' limit as HTTP/2 has it.
pub(crate) fn list_size(limits: &Limits) -> u32 {
    u32::try_from(limits.headers).unwrap_or(u32::MAX)
}

fn not_greeted(port: u16, error: &hyper::Error) -> Trouble {
    debug!(%error, port, "handshake failed");
    Trouble::Reset
}

async fn connect(address: SocketAddr, limits: &Limits) -> Result<TcpStream, Trouble> {
    let connected = match time::timeout(limits.connect, TcpStream::connect(address)).await {
        Err(_) => return Err(Trouble::TimedOut),
        Ok(connected) => connected.and_then(|stream| {
            // Dialling a port of the ephemeral range on which nothing listens can meet itself: the kernel picks
            // that very port as the source and TCP's simultaneous open succeeds.
            if stream.local_addr()? == address {
                return Err(io::ErrorKind::ConnectionRefused.into());
            }
            is_near(&stream)?;
            Ok(stream)
        }),
    };
    connected.map_err(|error| {
        debug!(%error, %address, "cannot connect");
        match error.kind() {
            io::ErrorKind::TimedOut => Trouble::TimedOut,
            io::ErrorKind::ConnectionReset => Trouble::Reset,
            _ => Trouble::Refused,
        }
    })
}
