//! Whatever a command line can start and stop: `kubectl`, the CLI of a cloud, a script.
//!
//! With `run` it is one process that stays, and is held as a service is. Else `start` begins it and comes back; `status`
//! says by its exit code whether it runs, and `stop` ends it. Without `status` it counts as running from a `start` that
//! succeeded until its `stop`.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use kinfra_rpc::{ErrorCode, Exit, Problem};

use crate::resource_manager::{
    Adapter, Asking, Capabilities, Commands, End, Given, Observed, PortDeclared, Probed, Progress,
    ResourceType, Restarts, Settings, Settled, Started, Step, Stop, TextDeclared, ports_declared,
};
use crate::schema::{Entries, Fields, Period, Placed, PortSetting, Run};

/// Between two looks at whether it still runs.
const LOOK_AGAIN: Duration = Duration::from_secs(10);

/// So many looks in a row must find that it is down: one may have come at a bad moment.
const LOOKS: u32 = 2;

const TIMEOUT: Duration = Duration::from_secs(60);

pub const TYPE: ResourceType = ResourceType {
    name: "command",
    meaning: "Something that commands start and stop, or one process that stays.",
    capabilities: Capabilities {
        stops: true,
        keeps_data: true,
        pauses: false,
        restarts: Restarts::AsConfigured,
        asking: Asking::Costly,
    },
    declare: |fields| Arc::new(CommandSettings::declare(fields)),
    left: None,
};

#[derive(Debug)]
struct CommandSettings {
    run: Option<Placed<Run>>,
    start: Option<Placed<Run>>,
    stop: Option<Placed<Run>>,
    status: Option<Placed<Run>>,
    timeout: Duration,
    ports: Entries<Placed<PortSetting>>,
}

impl CommandSettings {
    fn declare(fields: &mut Fields<'_>) -> Self {
        Self {
            run: fields
                .optional("run", "One process that stays, run as a service is; in the place of `start`."),
            start: fields.optional("start", "Begins it, and ends with exit code 0."),
            stop: fields.optional("end", "Ends it, after `start`. Default: it is left as it is."),
            status: fields.optional("status", "Says by exit code 0 that it runs, after `start`."),
            timeout: fields
                .optional("timeout", "How long each command may take. Default: `60s`.")
                .map_or(TIMEOUT, |Period(timeout)| timeout),
            ports: fields.optional("ports", "The ports that it listens on, by name.").unwrap_or_default(),
        }
    }
}

impl Settings for CommandSettings {
    fn ports(&self) -> Vec<PortDeclared> {
        ports_declared(&self.ports)
    }

    fn texts(&self) -> Vec<TextDeclared<'_>> {
        vec![]
    }

    fn commands(&self) -> Vec<&Placed<Run>> {
        [&self.start, &self.stop, &self.status].into_iter().flatten().collect()
    }

    fn process(&self) -> Option<&Run> {
        self.run.as_ref().map(|run| &run.value)
    }

    fn adapter(&self, given: Given<'_>) -> Result<Arc<dyn Adapter>, Problem> {
        let Some(start) = &self.start else {
            let message = format!("{} has nothing to start", given.place.node);
            return Err(Problem::new(ErrorCode::ConfigInvalidValue, message)
                .hint("write `run:` for one process that stays, or `start:`, `end:` and `status:`"));
        };
        let command = |command: &Option<Placed<Run>>| command.as_ref().map(|command| command.value.clone());
        Ok(Arc::new(Command {
            name: given.place.node,
            start: start.value.clone(),
            stop: command(&self.stop),
            status: command(&self.status),
            timeout: self.timeout,
            commands: given.commands,
            end: End::default(),
        }))
    }
}

struct Command {
    name: String,
    start: Run,
    stop: Option<Run>,
    status: Option<Run>,
    timeout: Duration,
    commands: Arc<dyn Commands>,
    end: End,
}

impl Command {
    async fn run(&self, what: &str, command: &Run) -> Result<(), Problem> {
        let ran = self.commands.run(command, self.timeout).await?;
        if ran.exit.code == Some(0) {
            return Ok(());
        }
        let said = ran.last_line.map_or_else(String::new, |line| format!(": {line}"));
        let message = format!("the {what} command of {} {}{said}", self.name, ran.exit.describe());
        Err(Problem::new(ErrorCode::ResourceFailed, message).hint("run it by hand in the project's folder"))
    }

    /// None: nobody can tell.
    async fn runs(&self) -> Result<Option<bool>, Problem> {
        let Some(status) = &self.status else { return Ok(None) };
        Ok(Some(self.commands.run(status, self.timeout).await?.exit.code == Some(0)))
    }
}

impl Adapter for Command {
    fn capabilities(&self) -> Capabilities {
        Capabilities { stops: self.stop.is_some(), ..TYPE.capabilities }
    }

    fn observe(&self) -> BoxFuture<'_, Result<Observed, Problem>> {
        let observe = async {
            let settled = match self.runs().await? {
                None => Settled::Unknown,
                Some(true) => Settled::Running,
                Some(false) => Settled::Down(None),
            };
            Ok(Observed { settled, ..Observed::default() })
        };
        observe.boxed()
    }

    fn plan(&self, observed: &Observed) -> Result<Vec<Step>, Problem> {
        Ok(if observed.settled == Settled::Running { vec![] } else { vec![Step::Start] })
    }

    fn start<'a>(&'a self, plan: &'a [Step], _: &'a dyn Progress) -> BoxFuture<'a, Result<Started, Problem>> {
        let start = async {
            if !plan.is_empty() {
                self.run("start", &self.start).await?;
            }
            Ok(Started::default())
        };
        start.boxed()
    }

    fn stop(&self, _: Stop) -> BoxFuture<'_, Result<(), Problem>> {
        let stop = async {
            if let Some(stop) = &self.stop {
                self.run("end", stop).await?;
            }
            self.end.tell(Exit { code: Some(0), ..Exit::default() });
            Ok(())
        };
        stop.boxed()
    }

    fn probe(&self) -> BoxFuture<'_, Probed> {
        let probe = async {
            match self.runs().await {
                Ok(None) => Probed::Silent,
                Ok(Some(true)) => Probed::Ready(String::new()),
                Ok(Some(false)) => Probed::NotReady("its status command says that it doesn't run".to_owned()),
                Err(problem) => Probed::NotReady(problem.message),
            }
        };
        probe.boxed()
    }

    fn ended(&self) -> BoxFuture<'_, Exit> {
        let looks = async {
            let mut down = 0;
            while down < LOOKS {
                tokio::time::sleep(LOOK_AGAIN).await;
                down = if matches!(self.runs().await, Ok(Some(false))) { down + 1 } else { 0 };
            }
            Exit::default()
        };
        async {
            tokio::select! { exit = self.end.wait() => exit, exit = looks => exit }
        }
        .boxed()
    }
}
