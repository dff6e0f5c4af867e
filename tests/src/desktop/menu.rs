use std::collections::HashMap;
use std::fmt;

use zbus::OwnedVariant;

use super::tray::as_text;

/// What `GetLayout` gives: id, properties, children; each child is the same in a variant.
pub type Layout = (i32, HashMap<String, OwnedVariant>, Vec<OwnedVariant>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Item,
    Submenu,
    Separator,
}

/// One line of a menu, and what opens from it. Only visible ones are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MenuItem {
    /// Good until the menu is rebuilt.
    pub id: i32,
    /// As a person reads it, without the marks of keyboard shortcuts.
    pub label: String,
    pub enabled: bool,
    pub kind: Kind,
    pub children: Vec<MenuItem>,
}

impl MenuItem {
    /// The label without the status that follows it: `shop` of `shop · 3 of 3 healthy`.
    pub fn name(&self) -> &str {
        self.label.split_once(" · ").map_or(&*self.label, |(name, _)| name)
    }

    /// The item at this path of names or whole labels.
    pub fn find(&self, path: &[&str]) -> Option<&Self> {
        let Some((first, rest)) = path.split_first() else { return Some(self) };
        let child = self.children.iter().find(|child| child.name() == *first || child.label == *first)?;
        child.find(rest)
    }

    /// The labels of what is directly in it, separators left out.
    pub fn labels(&self) -> Vec<&str> {
        let lines = self.children.iter().filter(|child| child.kind != Kind::Separator);
        lines.map(|child| &*child.label).collect()
    }
}

/// As an indented list, for the message of a test that fails.
impl fmt::Display for MenuItem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fn write(item: &MenuItem, depth: usize, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            for child in &item.children {
                let label = if child.kind == Kind::Separator { "────" } else { &child.label };
                let disabled = if child.enabled { "" } else { " (disabled)" };
                writeln!(formatter, "{:depth$}{label}{disabled}", "", depth = depth * 4)?;
                write(child, depth + 1, formatter)?;
            }
            Ok(())
        }
        write(self, 0, formatter)
    }
}

pub fn read((id, properties, children): Layout) -> MenuItem {
    let text = |name: &str| properties.get(name).and_then(as_text);
    let flag = |name: &str| properties.get(name).is_none_or(|value| bool::try_from(value).unwrap_or(true));
    let is = |name: &str, value: &str| text(name).is_some_and(|text| text == value);
    let kind = if is("type", "separator") {
        Kind::Separator
    } else if is("children-display", "submenu") {
        Kind::Submenu
    } else {
        Kind::Item
    };
    let children = children.into_iter().filter_map(|child| {
        let child: Layout = child.try_into().expect("a child that is no menu item");
        let visible = child.1.get("visible").is_none_or(|value| bool::try_from(value).unwrap_or(true));
        visible.then(|| read(child))
    });
    let label = without_mnemonics(&text("label").unwrap_or_default());
    MenuItem { id, label, enabled: flag("enabled"), kind, children: children.collect() }
}

/// One underscore marks the letter after it, two are one.
fn without_mnemonics(label: &str) -> String {
    label.replace("__", "\0").replace('_', "").replace('\0', "_")
}

#[test]
fn items_are_found_by_their_names_without_the_status() {
    let item = |label: &str, children| MenuItem {
        id: 1,
        label: label.to_owned(),
        enabled: true,
        kind: Kind::Item,
        children,
    };
    let start = item("Start", Vec::new());
    let menu =
        item("", vec![item("shop two", Vec::new()), item("shop · 3 of 3 healthy", vec![start.clone()])]);
    assert_eq!(menu.find(&["shop", "Start"]), Some(&start));
    assert_eq!(menu.find(&["shop · 3 of 3 healthy", "Start"]), Some(&start));
    assert_eq!(menu.find(&["shop", "Stop"]), None);
}

#[test]
fn marks_of_shortcuts_are_no_part_of_a_label() {
    assert_eq!(without_mnemonics("_Open my__file"), "Open my_file");
}
