//! Theory of operation: a drawing holds a handle of Tauri's for each line that is shown, by the line's key. Steps
//! change lines in place; a step that fails is logged and leaves a line that is out of date, which is still better
//! than no menu. It lives on the main thread, where the toolkits want to be called.

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
    tray: TrayIcon,
    #[cfg(target_os = "linux")]
    gtk: super::gtk_menu::GtkMenu,
}

struct Line {
    parent: Option<String>,
    handle: MenuItemKind<Wry>,
    #[cfg(target_os = "linux")]
    gtk: Option<super::gtk_menu::GtkLine>,
}

impl Drawing {
    /// An icon with an empty menu. What is shown before the event loop runs is there when the desktop first asks.
    ///
    /// # Errors
    /// As [`Menu::new`] and [`TrayIconBuilder::build`].
    pub fn new(app: &AppHandle, home: &Home) -> tauri::Result<Self> {
        let root = Menu::new(app)?;
        let tray = TrayIconBuilder::with_id("kinfra")
            .menu(&root)
            .icon(picture(Icon::Idle))
            // On Linux the picture travels as a file: in a folder of this home's own, so that two don't swap theirs.
            .temp_dir_path(home.runtime.join("tray"))
            .show_menu_on_left_click(true)
            .build(app)?;
        Ok(Self {
            app: app.clone(),
            root,
            lines: HashMap::new(),
            tray,
            #[cfg(target_os = "linux")]
            gtk: super::gtk_menu::GtkMenu::newest(),
        })
    }

    fn step(&mut self, step: &Step) -> tauri::Result<()> {
        match step {
            Step::Label { key, label } => self.line(key, |line| line.set_text(label)),
            Step::Enable { key, enabled } => self.line(key, |line| set_enabled(&line.handle, *enabled)),
            // Looked up in the model at the moment of the click.
            Step::Act { .. } => Ok(()),
            Step::Remove { key } => self.remove(key),
            Step::Insert { parent, at, item } => self.insert(parent.as_deref(), *at, item),
        }
    }

    fn line(&self, key: &str, change: impl FnOnce(&Line) -> tauri::Result<()>) -> tauri::Result<()> {
        self.lines.get(key).map_or(Ok(()), change)
    }

    fn remove(&mut self, key: &str) -> tauri::Result<()> {
        let Some(Line { parent, handle, .. }) = self.lines.remove(key) else { return Ok(()) };
        self.forget_inside(key);
        match self.submenu(parent.as_deref()) {
            Some(submenu) => submenu.remove(&handle),
            None => self.root.remove(&handle),
        }
    }

    /// What opens from a line goes with it. Not told by keys: the line below, a hint say, may begin with the same.
    fn forget_inside(&mut self, key: &str) {
        let inside =
            |(child, line): (&String, &Line)| (line.parent.as_deref() == Some(key)).then(|| child.clone());
        for child in self.lines.iter().filter_map(inside).collect::<Vec<_>>() {
            self.lines.remove(&child);
            self.forget_inside(&child);
        }
    }

    fn insert(&mut self, parent: Option<&str>, at: usize, item: &Item) -> tauri::Result<()> {
        let handle = self.make(item)?;
        match self.submenu(parent) {
            Some(submenu) => submenu.insert(&handle, at)?,
            None => self.root.insert(&handle, at)?,
        }
        let line = Line {
            #[cfg(target_os = "linux")]
            gtk: self.gtk.line(parent.map(|parent| self.lines.get(parent)?.gtk.as_ref()), at),
            parent: parent.map(str::to_owned),
            handle,
        };
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
        if let Some(icon) = change.icon
            && let Err(error) = self.tray.set_icon(Some(picture(icon)))
        {
            tracing::warn!(%error, ?icon, "the tray's icon could not be changed");
        }
        if let Some(tooltip) = &change.tooltip {
            // Linux has none; nothing is lost where it can't be set.
            let _ = self.tray.set_tooltip(Some(tooltip));
        }
    }
}

impl Line {
    fn set_text(&self, label: &str) -> tauri::Result<()> {
        let text = escaped(label);
        match &self.handle {
            MenuItemKind::MenuItem(line) => line.set_text(text),
            MenuItemKind::Submenu(submenu) => {
                #[cfg(target_os = "linux")]
                if let Some(gtk) = &self.gtk {
                    gtk.set_label(label);
                }
                submenu.set_text(text)
            }
            _ => Ok(()),
        }
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
