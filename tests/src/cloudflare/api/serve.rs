//! The API by HTTP, and the quick tunnels' service; and what goes wrong with their calls on the way.

use std::sync::Arc;

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

use super::access::name_of_token;
use super::answer;
use crate::cloudflare::call::Call;
use crate::cloudflare::log::Logged;
use crate::cloudflare::quick;
use crate::cloudflare::reply::Reply;
use crate::cloudflare::server::Shared;

const BASE: &str = "/client/v4";

/// Which of the two it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cloudflare) enum Service {
    Api,
    QuickTunnels,
}

pub(in crate::cloudflare) async fn serve(listener: TcpListener, shared: Arc<Shared>, what: Service) {
    while let Ok((stream, _)) = listener.accept().await {
        let shared = Arc::clone(&shared);
        tokio::spawn(async move {
            let service = service_fn(|request| handle(Arc::clone(&shared), what, request));
            // It ends with an error where the caller has left, or was to be cut off.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

/// An error ends the connection without an answer.
async fn handle(
    shared: Arc<Shared>,
    what: Service,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, String> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map_err(|error| error.to_string())?.to_bytes();
    let target = head.uri.path_and_query().map_or("/", |target| target.as_str());
    let authorization =
        head.headers.get("authorization").map(|value| String::from_utf8_lossy(value.as_bytes()));
    let call = Call::new(
        head.method.as_str(),
        target.strip_prefix(BASE).unwrap_or(target),
        authorization.as_deref(),
        &String::from_utf8_lossy(&body),
    );
    let path = target.strip_prefix(BASE).unwrap_or(target).to_owned();
    let (number, happening) = {
        let mut state = shared.state();
        let token = name_of_token(&state, &call);
        let (method, body) = (call.method.clone(), call.body.clone());
        let number = state.requests.note(Logged { method, path, body, token, status: None });
        (number, state.faults.meet(&call))
    };
    let cut = "a test wanted this connection to be cut";
    let (before, after) = match happening {
        Some(happening) if happening.is_after => (None, Some(happening)),
        other => (other, None),
    };
    let mut reply = None;
    if let Some(happening) = before {
        reply = happening.happen().await.map_err(|_| cut)?;
    }
    let mut reply = match reply {
        Some(reply) => reply,
        None if what == Service::QuickTunnels => quick::answer(&mut shared.state(), &call),
        None if target.starts_with(BASE) => answer(&mut shared.state(), &call),
        None => Reply::html(404, "<html><body><h1>404 Not Found</h1></body></html>"),
    };
    if let Some(happening) = after {
        reply = happening.happen().await.map_err(|_| cut)?.unwrap_or(reply);
    }
    shared.state().requests.answered(number, reply.status);
    response(reply)
}

fn response(reply: Reply) -> Result<Response<Full<Bytes>>, String> {
    let mut response = Response::builder().status(reply.status).header("content-type", reply.content_type);
    for (name, value) in reply.headers {
        response = response.header(name, value);
    }
    response.body(Full::new(Bytes::from(reply.body))).map_err(|error| error.to_string())
}
