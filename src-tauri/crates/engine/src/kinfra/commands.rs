//! Every command, dispatched by one exhaustive match.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use kinfra_rpc::{
    Command as Rpc, Done, Environment, ErrorCode, EventList, Failure, HelloReply, PROTOCOL, ReadEnvironment,
    ReadEvents, Request, Restart, Start, Stop,
};
use serde_json::Value;
use tokio::time::timeout_at;

use super::engine::Engine;
use super::logs::deadline;
use super::secrets;
use crate::control::{Dispatch, Updates};
use crate::orchestrator::Command;
use crate::store::WantedEvents;

/// The engine as a dispatcher.
impl Dispatch for Engine {
    fn dispatch(&self, request: Request) -> BoxFuture<'_, Result<Value, Failure>> {
        async { self.answer(request).await.map_err(|failure| self.point_to_log(failure)) }.boxed()
    }

    fn watch(&self) -> BoxFuture<'_, Result<Updates, Failure>> {
        async { Ok(self.hub.watch()) }.boxed()
    }
}

/// The answer of a command, as it travels.
pub(super) fn reply<C: Rpc>(_: &C, response: C::Response) -> Result<Value, Failure> {
    serde_json::to_value(response).map_err(|error| {
        Failure::new(ErrorCode::Internal, format!("cannot write the answer to {}: {error}", C::NAME))
    })
}

impl Engine {
    async fn answer(&self, request: Request) -> Result<Value, Failure> {
        match request {
            Request::Hello(hello) => reply(&hello, self.hello()),
            Request::TakeSnapshot(take) => reply(&take, self.hub.snapshot()),
            Request::WatchState(watch) => reply(&watch, Done {}),
            Request::AddProject(add) => reply(&add, self.add_project(&add.folder).await?),
            Request::RemoveProject(remove) => reply(&remove, self.remove_project(&remove.project).await?),
            Request::CompareProject(of) => reply(&of, self.compare(&of.project).await?),
            Request::ApplyProject(apply) => reply(&apply, self.apply(&apply.project).await?),
            Request::Start(start) => reply(&start, self.start(&start).await?),
            Request::Stop(stop) => reply(&stop, self.stop(&stop).await?),
            Request::Restart(restart) => reply(&restart, self.restart(&restart).await?),
            Request::ReadEnvironment(read) => reply(&read, self.read_environment(&read).await?),
            Request::MeasureUsage(measure) => reply(&measure, self.measure_usage(&measure).await?),
            Request::ReadEvents(read) => reply(&read, self.read_events(&read).await?),
            Request::ReadLogs(read) => reply(&read, self.read_logs(&read).await?),
            Request::ListRuns(list) => reply(&list, self.list_runs(&list).await?),
            Request::ListPorts(list) => reply(&list, self.list_ports(&list).await?),
            Request::AskPort(ask) => reply(&ask, self.catalog.ask_port(ask.port).await?),
            Request::MovePort(port) => reply(&port, self.move_port(&port).await?),
            Request::AdoptPort(port) => reply(&port, self.adopt_port(&port).await?),
            Request::Examine(examine) => reply(&examine, self.catalog.examine().await?),
            Request::FreePort(port) => reply(&port, self.catalog.free_port(&port).await?),
            Request::ReservePorts(ports) => reply(&ports, self.catalog.reserve(&ports).await?),
            Request::ReleasePorts(ports) => reply(&ports, self.catalog.release(&ports).await?),
            Request::UseProxyPort(port) => reply(&port, self.use_proxy_port(port.port).await?),
            Request::Share(share) => reply(&share, self.share(&share).await?),
            Request::Unshare(unshare) => reply(&unshare, self.unshare(&unshare).await?),
            Request::RestartTunnel(restart) => reply(&restart, self.restart_tunnel(&restart).await?),
            Request::InstallConnector(install) => reply(&install, self.install_connector().await?),
            Request::PlanTunnels(plan) => reply(&plan, self.plan_tunnels(&plan).await?),
            Request::SweepTunnels(sweep) => reply(&sweep, self.sweep_tunnels(&sweep).await?),
            Request::TakeOverRecord(record) => reply(&record, self.take_over_record(&record).await?),
            Request::AdoptTunnel(adopt) => reply(&adopt, self.adopt_tunnel(&adopt).await?),
            Request::RetireConnector(retire) => reply(&retire, self.retire_connector(&retire).await?),
            Request::AddAccount(add) => reply(&add, self.accounts()?.add(&add).await?),
            Request::ListAccounts(list) => reply(&list, self.accounts()?.list()),
            Request::RemoveAccount(remove) => {
                self.remove_account(&remove.name).await?;
                reply(&remove, Done {})
            }
            Request::Maintain(maintain) => reply(&maintain, self.maintain(&maintain).await?),
            Request::ReadRequests(read) => reply(&read, self.read_requests(&read).await?),
            Request::MeasureTraffic(measure) => reply(&measure, self.measure_traffic(&measure)?),
            Request::SetSecret(set) => reply(&set, secrets::set(&self.services.vault, &set).await?),
            Request::ListSecrets(list) => reply(&list, self.list_secrets().await),
            Request::DeleteSecret(of) => reply(&of, secrets::delete(&self.services.vault, &of).await?),
            Request::InspectResource(of) => reply(&of, self.inspect_resource(&of).await?),
            Request::ActOnResource(act) => reply(&act, self.act_on_resource(&act).await?),
            Request::ReadSettings(read) => reply(&read, self.read_settings()?),
            Request::ChangeSettings(change) => reply(&change, self.change_settings(change)?),
            Request::PlanMigration(plan) => {
                reply(&plan, self.migrator(plan.home.as_deref())?.plan(&plan.folders).await?)
            }
            Request::ApplyMigration(apply) => {
                self.refuse_when_ending()?;
                reply(&apply, self.migrator(apply.home.as_deref())?.apply(&apply.folders).await?)
            }
            Request::UndoMigration(undo) => {
                self.refuse_when_ending()?;
                reply(&undo, self.migrator(None)?.undo().await?)
            }
            Request::ShowWindow(show) => {
                self.hub.show_window();
                reply(&show, Done {})
            }
            Request::Quit(quit) => {
                self.begin_quit(quit.mode);
                reply(&quit, Done {})
            }
        }
    }

    /// What nobody should ever see is in the log, and says where that is.
    fn point_to_log(&self, mut failure: Failure) -> Failure {
        let unexpected = failure.problems.iter_mut().filter(|problem| problem.code.is_unexpected());
        for problem in unexpected {
            tracing::error!(%problem, "a command failed");
            let log = self.options.home.engine_log();
            problem.hint.get_or_insert_with(|| format!("KInfra's own log may say more: {}", log.display()));
        }
        failure
    }

    fn hello(&self) -> HelloReply {
        HelloReply {
            protocol: PROTOCOL,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            pid: std::process::id(),
            host: self.options.host,
            proxy_port: self.proxy.port(),
        }
    }

    async fn start(&self, start: &Start) -> Result<Done, Failure> {
        self.refuse_when_ending()?;
        self.used(&start.project);
        self.refresh(&start.project).await?;
        let project = self.project(&start.project)?;
        let whole = start.services.is_empty();
        let names = match whole {
            true => project.selection.whole(&start.profiles)?,
            false => project.named(&start.services)?,
        };
        self.resume_paused(&project, &names).await;
        // Nothing of a start waits for the database.
        let kept = self.keep_for_its_own(&start.project, &names);
        let told = project.stack.tell(Command::Start { names: names.clone(), again: !whole });
        tokio::join!(told, kept);
        Ok(Done {})
    }

    async fn stop(&self, stop: &Stop) -> Result<Done, Failure> {
        let project = self.project(&stop.project)?;
        let names = project.named(&stop.services)?;
        project.stack.tell(Command::Stop(names.clone())).await;
        self.end_leases(&project, &names).await?;
        Ok(Done {})
    }

    async fn restart(&self, restart: &Restart) -> Result<Done, Failure> {
        self.refuse_when_ending()?;
        self.used(&restart.project);
        self.refresh(&restart.project).await?;
        let project = self.project(&restart.project)?;
        let whole = restart.services.is_empty();
        let names = match whole {
            true => project.selection.whole(&[])?,
            false => project.named(&restart.services)?,
        };
        project.stack.tell(Command::Restart { names, whole, dependants: restart.dependants }).await;
        Ok(Done {})
    }

    async fn read_environment(&self, read: &ReadEnvironment) -> Result<Environment, Failure> {
        let project = self.project(&read.project)?;
        Ok(Environment { variables: project.service(&read.service)?.environment().await? })
    }

    async fn read_events(&self, read: &ReadEvents) -> Result<EventList, Failure> {
        let project = self.project(&read.project)?;
        let names = project.named(&read.services)?;
        let ReadEvents { limit, since, mut after, .. } = *read;
        let deadline = deadline(read.wait_ms);
        let timeline = &self.services.timeline;
        let mut written = timeline.written();
        loop {
            written.borrow_and_update();
            let wanted = WantedEvents { nodes: names.clone(), limit, since, after };
            let list = timeline.read(&read.project, wanted).await?;
            if !list.events.is_empty() || timeout_at(deadline, written.changed()).await.is_err() {
                return Ok(list);
            }
            after = after.and(list.cursor);
        }
    }

    pub(super) fn refuse_when_ending(&self) -> Result<(), Failure> {
        if self.hub.read(|state| state.engine.ending) {
            return Err(Failure::new(
                ErrorCode::InvalidRequest,
                "KInfra is ending: nothing is started any more",
            ));
        }
        Ok(())
    }
}
