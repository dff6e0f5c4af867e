//! Whether something holds tray icons: on Linux the owner of a name on the session bus, which GNOME has only with an
//! extension. Other systems always have a tray.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use kinfra_tray::Engine;
use tauri::AppHandle;
use zbus::fdo::DBusProxy;

use crate::shell::Shell;
use crate::surroundings::Surroundings;
use crate::window;

const HOST: &str = "org.kde.StatusNotifierWatcher";

/// At the start of a session the app may be there before the panel.
const PATIENCE: Duration = Duration::from_millis(1_500);

/// Follows whether there is a tray host. Where there is none at the start, the window takes its place. One that
/// goes later, as with a panel that restarts or a screen that is locked, opens no window: it mostly comes back.
pub async fn follow(app: AppHandle) {
    if !cfg!(target_os = "linux") {
        return;
    }
    let shell = Shell::of(&app);
    if let Err(error) = watch(&app, &shell).await {
        tracing::warn!(%error, "there is no session bus, so there is no tray");
        lacking(&app, &shell);
    }
}

async fn watch(app: &AppHandle, shell: &Arc<Shell>) -> zbus::Result<()> {
    let connection = zbus::Connection::session().await?;
    let bus = DBusProxy::new(&connection).await?;
    let mut changes = bus.receive_name_owner_changed_with_args(&[(0, HOST)]).await?;
    let mut present = bus.name_has_owner(HOST.try_into()?).await?;
    if !present {
        let next = tokio::time::timeout(PATIENCE, changes.next()).await;
        present = matches!(next, Ok(Some(change)) if change.args()?.new_owner().is_some());
    }
    if !present {
        tracing::warn!("nothing owns {HOST}, so there is no tray icon: opening the window");
        lacking(app, shell);
    }
    while let Some(change) = changes.next().await {
        let present = change.args()?.new_owner().is_some();
        tracing::info!(present, "the host of tray icons");
        shell.tray_host.send_replace(present);
    }
    Ok(())
}

fn lacking(app: &AppHandle, shell: &Shell) {
    shell.tray_host.send_replace(false);
    window::show(app, None);
}

/// What the window says where there is no tray icon.
pub fn notice(surroundings: &Surroundings, engine: Engine) -> String {
    let desktop = surroundings.variable("XDG_CURRENT_DESKTOP").unwrap_or_default();
    let remedy = if desktop.to_uppercase().contains("GNOME") {
        " GNOME shows icons with the extension AppIndicator Support."
    } else {
        ""
    };
    let closing = match engine {
        Engine::Here => "Closing this window stops everything and quits KInfra.",
        Engine::Elsewhere => "Closing this window ends the app; the engine keeps running.",
    };
    format!(
        "There is no tray icon: this desktop has no place for one (nothing owns {HOST}).{remedy} {closing}"
    )
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use kinfra_engine::home::Home;

    use super::*;

    #[test]
    fn the_window_says_what_is_missing_and_what_closing_it_does() {
        let on = |desktop: &str| Surroundings {
            home: Home::at("/nowhere".as_ref(), 0),
            environment: BTreeMap::from([("XDG_CURRENT_DESKTOP".to_owned(), desktop.to_owned())]),
        };
        let text = notice(&on("ubuntu:GNOME"), Engine::Here);
        assert!(text.contains("AppIndicator") && text.ends_with("quits KInfra."), "{text}");
        let text = notice(&on("XFCE"), Engine::Elsewhere);
        assert!(!text.contains("GNOME") && text.ends_with("the engine keeps running."), "{text}");
    }
}
