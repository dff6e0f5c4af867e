//! One request, from its head to whoever answers it: the service that its host and path lead to, or the proxy.

use std::sync::Arc;

use http::Request;
use http::request::Parts;
use hyper::body::Incoming;
use tracing::{Span, debug, debug_span};

use crate::answering::Step;
use crate::conversation::Owed;
use crate::forward::Forward;
use crate::held::Held;
use crate::host::Host;
use crate::http1::Answered;
use crate::names::Names;
use crate::passage::Passage;
use crate::request_body::RequestBody;
use crate::screen::{Refusal, screen};
use crate::standin::StandIn;
use crate::visitor::Visitor;
use crate::worker::Worker;
use crate::{Audience, Mount, Trouble, own};

/// Decides who answers a request: the service that its host and path lead to, or the proxy in its place.
pub(crate) fn begin(
    worker: &Arc<Worker>,
    visitor: Visitor,
    request: Request<Incoming>,
    owed: &Owed,
) -> (Step<impl Future<Output = Answered> + Send + use<>>, Span) {
    let (parts, body) = request.into_parts();
    let names = Names::of(&parts.headers);
    match screen(&parts, names).and_then(|()| worker.hosts.of(&parts)) {
        Ok(host) => {
            let path = parts.uri.path();
            // Without the query: it may hold a token.
            let span = debug_span!("request", method = %parts.method, host = &*host.name, path);
            let body = RequestBody::new(body, &parts, owed, &worker.shared.limits);
            let step = span.in_scope(|| route(worker, visitor, host, names, parts, body));
            (step, span)
        }
        Err(refusal) => {
            // Its body is not read on: where it ends is not to be trusted.
            debug!(?refusal, "refused");
            let host = worker.hosts.of(&parts);
            let host = host.map_or_else(|_| Arc::default(), |host| Arc::clone(&host.name));
            let passage = Passage::new(&worker.shared, visitor, &parts, host);
            (Step::at_once(passage.ended(refusal.response())), Span::none())
        }
    }
}

fn route(
    worker: &Arc<Worker>,
    visitor: Visitor,
    host: Arc<Host>,
    names: Names,
    parts: Parts,
    body: RequestBody,
) -> Step<impl Future<Output = Answered> + Send + use<>> {
    let mut passage = Passage::new(&worker.shared, visitor, &parts, Arc::clone(&host.name));
    let table = worker.shared.table.load();
    let audience = visitor.audience();
    let hosts = table.of(audience);
    if let Some((own, path)) = own::meant(&parts, audience, &worker.shared.tokens)
        && let Some(mount) = hosts.find(&host.name, path)
    {
        let (path, route) = (path.to_owned(), Arc::clone(mount.route()));
        let shared = Arc::clone(&worker.shared);
        let apart = Box::pin(async move {
            let answer = own::answer(&shared, audience, &host, (own, &path), &route, &parts, body).await;
            // What the pages get of their own is no traffic.
            if answer.status().is_client_error() { passage.ended(answer) } else { answer }
        });
        return Step::Apart { apart };
    }
    let stand_in = StandIn::new(&parts, names);
    let Some(mount) = hosts.find(&host.name, parts.uri.path()) else {
        let trouble = match (audience, hosts.of(&host.name)) {
            (Audience::Public, _) => return Step::at_once(passage.ended(Refusal::NotPublished.response())),
            (Audience::Local, Some(_)) => Trouble::UnknownPath,
            (Audience::Local, None) => Trouble::UnknownHost,
        };
        let page = stand_in.page(&passage, trouble);
        return Step::at_once(passage.ended(page));
    };
    passage.goes_to(mount.route());
    passage.receives(body.progress());
    match mount.route().port() {
        Ok(port) => {
            let (forward, request) =
                Forward::new(worker, visitor, &host, mount, port, (parts, names, body), (passage, stand_in));
            forward.ask(request)
        }
        Err(no_port) => {
            let (worker, mount) = (Arc::clone(worker), mount.clone());
            let mut held = Held::new(mount.route(), &worker.shared, stand_in.is_for_people());
            let apart = Box::pin(async move {
                let Some(port) = held.until_port(no_port).await else {
                    let trouble = mount.route().trouble();
                    passage.is_in_trouble(trouble);
                    let page = stand_in.page(&passage, trouble);
                    return passage.ended(page);
                };
                // Meanwhile requests may be handed on to it in another way.
                let mount = mount_now(&worker, audience, &host, parts.uri.path(), mount);
                let (mut forward, request) = Forward::new(
                    &worker,
                    visitor,
                    &host,
                    &mount,
                    port,
                    (parts, names, body),
                    (passage, stand_in),
                );
                forward.held = Some(held);
                forward.ask_in_any_way(Box::new(request)).await
            });
            Step::Apart { apart }
        }
    }
}

/// The mount in the present table that has taken the place of `mount`, if one has.
fn mount_now(worker: &Worker, audience: Audience, host: &Host, path: &str, mount: Mount) -> Mount {
    let table = worker.shared.table.load();
    let present = table.of(audience).find(&host.name, path);
    present.filter(|present| present.route().id == mount.route().id).cloned().unwrap_or(mount)
}
