use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time;
use tracing::{debug, trace};

use crate::pool::Connection;
use crate::{Limits, Trouble};

/// A new connection to `port` on 127.0.0.1, or on ::1 where nothing listens on the former: some servers bind
/// *localhost*, and that is ::1 for some of them.
pub(crate) async fn dial(port: u16, limits: &Limits) -> Result<Connection, Trouble> {
    let stream = match connect((Ipv4Addr::LOCALHOST, port).into(), limits).await {
        Err(Trouble::Refused) => connect((Ipv6Addr::LOCALHOST, port).into(), limits).await?,
        connected => connected?,
    };
    let (connection, driver) =
        http1::Builder::new().handshake(TokioIo::new(stream)).await.map_err(|error| {
            debug!(%error, port, "handshake failed");
            Trouble::Reset
        })?;
    tokio::spawn(async move {
        if let Err(error) = driver.with_upgrades().await {
            debug!(%error, port, "connection to the service ended");
        }
    });
    trace!(port, "connected");
    Ok(connection)
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
            stream.set_nodelay(true)?;
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
