//! A dialog, for what nobody may miss and no notification could tell. GTK's own: Tauri's needs a running app.

use std::future::Future;

use gtk::glib::MainContext;
use gtk::prelude::*;
use tauri::AppHandle;
use tokio::sync::oneshot;

/// Shows it, on the main thread and before there is an event loop, until the user closes it or `end` is over.
pub fn alert(title: &str, text: &str, end: impl Future<Output = ()>) {
    MainContext::default().block_on(async {
        tokio::select! {
            () = closed(title, text) => {}
            () = end => {}
        }
    });
}

/// The same within a running app, whose menu and signals go on.
pub async fn alert_in(app: &AppHandle, title: String, text: String) {
    let (sender, receiver) = oneshot::channel();
    let shown = app.run_on_main_thread(move || {
        MainContext::default().spawn_local(async move {
            closed(&title, &text).await;
            // The app may have ended meanwhile.
            let _ = sender.send(());
        });
    });
    if shown.is_ok() {
        // An error is the end of the app.
        let _ = receiver.await;
    }
}

async fn closed(title: &str, text: &str) {
    let dialog = gtk::MessageDialog::builder()
        .title("KInfra")
        .message_type(gtk::MessageType::Error)
        .buttons(gtk::ButtonsType::Close)
        .window_position(gtk::WindowPosition::Center)
        .text(title)
        .secondary_text(text)
        .build();
    dialog.run_future().await;
    dialog.hide();
}
