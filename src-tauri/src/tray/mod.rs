//! The tray: the model of `kinfra-tray`, drawn with Tauri's menu.

mod apply;
mod click;
mod follow;
#[cfg(target_os = "linux")]
mod gtk_menu;

use std::cell::RefCell;

use kinfra_tray::{Change, TrayHost};
use tauri::AppHandle;

use crate::shell::{Shell, lock};
use apply::Drawing;

pub use click::{act, restart_tunnel};
pub use follow::follow;

thread_local! {
    /// On the main thread alone: toolkits can't be called from another.
    static DRAWING: RefCell<Option<Drawing>> = const { RefCell::new(None) };
}

/// Draws the icon with the menu of the present state, and answers its clicks. To be called before the event loop.
///
/// # Errors
/// What Tauri says when there can't be one.
pub fn draw(app: &AppHandle) -> tauri::Result<()> {
    let shell = Shell::of(app);
    let mut drawing = Drawing::new(app, &shell.surroundings.home)?;
    drawing.show(&lock(&shell.presenter).follow(&lock(&shell.state), shell.link.borrow().place()));
    DRAWING.set(Some(drawing));
    app.on_menu_event(|app, event| click::clicked(app, event.id().as_ref()));
    Ok(())
}

/// Has a change drawn, after those that were handed over before.
fn show(app: &AppHandle, change: Change) -> tauri::Result<()> {
    app.run_on_main_thread(move || {
        DRAWING.with_borrow_mut(|drawing| {
            if let Some(drawing) = drawing {
                drawing.show(&change);
            }
        });
    })
}
