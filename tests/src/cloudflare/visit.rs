//! What a visitor's client does, for tests: blocking, and with the name that the test says instead of DNS.

use std::io::{BufRead, BufReader, Error, Read, Result, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use rustls::crypto::ring;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use super::Cloudflare;
use crate::http::Answer;

/// A visitor's connection, over which anything can be said.
pub type Visitor = StreamOwned<ClientConnection, TcpStream>;

impl Cloudflare {
    /// A connection to this name, by TLS.
    ///
    /// # Errors
    /// When no record leads the name here, or no certificate covers it.
    ///
    /// # Panics
    /// When TLS can't be set up at all.
    pub fn open(&self, host: &str) -> Result<Visitor> {
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate().clone()).unwrap();
        let mut client = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        client.alpn_protocols = vec![b"http/1.1".to_vec()];
        let name = ServerName::try_from(host.to_owned()).map_err(Error::other)?;
        let mut connection = ClientConnection::new(Arc::new(client), name).map_err(Error::other)?;
        let mut stream = TcpStream::connect(self.visitors())?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        while connection.is_handshaking() {
            connection.complete_io(&mut stream)?;
        }
        Ok(StreamOwned::new(connection, stream))
    }

    /// What a visitor gets: GET over a connection of its own.
    ///
    /// # Errors
    /// As [`Cloudflare::open`], or when the answer did not come whole.
    pub fn visit(&self, host: &str, path: &str) -> Result<Answer> {
        let mut stream = self.ask_for(host, path)?;
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes)?;
        let text = String::from_utf8_lossy(&bytes);
        let (head, body) = text.split_once("\r\n\r\n").ok_or_else(|| Error::other("no whole head"))?;
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
        let headers = head.lines().skip(1).filter_map(|line| line.split_once(": "));
        Ok(Answer {
            status: status.ok_or_else(|| Error::other(format!("no status in {head:?}")))?,
            headers: headers.map(|(name, value)| (name.to_lowercase(), value.to_owned())).collect(),
            body: body.to_owned(),
        })
    }

    /// The lines of an answer, head and body, as they come.
    ///
    /// # Errors
    /// As [`Cloudflare::open`].
    pub fn visit_lines(&self, host: &str, path: &str) -> Result<impl Iterator<Item = String> + use<>> {
        Ok(BufReader::new(self.ask_for(host, path)?).lines().map_while(Result::ok))
    }

    /// By HTTP/1.0: what comes then comes plainly, and its end is that of the connection.
    fn ask_for(&self, host: &str, path: &str) -> Result<Visitor> {
        let mut stream = self.open(host)?;
        stream.write_all(format!("GET {path} HTTP/1.0\r\nHost: {host}\r\nAccept: */*\r\n\r\n").as_bytes())?;
        Ok(stream)
    }
}
