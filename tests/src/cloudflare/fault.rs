//! What goes wrong with a call: before it took effect, or after, which the caller can't tell from each other.

use std::time::Duration;

use tokio::sync::watch;

use super::call::Call;
use super::reply::Reply;
use crate::wait_until;

/// Told of the calls that it is for, and of what happens to them: `Fault::on("POST", "/accounts/*/cfd_tunnel").after().cut()`.
/// Unless told otherwise it happens once, to the first such call, before that took effect.
#[derive(Debug, Clone)]
pub struct Fault {
    method: String,
    path: String,
    skip: usize,
    times: usize,
    is_after: bool,
    what: What,
}

#[derive(Debug, Clone)]
enum What {
    Cut,
    Answer(Reply),
    Hold,
}

impl Fault {
    /// `*` is any method or any one segment of the path, `**` at its end any rest. The path begins behind
    /// `/client/v4`. What happens is that the connection is cut.
    #[must_use]
    pub fn on(method: &str, path: &str) -> Self {
        Self {
            method: method.to_owned(),
            path: path.to_owned(),
            skip: 0,
            times: 1,
            is_after: false,
            what: What::Cut,
        }
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

    /// It took effect at Cloudflare, and the caller is not told so.
    #[must_use]
    pub fn after(self) -> Self {
        Self { is_after: true, ..self }
    }

    /// The connection ends without an answer.
    #[must_use]
    pub fn cut(self) -> Self {
        Self { what: What::Cut, ..self }
    }

    /// The answer is this one.
    #[must_use]
    pub fn answer(self, reply: Reply) -> Self {
        Self { what: What::Answer(reply), ..self }
    }

    /// There is no answer until [`Met::release`]; then it goes on as if nothing had been. A call whose caller has
    /// left before it took effect never takes any.
    #[must_use]
    pub fn hold(self) -> Self {
        Self { what: What::Hold, ..self }
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

    /// Until it happened to a call: where that is held, it is on its way and not answered.
    ///
    /// # Panics
    /// When there is none in time.
    #[track_caller]
    pub fn wait(&self, timeout: Duration) {
        wait_until("a call to meet its fault", timeout, || self.times() > 0);
    }

    /// Lets the calls go on that are held.
    pub fn release(&self) {
        // Nobody may be held any more.
        let _ = self.released.send(true);
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

/// The connection is to end without an answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Cut;

impl Faults {
    pub(super) fn arm(&mut self, fault: Fault) -> Met {
        let (met, met_by_test) = watch::channel(0);
        let (released_by_test, released) = watch::channel(false);
        self.0.push(Armed { fault, met, released });
        Met { met: met_by_test, released: released_by_test }
    }

    /// The first fault that is for this call.
    pub(super) fn meet(&mut self, call: &Call) -> Option<Happening> {
        for armed in &mut self.0 {
            let fault = &mut armed.fault;
            if fault.times == 0 || !call.is(&fault.method, &fault.path) {
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
    /// Some answer, none where the call goes on, or an end of the connection.
    pub(super) async fn happen(mut self) -> Result<Option<Reply>, Cut> {
        match self.what {
            What::Cut => Err(Cut),
            What::Answer(reply) => Ok(Some(reply)),
            What::Hold => {
                // A test that has dropped what it could release it by has let it go, too.
                let _ = self.released.wait_for(|released| *released).await;
                Ok(None)
            }
        }
    }
}
