//! The answer to one request, as hyper waits for it.
//!
//! Theory of operation: what waits for a service is kept per request, moved by hyper more than once, and of a busy
//! connection the largest part. So all that can be done at once is done before there is anything to wait for, the way
//! that nearly all requests take is a state that is small and in one place, and every other one is put into a box of
//! its own.

use std::any::Any;
use std::convert::Infallible;
use std::future::ready;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::Response;
use pin_project_lite::pin_project;
use tracing::{Span, error};

use crate::asked::Asked;
use crate::body::AnswerBody;
use crate::conversation::Owed;
use crate::http1::Answered;
use crate::screen::Refusal;

/// Whatever is seldom.
pub(crate) type Apart = Pin<Box<dyn Future<Output = Response<AnswerBody>> + Send>>;

pin_project! {
    pub(crate) struct Answering<S> {
        #[pin]
        step: Step<S>,
        span: Span,
        // None once it is the answer's.
        owed: Option<Owed>,
    }
}

pin_project! {
    /// What becomes of a request.
    #[project = Now]
    pub(crate) enum Step<S> {
        Asked { #[pin] asked: Asked<S> },
        Apart { apart: Apart },
    }
}

impl<S> Answering<S> {
    /// Begins with what `begin` says. Both that and what is waited for may panic: then it is this request that fails.
    pub(crate) fn new(owed: Owed, begin: impl FnOnce(&Owed) -> (Step<S>, Span)) -> Self {
        let begun = catch_unwind(AssertUnwindSafe(|| begin(&owed)));
        let (step, span) =
            begun.unwrap_or_else(|panic| (Step::at_once(panicked(panic.as_ref())), Span::none()));
        Self { step, span, owed: Some(owed) }
    }
}

impl<S: Future<Output = Answered>> Future for Answering<S> {
    type Output = Result<Response<AnswerBody>, Infallible>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let answering = self.project();
        let _within = answering.span.enter();
        let polled = catch_unwind(AssertUnwindSafe(|| answering.step.poll(context)));
        let mut answer = match polled {
            Ok(answer) => ready!(answer),
            Err(panic) => panicked(panic.as_ref()),
        };
        if let Some(owed) = answering.owed.take() {
            answer.body_mut().is_owed(owed);
        }
        Poll::Ready(Ok(answer))
    }
}

impl<S> Step<S> {
    pub(crate) fn at_once(response: Response<AnswerBody>) -> Self {
        Self::Apart { apart: Box::pin(ready(response)) }
    }
}

impl<S: Future<Output = Answered>> Step<S> {
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Response<AnswerBody>> {
        loop {
            match self.as_mut().project() {
                Now::Asked { asked } => match ready!(asked.poll(context)) {
                    Ok(answer) => return Poll::Ready(answer),
                    Err(apart) => self.set(Self::Apart { apart }),
                },
                Now::Apart { apart } => return apart.as_mut().poll(context),
            }
        }
    }
}

fn panicked(panic: &(dyn Any + Send)) -> Response<AnswerBody> {
    let words = panic.downcast_ref::<&str>().copied();
    let words = words.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    error!(panic = words.unwrap_or("without a message"), "handling a request panicked");
    Refusal::Internal.response()
}
