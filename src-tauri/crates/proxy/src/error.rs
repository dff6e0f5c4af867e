use std::io;
use std::net::SocketAddr;

use thiserror::Error;

/// Why the proxy could not be started.
#[derive(Debug, Error)]
pub enum ProxyError {
    /// The local listener must not be reachable from outside.
    #[error(
        "the proxy was given a listener on {0}, which is not a loopback address; bind it to 127.0.0.1 or ::1"
    )]
    NotLoopback(SocketAddr),
    /// The listener that was handed over can't be used.
    #[error("cannot {doing} the proxy's listener: {source}")]
    Listener { doing: &'static str, source: io::Error },
    /// The system refused a thread or its event queue.
    #[error(
        "cannot start proxy worker {worker}: {source}; look at the limits of open files and threads (ulimit -a)"
    )]
    Worker { worker: usize, source: io::Error },
}
