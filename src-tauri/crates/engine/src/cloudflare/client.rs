//! Theory of operation: one client per engine holds the connections; an `Api` is the client with one token. A call is
//! data (`Call`) until it is sent here. Once Cloudflare says *too many requests*, the token of that request is blocked
//! until the time that was named, five minutes where none was: every call with it, from whichever `Api`, fails at once
//! and sends nothing. What can be asked twice without harm (GET, and DELETE of what has an identifier) is tried up to three times
//! where the connection or the server fails; a POST, PUT or PATCH of which the outcome is unknown is left to the caller,
//! who reads what is there before trying again.

use std::collections::HashMap;
use std::error::Error;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::header::{AUTHORIZATION, HeaderValue, RETRY_AFTER};
use reqwest::{Certificate, Method, Url, redirect};
use serde_json::Value;
use tokio::time::sleep;

use super::api::Api;
use super::envelope::{Answer, is_temporary, read};
use super::error::{CloudflareError, Trouble};
use super::permission::Permission;
use super::token::ApiToken;
use crate::causes::with_causes;
use crate::clock::{Clock, Moment, millis};

/// Where Cloudflare's API is.
pub const PUBLIC_API: &str = "https://api.cloudflare.com/client/v4";

/// What Cloudflare says of its own limit (API documentation, *Rate limits*).
const BLOCK: Duration = Duration::from_secs(300);

const CONNECT: Duration = Duration::from_secs(10);
const WHOLE: Duration = Duration::from_secs(30);
const TRIES: u32 = 3;

/// A page of a thousand records is a few hundred KiB.
const LONGEST_ANSWER: usize = 32 << 20;

#[derive(Debug, Clone)]
pub struct ClientOptions {
    /// Where the API is: [`PUBLIC_API`]. Without TLS only on this machine, for the token is sent there.
    pub base: String,
    /// Certificates in PEM to trust besides the system's: where a company looks into TLS.
    pub extra_ca: Option<PathBuf>,
    pub clock: Clock,
    /// How long to wait before a second try; four times that before the third.
    pub pause: Duration,
}

impl ClientOptions {
    #[must_use]
    pub fn new(clock: Clock) -> Self {
        Self { base: PUBLIC_API.to_owned(), extra_ca: None, clock, pause: Duration::from_millis(250) }
    }
}

#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    base: Url,
    clock: Clock,
    pause: Duration,
    /// Until when which token is blocked.
    blocks: Arc<Mutex<HashMap<[u8; 32], Moment>>>,
}

/// A call, before it is sent.
pub(super) struct Call {
    pub method: Method,
    /// Below the base, without a slash at either end.
    pub path: String,
    pub query: Vec<(&'static str, String)>,
    pub body: Option<Value>,
    pub doing: String,
    pub needs: Option<Permission>,
}

impl Client {
    /// # Errors
    /// When the base is no URL to send a token to, or the certificates can't be read.
    pub fn new(options: &ClientOptions) -> Result<Self, CloudflareError> {
        let fail = |why: String| CloudflareError {
            doing: format!("talk to Cloudflare's API at {}", options.base),
            trouble: Trouble::Unreachable { why },
        };
        let base = Url::parse(&options.base).map_err(|error| fail(format!("that is no URL: {error}")))?;
        let is_here = matches!(base.host_str(), Some("127.0.0.1" | "[::1]" | "localhost"));
        if base.scheme() != "https" && !(base.scheme() == "http" && is_here) {
            return Err(fail("the API token would be sent without TLS".to_owned()));
        }
        // reqwest asks for the process's provider. There is one only (ring), so who sets it first doesn't matter.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("KInfra/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT)
            .timeout(WHOLE)
            // A redirection would take the token elsewhere.
            .redirect(redirect::Policy::none());
        if is_here {
            builder = builder.no_proxy();
        }
        if base.scheme() == "http" {
            // No certificates are needed, nor need the system have any.
            builder = builder.tls_certs_only([]);
        } else if let Some(path) = &options.extra_ca {
            let unreadable = |error: &dyn Error| {
                fail(format!("the certificates in {} can't be read: {error}", path.display()))
            };
            let pem = std::fs::read(path).map_err(|error| unreadable(&error))?;
            let certificates = Certificate::from_pem_bundle(&pem).map_err(|error| unreadable(&error))?;
            builder = builder.tls_certs_merge(certificates);
        }
        let http = builder.build().map_err(|error| fail(with_causes(&error)))?;
        let (clock, pause) = (options.clock.clone(), options.pause);
        Ok(Self { http, base, clock, pause, blocks: Arc::default() })
    }

    #[must_use]
    pub fn with(&self, token: ApiToken) -> Api {
        Api::new(self.clone(), token)
    }

    /// Until when nothing is sent with a token.
    pub(super) fn blocked_until(&self, digest: [u8; 32]) -> Option<Moment> {
        let blocks = self.blocks.lock().unwrap_or_else(PoisonError::into_inner);
        blocks.get(&digest).copied().filter(|until| self.clock.now() < *until)
    }

    pub(super) async fn send(&self, token: &ApiToken, call: &Call) -> Result<Answer, CloudflareError> {
        let fail = |trouble| CloudflareError { doing: call.doing.clone(), trouble };
        let is_repeatable = [Method::GET, Method::DELETE].contains(&call.method);
        let mut pause = self.pause;
        for tried in 1.. {
            let trouble = match self.send_once(token, call).await {
                Ok(answer) => return Ok(answer),
                Err(trouble) => trouble,
            };
            let is_worth_it = matches!(trouble, Trouble::Unreachable { .. } | Trouble::Unavailable { .. });
            if !is_repeatable || !is_worth_it || tried == TRIES {
                return Err(fail(trouble));
            }
            sleep(pause).await;
            pause *= 4;
        }
        unreachable!("the last try returns")
    }

    async fn send_once(&self, token: &ApiToken, call: &Call) -> Result<Answer, Trouble> {
        if let Some(until) = self.blocked_until(token.digest()) {
            return Err(Trouble::RateLimited { until });
        }
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(call.path.split('/'));
        }
        if !call.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&call.query);
        }
        let mut bearer = HeaderValue::try_from(format!("Bearer {}", token.reveal()))
            .map_err(|_| Trouble::Unauthorised { said: "it can't be sent".to_owned() })?;
        bearer.set_sensitive(true);
        let mut request = self.http.request(call.method.clone(), url).header(AUTHORIZATION, bearer);
        if let Some(body) = &call.body {
            request = request.json(body);
        }
        let unreachable = |error: &reqwest::Error| Trouble::Unreachable { why: with_causes(error) };
        let mut response = request.send().await.map_err(|error| unreachable(&error.without_url()))?;
        let status = response.status().as_u16();
        if status == 429 {
            let after = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
            let after = after.and_then(|seconds| seconds.trim().parse().ok()).map(Duration::from_secs);
            return Err(Trouble::RateLimited { until: self.block(token, after.unwrap_or(BLOCK)) });
        }
        let mut body = vec![];
        while let Some(chunk) = response.chunk().await.map_err(|error| unreachable(&error.without_url()))? {
            body.extend_from_slice(&chunk);
            if body.len() > LONGEST_ANSWER {
                return Err(Trouble::Unexpected { why: "it has no end".to_owned() });
            }
        }
        if is_temporary(status) {
            tracing::debug!(status, doing = call.doing, "Cloudflare's API has a fault");
        }
        read(status, &body, call.needs)
    }

    /// Longer than an hour is no block: somebody else answers.
    fn block(&self, token: &ApiToken, time: Duration) -> Moment {
        let time = time.clamp(Duration::from_secs(1), Duration::from_secs(3600));
        let until = self.clock.now() + millis(time);
        let mut blocks = self.blocks.lock().unwrap_or_else(PoisonError::into_inner);
        let known = blocks.entry(token.digest()).or_default();
        *known = until.max(*known);
        tracing::warn!(seconds = time.as_secs(), "Cloudflare takes no more requests for some time");
        *known
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine;

    use super::*;

    fn options(base: &str) -> ClientOptions {
        ClientOptions {
            base: base.to_owned(),
            pause: Duration::from_millis(1),
            ..ClientOptions::new(Clock::start())
        }
    }

    #[test]
    fn a_token_is_sent_without_tls_to_this_machine_only() {
        assert!(Client::new(&options("http://127.0.0.1:1/client/v4")).is_ok());
        for base in ["http://api.cloudflare.com/client/v4", "ftp://127.0.0.1/", "api.cloudflare.com"] {
            let error = Client::new(&options(base)).unwrap_err().to_string();
            assert!(error.starts_with(&format!("cannot talk to Cloudflare's API at {base}: ")), "{error}");
        }
    }

    #[tokio::test]
    async fn an_api_that_is_not_there_is_told_with_its_reason_and_without_the_token() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        drop(listener);
        let api = Client::new(&options(&base)).unwrap().with(ApiToken::parse("very-secret").ok().unwrap());
        let error = api.zones().await.unwrap_err();
        assert!(matches!(error.trouble, Trouble::Unreachable { .. }), "{error}");
        let text = error.to_string();
        assert!(text.starts_with("cannot list the zones: Cloudflare's API can't be reached: "), "{text}");
        assert!(text.to_ascii_lowercase().contains("refused") && !text.contains("secret"), "{text}");
    }

    #[tokio::test]
    async fn the_public_api_is_talked_to_with_the_systems_certificates_and_a_companys() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ca.pem");
        let made = rcgen::generate_simple_self_signed(vec!["ca.test".to_owned()]).unwrap();
        let der = base64::engine::general_purpose::STANDARD.encode(made.cert.der());
        std::fs::write(&file, format!("-----BEGIN CERTIFICATE-----\n{der}\n-----END CERTIFICATE-----\n"))
            .unwrap();
        let mut options = options(PUBLIC_API);
        options.extra_ca = Some(file.clone());
        Client::new(&options).unwrap();
        options.extra_ca = Some(folder.path().join("none.pem"));
        let error = Client::new(&options).unwrap_err().to_string();
        assert!(error.contains("none.pem can't be read"), "{error}");
    }
}
