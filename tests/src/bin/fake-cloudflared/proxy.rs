//! What comes by a connection of the edge: a configuration, a request, or a WebSocket.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::header::{HeaderName, HeaderValue};
use hyper::{HeaderMap, Request, Response};
use hyper_util::rt::TokioIo;
use kinfra_tests::cloudflare::Service;
use kinfra_tests::cloudflare::ingress::Rule;
use kinfra_tests::cloudflare::pipe::{self, Body};
use kinfra_tests::cloudflare::wire::{BY_CLOUDFLARED, BY_ORIGIN, CONFIGURATION, KIND, META, WEBSOCKET};
use serde_json::{Value, json};

use crate::log::Level;
use crate::supervisor::{Protocol, World};

const HOP_BY_HOP: [&str; 6] =
    ["connection", "keep-alive", "proxy-connection", "te", "transfer-encoding", "upgrade"];

pub async fn answer(
    world: Arc<World>,
    (index, protocol): (u8, Protocol),
    mut request: Request<Incoming>,
) -> Result<Response<Body>, Infallible> {
    let kind = request.headers_mut().remove(KIND);
    if kind.as_ref().is_some_and(|kind| kind == CONFIGURATION) {
        return Ok(configure(&world, request).await);
    }
    world.status.requests.fetch_add(1, Ordering::Relaxed);
    let kind = match kind.is_some_and(|kind| kind == WEBSOCKET) {
        true => Kind::WebSocket(protocol),
        false => Kind::Request,
    };
    let response = proxy(&world, index, request, kind).await;
    let mut responses = world.status.responses.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    *responses.entry(response.status().as_u16()).or_default() += 1;
    drop(responses);
    Ok(response)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Request,
    WebSocket(Protocol),
}

async fn configure(world: &World, request: Request<Incoming>) -> Response<Body> {
    let body =
        request.into_body().collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    match serde_json::from_slice(&body) {
        Ok(push) => {
            let applied = world.orchestrator.apply(push, &world.log, &world.status);
            Response::new(pipe::full(json!(applied).to_string()))
        }
        Err(error) => own(400, pipe::full(error.to_string())),
    }
}

async fn proxy(world: &World, index: u8, request: Request<Incoming>, kind: Kind) -> Response<Body> {
    let is_websocket = kind != Kind::Request;
    let host = request.uri().authority().map(|authority| authority.as_str().to_owned()).unwrap_or_default();
    let path = request.uri().path().to_owned();
    let Some(rules) = world.orchestrator.rules() else { return own(503, pipe::empty()) };
    let Some((number, rule)) = rules.find(&host, &path) else { return own(503, pipe::empty()) };
    let fields = |more: Value| {
        let mut fields = json!({
            "connIndex": index, "event": 1, "ingressRule": number, "originService": rule.service_text,
        });
        for (name, value) in more.as_object().into_iter().flatten() {
            fields[name] = value.clone();
        }
        fields
    };
    let line = format!("{} https://{host}{path} HTTP/1.1", request.method());
    world
        .log
        .debug(&line, &fields(json!({"headers": headers_of(request.headers()), "host": host, "path": path})));
    let outcome = match &rule.service {
        Service::Status(status) => Ok(by_origin(Response::builder().status(*status), pipe::empty())),
        Service::HelloWorld => {
            Ok(by_origin(Response::builder(), pipe::full("Congrats! You created a tunnel!\n")))
        }
        // The real one fills the URL of a request in that came by HTTP/2, but for a WebSocket's.
        Service::Unix { .. } if kind == Kind::WebSocket(Protocol::Http2) => {
            Err("http: no Host in request URL".to_owned())
        }
        Service::Unix { is_tls: false, .. } => send(world, rule, request, &host, is_websocket).await,
        Service::Address { scheme, .. } if scheme == "http" || scheme == "ws" => {
            send(world, rule, request, &host, is_websocket).await
        }
        _ => Err(format!("the stand-in for cloudflared does not reach {}", rule.service_text)),
    };
    match outcome {
        Ok(response) => {
            let fields = fields(json!({"headers": headers_of(response.headers()), "content-length": -1}));
            world.log.debug(response.status().as_str(), &fields);
            response
        }
        Err(fault) => {
            world.status.request_errors.fetch_add(1, Ordering::Relaxed);
            let error = format!(
                "Unable to reach the origin service. The service may be down or it may not be responding to traffic \
                 from cloudflared: {fault}"
            );
            world.log.write(Level::Error, None, &fields(json!({"error": error})));
            own(502, pipe::empty())
        }
    }
}

async fn send(
    world: &World,
    rule: &Rule,
    request: Request<Incoming>,
    host: &str,
    is_websocket: bool,
) -> Result<Response<Body>, String> {
    let timeout = Duration::from_secs(rule.origin_request["connectTimeout"].as_u64().unwrap_or(30));
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    let mut built = Request::builder().method(request.method().clone()).uri(path);
    if let Some(headers) = built.headers_mut() {
        *headers = told(world, rule, request.headers(), host, is_websocket);
    }
    let broken = |error: hyper::http::Error| error.to_string();
    if !is_websocket {
        let request = built.body(pipe::passed_on(request.into_body())).map_err(broken)?;
        let response = world.origins.send(&rule.service, request, timeout).await?;
        let (head, body) = response.into_parts();
        let mut response = Response::builder().status(head.status);
        if let Some(headers) = response.headers_mut() {
            *headers = without_hops(&head.headers);
        }
        return Ok(by_origin(response, pipe::passed_on(body)));
    }
    let mut sender = world.origins.connect(&rule.service, timeout).await?;
    let to_origin = built.body(pipe::empty()).map_err(broken)?;
    let mut response = sender.send_request(to_origin).await.map_err(|_| "EOF".to_owned())?;
    let switched = response.status() == 101;
    let mut answer =
        Response::builder().status(if switched { hyper::StatusCode::OK } else { response.status() });
    if let Some(headers) = answer.headers_mut() {
        *headers = without_hops(response.headers());
    }
    if !switched {
        return Ok(by_origin(answer, pipe::passed_on(response.into_body())));
    }
    let upgrade = hyper::upgrade::on(&mut response);
    let (outgoing, body) = pipe::sent();
    tokio::spawn(async move {
        if let Ok(origin) = upgrade.await {
            pipe::carry(TokioIo::new(origin), request.into_body(), outgoing).await;
        }
    });
    Ok(by_origin(answer, body))
}

fn told(world: &World, rule: &Rule, asked: &HeaderMap, host: &str, is_websocket: bool) -> HeaderMap {
    let mut headers = without_hops(asked);
    let mut set = |name: &'static str, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    };
    match rule.origin_request["httpHostHeader"].as_str().filter(|host| !host.is_empty()) {
        Some(other) => {
            set("host", other);
            set("x-forwarded-host", host);
        }
        None => set("host", host),
    }
    set("cf-warp-tag-id", &world.connector);
    if is_websocket {
        set("connection", "Upgrade");
        set("upgrade", "websocket");
        set("sec-websocket-version", "13");
    }
    headers
}

fn without_hops(headers: &HeaderMap) -> HeaderMap {
    let mut headers = headers.clone();
    for name in HOP_BY_HOP {
        headers.remove(name);
    }
    headers
}

fn headers_of(headers: &HeaderMap) -> Value {
    headers
        .iter()
        .map(|(name, value)| (name.to_string(), json!(String::from_utf8_lossy(value.as_bytes()))))
        .collect()
}

fn by_origin(response: hyper::http::response::Builder, body: Body) -> Response<Body> {
    response.header(META, BY_ORIGIN).body(body).unwrap_or_else(|_| own(502, pipe::empty()))
}

/// What it answers itself.
fn own(status: u16, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = hyper::StatusCode::from_u16(status).unwrap_or_default();
    response.headers_mut().insert(META, HeaderValue::from_static(BY_CLOUDFLARED));
    response
}
