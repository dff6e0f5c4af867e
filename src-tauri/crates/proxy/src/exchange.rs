use std::net::SocketAddr;
use std::sync::Arc;

use http::header::{TRANSFER_ENCODING, UPGRADE};
use http::request::Parts;
use http::{HeaderValue, Request, Response, StatusCode};
use http_body::Body;
use hyper::body::Incoming;
use hyper::upgrade::OnUpgrade;
use tracing::{Instrument, debug, debug_span};

use crate::body::{AnswerBody, RequestBody};
use crate::host::Host;
use crate::screen::{Refusal, screen};
use crate::standin::StandIn;
use crate::upstream::{self, Failed};
use crate::worker::Worker;
use crate::{Target, Trouble, headers, relay, watch};

/// Answers one request: by the service that its host leads to, or in its place.
pub(crate) async fn answer(
    worker: &Arc<Worker>,
    peer: SocketAddr,
    request: Request<Incoming>,
) -> Response<AnswerBody> {
    let (parts, body) = request.into_parts();
    let host = match screen(&parts).and_then(|()| Host::of(&parts)) {
        Ok(host) => host,
        Err(refusal) => {
            debug!(?refusal, "refused");
            return refusal.response();
        }
    };
    // Without the query: it may hold a token.
    let span = debug_span!("request", method = %parts.method, host = host.name, path = parts.uri.path());
    async {
        let response = route(worker, peer, &host, parts, body).await;
        debug!(status = response.status().as_u16(), "answered");
        response
    }
    .instrument(span)
    .await
}

async fn route(
    worker: &Arc<Worker>,
    peer: SocketAddr,
    host: &Host,
    parts: Parts,
    body: Incoming,
) -> Response<AnswerBody> {
    let route = worker.shared.table.load().routes.get(&host.name).cloned();
    let stand_in =
        StandIn::new(&worker.shared, &host.name, route.as_ref().map(|route| route.id.as_str()), &parts);
    let body = RequestBody::new(body);
    let Some(route) = route.as_ref() else {
        return stand_in.page(Trouble::UnknownHost, Some(body)).await;
    };
    if watch::is_meant(&parts) {
        return watch::response(&worker.shared, &route.id);
    }
    match route.target() {
        Target::Page => stand_in.page(Trouble::NotServing, Some(body)).await,
        Target::Forward { port } => match forward(worker, peer, host, port, parts, body).await {
            Ok(response) => response,
            Err(Failed::Client) => Refusal::BadBody.response(),
            Err(Failed::Service(trouble, body)) => stand_in.page(trouble, body).await,
        },
    }
}

async fn forward(
    worker: &Arc<Worker>,
    peer: SocketAddr,
    host: &Host,
    port: u16,
    mut parts: Parts,
    body: RequestBody,
) -> Result<Response<AnswerBody>, Failed> {
    let client = parts.extensions.remove::<OnUpgrade>();
    let wanted = headers::prepare_request(&mut parts, host, peer.ip());
    if !body.is_end_stream() && body.size_hint().exact().is_none() {
        // Said here, as hyper leaves out the body of a GET whose length it doesn't know.
        parts.headers.insert(TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
    }
    let (response, lease) = upstream::send(worker, port, Request::from_parts(parts, body)).await?;

    let (mut parts, body) = response.into_parts();
    let mut answer = Response::new(AnswerBody::full(bytes::Bytes::new()));
    if parts.status == StatusCode::SWITCHING_PROTOCOLS {
        let service = parts.extensions.remove::<OnUpgrade>();
        let (Some(client), Some(service), Some(_)) = (client, service, wanted) else {
            debug!(port, "the service changed the protocol without being asked");
            return Err(Failed::Service(Trouble::Protocol, None));
        };
        let protocol = parts.headers.get(UPGRADE).cloned();
        headers::prepare_response(&mut parts.headers, protocol);
        relay::start(worker, client, service);
    } else {
        headers::prepare_response(&mut parts.headers, None);
        *answer.body_mut() = AnswerBody::Service { body, lease };
    }
    *answer.status_mut() = parts.status;
    *answer.headers_mut() = parts.headers;
    Ok(answer)
}
