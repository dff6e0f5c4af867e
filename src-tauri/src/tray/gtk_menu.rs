//! The labels of submenus on Linux.
//!
//! Tauri's `Submenu::set_text` does nothing there: muda (0.20) puts an image and a label into a box, and GTK changes
//! only a label that is the line itself. The line's widget is therefore looked up where it was inserted, and its
//! label is changed directly. Where it can't be found the label stays as it is.

use gtk::prelude::*;

/// GTK's twin of the tray's menu.
pub struct GtkMenu {
    root: Option<gtk::Menu>,
}

/// GTK's twin of one line.
pub struct GtkLine {
    item: gtk::MenuItem,
}

impl GtkMenu {
    /// The menu that was made last. Every menu has a window of its own from the start; those of submenus and of web
    /// pages belong to a widget, the tray's doesn't.
    pub fn newest() -> Self {
        let menu = |window: gtk::Widget| window.downcast::<gtk::Window>().ok()?.child()?.downcast().ok();
        let menus = gtk::Window::list_toplevels().into_iter().filter_map(menu);
        let root = menus.filter(|menu: &gtk::Menu| menu.attach_widget().is_none()).last();
        if root.is_none() {
            tracing::warn!("GTK's menu of the tray was not found: labels of submenus will not change");
        }
        Self { root }
    }

    /// The line at this place of a submenu, or of the menu itself where there is no parent. `Some(None)` is a parent
    /// that was not found.
    pub fn line(&self, parent: Option<Option<&GtkLine>>, at: usize) -> Option<GtkLine> {
        let menu = match parent {
            None => self.root.clone().map(gtk::Menu::upcast),
            Some(parent) => parent?.item.submenu(),
        };
        let item = menu?.downcast::<gtk::Menu>().ok()?.children().into_iter().nth(at)?;
        Some(GtkLine { item: item.downcast().ok()? })
    }
}

impl GtkLine {
    /// An underscore marks a shortcut's letter, two are one.
    pub fn set_label(&self, label: &str) {
        if let Some(widget) = find_label(self.item.upcast_ref()) {
            widget.set_label(&label.replace('_', "__"));
        }
    }
}

fn find_label(widget: &gtk::Widget) -> Option<gtk::Label> {
    if let Some(label) = widget.downcast_ref::<gtk::Label>() {
        return Some(label.clone());
    }
    widget.downcast_ref::<gtk::Container>()?.children().iter().find_map(find_label)
}
