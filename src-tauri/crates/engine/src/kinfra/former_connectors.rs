//! The cloudflareds that KInfra 1.0 left running, from when their user has moved over.
//!
//! Theory of operation: each is a pid and a start, and the program that it was; in another boot, or as another program, it
//! is none of them and forgotten. Their ends are heard of, not looked for. They serve their names as before, whatever
//! KInfra does, until their user has the tunnel adopted and then says that they may end. That is done when
//! KInfra's own cloudflared serves every name that they served, and never before.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use kinfra_rpc::{
    AdoptTunnel, ConnectorRetired, ErrorCode, Failure, FormerConnector, Problem, RetireConnector, TunnelKind,
    TunnelStatus,
};
use serde_json::Value;
use tokio::sync::oneshot;

use super::engine::Engine;
use super::freeing::{end, wait_for_end};
use crate::compat::configured;
use crate::process::{Identity, is_alive, program_of, started_at};
use crate::sharing::Synced;
use crate::store::StoredConnector;
use crate::tunnel_sync::TunnelFile;

/// cloudflared lets requests end for 30 s, unless it was told otherwise.
const GRACE: Duration = Duration::from_secs(35);

impl Engine {
    /// Shows those that live, forgets the others, and hears of the end of each.
    pub(super) fn follow_connectors(&self) -> BoxFuture<'_, Result<(), Failure>> {
        async move {
            let stored = self.store.connectors().await?;
            let boot = &self.services.boot;
            let (living, gone): (Vec<_>, Vec<_>) = stored.into_iter().partition(|one| is_there(one, boot));
            if !gone.is_empty() {
                let gone = gone.iter().map(|one| (one.pid, one.start_time)).collect();
                self.store.forget_connectors(gone).await?;
            }
            for one in &living {
                let identity = identity(one);
                if self.followed().insert((identity.pid, identity.start_time)) {
                    self.follow_one(identity);
                }
            }
            let shown: Vec<FormerConnector> = living.into_iter().map(shown).collect();
            if self.hub.read(|state| state.engine.former_connectors != shown) {
                self.hub.change_engine(|engine| engine.former_connectors = shown);
            }
            Ok(())
        }
        .boxed()
    }

    fn follow_one(&self, identity: Identity) {
        let engine = self.weak.clone();
        tokio::spawn(async move {
            if let Err(error) = ended(identity).await {
                tracing::warn!(pid = identity.pid, %error, "the end of an old cloudflared will not be heard of");
                return;
            }
            let Some(engine) = engine.upgrade() else { return };
            engine.followed().remove(&(identity.pid, identity.start_time));
            tracing::info!(pid = identity.pid, "an old cloudflared has ended");
            if let Err(failure) = engine.follow_connectors().await {
                tracing::warn!(%failure, "its end is not written down");
            }
        });
    }

    pub(super) async fn retire_connector(
        &self,
        asked: &RetireConnector,
    ) -> Result<ConnectorRetired, Failure> {
        self.refuse_when_ending()?;
        self.follow_connectors().await?;
        let mut known = self.store.connectors().await?;
        let is_meant = |one: &StoredConnector| match &one.tunnel {
            Some(tunnel) => *tunnel == asked.tunnel,
            None => one.hosts.contains(&asked.tunnel),
        };
        known.retain(is_meant);
        let Some(first) = known.first() else {
            let message = format!("no cloudflared of KInfra 1.0 is known to run {}", asked.tunnel);
            return Err(Problem::new(ErrorCode::InvalidRequest, message)
                .hint("kinfra tunnels lists those that are; kinfra migrate finds them by what the library noted")
                .into());
        };
        if first.tunnel.is_none() {
            let message = format!(
                "{} can't be handed over: such a name is its cloudflared's own, and gone when that ends",
                asked.tunnel
            );
            let hint = format!("kinfra share gives a service another one; then kill {} ends it", first.pid);
            return Err(Problem::new(ErrorCode::InvalidRequest, message).hint(hint).into());
        }
        let hosts: BTreeSet<String> = known.iter().flat_map(|one| one.hosts.iter().cloned()).collect();
        self.are_served(&asked.tunnel, &hosts, first.pid).await?;
        let mut pids = vec![];
        for one in &known {
            let (identity, pid) = (identity(one), one.pid);
            // What took long may have ended it, and given its pid to another.
            if !is_there(one, &self.services.boot) {
                continue;
            }
            let ending = tokio::task::spawn_blocking(move || end(identity, GRACE)).await;
            ending.unwrap_or_else(|panic| Err(io::Error::other(panic))).map_err(|error| {
                Problem::new(ErrorCode::Io, format!("cannot end cloudflared (pid {pid}): {error}"))
                    .hint("end it where it was started: its names are served by KInfra's own")
            })?;
            tracing::info!(pid, tunnel = asked.tunnel, "the old cloudflared was ended, as the user asked");
            pids.push(pid);
        }
        self.follow_connectors().await?;
        Ok(ConnectorRetired { pids, hosts: hosts.into_iter().collect() })
    }

    /// # Errors
    /// Which of the names KInfra's own cloudflared does not serve.
    async fn are_served(&self, tunnel: &str, hosts: &BTreeSet<String>, pid: u32) -> Result<(), Failure> {
        let mut lacking = vec![];
        let mut by_tunnel = None;
        for host in hosts {
            let why = match self.exposed(host) {
                Some(why) => why,
                None => {
                    if by_tunnel.is_none() {
                        by_tunnel = Some(self.ruled(tunnel).await?);
                    }
                    let is_ruled = by_tunnel.as_ref().is_some_and(|ruled| ruled.contains(host));
                    (!is_ruled).then(|| "no service that runs is public by it".to_owned())
                }
            };
            lacking.extend(why.map(|why| format!("{host} ({why})")));
        }
        if lacking.is_empty() {
            return Ok(());
        }
        let message = format!(
            "cloudflared (pid {pid}) goes on, since KInfra's own does not serve all of its names yet: {}",
            lacking.join(", ")
        );
        let all: Vec<&str> = hosts.iter().map(String::as_str).collect();
        let hint = format!(
            "kinfra tunnels adopt {tunnel} {} --migrate hands them over, once a service that is public by each runs",
            all.join(" ")
        );
        Err(Problem::new(ErrorCode::TunnelRefused, message).hint(hint).into())
    }

    /// How a name of a service's fares: none where no service is public by it, else why it is not up, if it isn't.
    fn exposed(&self, host: &str) -> Option<Option<String>> {
        self.hub.read(|state| {
            let nodes = state.projects.iter().flat_map(|project| &project.nodes);
            let is_it = |url: &str| url.trim_start_matches("https://").split('/').next() == Some(host);
            let exposures = nodes.flat_map(|node| &node.exposures).filter(|exposure| {
                let is_named = exposure.kind == TunnelKind::Named && exposure.status != TunnelStatus::Off;
                is_named && exposure.url.as_deref().is_some_and(is_it)
            });
            let all: Vec<_> = exposures.collect();
            let down = all.iter().find(|exposure| !exposure.status.is_up());
            (!all.is_empty()).then(|| down.map(|exposure| exposure.reason.clone()))
        })
    }

    /// The names that the tunnel itself has rules for, where KInfra's own cloudflared runs that very tunnel with them.
    async fn ruled(&self, tunnel: &str) -> Result<BTreeSet<String>, Failure> {
        for Synced { sync, lease, .. } in self.syncs().await?.accounts {
            let unknown = |error| Failure::from(Problem::new(ErrorCode::TunnelRefused, format!("{error}")));
            let Some(own) = sync.known_tunnel().await.map_err(unknown)? else { continue };
            let names = sync.tunnel_name().await.map_err(unknown)?;
            if own != tunnel && names.as_deref() != Some(tunnel) {
                continue;
            }
            let there = sync.api().configuration(sync.account(), &own).await;
            let there = there
                .map_err(|error| Failure::from(Problem::new(ErrorCode::TunnelRefused, error.to_string())))?;
            let serves = lease
                .view
                .borrow()
                .as_ref()
                .is_some_and(|view| view.verdict.status.is_up() && view.configuration >= there.version);
            let rules =
                there.config.as_ref().and_then(|config| config.get("ingress")).and_then(Value::as_array);
            let hosts = rules.into_iter().flatten().filter_map(|rule| rule.get("hostname")?.as_str());
            return Ok(if serves { hosts.map(str::to_ascii_lowercase).collect() } else { BTreeSet::new() });
        }
        Ok(BTreeSet::new())
    }

    /// The files that may configure a tunnel: the one that the user names, else those that are known, and those where
    /// cloudflared looks.
    pub(super) async fn tunnel_files(&self, asked: &AdoptTunnel) -> Result<Vec<TunnelFile>, Failure> {
        let mut paths: Vec<PathBuf> = asked.config.iter().cloned().collect();
        if paths.is_empty() {
            paths.extend(self.store.connectors().await?.into_iter().filter_map(|one| one.config));
            let folder =
                self.options.environment.get("HOME").map(|home| Path::new(home).join(".cloudflared"));
            let entries = folder.and_then(|folder| std::fs::read_dir(folder).ok()).into_iter().flatten();
            let mut files: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
            files.retain(|file| file.extension().is_some_and(|kind| kind == "yml" || kind == "yaml"));
            files.sort();
            paths.extend(files);
        }
        let named = asked.config.is_some();
        let mut found = vec![];
        for path in paths {
            let text = match std::fs::read_to_string(&path) {
                Ok(text) => text,
                Err(error) if named => {
                    let message = format!("cannot read {}: {error}", path.display());
                    return Err(Failure::new(ErrorCode::Io, message));
                }
                Err(_) => continue,
            };
            match configured(&text) {
                Ok((tunnel, rules)) => found.push(TunnelFile { path, tunnel, rules: Ok(rules) }),
                Err(why) => found.extend(crate::compat::tunnel_of(&text).map(|tunnel| TunnelFile {
                    path,
                    tunnel,
                    rules: Err(why),
                })),
            }
        }
        Ok(found)
    }

    fn followed(&self) -> MutexGuard<'_, BTreeSet<(u32, u64)>> {
        self.followed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const fn identity(one: &StoredConnector) -> Identity {
    Identity { pid: one.pid, start_time: one.start_time }
}

/// Whether it is the very process, and the program that it was.
fn is_there(one: &StoredConnector, boot: &str) -> bool {
    one.boot == boot
        && is_alive(identity(one))
        && program_of(one.pid).is_some_and(|program| program == one.program)
}

fn shown(one: StoredConnector) -> FormerConnector {
    let since = started_at(one.start_time).unwrap_or_default();
    FormerConnector { tunnel: one.tunnel, hosts: one.hosts, pid: one.pid, since }
}

/// By a thread of its own, which nobody has to wait for: there are few, and they don't come again.
async fn ended(identity: Identity) -> io::Result<()> {
    let (tell, told) = oneshot::channel();
    thread::Builder::new().name("old cloudflared".to_owned()).spawn(move || {
        // An error means that the engine has ended before.
        let _ = tell.send(wait_for_end(identity));
    })?;
    told.await.unwrap_or_else(|_| Err(io::Error::other("whoever waited for it is gone")))
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;
    use crate::process::identity_of;

    #[test]
    fn a_process_is_told_by_pid_start_boot_and_program_together() {
        let mut child = Command::new("sleep").arg("60").stdin(Stdio::null()).spawn().unwrap();
        let Identity { pid, start_time } = identity_of(child.id()).unwrap();
        let program = loop {
            // Until it has become what it was told to be.
            let program = program_of(pid).unwrap();
            if program == "sleep" {
                break program;
            }
            thread::yield_now();
        };
        let boot = "now".to_owned();
        let one =
            StoredConnector { pid, start_time, boot, program, tunnel: None, hosts: vec![], config: None };
        assert!(is_there(&one, "now"));
        assert!(!is_there(&one, "before"));
        assert!(!is_there(&StoredConnector { start_time: start_time + 1, ..one.clone() }, "now"));
        assert!(!is_there(&StoredConnector { program: "cloudflared".into(), ..one.clone() }, "now"));
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(!is_there(&one, "now"));
    }
}
