//! As much HTTP as the example needs: a server of one handler, and a client for its neighbours.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HOST};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode, Uri};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};

/// A neighbour on the same machine answers at once or is stuck.
const PATIENCE: Duration = Duration::from_secs(2);

/// What one service of the example does with a request.
pub trait Handler: Send + Sync + 'static {
    fn handle(&self, method: &Method, path: &str) -> impl Future<Output = Answer> + Send;
}

/// Takes what a service prints, line by line.
pub type Print = Arc<dyn Fn(&str) + Send + Sync>;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub status: StatusCode,
    pub content_type: &'static str,
    pub body: String,
}

impl Answer {
    pub fn json(status: StatusCode, value: &serde_json::Value) -> Self {
        Self { status, content_type: "application/json", body: format!("{value}\n") }
    }

    pub fn html(body: String) -> Self {
        Self { status: StatusCode::OK, content_type: "text/html; charset=utf-8", body }
    }

    pub fn text(status: StatusCode, body: &str) -> Self {
        Self { status, content_type: "text/plain; charset=utf-8", body: format!("{body}\n") }
    }

    pub fn not_found(path: &str) -> Self {
        Self::text(StatusCode::NOT_FOUND, &format!("there is nothing at {path}"))
    }

    pub fn wrong_method() -> Self {
        Self::text(StatusCode::METHOD_NOT_ALLOWED, "this takes GET or POST only, as the path says")
    }
}

/// Serves until the process ends; prints one line per request.
pub async fn serve<H: Handler>(listener: TcpListener, handler: Arc<H>, print: Print) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                tokio::spawn(serve_connection(stream, Arc::clone(&handler), Arc::clone(&print)));
            }
            Err(error) => {
                print(&format!("cannot accept a connection: {error}"));
                // Out of descriptors, most likely: others are about to close.
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

async fn serve_connection<H: Handler>(stream: TcpStream, handler: Arc<H>, print: Print) {
    let service = service_fn(|request: Request<Incoming>| {
        let (handler, print) = (Arc::clone(&handler), Arc::clone(&print));
        async move {
            let began = Instant::now();
            let (method, path) = (request.method().clone(), request.uri().path().to_owned());
            let answer = handler.handle(&method, &path).await;
            let took = began.elapsed().as_millis();
            print(&format!("{method} {path} {} {took} ms", answer.status.as_u16()));
            Ok::<_, Infallible>(respond(answer))
        }
    });
    // A client that breaks off is no fault of ours.
    let _ = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

fn respond(answer: Answer) -> Response<Full<Bytes>> {
    let not_allowed = answer.status == StatusCode::METHOD_NOT_ALLOWED;
    let mut response = Response::new(Full::new(Bytes::from(answer.body)));
    *response.status_mut() = answer.status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, hyper::header::HeaderValue::from_static(answer.content_type));
    headers.insert(CACHE_CONTROL, hyper::header::HeaderValue::from_static("no-store"));
    if not_allowed {
        headers.insert(ALLOW, hyper::header::HeaderValue::from_static("GET, POST"));
    }
    response
}

/// Asks a neighbour: `base` is `http://HOST:PORT`.
///
/// # Errors
/// In words, when it can't be reached or doesn't answer within 2 s.
pub async fn ask(method: Method, base: &str, path: &str) -> Result<(StatusCode, Bytes), String> {
    let url = format!("{}{path}", base.trim_end_matches('/'));
    let asking = ask_without_limit(method, &url);
    match tokio::time::timeout(PATIENCE, asking).await {
        Ok(result) => result.map_err(|error| format!("cannot reach {url}: {error}")),
        Err(_) => Err(format!("no answer from {url} within {} s", PATIENCE.as_secs())),
    }
}

type AnyError = Box<dyn std::error::Error + Send + Sync>;

async fn ask_without_limit(method: Method, url: &str) -> Result<(StatusCode, Bytes), AnyError> {
    let uri: Uri = url.parse()?;
    let authority = uri.authority().ok_or("the address has no host")?.clone();
    let address: SocketAddr = authority.as_str().parse()?;
    let stream = TcpStream::connect(address).await?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(HOST, authority.as_str())
        .body(Full::<Bytes>::default())?;
    let response = sender.send_request(request).await?;
    let status = response.status();
    Ok((status, response.into_body().collect().await?.to_bytes()))
}
