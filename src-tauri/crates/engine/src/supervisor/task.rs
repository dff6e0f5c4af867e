//! Carries a machine's effects out, and brings their outcomes back as inputs.
//!
//! Theory of operation: one loop owns the machine. It never waits for an effect: each runs as a task of its own
//! and answers over the same channel as everybody else. After each input the view is published, and only then is
//! the sender of a wish told, so that whoever asked sees the new phase at once.

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot, watch};
use tracing::Instrument;

use super::machine::Machine;
use super::message::{Effect, Input};
use super::unit::{Ended, Unit};
use super::view::View;
use crate::clock::Clock;

/// The handle of one supervised thing. When the last clone is dropped the task ends; the process goes on.
#[derive(Debug, Clone)]
pub struct Supervisor {
    inputs: mpsc::UnboundedSender<Boxed>,
    view: watch::Receiver<View>,
}

struct Message {
    input: Input,
    done: Option<oneshot::Sender<()>>,
}

/// The channel of each supervisor keeps room for 32 messages, which a handful of probes never fill.
type Boxed = Box<Message>;

fn message(input: Input) -> Boxed {
    Box::new(Message { input, done: None })
}

impl Supervisor {
    pub fn spawn<U: Unit>(
        machine: Machine,
        unit: Arc<U>,
        clock: Clock,
        changed: impl Fn() + Send + 'static,
    ) -> Self {
        let (inputs, receiver) = mpsc::unbounded_channel();
        let (publish, view) = watch::channel(machine.view());
        let mut task = Task { machine, unit, clock, inputs: inputs.downgrade(), publish, changed };
        // By reference: a future that takes its machine has room for it twice.
        tokio::spawn(async move { task.run(receiver).await });
        Self { inputs, view }
    }

    #[must_use]
    pub fn view(&self) -> View {
        self.view.borrow().clone()
    }

    /// Every view from now on.
    #[must_use]
    pub fn views(&self) -> watch::Receiver<View> {
        self.view.clone()
    }

    /// Hands an input in and waits until its consequence can be seen in the view.
    pub async fn tell(&self, input: Input) {
        let (done, told) = oneshot::channel();
        if self.inputs.send(Box::new(Message { input, done: Some(done) })).is_ok() {
            // An error means that the task has ended, and then there is nothing to wait for.
            let _ = told.await;
        }
    }

    /// Hands a fact in without waiting.
    pub fn notify(&self, input: Input) {
        let _ = self.inputs.send(message(input));
    }
}

struct Task<U, F> {
    machine: Machine,
    unit: Arc<U>,
    clock: Clock,
    inputs: mpsc::WeakUnboundedSender<Boxed>,
    publish: watch::Sender<View>,
    changed: F,
}

impl<U: Unit, F: Fn() + Send + 'static> Task<U, F> {
    async fn run(&mut self, mut receiver: mpsc::UnboundedReceiver<Boxed>) {
        loop {
            let deadline = self.machine.deadline();
            let tick = async {
                match deadline {
                    Some(moment) => tokio::time::sleep_until(self.clock.instant(moment)).await,
                    None => std::future::pending().await,
                }
            };
            let Message { input, done } = tokio::select! {
                message = receiver.recv() => match message {
                    Some(message) => *message,
                    None => return,
                },
                () = tick => Message { input: Input::Tick, done: None },
            };
            self.take(input);
            if let Some(done) = done {
                let _ = done.send(());
            }
        }
    }

    fn take(&mut self, input: Input) {
        let effects = self.machine.step(self.clock.now(), input);
        self.machine.take_notes().for_each(|note| self.unit.note(note));
        let view = self.machine.view();
        let differs = self.publish.send_if_modified(|known| {
            let differs = *known != view;
            *known = view;
            differs
        });
        if differs {
            (self.changed)();
        }
        // Only now: whoever carries one out may look at the view, to see whether it is still wanted.
        for effect in effects {
            self.carry_out(effect);
        }
    }

    fn carry_out(&self, effect: Effect) {
        let unit = Arc::clone(&self.unit);
        // Held only by running effects, so that a dropped handle ends the loop.
        let Some(inputs) = self.inputs.upgrade() else { return };
        let span = unit.span(effect.run());
        let carried = async move {
            let input = match effect {
                Effect::Spawn { run, counts } => match unit.launch(run, counts).await {
                    Ok(launched) => Input::Spawned { run, pid: launched.pid },
                    Err(problem) => Input::SpawnFailed { run, problem },
                },
                Effect::Ended { run, exit, then, counts } => {
                    return unit.ended(run, Ended { exit, then, counts }).await;
                }
                Effect::Settled { run } => return unit.settled(run).await,
                Effect::Signal { run, signal, everything } => {
                    return unit.signal(run, signal, everything).await;
                }
                Effect::Probe { run, role } => {
                    Input::Probed { run, role, result: unit.probe(run, role).await }
                }
                Effect::Sweep { run } => Input::Swept { run, left: unit.sweep(run).await },
            };
            let _ = inputs.send(message(input));
        };
        tokio::spawn(carried.instrument(span));
    }
}
