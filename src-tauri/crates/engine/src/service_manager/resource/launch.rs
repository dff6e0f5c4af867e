use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use kinfra_rpc::{ErrorCode, Exit, Problem};
use tokio::sync::OnceCell;
use tokio::time::sleep;

use super::super::instance::InstanceFacts;
use super::super::running::{Launch, Running};
use super::super::service::{Service, new_run_id};
use crate::config::ServiceSpec;
use crate::port_registry::NodePort;
use crate::resource_manager::{Adapter, Observed, Progress, Settled, Started, Step, Stop};
use crate::store::{Next, RunEnd};
use crate::supervisor::{Counts, Launched};

/// Between two looks whether what runs it is back.
const LOOK_AGAIN: Duration = Duration::from_secs(5);

/// Between two tries to stop what can't be reached.
const STOP_AGAIN: Duration = Duration::from_secs(2);

impl Service {
    pub(in crate::service_manager) async fn launch_resource(
        self: &Arc<Self>,
        number: u64,
        counts: Counts,
        spec: &Arc<ServiceSpec>,
        facts: &Arc<InstanceFacts>,
        ports: &[NodePort],
    ) -> Result<Launched, Problem> {
        let given = self.context.surroundings.given().await;
        let id = new_run_id()?;
        let handed = Arc::new(self.hand_out(number, &id, spec, facts, &given).await?);
        let adapter = self.adapter(spec, facts, &given, &handed, ports)?;
        let observed = self.observe_for_launch(&*adapter, counts).await?;
        let plan = adapter.plan(&observed)?;
        // What runs already has its ports.
        if observed.settled != Settled::Running
            && let Some(held) = self.obtain(spec, ports).await?
        {
            return self.leave_to(number, &ports[0], &held);
        }
        self.begin_run(&id, number, counts, spec).await?;
        let log_from = if spec.health.reads_log() { self.end_of_log().await } else { None };
        let running = Running::new(id.clone(), Instant::now(), ports.to_vec());
        let carried = Arc::new(OnceCell::new());
        let adapter_type = spec.resource.as_ref().map(|resource| resource.kind.to_owned());
        let running = Running {
            log_from,
            launched: Launch::With(Arc::clone(spec)),
            handed: Arc::clone(&handed),
            adapter: adapter_type,
            carried: Arc::clone(&carried),
            ..running
        };
        self.lock().insert(number, running);
        let started = self.start_resource(&*adapter, &plan).await;
        self.show_progress(None);
        match started {
            Ok(Started { pid }) => {
                self.told(&*adapter);
                // An error means that it is there already.
                let _ = carried.set(self.carry(number, &id, adapter));
                self.change(number, |running| (running.pid, running.since) = (pid, Instant::now()));
                tracing::info!(pid, "started");
                Ok(Launched { pid: pid.unwrap_or_default() })
            }
            Err(problem) => {
                let exit = Exit { at: self.context.clock.wall_now(), ..Exit::default() };
                let Counts { restarts, failures } = counts;
                self.close(number, RunEnd { exit, next: Next::Stopped, restarts, failures }).await;
                Err(self.redacted(problem))
            }
        }
    }

    /// Where whoever runs it is away, a start that its user asked for fails at once. One that comes by itself waits: it is
    /// no fault of the resource, and nobody would try again.
    async fn observe_for_launch(&self, adapter: &dyn Adapter, counts: Counts) -> Result<Observed, Problem> {
        loop {
            let problem = match adapter.observe().await {
                Err(problem) if problem.code == ErrorCode::ResourceUnreachable && counts.restarts > 0 => {
                    problem
                }
                observed => {
                    self.hold_up(None);
                    return observed;
                }
            };
            self.hold_up(Some(problem.clone()));
            tokio::select! {
                () = sleep(LOOK_AGAIN) => {}
                () = self.context.runs.until_stopping(self.ticket) => {
                    self.hold_up(None);
                    return Err(problem);
                }
            }
        }
    }

    /// An image may take minutes: a stop doesn't wait for it.
    async fn start_resource(
        self: &Arc<Self>,
        adapter: &dyn Adapter,
        plan: &[Step],
    ) -> Result<Started, Problem> {
        let progress = Shown { service: Arc::clone(self) };
        tokio::select! {
            started = adapter.start(plan, &progress) => started,
            () = self.context.runs.until_stopping(self.ticket) => {
                if adapter.observe().await?.settled == Settled::Running {
                    adapter.stop(Stop::Kill).await?;
                }
                Err(Problem::new(ErrorCode::InvalidRequest, format!("{} was stopped while it was started", self.name)))
            }
        }
    }

    pub(in crate::service_manager) fn progress(&self) -> Option<String> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn show_progress(&self, text: Option<String>) {
        *self.progress.lock().unwrap_or_else(PoisonError::into_inner) = text;
        self.changed.node(&self.name);
    }

    /// Asks it to end until somebody hears it: whoever runs it may be away.
    pub(in crate::service_manager) async fn stop_resource(
        self: &Arc<Self>,
        run: u64,
        running: &Running,
        kill: bool,
    ) {
        let stop = if kill { Stop::Kill } else { Stop::InOrder };
        loop {
            let stopped = match self.carried(run, running).await {
                Ok(carried) => carried.adapter.stop(stop).await,
                Err(problem) => Err(problem),
            };
            let Err(problem) = stopped else { break };
            tracing::warn!(%problem.message, "not stopped");
            self.hold_up(Some(self.redacted(problem)));
            sleep(STOP_AGAIN).await;
            if self.running(run).is_none() {
                break;
            }
        }
        self.hold_up(None);
    }

    fn hold_up(&self, problem: Option<Problem>) {
        let mut held_up = self.held_up.lock().unwrap_or_else(PoisonError::into_inner);
        if *held_up != problem {
            *held_up = problem;
            self.changed.node(&self.name);
        }
    }
}

struct Shown {
    service: Arc<Service>,
}

impl Progress for Shown {
    fn tell(&self, text: String) {
        self.service.show_progress(Some(text));
    }
}
