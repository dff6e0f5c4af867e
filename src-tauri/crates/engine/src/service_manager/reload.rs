//! What happens to a service when files that it watches change.
//!
//! Theory of operation: one task per node that has something to watch. It listens while the service is not stopped,
//! also while it waits for its next try or has given up: then a file that was just mended is what everybody waits for.
//! Of several replicas none restarts by itself: the stack takes them in turn, so that one is up at any time.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use kinfra_rpc::{EventKind, Phase, signal_name};
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_util::task::AbortOnDropHandle;

use super::service::Service;
use crate::config::{OnChange, WatchSpec};
use crate::supervisor::{Input, Note, Supervisor, Unit, View};
use crate::watch::{Scope, Subscription, WatchError};

pub(super) type Reload = AbortOnDropHandle<()>;

pub(super) fn begin(service: &Arc<Service>, supervisor: &Supervisor, watch: WatchSpec) -> Reload {
    AbortOnDropHandle::new(tokio::spawn(reload(Arc::clone(service), supervisor.clone(), watch)))
}

async fn reload(service: Arc<Service>, supervisor: Supervisor, watch: WatchSpec) {
    let mut views = supervisor.views();
    loop {
        if views.wait_for(|view| view.phase != Phase::Stopped).await.is_err() {
            return;
        }
        let Some(mut files) = subscribe(&service, &watch).await else {
            // Until the system allows it, or it is to be stopped.
            if let Ok(false) = timeout(TRY_AGAIN, stopped(&mut views)).await {
                return;
            }
            continue;
        };
        loop {
            tokio::select! {
                is_supervised = stopped(&mut views) => match is_supervised {
                    true => break,
                    false => return,
                },
                changed = files.changed() => match changed {
                    Some(paths) => act(&service, &supervisor, &watch, &paths).await,
                    None => return,
                },
            }
        }
    }
}

/// False when nobody supervises it any more.
async fn stopped(views: &mut watch::Receiver<View>) -> bool {
    views.wait_for(|view| view.phase == Phase::Stopped).await.is_ok()
}

async fn subscribe(service: &Service, watch: &WatchSpec) -> Option<Subscription> {
    let (watcher, root) = (service.context.watcher.clone(), service.spec().dir.clone());
    let WatchSpec { paths, ignore, .. } = watch.clone();
    let subscribing =
        tokio::task::spawn_blocking(move || watcher.subscribe(Scope::tree(&root, paths, &ignore)));
    match subscribing.await {
        Ok(Ok(subscription)) => {
            service.note_unwatched(None);
            Some(subscription)
        }
        Ok(Err(error)) => {
            service.note_unwatched(Some(error));
            None
        }
        // It panicked, which is logged where it happens.
        Err(_) => None,
    }
}

/// The system's limits are other programs' business as well, and may be met no longer.
const TRY_AGAIN: Duration = Duration::from_secs(30);

async fn act(service: &Service, supervisor: &Supervisor, watch: &WatchSpec, paths: &[PathBuf]) {
    let what = what_changed(&service.spec().dir, paths);
    match watch.on_change {
        OnChange::Restart if service.is_one_of_several() => {
            service
                .tell(EventKind::Changed, format!("{what} changed: all replicas are started anew in turn"));
            service.changed.restart(&service.name);
        }
        OnChange::Restart => {
            service.tell(EventKind::Changed, format!("{what} changed: started anew"));
            supervisor.tell(Input::Restart).await;
        }
        OnChange::Signal(signal) => {
            let Some(run) = service.newest_run() else { return };
            service.tell(EventKind::Changed, format!("{what} changed: {} is sent", signal_name(signal)));
            service.signal(run, signal, false).await;
        }
    }
}

/// `src/main.rs`, or `src/main.rs and 3 more files`
fn what_changed(folder: &Path, paths: &[PathBuf]) -> String {
    let shown = |path: &Path| path.strip_prefix(folder).unwrap_or(path).display().to_string();
    match paths {
        [] => "a file".to_owned(),
        [one] => shown(one),
        [first, second] => format!("{} and {}", shown(first), shown(second)),
        [first, others @ ..] => format!("{} and {} more files", shown(first), others.len()),
    }
}

impl Service {
    /// A line of the timeline about the present run, or the last one.
    fn tell(&self, kind: EventKind, text: String) {
        self.note(Note { run: self.newest_run().unwrap_or_default(), kind, text });
    }

    /// Its files are not watched, for this reason; or they are.
    fn note_unwatched(&self, error: Option<WatchError>) {
        let mut unwatched = self.unwatched.lock().unwrap_or_else(PoisonError::into_inner);
        let before = std::mem::replace(&mut *unwatched, error.clone());
        drop(unwatched);
        if before == error {
            return;
        }
        if let Some(error) = error {
            self.tell(EventKind::Failed, format!("its files are not watched: {error}"));
        }
        self.changed.node(&self.name);
    }

    fn is_one_of_several(&self) -> bool {
        self.instance.facts().replicas.contains_key(&self.spec().replica.of)
    }

    fn newest_run(&self) -> Option<u64> {
        self.lock().keys().max().copied()
    }
}
