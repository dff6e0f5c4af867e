//! Keeps the start at login in step with the user's settings, whoever changes them.

use tauri::AppHandle;

use crate::notify;
use crate::platform::{Occasion, keep_autostart};
use crate::shell::Shell;

/// Follows until the app ends.
pub async fn follow(app: AppHandle) {
    let shell = Shell::of(&app);
    let mut restore = shell.restore.subscribe();
    let mut occasion = Occasion::Start;
    loop {
        let on = *restore.borrow_and_update();
        if let Err(failure) = keep_autostart(on, occasion, &shell.surroundings) {
            let title = if on { "KInfra will not start at login" } else { "KInfra still starts at login" };
            notify::failure(&app, title, &failure, None);
        }
        occasion = Occasion::Switched;
        if restore.changed().await.is_err() {
            return;
        }
    }
}
