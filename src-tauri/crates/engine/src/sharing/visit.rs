//! One look from outside: whether a public name leads to this very proxy, and if not, how far it leads.

use std::error::Error;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use std::time::Duration;

use kinfra_proxy::Here;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{Certificate, Client, redirect};

use crate::config::{CloudflareSettings, PublicPlace};

/// A request around the world, and a second try of its first packet.
const PATIENCE: Duration = Duration::from_secs(8);

/// Of an answer that isn't ours.
const BEGINNING: usize = 4 << 10;

/// How the way outside is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Visit {
    /// Our own answer came back.
    Ours,
    /// Something else answered, or nothing did: in words.
    Failed(String),
}

/// Visits public names as somebody outside does.
#[derive(Debug, Clone)]
pub struct Visitor {
    client: Client,
    /// In the place of the port that a URL means.
    port: Option<u16>,
    /// Names are resolved by DNS, where one that is asked for too early stays unknown for a while.
    pub asks_dns: bool,
}

impl Visitor {
    /// # Errors
    /// When the system's certificates can't be had, or the user's file of them.
    pub fn new(options: &CloudflareSettings) -> Result<Self, String> {
        // reqwest asks for the process's provider. There is one only (ring), so who sets it first doesn't matter.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = Client::builder()
            .user_agent(concat!("KInfra/", env!("CARGO_PKG_VERSION")))
            .timeout(PATIENCE)
            .redirect(redirect::Policy::none())
            // A kept connection would say nothing of the next visitor's.
            .pool_max_idle_per_host(0);
        if let Some(file) = &options.authority {
            let unreadable =
                |error: &dyn Error| format!("the certificates in {} can't be read: {error}", file.display());
            let pem = std::fs::read(file).map_err(|error| unreadable(&error))?;
            let certificates = Certificate::from_pem_bundle(&pem).map_err(|error| unreadable(&error))?;
            builder = builder.tls_certs_merge(certificates);
        }
        let address = match &options.visitors {
            None => None,
            Some(text) => {
                let found = text.to_socket_addrs().ok().and_then(|mut addresses| addresses.next());
                Some(found.ok_or_else(|| format!("cloudflare.visitors is {text:?}, and must be host:port"))?)
            }
        };
        if let Some(address) = address {
            builder = builder.dns_resolver(Arc::new(Always(address))).no_proxy();
        }
        let client = builder.build().map_err(|error| in_words(&error))?;
        Ok(Self { client, port: address.map(|address| address.port()), asks_dns: address.is_none() })
    }

    pub async fn visit(&self, place: &PublicPlace, here: &Here) -> Visit {
        let port = self.port.map_or_else(String::new, |port| format!(":{port}"));
        let url = format!("https://{}{port}{}", place.host, here.path(&place.path));
        match self.client.get(url).send().await {
            Err(error) => Visit::Failed(in_words(&error)),
            Ok(mut answer) => {
                let status = answer.status().as_u16();
                let mut body = vec![];
                while let Ok(Some(chunk)) = answer.chunk().await
                    && body.len() < BEGINNING
                {
                    body.extend_from_slice(&chunk);
                }
                let body = String::from_utf8_lossy(&body);
                if status == 200 && body == here.answer {
                    Visit::Ours
                } else {
                    Visit::Failed(told(status, &body))
                }
            }
        }
    }
}

/// Every name is there.
struct Always(SocketAddr);

impl Resolve for Always {
    fn resolve(&self, _: Name) -> Resolving {
        let addresses: Addrs = Box::new(std::iter::once(self.0));
        Box::pin(std::future::ready(Ok(addresses)))
    }
}

/// What an answer that isn't ours says of how far it came.
fn told(status: u16, body: &str) -> String {
    let has = |code: &str| body.contains(code);
    match status {
        530 if has("1033") => "Cloudflare has no connection with the tunnel (530, error 1033)".to_owned(),
        530 if has("1016") => "the name leads to a tunnel that is gone (530, error 1016)".to_owned(),
        530 => "Cloudflare finds no tunnel behind the name (530)".to_owned(),
        502 => "the tunnel is up, but does not reach KInfra's proxy (502)".to_owned(),
        404 => "the tunnel has no rule for the name (404)".to_owned(),
        429 => "Cloudflare has too many requests for this tunnel (429)".to_owned(),
        524 => "Cloudflare waited too long for an answer (524)".to_owned(),
        status => format!("something else answers there, with {status}"),
    }
}

/// What kept a request from being answered.
fn in_words(error: &reqwest::Error) -> String {
    let mut causes = vec![];
    let mut cause: Option<&dyn Error> = Some(error);
    while let Some(error) = cause {
        if let Some(rustls::Error::InvalidCertificate(reason)) = error.downcast_ref::<rustls::Error>() {
            return format!("its certificate is not valid: {reason:?}");
        }
        causes.push(error.to_string());
        cause = error.source();
    }
    let has = |part: &str| causes.iter().any(|cause| cause.contains(part));
    if has("dns error") || has("lookup address") {
        return "the name is not known in DNS".to_owned();
    }
    if has("invalid peer certificate") {
        return "its certificate is not valid".to_owned();
    }
    if error.is_timeout() {
        return format!("no answer within {} s", PATIENCE.as_secs());
    }
    let deepest = causes.pop().unwrap_or_default();
    format!("it can't be reached: {deepest}")
}
