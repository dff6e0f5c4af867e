use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::net::UnixListener;

use tokio::net::{TcpStream, UnixStream};

use crate::ProxyError;
use crate::tcp::is_near;

/// Where a proxy listens. Whether a visitor is local or public is decided here and nowhere else.
#[derive(Debug)]
pub struct Listeners {
    /// On a loopback address.
    pub local: TcpListener,
    /// Where tunnels come in, if there are any: a socket that only its owner can connect to.
    pub public: Option<UnixListener>,
}

impl From<TcpListener> for Listeners {
    fn from(local: TcpListener) -> Self {
        Self { local, public: None }
    }
}

impl Listeners {
    /// Makes them fit for workers. Gives the local address.
    pub(crate) fn prepare(&self) -> Result<SocketAddr, ProxyError> {
        let of_listener = |doing| move |source| ProxyError::Listener { doing, source };
        let address = self.local.local_addr().map_err(of_listener("read the address of"))?;
        if !address.ip().is_loopback() {
            return Err(ProxyError::NotLoopback(address));
        }
        self.local.set_nonblocking(true).map_err(of_listener("make non-blocking"))?;
        is_near(&self.local).map_err(of_listener("set TCP's options of"))?;
        if let Some(public) = &self.public {
            public.set_nonblocking(true).map_err(of_listener("make non-blocking"))?;
        }
        Ok(address)
    }
}

/// One worker's way to the listeners: each registers duplicates of their descriptors, which lets the kernel hand a
/// connection to whichever worker is free.
pub(crate) struct Door {
    local: tokio::net::TcpListener,
    public: Option<tokio::net::UnixListener>,
}

pub(crate) enum Accepted {
    Local(TcpStream, SocketAddr),
    Public(UnixStream),
}

impl Door {
    /// Must be called within a runtime.
    pub(crate) fn of(listeners: &Listeners) -> io::Result<Self> {
        let public = listeners.public.as_ref().map(UnixListener::try_clone).transpose()?;
        Ok(Self {
            local: tokio::net::TcpListener::from_std(listeners.local.try_clone()?)?,
            public: public.map(tokio::net::UnixListener::from_std).transpose()?,
        })
    }

    pub(crate) async fn accept(&self) -> io::Result<Accepted> {
        let public = async {
            match &self.public {
                Some(public) => public.accept().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            local = self.local.accept() => local.map(|(stream, peer)| Accepted::Local(stream, peer)),
            public = public => public.map(|(stream, _)| Accepted::Public(stream)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_accepted_is_sent_without_delay() {
        let listeners = Listeners::from(TcpListener::bind("127.0.0.1:0").unwrap());
        let address = listeners.prepare().unwrap();
        let door = Door::of(&listeners).unwrap();
        let _client = TcpStream::connect(address).await.unwrap();
        let Accepted::Local(stream, _) = door.accept().await.unwrap() else {
            panic!("there is no other door")
        };
        assert!(stream.nodelay().unwrap());
    }
}
