//! A cloud by HTTP, and what goes wrong with calls on the way.

use std::sync::{Arc, Mutex};

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};

use super::cloud::held;
use super::fault::{Happening, Then};
use super::world::refused;
use super::{Call, Refusal, Reply, Vendor, World, admin};

type Shared<V> = Arc<Mutex<World<V>>>;

pub(super) async fn serve<V: Vendor>(listener: TcpListener, world: Shared<V>) {
    while let Ok((stream, _)) = listener.accept().await {
        let world = Arc::clone(&world);
        tokio::spawn(async move {
            // It is what is reset, where a test wants it: the socket has two owners until then.
            let Ok(stream) = stream.into_std() else { return };
            let Ok(Ok(twin)) = stream.try_clone().map(TcpStream::from_std) else { return };
            let Ok(stream) = TcpStream::from_std(stream) else { return };
            let service = service_fn(|request| handle(Arc::clone(&world), &twin, request));
            // It ends with an error where the caller has left, or was to be cut off.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

/// An error ends the connection without an answer.
async fn handle<V: Vendor>(
    world: Shared<V>,
    twin: &TcpStream,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, String> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map_err(|error| error.to_string())?.to_bytes();
    let body = String::from_utf8_lossy(&body);
    let target = head.uri.path_and_query().map_or("/", |target| target.as_str());
    if target.starts_with("/-/") {
        return response(admin::answer(&mut held(&world), head.method.as_str(), target, &body));
    }
    let header = |(name, value): (&hyper::header::HeaderName, &hyper::header::HeaderValue)| {
        (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    let own = |name: &str| V::SCHEMES.iter().find(|scheme| scheme.eq_ignore_ascii_case(name));
    let (tokens, headers): (Vec<_>, Vec<_>) =
        head.headers.iter().map(header).partition(|(name, _)| name == "authorization" || own(name).is_some());
    let presented = |(name, value): &(String, String)| match own(name) {
        Some(scheme) => format!("{scheme} {value}"),
        None => value.clone(),
    };
    let authorization = tokens.first().map(presented);
    let is_within = target.starts_with(V::BASE);
    let call = Call::new(
        head.method.as_str(),
        target.strip_prefix(V::BASE).unwrap_or(target),
        authorization.as_deref(),
        &body,
    );
    let (number, happening) = {
        let mut world = held(&world);
        let happening = world.faults.meet(&call);
        (note(&mut world, &call, headers, happening.is_some()), happening)
    };
    let (before, after) = match happening {
        Some(happening) if happening.is_after => (None, Some(happening)),
        other => (other, None),
    };
    let mut reply = met::<V>(before, None, twin).await?;
    if reply.is_none() && is_within {
        reply = Some(held(&world).answer(&call));
    }
    let not_there = || refused::<V>(&V::words(404));
    let reply = reply.unwrap_or_else(not_there);
    let reply = met::<V>(after, Some(reply), twin).await?.unwrap_or_else(not_there);
    held(&world).requests.answered(number, reply.status, &reply.body);
    response(reply)
}

/// Gives its number in the record.
pub(super) fn note<V: Vendor>(
    world: &mut World<V>,
    call: &Call,
    headers: Vec<(String, String)>,
    is_faulty: bool,
) -> usize {
    let token = world.name_of_token(call);
    let at = world.clock.now();
    world.requests.note(super::Request {
        method: call.method.clone(),
        path: call.path.clone(),
        query: call.query.clone(),
        body: call.body.clone(),
        headers,
        token,
        at,
        status: None,
        answer: serde_json::Value::Null,
        is_faulty,
    })
}

/// What is answered after this happened to what would have been answered.
async fn met<V: Vendor>(
    happening: Option<Happening>,
    reply: Option<Reply>,
    twin: &TcpStream,
) -> Result<Option<Reply>, String> {
    let Some(happening) = happening else { return Ok(reply) };
    Ok(match happening.happen().await {
        Then::GoOn => reply,
        Then::Reply(other) => Some(other),
        Then::Refuse { status, message, headers } => {
            let mut refusal = V::words(status);
            if let Some(message) = message {
                refusal.message = message;
            }
            Some(refused::<V>(&Refusal { headers, ..refusal }))
        }
        Then::Break => reply.map(|reply| {
            let half = reply.body.chars().count() / 2;
            Reply { body: reply.body.chars().take(half).chain(['"']).collect(), ..reply }
        }),
        Then::Cut => return Err("a test wanted this connection to be closed".to_owned()),
        Then::Reset => {
            // Closed while it would linger for no time, it is reset.
            let _ = twin.set_zero_linger();
            return Err("a test wanted this connection to be reset".to_owned());
        }
    })
}

fn response(reply: Reply) -> Result<Response<Full<Bytes>>, String> {
    let mut response = Response::builder().status(reply.status);
    if !reply.body.is_empty() {
        response = response.header("content-type", reply.content_type);
    }
    for (name, value) in reply.headers {
        response = response.header(name, value);
    }
    response.body(Full::new(Bytes::from(reply.body))).map_err(|error| error.to_string())
}
