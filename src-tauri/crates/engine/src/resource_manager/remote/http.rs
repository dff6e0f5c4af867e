use std::error::Error;
use std::path::Path;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use kinfra_rpc::{ErrorCode, Problem};
use reqwest::header::{CONTENT_TYPE, DATE, HeaderMap, HeaderName, LOCATION, RETRY_AFTER};
use reqwest::{Certificate, Url, redirect};

use super::answer::{Answer, Fault};
use super::call::Call;
use crate::causes::with_causes;

const CONNECT: Duration = Duration::from_secs(10);

/// The status of one thing is a few KiB.
const LONGEST_ANSWER: usize = 4 << 20;

/// The edge: sends one request, once.
pub trait Transport: Send + Sync + 'static {
    fn send<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Result<Answer, Fault>>;
}

pub struct Http {
    client: reqwest::Client,
    headers: HeaderMap,
}

impl Http {
    /// # Errors
    /// When the certificates can't be read.
    pub fn new(
        base: &Url,
        headers: HeaderMap,
        timeout: Duration,
        ca: Option<&Path>,
    ) -> Result<Self, Problem> {
        // reqwest asks for the process's provider. There is one only (ring), so who sets it first doesn't matter.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("KInfra/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT.min(timeout))
            .timeout(timeout)
            // A redirection would take the credential elsewhere, and each is a request that counts.
            .redirect(redirect::Policy::none());
        if is_here(base) {
            builder = builder.no_proxy();
        }
        if base.scheme() == "http" {
            // No certificates are needed, nor need the system have any.
            builder = builder.tls_certs_only([]);
        } else if let Some(path) = ca {
            let unreadable = |error: &dyn Error| {
                let message = format!("the certificates in {} can't be read: {error}", path.display());
                Problem::new(ErrorCode::ConfigInvalidValue, message).hint("`tls.ca` names a file in PEM")
            };
            let pem = std::fs::read(path).map_err(|error| unreadable(&error))?;
            let certificates = Certificate::from_pem_bundle(&pem).map_err(|error| unreadable(&error))?;
            if certificates.is_empty() {
                return Err(unreadable(&std::io::Error::other("there are none in it")));
            }
            builder = builder.tls_certs_merge(certificates);
        }
        let failed = |error: reqwest::Error| {
            let message = format!("cannot talk to {base}: {}", with_causes(&error.without_url()));
            Problem::new(ErrorCode::ResourceFailed, message)
                .hint("see that the system's certificates are installed")
        };
        Ok(Self { client: builder.build().map_err(failed)?, headers })
    }

    async fn send_once(&self, call: &Call) -> Result<Answer, Fault> {
        let mut request = self.client.request(call.method.clone(), call.url.clone());
        if let Some((kind, body)) = &call.body {
            if !self.headers.contains_key(CONTENT_TYPE) {
                request = request.header(CONTENT_TYPE, *kind);
            }
            request = request.body(body.clone());
        }
        let mut response = request.headers(self.headers.clone()).send().await.map_err(fault)?;
        let header = |name: HeaderName| {
            response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
        };
        let mut answer = Answer {
            status: response.status().as_u16(),
            retry_after: header(RETRY_AFTER),
            date: header(DATE),
            location: header(LOCATION),
            body: vec![],
        };
        while let Some(chunk) = response.chunk().await.map_err(fault)? {
            answer.body.extend_from_slice(&chunk);
            if answer.body.len() > LONGEST_ANSWER {
                return Err(Fault::Lost(format!("its answer is longer than {} MiB", LONGEST_ANSWER >> 20)));
            }
        }
        Ok(answer)
    }
}

impl Transport for Http {
    fn send<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Result<Answer, Fault>> {
        self.send_once(call).boxed()
    }
}

/// On this machine.
pub fn is_here(url: &Url) -> bool {
    // An address of IPv6 stands in brackets.
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    match host.parse::<std::net::IpAddr>() {
        Ok(address) => address.is_loopback(),
        Err(_) => host == "localhost" || host.ends_with(".localhost"),
    }
}

fn fault(error: reqwest::Error) -> Fault {
    let error = error.without_url();
    if error.is_connect() || error.is_builder() {
        return Fault::NotSent(format!("the API can't be reached: {}", with_causes(&error)));
    }
    if error.is_timeout() {
        return Fault::Lost("the API didn't answer in time".to_owned());
    }
    Fault::Lost(format!("the connection to the API broke: {}", with_causes(&error)))
}
