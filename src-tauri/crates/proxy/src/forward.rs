//! A request on its way to its service, and what a client is told of the answer.

use std::sync::Arc;
use std::time::{Duration, Instant};

use http::header::{CONNECTION, TRANSFER_ENCODING, UPGRADE};
use http::request::Parts;
use http::{HeaderValue, Request, Response, StatusCode, Version};
use http_body::Body;
use hyper::ext::ReasonPhrase;
use hyper::upgrade::OnUpgrade;
use tracing::debug;

use crate::answering::Step;
use crate::body::AnswerBody;
use crate::expectation::Expectation;
use crate::headers::{Agreed, is_among, prepare_request, prepare_response};
use crate::held::Held;
use crate::host::Host;
use crate::http1::Answered;
use crate::names::Names;
use crate::passage::Passage;
use crate::pool::Lease;
use crate::request_body::RequestBody;
use crate::rewrite::Rewrite;
use crate::screen::Refusal;
use crate::spare::Spare;
use crate::standin::StandIn;
use crate::upstream::{self, Answer, Failed};
use crate::visitor::Visitor;
use crate::worker::Worker;
use crate::{Mount, Route, Trouble, asked, relay};

/// Between a service that refuses and the next try to reach it, while a request is held: it is about to listen, or the
/// table is about to say that it is gone.
const TRY_AGAIN_AFTER: Duration = Duration::from_millis(20);

/// All of a request that its service doesn't get.
pub(crate) struct Forward {
    pub(crate) worker: Arc<Worker>,
    route: Arc<Route>,
    pub(crate) port: u16,
    in_http2: bool,
    agreed: Agreed,
    client: Option<OnUpgrade>,
    stand_in: StandIn,
    passage: Box<Passage>,
    /// From the first moment on in which there is reason to wait.
    pub(crate) held: Option<Held>,
}

impl Forward {
    /// And the request as its service is to get it.
    pub(crate) fn new(
        worker: &Arc<Worker>,
        visitor: Visitor,
        host: &Host,
        mount: &Mount,
        port: u16,
        (mut parts, names, body): (Parts, Names, RequestBody),
        (passage, stand_in): (Box<Passage>, StandIn),
    ) -> (Self, Request<RequestBody>) {
        let client = parts.extensions.remove::<OnUpgrade>();
        let agreed = prepare_request(&mut parts, names, host, visitor, mount, port);
        if !body.is_end_stream() && body.size_hint().exact().is_none() {
            // Said here, as hyper leaves out the body of a GET whose length it doesn't know.
            parts.headers.insert(TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
        }
        let route = Arc::clone(mount.route());
        let is_upgrade = agreed.upgrade.is_some();
        let in_http2 = upstream::speaks_http2(route.forwarding.protocol, &parts.headers, names, is_upgrade);
        let progress = body.progress();
        let mut request = Request::from_parts(parts, body);
        if let Some(progress) = &progress
            && let Some(expectation) = &progress.expectation
        {
            // hyper tells of no 100 that comes over HTTP/2.
            if in_http2 { expectation.is_wanted() } else { Expectation::ask(progress, &mut request) }
        }
        let worker = Arc::clone(worker);
        (Self { worker, route, port, in_http2, agreed, client, stand_in, passage, held: None }, request)
    }

    /// Asks at once where there is a connection for it.
    pub(crate) fn ask(
        self,
        request: Request<RequestBody>,
    ) -> Step<impl Future<Output = Answered> + Send + use<>> {
        let connection = if self.in_http2 { None } else { self.worker.pool.take(self.port, self.begun()) };
        match connection {
            Some(connection) => Step::Asked { asked: asked::ask(self, connection, request) },
            None => Step::Apart { apart: Box::pin(self.ask_in_any_way(Box::new(request))) },
        }
    }

    pub(crate) fn begun(&self) -> Instant {
        self.passage.begun()
    }

    /// Over whatever connection there is.
    pub(crate) async fn ask_in_any_way(self, request: Box<Request<RequestBody>>) -> Response<AnswerBody> {
        let spare = if self.route.has_several() { Spare::of(&request) } else { None };
        let sent = match self.in_http2 {
            true => upstream::send_http2(&self.worker, self.port, request).await,
            false => upstream::send(&self.worker, self.port, request).await,
        };
        self.answer(sent, spare).await
    }

    /// Over a new connection, since that of the pool was of no use.
    pub(crate) async fn ask_afresh(
        self,
        request: Box<Request<RequestBody>>,
        spare: Option<Spare>,
    ) -> Response<AnswerBody> {
        let sent = upstream::send_afresh(&self.worker, self.port, request).await;
        let spare = spare.filter(|_| self.route.has_several());
        self.answer(sent, spare).await
    }

    /// After a try to send it, of which there is a spare if it may also go to another place.
    async fn answer(mut self, sent: Result<Answer, Failed>, spare: Option<Spare>) -> Response<AnswerBody> {
        let failed = match sent {
            Err(Failed::Service(Trouble::Refused, Some(unsent))) => Err((Trouble::Refused, unsent)),
            // It may have been acted on: only what does no more when it arrives twice is sent to another place.
            Err(Failed::Service(Trouble::Reset, kept)) => match spare.as_ref().and_then(Spare::request) {
                Some(spare) => Err((Trouble::Reset, spare)),
                None => Ok(Err(Failed::Service(Trouble::Reset, kept))),
            },
            sent => Ok(sent),
        };
        let sent = match failed {
            Ok(sent) => sent,
            Err((trouble, request)) => {
                let Self { worker, route, port, in_http2, stand_in, agreed, held, .. } = &mut self;
                let new = || Held::new(route, &worker.shared, stand_in.is_for_people());
                let held = held.take().unwrap_or_else(new);
                let rewrite = agreed.rewrite.as_deref_mut();
                try_again(worker, route, *in_http2, (*port, trouble), request, rewrite, held).await
            }
        };
        self.answered(sent)
    }

    /// What the client gets.
    pub(crate) fn answered(mut self, sent: Result<Answer, Failed>) -> Response<AnswerBody> {
        let answer = match sent {
            Ok(mut answer) => match self.prepare(&mut answer) {
                Ok(()) => answer,
                Err(trouble) => self.page(trouble),
            },
            Err(Failed::Client) => Refusal::BadBody.response(),
            Err(Failed::Service(trouble, _)) => self.page(trouble),
        };
        self.passage.ended(answer)
    }

    fn page(&mut self, trouble: Trouble) -> Response<AnswerBody> {
        self.passage.is_in_trouble(trouble);
        self.stand_in.page(&self.passage, trouble)
    }

    /// Makes of what the service said what the client is told.
    fn prepare(&mut self, answer: &mut Answer) -> Result<(), Trouble> {
        let Self { worker, route, agreed, client, passage, .. } = self;
        if answer.status() == StatusCode::SWITCHING_PROTOCOLS {
            let service = answer.extensions_mut().remove::<OnUpgrade>();
            let protocol = answer.headers().get(UPGRADE).cloned();
            let may_change = |asked: &&HeaderValue| protocol.as_ref().is_none_or(|to| is_among(to, asked));
            let asked = agreed.upgrade.as_ref().filter(may_change);
            let (Some(client), Some(service), Some(_)) = (client.take(), service, asked) else {
                debug!(route = &*route.id, ?protocol, "the service changed the protocol without being asked");
                return Err(Trouble::Protocol);
            };
            prepare_response(answer.headers_mut(), agreed, protocol);
            answer.body_mut().leave();
            relay::start(worker, route, passage.number(), client, service);
        } else {
            prepare_response(answer.headers_mut(), agreed, None);
            if answer.body().lease().is_some_and(Lease::has_refused) {
                answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            }
        }
        // What the service speaks is nothing to the client.
        *answer.version_mut() = Version::HTTP_11;
        // hyper has told whether the service has words of its own for the status. For one that nobody has words for it
        // would write `<none>`.
        if answer.status().canonical_reason().is_none() && answer.extensions().get::<ReasonPhrase>().is_none()
        {
            answer.extensions_mut().insert(ReasonPhrase::from_static(b""));
        }
        Ok(())
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
) -> Result<Answer, Failed> {
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
