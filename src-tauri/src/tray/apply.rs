//! Theory of operation: a drawing holds a handle of Tauri's for each line that is shown, by the line's key. Steps
//! change lines in place; a step that fails is logged and leaves a line that is out of date, which is still better
//! than no menu.

use std::collections::HashMap;

use kinfra_engine::home::Home;
use kinfra_tray::{Change, Icon, Item, Kind, Step, TrayHost};
use tauri::image::Image;
use tauri::menu::{IsMenuItem, Menu, MenuItem, MenuItemKind, PredefinedMenuItem, Submenu};
use tauri::tray::{TrayIcon, TrayIconBuilder};
use tauri::{AppHandle, Wry};

pub struct Drawing {
    app: AppHandle,
    root: Menu<Wry>,
    lines: HashMap<String, Line>,
    icon: Icon,
    tooltip: String,
    /// None until it has appeared.
    tray: Option<TrayIcon>,
}

struct Line {
    parent: Option<String>,
    handle: MenuItemKind<Wry>,
}

impl Drawing {
    /// Must be called, and changed, on the main thread.
    ///
    /// # Errors
    /// As [`Menu::new`].
    pub fn new(app: &AppHandle) -> tauri::Result<Self> {
        Ok(Self {
            app: app.clone(),
            root: Menu::new(app)?,
            lines: HashMap::new(),
            icon: Icon::Idle,
            tooltip: String::new(),
            tray: None,
        })
    }

    /// # Errors
    /// As [`TrayIconBuilder::build`].
    pub fn appear(&mut self, home: &Home) -> tauri::Result<()> {
        let tray = TrayIconBuilder::with_id("main")
            .menu(&self.root)
            .icon(picture(self.icon))
            .tooltip(&self.tooltip)
            // On Linux the picture travels as a file: in a folder of this home's own, so that two don't swap theirs.
            .temp_dir_path(home.runtime.join("tray"))
            .show_menu_on_left_click(true)
            .build(&self.app)?;
        self.tray = Some(tray);
        Ok(())
    }

    fn step(&mut self, step: &Step) -> tauri::Result<()> {
        match step {
            Step::Label { key, label } => self.line(key, |handle| set_text(handle, &escaped(label))),
            Step::Enable { key, enabled } => self.line(key, |handle| set_enabled(handle, *enabled)),
            // Looked up in the model at the moment of the click.
            Step::Act { .. } => Ok(()),
            Step::Remove { key } => self.remove(key),
            Step::Insert { parent, at, item } => self.insert(parent.as_deref(), *at, item),
        }
    }

    fn line(
        &self,
        key: &str,
        change: impl FnOnce(&MenuItemKind<Wry>) -> tauri::Result<()>,
    ) -> tauri::Result<()> {
        self.lines.get(key).map_or(Ok(()), |line| change(&line.handle))
    }

    fn remove(&mut self, key: &str) -> tauri::Result<()> {
        let Some(Line { parent, handle }) = self.lines.remove(key) else { return Ok(()) };
        // What opens from it begins with its key.
        let inside = format!("{key}/");
        self.lines.retain(|key, _| !key.starts_with(&inside));
        match self.submenu(parent.as_deref()) {
            Some(submenu) => submenu.remove(&handle),
            None => self.root.remove(&handle),
        }
    }

    fn insert(&mut self, parent: Option<&str>, at: usize, item: &Item) -> tauri::Result<()> {
        let handle = self.make(item)?;
        match self.submenu(parent) {
            Some(submenu) => submenu.insert(&handle, at)?,
            None => self.root.insert(&handle, at)?,
        }
        let line = Line { parent: parent.map(str::to_owned), handle };
        self.lines.insert(item.key.clone(), line);
        for (at, child) in item.children.iter().enumerate() {
            self.insert(Some(&item.key), at, child)?;
        }
        Ok(())
    }

    fn submenu(&self, key: Option<&str>) -> Option<Submenu<Wry>> {
        self.lines.get(key?)?.handle.as_submenu().cloned()
    }

    fn make(&self, item: &Item) -> tauri::Result<MenuItemKind<Wry>> {
        let (app, key, label) = (&self.app, &*item.key, escaped(&item.label));
        Ok(match item.kind {
            Kind::Line => MenuItem::with_id(app, key, label, item.enabled, None::<&str>)?.kind(),
            Kind::Submenu => Submenu::with_id(app, key, label, item.enabled)?.kind(),
            Kind::Separator => PredefinedMenuItem::separator(app)?.kind(),
        })
    }
}

impl TrayHost for Drawing {
    fn show(&mut self, change: &Change) {
        for step in &change.steps {
            if let Err(error) = self.step(step) {
                tracing::warn!(%error, ?step, "a line of the tray's menu could not be changed");
            }
        }
        if let Some(icon) = change.icon {
            self.icon = icon;
            let shown = self.tray.as_ref().map(|tray| tray.set_icon(Some(picture(icon))));
            if let Some(Err(error)) = shown {
                tracing::warn!(%error, ?icon, "the tray's icon could not be changed");
            }
        }
        if let Some(tooltip) = &change.tooltip {
            self.tooltip.clone_from(tooltip);
            // Linux has none; nothing is lost where it can't be set.
            let _ = self.tray.as_ref().map(|tray| tray.set_tooltip(Some(tooltip)));
        }
    }
}

fn set_text(handle: &MenuItemKind<Wry>, text: &str) -> tauri::Result<()> {
    match handle {
        MenuItemKind::MenuItem(line) => line.set_text(text),
        MenuItemKind::Submenu(submenu) => submenu.set_text(text),
        _ => Ok(()),
    }
}

fn set_enabled(handle: &MenuItemKind<Wry>, enabled: bool) -> tauri::Result<()> {
    match handle {
        MenuItemKind::MenuItem(line) => line.set_enabled(enabled),
        MenuItemKind::Submenu(submenu) => submenu.set_enabled(enabled),
        _ => Ok(()),
    }
}

/// To Tauri an `&` marks the letter of a shortcut, and two are one. The underscores that mean this to GTK are doubled
/// by Tauri itself.
fn escaped(label: &str) -> String {
    label.replace('&', "&&")
}

fn picture(icon: Icon) -> Image<'static> {
    match icon {
        Icon::Idle => tauri::include_image!("../icons/tray/idle-44.png"),
        Icon::Running => tauri::include_image!("../icons/tray/running-44.png"),
        Icon::Degraded => tauri::include_image!("../icons/tray/degraded-44.png"),
        Icon::Failed => tauri::include_image!("../icons/tray/failed-44.png"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_letter_of_a_name_becomes_a_shortcut() {
        assert_eq!(escaped("R&D_tools"), "R&&D_tools");
    }
}
