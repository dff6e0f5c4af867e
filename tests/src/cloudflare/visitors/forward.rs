use std::convert::Infallible;
use std::sync::Arc;

use hyper::body::Incoming;
use hyper::header::{HeaderName, HeaderValue};
use hyper::upgrade::{OnUpgrade, on};
use hyper::{HeaderMap, Request, Response};
use hyper_util::rt::TokioIo;

use super::errors::page;
use super::route::{Route, route};
use crate::cloudflare::pipe::{self, Body};
use crate::cloudflare::random;
use crate::cloudflare::server::Shared;
use crate::cloudflare::wire::{BY_CLOUDFLARED, KIND, META, WEBSOCKET};

/// What is between two neighbours only.
const HOP_BY_HOP: [&str; 7] =
    ["connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"];

pub(super) async fn answer(
    shared: Arc<Shared>,
    request: Request<Incoming>,
) -> Result<Response<Body>, Infallible> {
    let ray = format!("{:016x}-TST", random::number());
    let mut response = find(&shared, request, &ray).await;
    response.headers_mut().insert("server", HeaderValue::from_static("cloudflare"));
    if let Ok(ray) = HeaderValue::from_str(&ray) {
        response.headers_mut().insert("cf-ray", ray);
    }
    Ok(response)
}

async fn find(shared: &Shared, request: Request<Incoming>, ray: &str) -> Response<Body> {
    let host = request.uri().authority().map(|authority| authority.as_str().to_owned());
    let header = || request.headers().get("host").and_then(|host| host.to_str().ok()).map(str::to_owned);
    let host = host.or_else(header).unwrap_or_default().to_lowercase();
    let name = host.split(':').next().unwrap_or_default();
    let (found, visitor) = {
        let state = shared.state();
        (route(&state, name), state.visitor.clone())
    };
    let asked = request.headers().clone();
    let tunnel = match found {
        Some(Route::Tunnel(tunnel)) => tunnel,
        Some(Route::NoTunnel) => return page(530, 1016, "Origin DNS error", &asked),
        Some(Route::Elsewhere) => return page(523, 523, "Origin is unreachable", &asked),
        // That the certificate's name is not the asked one is seldom; the status is a guess.
        None => return page(409, 1001, "DNS resolution error", &asked),
    };
    forward(shared, request, &tunnel, &Said { host: &host, ray, visitor: &visitor }).await
}

/// What a request is told of its way.
struct Said<'a> {
    host: &'a str,
    ray: &'a str,
    visitor: &'a str,
}

async fn forward(
    shared: &Shared,
    mut request: Request<Incoming>,
    tunnel: &str,
    said: &Said<'_>,
) -> Response<Body> {
    let asked = request.headers().clone();
    let is_websocket =
        asked.get("upgrade").is_some_and(|to| to.as_bytes().eq_ignore_ascii_case(b"websocket"));
    let socket = is_websocket.then(|| (on(&mut request), pipe::sent()));
    let mut built = Request::builder().method(request.method().clone()).uri(format!(
        "https://{}{}",
        said.host,
        request.uri().path_and_query().map_or("/", |path| path.as_str())
    ));
    if let Some(headers) = built.headers_mut() {
        *headers = told(&asked, said);
        if is_websocket {
            headers.insert(KIND, HeaderValue::from_static(WEBSOCKET));
        }
    }
    let (body, socket) = match socket {
        Some((upgrade, (outgoing, body))) => (body, Some((upgrade, outgoing))),
        None => (pipe::passed_on(request.into_body()), None),
    };
    let Ok(mut request) = built.body(body) else { return page(400, 400, "Bad request", &asked) };
    for mut sender in shared.edge.senders(tunnel) {
        match sender.try_send_request(request).await {
            Ok(response) => return received(response, socket, &asked),
            // It was not sent, so it may be by the next connection.
            Err(mut failed) => match failed.take_message() {
                Some(back) => request = back,
                None => return page(502, 502, "Bad gateway", &asked),
            },
        }
    }
    page(530, 1033, "Cloudflare Tunnel error", &asked)
}

fn told(asked: &HeaderMap, said: &Said<'_>) -> HeaderMap {
    let mut headers = asked.clone();
    for name in HOP_BY_HOP {
        headers.remove(name);
    }
    headers.remove("host");
    let before = asked.get("x-forwarded-for").and_then(|value| value.to_str().ok());
    let way = before.map_or(said.visitor.to_owned(), |before| format!("{before},{}", said.visitor));
    for (name, value) in [
        ("cf-connecting-ip", said.visitor),
        ("cf-ray", said.ray),
        ("cf-visitor", "{\"scheme\":\"https\"}"),
        ("x-forwarded-for", &way),
        ("x-forwarded-proto", "https"),
        ("cdn-loop", "cloudflare; loops=1"),
    ] {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
    headers
}

fn received(
    response: Response<Incoming>,
    socket: Option<(OnUpgrade, tokio::sync::mpsc::Sender<hyper::body::Bytes>)>,
    asked: &HeaderMap,
) -> Response<Body> {
    let (mut head, body) = response.into_parts();
    let by_cloudflared = head.headers.remove(META).is_some_and(|by| by == BY_CLOUDFLARED);
    if by_cloudflared && head.status == 502 {
        return page(502, 502, "Bad gateway", asked);
    }
    head.version = hyper::Version::HTTP_11;
    let accepted = head.status == 200 && head.headers.contains_key("sec-websocket-accept");
    let Some((upgrade, outgoing)) = socket.filter(|_| accepted) else {
        return Response::from_parts(head, pipe::passed_on(body));
    };
    head.status = hyper::StatusCode::SWITCHING_PROTOCOLS;
    head.headers.insert("connection", HeaderValue::from_static("Upgrade"));
    head.headers.insert("upgrade", HeaderValue::from_static("websocket"));
    tokio::spawn(async move {
        // A visitor who left before the switch needs nothing carried.
        if let Ok(visitor) = upgrade.await {
            pipe::carry(TokioIo::new(visitor), body, outgoing).await;
        }
    });
    Response::from_parts(head, pipe::empty())
}
