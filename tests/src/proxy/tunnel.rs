//! The part of a tunnel that a test needs: a TCP port whose connections come in by the proxy's public socket.

use std::io::{Read, Write, copy};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use super::curl::{Answer, Curl};
use super::served::PUBLIC_HOST;
use crate::TestProject;

/// Its connections end with the test's process.
#[derive(Debug)]
pub(crate) struct Tunnel {
    pub(crate) port: u16,
    pub(crate) socket: PathBuf,
}

impl Tunnel {
    pub(crate) fn to(project: &TestProject) -> Self {
        let socket = project.home.home().public_socket();
        assert!(socket.exists(), "{}", socket.display());
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let to = socket.clone();
        thread::spawn(move || {
            for visitor in listener.incoming().map_while(Result::ok) {
                join(visitor, &to);
            }
        });
        Self { port, socket }
    }

    /// What makes a browser find the public host here.
    pub(crate) fn map(&self) -> String {
        format!("{PUBLIC_HOST}:80 127.0.0.1:{}", self.port)
    }

    /// What curl gets by it.
    #[track_caller]
    pub(crate) fn curl(&self, url: &str, options: &[&str]) -> Answer {
        let socket = self.socket.to_string_lossy().into_owned();
        Curl::start(url, &[&["--unix-socket", &socket], options].concat()).end()
    }
}

fn join(visitor: TcpStream, socket: &Path) {
    let Ok(proxy) = UnixStream::connect(socket) else { return };
    let (visitor, proxy) = (Arc::new(visitor), Arc::new(proxy));
    let (from, to) = (Arc::clone(&visitor), Arc::clone(&proxy));
    thread::spawn(move || {
        pass(&*from, &*to);
        let _ = to.shutdown(Shutdown::Write);
    });
    thread::spawn(move || {
        pass(&*proxy, &*visitor);
        let _ = visitor.shutdown(Shutdown::Write);
    });
}

/// That one side has left is no fault.
fn pass(mut from: impl Read, mut to: impl Write) {
    let _ = copy(&mut from, &mut to);
}
