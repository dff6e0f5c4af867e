//! The tray: the model of `kinfra-tray`, drawn with Tauri's menu.

mod apply;
mod click;
mod follow;

use std::sync::{Arc, Mutex};

use kinfra_tray::TrayHost;
use tauri::AppHandle;

use crate::shell::{Shell, lock};

pub use apply::Drawing;
pub use follow::follow;

/// Draws the icon with the menu of the present state, and answers its clicks.
///
/// # Errors
/// What Tauri says when there can't be one.
pub fn draw(app: &AppHandle) -> tauri::Result<Arc<Mutex<Drawing>>> {
    let shell = Shell::of(app);
    let mut drawing = Drawing::new(app)?;
    let change = lock(&shell.presenter).follow(&lock(&shell.state), shell.link.borrow().place());
    drawing.show(&change);
    // Only now: whoever reads the menu as soon as the icon is there finds it whole.
    drawing.appear(&shell.surroundings.home)?;
    app.on_menu_event(|app, event| click::clicked(app, event.id().as_ref()));
    Ok(Arc::new(Mutex::new(drawing)))
}
