//! The one window: made when it is asked for, and gone with its web process when it is closed.

use tauri::{AppHandle, Manager, WebviewUrl, WebviewWindowBuilder, Window, WindowEvent};

use crate::exit;
use crate::place::Place;
use crate::shell::{Shell, lock};

const LABEL: &str = "main";

/// Shows the window, at this place if one is named.
pub fn show(app: &AppHandle, place: Option<&Place>) {
    let (asked, fragment) = (app.clone(), place.map(Place::fragment));
    let result = app.run_on_main_thread(move || {
        if let Err(error) = try_show(&asked, fragment.as_deref()) {
            tracing::error!(%error, "the window could not be shown");
        }
    });
    if let Err(error) = result {
        tracing::warn!(%error, "the window could not be shown: the app is about to end");
    }
}

fn try_show(app: &AppHandle, fragment: Option<&str>) -> tauri::Result<()> {
    if let Some(window) = app.get_webview_window(LABEL) {
        if let Some(fragment) = fragment {
            // As JSON, so that nothing breaks out of it. Emptied first: the same place again is a change too.
            let fragment = serde_json::Value::from(fragment);
            window.eval(format!("location.hash = ''; location.hash = {fragment}"))?;
        }
        window.unminimize()?;
        window.show()?;
        return window.set_focus();
    }
    let page = fragment.map_or("index.html".to_owned(), |fragment| format!("index.html#{fragment}"));
    WebviewWindowBuilder::new(app, LABEL, WebviewUrl::App(page.into()))
        .title("KInfra")
        .inner_size(1100.0, 720.0)
        .min_inner_size(760.0, 480.0)
        .build()?;
    Ok(())
}

/// Where nothing holds the tray's icon, closing the window ends the app: it could not be seen or ended otherwise.
/// The window then stays until all is stopped.
pub fn on_event(window: &Window, event: &WindowEvent) {
    let shell = Shell::of(window.app_handle());
    match event {
        WindowEvent::CloseRequested { api, .. } if !*shell.tray_host.borrow() => {
            api.prevent_close();
            exit::quit(window.app_handle());
        }
        WindowEvent::Destroyed => {
            let mut tasks = lock(&shell.window_tasks);
            let ended = [tasks.watch.take(), tasks.notice.take()];
            ended.into_iter().flatten().for_each(|task| task.abort());
        }
        _ => {}
    }
}
