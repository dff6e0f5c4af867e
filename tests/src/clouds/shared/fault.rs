//! What goes wrong with a call: before it took effect, or after, which the caller can't tell from each other.

use std::future::pending;
use std::time::Duration;

use tokio::sync::watch;

use super::{Call, Reply};
use crate::wait_until;

/// Told of the calls that it is for, and of what happens to them: `Fault::on("POST", "/projects/*/branches").after().reset()`.
/// Unless told otherwise it happens once, to the first such call, before that took effect.
#[derive(Debug, Clone)]
pub struct Fault {
    method: String,
    path: String,
    saying: String,
    skip: usize,
    times: usize,
    is_after: bool,
    what: What,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum What {
    Status { status: u16, message: Option<String>, headers: Vec<(&'static str, String)> },
    Reply(Reply),
    Broken,
    Silent,
    Reset,
    Cut,
    Slow(Duration),
}

impl Fault {
    /// `*` is any method or any one segment of the path, `**` at its end any rest. The path begins behind the vendor's
    /// base. What happens is that it answers 500.
    #[must_use]
    pub fn on(method: &str, path: &str) -> Self {
        Self {
            method: method.to_owned(),
            path: path.to_owned(),
            saying: String::new(),
            skip: 0,
            times: 1,
            is_after: false,
            what: What::Status { status: 500, message: None, headers: Vec::new() },
        }
    }

    /// Only those with this somewhere in their body: what a call of GraphQL is told by.
    #[must_use]
    pub fn saying(self, text: &str) -> Self {
        Self { saying: text.to_owned(), ..self }
    }

    /// The `n`-th such call from now on; the first one is 1.
    #[must_use]
    pub fn nth(self, n: usize) -> Self {
        Self { skip: n.saturating_sub(1), ..self }
    }

    /// To so many of them.
    #[must_use]
    pub fn times(self, times: usize) -> Self {
        Self { times, ..self }
    }

    /// It took effect at the cloud, and the caller is not told so.
    #[must_use]
    pub fn after(self) -> Self {
        Self { is_after: true, ..self }
    }

    /// An answer with this status, as the vendor words it.
    #[must_use]
    pub fn status(self, status: u16) -> Self {
        Self { what: What::Status { status, message: None, headers: Vec::new() }, ..self }
    }

    /// Of [`Fault::status`]: its words.
    #[must_use]
    pub fn message(mut self, text: &str) -> Self {
        if let What::Status { message, .. } = &mut self.what {
            *message = Some(text.to_owned());
        }
        self
    }

    /// Of [`Fault::status`]: seconds or a date.
    #[must_use]
    pub fn retry_after(mut self, value: &str) -> Self {
        if let What::Status { headers, .. } = &mut self.what {
            headers.push(("retry-after", value.to_owned()));
        }
        self
    }

    /// The answer is this one, whoever gave it: a page of a proxy, for one.
    #[must_use]
    pub fn reply(self, reply: Reply) -> Self {
        Self { what: What::Reply(reply), ..self }
    }

    /// It took effect, and half of the answer's JSON comes back.
    #[must_use]
    pub fn broken_json(self) -> Self {
        Self { what: What::Broken, is_after: true, ..self }
    }

    /// There is no answer, ever; or, after [`Met::release`], as if nothing had been.
    #[must_use]
    pub fn silent(self) -> Self {
        Self { what: What::Silent, ..self }
    }

    /// The connection is reset.
    #[must_use]
    pub fn reset(self) -> Self {
        Self { what: What::Reset, ..self }
    }

    /// The connection is closed without an answer.
    #[must_use]
    pub fn cut(self) -> Self {
        Self { what: What::Cut, ..self }
    }

    /// It takes so long, by everybody's clock.
    #[must_use]
    pub fn slow(self, time: Duration) -> Self {
        Self { what: What::Slow(time), ..self }
    }

    fn is_for(&self, call: &Call) -> bool {
        self.times > 0
            && call.is(&self.method, &self.path)
            && (self.saying.is_empty() || call.body.to_string().contains(&self.saying))
    }
}

/// What a test holds of a fault.
#[derive(Debug)]
pub struct Met {
    met: watch::Receiver<usize>,
    released: watch::Sender<bool>,
}

impl Met {
    /// How many calls it happened to.
    #[must_use]
    pub fn times(&self) -> usize {
        *self.met.borrow()
    }

    /// Until it happened to a call: where that is silent, it is on its way and not answered.
    ///
    /// # Panics
    /// When there is none in time.
    #[track_caller]
    pub fn wait(&self, timeout: Duration) {
        wait_until("a call to meet its fault", timeout, || self.times() > 0);
    }

    /// Lets the calls go on that were met with silence.
    pub fn release(&self) {
        self.released.send_replace(true);
    }
}

#[derive(Debug, Default)]
pub(super) struct Faults(Vec<Armed>);

#[derive(Debug)]
struct Armed {
    fault: Fault,
    met: watch::Sender<usize>,
    released: watch::Receiver<bool>,
}

/// What is to happen to a call.
#[derive(Debug)]
pub(super) struct Happening {
    pub is_after: bool,
    what: What,
    released: watch::Receiver<bool>,
}

/// What comes of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Then {
    GoOn,
    Reply(Reply),
    Refuse { status: u16, message: Option<String>, headers: Vec<(&'static str, String)> },
    Break,
    Reset,
    Cut,
}

impl Faults {
    pub(super) fn arm(&mut self, fault: Fault) -> Met {
        let (met, met_by_test) = watch::channel(0);
        let (released_by_test, released) = watch::channel(false);
        self.0.push(Armed { fault, met, released });
        Met { met: met_by_test, released: released_by_test }
    }

    pub(super) fn disarm(&mut self) {
        self.0.clear();
    }

    /// The first fault that is for this call.
    pub(super) fn meet(&mut self, call: &Call) -> Option<Happening> {
        for armed in &mut self.0 {
            let fault = &mut armed.fault;
            if !fault.is_for(call) {
                continue;
            }
            if fault.skip > 0 {
                fault.skip -= 1;
                continue;
            }
            fault.times -= 1;
            armed.met.send_modify(|met| *met += 1);
            let released = armed.released.clone();
            return Some(Happening { is_after: fault.is_after, what: fault.what.clone(), released });
        }
        None
    }
}

impl Happening {
    pub(super) async fn happen(mut self) -> Then {
        match self.what {
            What::Status { status, message, headers } => Then::Refuse { status, message, headers },
            What::Reply(reply) => Then::Reply(reply),
            What::Broken => Then::Break,
            What::Reset => Then::Reset,
            What::Cut => Then::Cut,
            What::Slow(time) => {
                tokio::time::sleep(time).await;
                Then::GoOn
            }
            What::Silent => {
                // A test that kept no hold of it wanted it for good.
                if self.released.wait_for(|released| *released).await.is_err() {
                    pending::<()>().await;
                }
                Then::GoOn
            }
        }
    }
}
