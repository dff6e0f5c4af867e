//! One request, from its head to the head of its answer.
//!
//! Theory of operation: what waits for a service is kept per request, moved by hyper more than once, and of a busy
//! connection the largest part. So all that can be done at once is done before there is anything to wait for, the way
//! that nearly all requests take needs little room, and every other one is put into a box of its own.

use std::future::ready;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONNECTION, TRANSFER_ENCODING, UPGRADE};
use http::request::Parts;
use http::{HeaderValue, Request, Response, StatusCode};
use http_body::Body;
use hyper::body::Incoming;
use hyper::ext::ReasonPhrase;
use hyper::upgrade::OnUpgrade;
use tracing::{Instrument, Span, debug, debug_span};

use crate::body::AnswerBody;
use crate::conversation::Owed;
use crate::expectation::Expectation;
use crate::headers::{Agreed, is_among, prepare_request, prepare_response};
use crate::held::Held;
use crate::host::Host;
use crate::passage::Passage;
use crate::pool::Lease;
use crate::request_body::RequestBody;
use crate::rewrite::Rewrite;
use crate::screen::{Refusal, screen};
use crate::standin::StandIn;
use crate::upstream::{self, Failed};
use crate::visitor::Visitor;
use crate::worker::Worker;
use crate::{Audience, Mount, Route, Trouble, own, relay};

/// Between a service that refuses and the next try to reach it, while a request is held: it is about to listen, or the
/// table is about to say that it is gone.
const TRY_AGAIN_AFTER: Duration = Duration::from_millis(20);

type Apart = Pin<Box<dyn Future<Output = Response<AnswerBody>> + Send>>;

/// A request of which is known what becomes of it.
pub(crate) struct Begun {
    step: Step,
    span: Span,
}

enum Step {
    Forward(Forward),
    /// Whatever is seldom.
    Apart(Apart),
}

/// Decides who answers a request: the service that its host and path lead to, or the proxy in its place.
pub(crate) fn begin(
    worker: &Arc<Worker>,
    visitor: Visitor,
    request: Request<Incoming>,
    owed: &Owed,
) -> Begun {
    let (parts, body) = request.into_parts();
    match screen(&parts).and_then(|()| Host::of(&parts)) {
        Ok(host) => {
            let path = parts.uri.path();
            // Without the query: it may hold a token.
            let span = debug_span!("request", method = %parts.method, host = &*host.name, path);
            let body = RequestBody::new(body, &parts, owed, &worker.shared.limits);
            let step = span.in_scope(|| route(worker, visitor, host, parts, body));
            Begun { step, span }
        }
        Err(refusal) => {
            // Its body is not read on: where it ends is not to be trusted.
            debug!(?refusal, "refused");
            let host = Host::of(&parts).map(|host| host.name).unwrap_or_default();
            let passage = Passage::new(&worker.shared, visitor, &parts, &host);
            Begun { step: at_once(ended(refusal.response(), passage)), span: Span::none() }
        }
    }
}

impl Begun {
    pub(crate) async fn answer(self) -> Response<AnswerBody> {
        let Self { step, span } = self;
        match step {
            Step::Forward(forward) => forward.answer().instrument(span).await,
            Step::Apart(apart) => apart.instrument(span).await,
        }
    }
}

fn route(worker: &Arc<Worker>, visitor: Visitor, host: Host, parts: Parts, body: RequestBody) -> Step {
    let mut passage = Passage::new(&worker.shared, visitor, &parts, &host.name);
    let table = worker.shared.table.load();
    let audience = visitor.audience();
    let hosts = table.of(audience);
    if let Some((own, path)) = own::meant(&parts, audience, &worker.shared.tokens)
        && let Some(mount) = hosts.find(&host.name, path)
    {
        let (path, route) = (path.to_owned(), Arc::clone(mount.route()));
        let shared = Arc::clone(&worker.shared);
        return Step::Apart(Box::pin(async move {
            let answer = own::answer(&shared, audience, &host, (own, &path), &route, &parts, body).await;
            // What the pages get of their own is no traffic.
            if answer.status().is_client_error() { ended(answer, passage) } else { answer }
        }));
    }
    let stand_in = StandIn::new(&parts);
    let Some(mount) = hosts.find(&host.name, parts.uri.path()) else {
        let trouble = match (audience, hosts.of(&host.name)) {
            (Audience::Public, _) => return at_once(ended(Refusal::NotPublished.response(), passage)),
            (Audience::Local, Some(_)) => Trouble::UnknownPath,
            (Audience::Local, None) => Trouble::UnknownHost,
        };
        return at_once(ended(stand_in.page(&passage, trouble), passage));
    };
    passage.goes_to(mount.route());
    passage.receives(body.progress());
    match mount.route().port() {
        Ok(port) => Step::Forward(Forward::new(worker, visitor, &host, mount, port, (parts, body), passage)),
        Err(no_port) => {
            let (worker, mount) = (Arc::clone(worker), mount.clone());
            let mut held = Held::new(mount.route(), &worker.shared, stand_in.is_for_people());
            Step::Apart(Box::pin(async move {
                let Some(port) = held.until_port(no_port).await else {
                    let trouble = mount.route().trouble();
                    passage.is_in_trouble(trouble);
                    return ended(stand_in.page(&passage, trouble), passage);
                };
                // Meanwhile requests may be handed on to it in another way.
                let mount = mount_now(&worker, audience, &host, parts.uri.path(), mount);
                let forward = Forward::new(&worker, visitor, &host, &mount, port, (parts, body), passage);
                Forward { held: Some(held), ..forward }.answer().await
            }))
        }
    }
}

/// The mount in the present table that has taken the place of `mount`, if one has.
fn mount_now(worker: &Worker, audience: Audience, host: &Host, path: &str, mount: Mount) -> Mount {
    let table = worker.shared.table.load();
    let present = table.of(audience).find(&host.name, path);
    present.filter(|present| present.route().id == mount.route().id).cloned().unwrap_or(mount)
}

fn at_once(response: Response<AnswerBody>) -> Step {
    Step::Apart(Box::pin(ready(response)))
}

fn ended(mut response: Response<AnswerBody>, mut passage: Box<Passage>) -> Response<AnswerBody> {
    passage.is_answered(response.status());
    response.body_mut().ends(passage);
    response
}

/// A request that is ready for its service.
struct Forward {
    worker: Arc<Worker>,
    route: Arc<Route>,
    port: u16,
    in_http2: bool,
    request: Box<Request<RequestBody>>,
    agreed: Agreed,
    client: Option<OnUpgrade>,
    stand_in: StandIn,
    passage: Box<Passage>,
    /// From the first moment on in which there is reason to wait.
    held: Option<Held>,
}

impl Forward {
    fn new(
        worker: &Arc<Worker>,
        visitor: Visitor,
        host: &Host,
        mount: &Mount,
        port: u16,
        (mut parts, body): (Parts, RequestBody),
        passage: Box<Passage>,
    ) -> Self {
        let stand_in = StandIn::new(&parts);
        let client = parts.extensions.remove::<OnUpgrade>();
        let agreed = prepare_request(&mut parts, host, visitor, mount, port);
        if !body.is_end_stream() && body.size_hint().exact().is_none() {
            // Said here, as hyper leaves out the body of a GET whose length it doesn't know.
            parts.headers.insert(TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
        }
        let route = Arc::clone(mount.route());
        let is_upgrade = agreed.upgrade.is_some();
        let in_http2 = upstream::speaks_http2(route.forwarding.protocol, &parts.headers, is_upgrade);
        let progress = body.progress();
        let mut request = Box::new(Request::from_parts(parts, body));
        if let Some(progress) = &progress
            && let Some(expectation) = &progress.expectation
        {
            // hyper tells of no 100 that comes over HTTP/2.
            if in_http2 { expectation.is_wanted() } else { Expectation::ask(progress, &mut request) }
        }
        let worker = Arc::clone(worker);
        Self { worker, route, port, in_http2, request, agreed, client, stand_in, passage, held: None }
    }

    async fn answer(self) -> Response<AnswerBody> {
        let Self { worker, route, port, in_http2, request, mut agreed, client, stand_in, mut passage, held } =
            self;
        let spare = if route.has_several() { upstream::repeatable(&request) } else { None };
        let sent = match in_http2 {
            true => Box::pin(upstream::send_http2(&worker, port, request)).await,
            false => upstream::send(&worker, port, request).await,
        };
        let failed = match sent {
            Err(Failed::Service(Trouble::Refused, Some(unsent))) => Err((Trouble::Refused, unsent)),
            // It may have been acted on: only what does no more when it arrives twice is sent to another place.
            Err(Failed::Service(Trouble::Reset, kept)) => match spare {
                Some(spare) => Err((Trouble::Reset, spare)),
                None => Ok(Err(Failed::Service(Trouble::Reset, kept))),
            },
            sent => Ok(sent),
        };
        let sent = match failed {
            Ok(sent) => sent,
            Err((trouble, request)) => {
                let is_for_people = stand_in.is_for_people();
                let held = held.unwrap_or_else(|| Held::new(&route, &worker.shared, is_for_people));
                let rewrite = agreed.rewrite.as_deref_mut();
                Box::pin(try_again(&worker, &route, in_http2, (port, trouble), request, rewrite, held)).await
            }
        };
        let answer =
            sent.and_then(|answer| answer_of(&worker, &route, &agreed, client, answer, &mut passage));
        let response = match answer {
            Ok(response) => response,
            Err(Failed::Client) => Refusal::BadBody.response(),
            Err(Failed::Service(trouble, _)) => {
                passage.is_in_trouble(trouble);
                stand_in.page(&passage, trouble)
            }
        };
        ended(response, passage)
    }
}

/// At every other place of the route; and after a refusal again, while the request may be held.
async fn try_again(
    worker: &Worker,
    route: &Route,
    in_http2: bool,
    (first, trouble): (u16, Trouble),
    mut request: Box<Request<RequestBody>>,
    mut rewrite: Option<&mut Rewrite>,
    mut held: Held,
) -> Result<(Response<Incoming>, Lease), Failed> {
    let mut tried = vec![first];
    loop {
        let next = match route.other_port(&tried) {
            None if trouble == Trouble::Refused => {
                tried.clear();
                held.until_port_again(TRY_AGAIN_AFTER).await
            }
            other => other,
        };
        let Some(port) = next else { return Err(Failed::Service(trouble, Some(request))) };
        tried.push(port);
        if let Some(rewrite) = &mut rewrite {
            rewrite.turn_to(port, request.headers_mut());
        }
        let sent = match in_http2 {
            true => upstream::send_http2(worker, port, request).await,
            false => upstream::send(worker, port, request).await,
        };
        match sent {
            Err(Failed::Service(Trouble::Refused, Some(unsent))) => request = unsent,
            sent => return sent,
        }
    }
}

/// What a client is told of what the service said.
fn answer_of(
    worker: &Worker,
    route: &Arc<Route>,
    agreed: &Agreed,
    client: Option<OnUpgrade>,
    (response, lease): (Response<Incoming>, Lease),
    passage: &mut Passage,
) -> Result<Response<AnswerBody>, Failed> {
    let (mut parts, body) = response.into_parts();
    let body = if parts.status == StatusCode::SWITCHING_PROTOCOLS {
        let service = parts.extensions.remove::<OnUpgrade>();
        let protocol = parts.headers.get(UPGRADE).cloned();
        let may_change = |asked: &&HeaderValue| protocol.as_ref().is_none_or(|to| is_among(to, asked));
        let asked = agreed.upgrade.as_ref().filter(may_change);
        let (Some(client), Some(service), Some(_)) = (client, service, asked) else {
            debug!(route = &*route.id, ?protocol, "the service changed the protocol without being asked");
            return Err(Failed::Service(Trouble::Protocol, None));
        };
        prepare_response(&mut parts.headers, agreed, protocol);
        lease.leave();
        relay::start(worker, route, passage.number(), client, service);
        AnswerBody::full(Bytes::new())
    } else {
        prepare_response(&mut parts.headers, agreed, None);
        if lease.has_refused() {
            parts.headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        AnswerBody::of_service(body, lease)
    };
    let mut answer = Response::new(body);
    *answer.status_mut() = parts.status;
    *answer.headers_mut() = parts.headers;
    // Only where the service has words of its own for the status, or none that anybody knows.
    let words = parts.extensions.remove::<ReasonPhrase>();
    if let Some(words) = words.or_else(|| no_words(parts.status)) {
        answer.extensions_mut().insert(words);
    }
    Ok(answer)
}

/// For a status that nobody has words for hyper would write `<none>`.
fn no_words(status: StatusCode) -> Option<ReasonPhrase> {
    status.canonical_reason().is_none().then(|| ReasonPhrase::from_static(b""))
}
