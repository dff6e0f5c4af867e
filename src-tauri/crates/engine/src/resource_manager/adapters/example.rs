//! A resource that is a file: it is up as long as the file is there.

use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use kinfra_rpc::{ErrorCode, Exit, Problem};

use crate::resource_manager::{
    Adapter, Asking, Capabilities, End, Given, Observed, PortDeclared, Probed, Progress, ResourceType,
    Restarts, Settings, Settled, Started, Step, Stop, TextDeclared,
};
use crate::schema::{Fields, Placed};

// 1. The type, for the list in adapters/mod.rs.
pub const TYPE: ResourceType = ResourceType {
    name: "file",
    meaning: "A file that is there while its stack runs.",
    capabilities: Capabilities {
        stops: true,
        keeps_data: false,
        pauses: false,
        restarts: Restarts::AsConfigured,
        asking: Asking::Free,
    },
    declare: |fields| Arc::new(FileSettings::declare(fields)),
    left: None,
};

// 2. What its user may write, each key named once: this decodes it, describes it to editors, and names it in errors.
#[derive(Debug)]
struct FileSettings {
    path: Option<Placed<String>>,
}

impl FileSettings {
    fn declare(fields: &mut Fields<'_>) -> Self {
        Self { path: fields.required("path", "Where it is. May hold references.", "./up") }
    }
}

impl Settings for FileSettings {
    fn ports(&self) -> Vec<PortDeclared> {
        vec![]
    }

    fn texts(&self) -> Vec<TextDeclared<'_>> {
        let path = self.path.iter();
        path.map(|path| TextDeclared { text: &path.value, at: path.at, may_hold_secrets: false }).collect()
    }

    fn adapter(&self, given: Given<'_>) -> Result<Arc<dyn Adapter>, Problem> {
        let path = self.path.as_ref().map_or("", |path| &path.value);
        Ok(Arc::new(FileAdapter { path: given.folder.join((given.expand)(path)?), end: End::default() }))
    }
}

// 3. What it does. Everything else (order, restarts with backoff, health, logs, adoption, the window) is there already.
struct FileAdapter {
    path: PathBuf,
    end: End,
}

impl FileAdapter {
    fn failed(&self, doing: &str, error: &std::io::Error) -> Problem {
        let message = format!("cannot {doing} {}: {error}", self.path.display());
        Problem::new(ErrorCode::ResourceFailed, message).hint("look at the rights of its folder")
    }
}

impl Adapter for FileAdapter {
    fn capabilities(&self) -> Capabilities {
        TYPE.capabilities
    }

    fn observe(&self) -> BoxFuture<'_, Result<Observed, Problem>> {
        let settled = if self.path.is_file() { Settled::Running } else { Settled::Absent };
        async move { Ok(Observed { settled, ..Observed::default() }) }.boxed()
    }

    fn plan(&self, observed: &Observed) -> Result<Vec<Step>, Problem> {
        Ok(if observed.settled == Settled::Running { vec![] } else { vec![Step::Create] })
    }

    fn start<'a>(&'a self, plan: &'a [Step], _: &'a dyn Progress) -> BoxFuture<'a, Result<Started, Problem>> {
        async {
            if !plan.is_empty() {
                std::fs::write(&self.path, "").map_err(|error| self.failed("write", &error))?;
            }
            Ok(Started::default())
        }
        .boxed()
    }

    fn stop(&self, _: Stop) -> BoxFuture<'_, Result<(), Problem>> {
        async {
            match std::fs::remove_file(&self.path) {
                Err(error) if error.kind() != ErrorKind::NotFound => Err(self.failed("remove", &error)),
                _ => {
                    self.end.tell(Exit { code: Some(0), ..Exit::default() });
                    Ok(())
                }
            }
        }
        .boxed()
    }

    fn probe(&self) -> BoxFuture<'_, Probed> {
        let is_there = self.path.is_file();
        async move {
            if is_there { Probed::Ready(String::new()) } else { Probed::NotReady("it is gone".to_owned()) }
        }
        .boxed()
    }

    fn ended(&self) -> BoxFuture<'_, Exit> {
        self.end.wait().boxed()
    }
}
