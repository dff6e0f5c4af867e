//! A request that a service was asked over a connection of the pool: the way of nearly all.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use http::{Request, Response};
use pin_project_lite::pin_project;

use crate::answering::Apart;
use crate::body::AnswerBody;
use crate::forward::Forward;
use crate::http1::{Answered, Http1, Sent};
use crate::request_body::{Progress, RequestBody};
use crate::spare::Spare;
use crate::upstream;

pin_project! {
    pub(crate) struct Asked<S> {
        // None once there is an answer, as all below that is taken then.
        connection: Option<Http1>,
        #[pin]
        sent: Sent<S>,
        forward: Option<Forward>,
        progress: Option<Arc<Progress>>,
        // Should the connection turn out to have been closed.
        spare: Option<Spare>,
    }
}

/// Asks now, of which nothing moves before the answer is waited for.
pub(crate) fn ask(
    forward: Forward,
    mut connection: Http1,
    request: Request<RequestBody>,
) -> Asked<impl Future<Output = Answered> + Send + use<>> {
    let (progress, spare) = (request.body().progress(), Spare::of(&request));
    let sent = connection.send(request, forward.begun());
    Asked { connection: Some(connection), sent, forward: Some(forward), progress, spare }
}

impl<S: Future<Output = Answered>> Asked<S> {
    /// The answer; or where it is to come from, if not from this connection.
    pub(crate) fn poll(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Result<Response<AnswerBody>, Apart>> {
        let asked = self.project();
        let (Some(connection), Some(forward)) = (asked.connection.as_mut(), asked.forward.as_ref()) else {
            return Poll::Pending;
        };
        let limit = forward.worker.shared.limits.response_head;
        let answered = ready!(asked.sent.poll_answer(connection, context, limit, asked.progress.as_deref()));
        let (Some(connection), Some(forward)) = (asked.connection.take(), asked.forward.take()) else {
            return Poll::Pending;
        };
        let worker = &forward.worker;
        let concluded = upstream::conclude(worker, forward.port, connection, asked.progress.take(), answered);
        let again = concluded.map_err(|attempt| attempt.again(asked.spare.as_ref()));
        Poll::Ready(match again {
            Ok(answer) => Ok(forward.answered(Ok(answer))),
            Err(Ok(request)) => Err(Box::pin(forward.ask_afresh(request, asked.spare.take()))),
            Err(Err(failed)) => Ok(forward.answered(Err(failed))),
        })
    }
}
