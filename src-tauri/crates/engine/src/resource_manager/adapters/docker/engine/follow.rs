use std::collections::HashMap;
use std::convert::Infallible;
use std::fs;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bollard::Docker;
use bollard::errors::Error;
use bollard::models::ContainerSummaryStateEnum;
use bollard::query_parameters::{EventsOptionsBuilder, ListContainersOptionsBuilder};
use futures_util::StreamExt;
use futures_util::future::join_all;
use kinfra_rpc::Problem;
use tokio::time::sleep;

use super::connection::{Link, Shared};
use super::watched::Entry;
use super::{Known, Run};
use crate::resource_manager::adapters::docker::{errors, labels};
use crate::watch::Scope;

/// The engine takes up a request for events a moment after it has answered: what happens in between is seen by a second
/// look, so much later.
const SECOND_LOOK: Duration = Duration::from_secs(1);

/// Where nothing tells that an engine is back, it is looked for so often.
const LOOK_AGAIN: Duration = Duration::from_secs(30);

/// What is heard of; an engine tells a lot more, such as each command of a health check.
const EVENTS: &[&str] = &["start", "kill", "oom", "die", "destroy", "health_status"];

pub async fn follow(shared: Arc<Shared>) {
    loop {
        let Lost { problem, up, pid_file } = connection(&shared).await;
        if up {
            tracing::info!(engine = %shared.address, why = %problem.message, "a Docker engine is away");
        }
        shared.set(Link::Down(problem));
        // Whoever cut the connection may still be there.
        let at_once = up && pid_file.is_none() && may_be_there(&shared, None);
        if !at_once {
            wait_for_return(&shared, pid_file.as_deref()).await;
        }
    }
}

struct Lost {
    problem: Problem,
    /// Whether it was there.
    up: bool,
    /// The engine's own, beside its socket, if it had one.
    pid_file: Option<PathBuf>,
}

/// Follows the engine for as long as it is there.
async fn connection(shared: &Shared) -> Lost {
    let pid_file = shared.address.socket().map(|socket| socket.with_extension("pid"));
    let pid_file = pid_file.filter(|file| file.exists());
    let unreachable = |error: &Error| errors::unreachable(&shared.address, error);
    let client = match shared.address.client() {
        Ok(client) => shared.client.get_or_init(|| client).clone(),
        Err(error) => return Lost { problem: unreachable(&error), up: false, pid_file },
    };
    let mut filters = HashMap::from([("type", vec!["container"]), ("label", vec![labels::HOME])]);
    filters.insert("event", EVENTS.to_vec());
    let mut events = pin!(client.events(Some(EventsOptionsBuilder::default().filters(&filters).build())));
    let mut up = false;
    let hear = async {
        loop {
            match events.next().await {
                Some(Ok(event)) => shared.hear(&client, event),
                Some(Err(error)) => break Some(error),
                None => break None,
            }
        }
    };
    let looks = async {
        look(shared, &client).await?;
        up = true;
        tracing::info!(engine = %shared.address, "a Docker engine is there");
        shared.set(Link::Up);
        sleep(SECOND_LOOK).await;
        look(shared, &client).await?;
        std::future::pending::<Result<Infallible, Error>>().await
    };
    let lost = tokio::select! {
        biased;
        lost = hear => lost,
        looked = looks => match looked {
            Err(error) => Some(error),
            Ok(never) => match never {},
        },
    };
    let problem = match lost {
        Some(error) => unreachable(&error),
        None => unreachable(&Error::IOError { err: std::io::Error::other("it closed the connection") }),
    };
    Lost { problem, up, pid_file }
}

/// Asks for all containers at once, and for those alone of which that says too little.
async fn look(shared: &Shared, client: &Docker) -> Result<(), Error> {
    let all: Vec<(String, Entry)> =
        shared.containers().iter().map(|(name, entry)| (name.clone(), entry.clone())).collect();
    if all.is_empty() {
        return client.ping().await.map(drop);
    }
    let filters = HashMap::from([("label", vec![labels::HOME])]);
    let options = ListContainersOptionsBuilder::default().all(true).filters(&filters).build();
    let list = client.list_containers(Some(options)).await?;
    let runs_on = |name: &str, known: &Known| {
        let named = |names: &Vec<String>| names.iter().any(|other| other.strip_prefix('/') == Some(name));
        let Some(found) = list.iter().find(|found| found.names.as_ref().is_some_and(named)) else {
            return false;
        };
        matches!(known.run, Run::Running(_))
            && known.health.is_none()
            && found.id == known.id
            && found.state == Some(ContainerSummaryStateEnum::RUNNING)
    };
    let unclear = all.iter().filter(|(name, entry)| !runs_on(name, &entry.known.borrow()));
    let looks = unclear.map(async |(name, entry)| {
        let found = match client.inspect_container(name, None).await {
            Ok(found) => Some(found).filter(|found| entry.is_ours(found)),
            Err(error) if errors::is_missing(&error) => None,
            Err(error) => return Err(error),
        };
        entry.look(found.as_ref());
        Ok(())
    });
    join_all(looks).await.into_iter().collect()
}

/// Waits until it may be there again, or somebody asks.
async fn wait_for_return(shared: &Shared, pid_file: Option<&Path>) {
    let mut files: Vec<PathBuf> = shared.address.socket().map(Path::to_owned).into_iter().collect();
    files.extend(pid_file.map(Path::to_owned));
    // Where they can't be watched, looking again is what is left.
    let mut subscription = shared.watcher.subscribe(Scope::Files(files)).ok();
    loop {
        let changed = async {
            match &mut subscription {
                Some(subscription) => subscription.changed().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = shared.try_now.notified() => return,
            _ = changed => {}
            () = sleep(LOOK_AGAIN) => {}
        }
        if may_be_there(shared, pid_file) {
            return;
        }
    }
}

/// Without knocking: where the system's own service manager holds the socket, that would start an engine which its user
/// has just stopped. Such an engine has a file with its process's id beside its socket.
fn may_be_there(shared: &Shared, pid_file: Option<&Path>) -> bool {
    let Some(socket) = shared.address.socket() else { return true };
    let lives = |file: &Path| {
        let pid = fs::read_to_string(file).ok();
        let pid = pid.as_deref().and_then(|pid| pid.trim().parse::<u32>().ok());
        // Elsewhere than on Linux no engine is a process of this machine.
        pid.is_some_and(|pid| Path::new("/proc").join(pid.to_string()).exists())
    };
    socket.exists() && pid_file.is_none_or(lives)
}
