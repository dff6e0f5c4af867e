//! The last way to say something: a window of GTK's own, without an app or a page.

/// Shows a message until it is closed. Blocks; only on the main thread, after GTK was started.
#[cfg(target_os = "linux")]
pub fn show(title: &str, text: &str) {
    use gtk::prelude::{DialogExt, GtkWindowExt, MessageDialogExt};
    use gtk::{ButtonsType, DialogFlags, MessageDialog, MessageType, Window};

    let none: Option<&Window> = None;
    let dialog =
        MessageDialog::new(none, DialogFlags::empty(), MessageType::Error, ButtonsType::Close, title);
    dialog.set_title("KInfra");
    dialog.set_secondary_text(Some(text));
    dialog.run();
}

/// Elsewhere the notification has to do.
#[cfg(not(target_os = "linux"))]
pub fn show(_title: &str, _text: &str) {}
