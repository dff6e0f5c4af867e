//! What the window may ask of the app; `permissions/window.toml` has the same list.
//!
//! Theory of operation: a window follows the state by one task. A new watch, after a reload say, takes the place of
//! the one before, whose page is gone. When the engine elsewhere ends and this app takes over, the task goes on with
//! the next engine's state: to the page it is one stream.

use std::sync::Arc;

use kinfra_engine::control::Updates;
use kinfra_rpc::{Failure, Inspection, Request, Update};
use serde_json::Value;
use tauri::ipc::Channel;
use tauri::{AppHandle, State};
use tokio::sync::watch;
use tokio::task::AbortHandle;

use crate::host::Link;
use crate::presence;
use crate::shell::{Shell, lock};
use crate::urls;

type Shared<'a> = State<'a, Arc<Shell>>;

#[tauri::command]
pub async fn rpc(shell: Shared<'_>, request: Request) -> Result<Value, Failure> {
    let of = match &request {
        Request::InspectResource(of) => Some(of.clone()),
        _ => None,
    };
    let answer = shell.client().call_raw(request).await?;
    if let (Some(of), Ok(seen)) = (of, serde_json::from_value::<Inspection>(answer.clone())) {
        shell.note_urls(of, &seen);
    }
    Ok(answer)
}

#[tauri::command]
pub async fn watch(shell: Shared<'_>, channel: Channel<Update>) -> Result<(), Failure> {
    let mut links = shell.link.subscribe();
    let link = links.borrow_and_update().clone();
    let updates = link.client.watch().await?;
    let following = tokio::spawn(forward(links, link, updates, channel));
    replace(&mut lock(&shell.window_tasks).watch, following.abort_handle());
    Ok(())
}

/// What the app itself has to say in the window, now and whenever it changes; null when it is nothing.
#[tauri::command]
pub async fn notice(shell: Shared<'_>, channel: Channel<Option<String>>) -> Result<(), Failure> {
    let shared = Arc::clone(&shell);
    let telling = tokio::spawn(async move {
        let (mut tray_host, mut link) = (shared.tray_host.subscribe(), shared.link.subscribe());
        loop {
            let present = *tray_host.borrow_and_update();
            let place = link.borrow_and_update().place();
            let text = (!present).then(|| presence::notice(&shared.surroundings, place));
            if channel.send(text).is_err() {
                return;
            }
            tokio::select! {
                Ok(()) = tray_host.changed() => {}
                Ok(()) = link.changed() => {}
                else => return,
            }
        }
    });
    replace(&mut lock(&shell.window_tasks).notice, telling.abort_handle());
    Ok(())
}

#[tauri::command]
pub async fn open_url(app: AppHandle, url: String) -> Result<(), Failure> {
    urls::open(&app, &url)
}

#[tauri::command]
pub async fn copy_text(app: AppHandle, text: String) -> Result<(), Failure> {
    urls::copy(&app, &text)
}

fn replace(task: &mut Option<AbortHandle>, with: AbortHandle) {
    if let Some(before) = task.replace(with) {
        before.abort();
    }
}

async fn forward(
    mut links: watch::Receiver<Link>,
    mut link: Link,
    mut updates: Updates,
    channel: Channel<Update>,
) {
    loop {
        while let Some(update) = updates.recv().await {
            let last = matches!(update, Update::Ended);
            if last && link.own.is_none() {
                break;
            }
            if channel.send(update).is_err() || last {
                return;
            }
        }
        if link.own.is_some() || links.changed().await.is_err() {
            return;
        }
        link = links.borrow_and_update().clone();
        match link.client.watch().await {
            Ok(next) => updates = next,
            Err(failure) => return tracing::warn!(%failure, "the window could not follow the next engine"),
        }
    }
}
