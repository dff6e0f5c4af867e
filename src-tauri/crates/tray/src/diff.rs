//! From one menu to the next in the smallest steps: a line that only changed keeps its place and identity, so that
//! a menu which is open neither flickers nor loses the line under the pointer.

use crate::menu::{Action, Item, Menu};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    Label {
        key: String,
        label: String,
    },
    Enable {
        key: String,
        enabled: bool,
    },
    /// Means something else from now on. Nothing of it can be seen.
    Act {
        key: String,
        action: Option<Action>,
    },
    Remove {
        key: String,
    },
    /// Before what is at this place of the submenu, or of the menu itself.
    Insert {
        parent: Option<String>,
        at: usize,
        item: Item,
    },
}

#[must_use]
pub fn diff(old: &Menu, new: &Menu) -> Vec<Step> {
    let mut steps = vec![];
    compare(None, &old.items, &new.items, &mut steps);
    steps
}

fn compare(parent: Option<&str>, old: &[Item], new: &[Item], steps: &mut Vec<Step>) {
    let stays = |item: &Item| new.iter().any(|other| is_same(item, other));
    let mut present: Vec<&Item> = vec![];
    for item in old {
        if stays(item) {
            present.push(item);
        } else {
            steps.push(Step::Remove { key: item.key.clone() });
        }
    }
    for (at, item) in new.iter().enumerate() {
        match present.iter().position(|known| known.key == item.key) {
            Some(place) if place == at => update(present[at], item, steps),
            moved => {
                if let Some(place) = moved {
                    present.remove(place);
                    steps.push(Step::Remove { key: item.key.clone() });
                }
                present.insert(at, item);
                steps.push(Step::Insert { parent: parent.map(str::to_owned), at, item: item.clone() });
            }
        }
    }
}

/// The same line, whatever it says: it need not be made anew.
fn is_same(one: &Item, other: &Item) -> bool {
    one.key == other.key && one.kind == other.kind
}

fn update(old: &Item, new: &Item, steps: &mut Vec<Step>) {
    let key = || new.key.clone();
    if old.label != new.label {
        steps.push(Step::Label { key: key(), label: new.label.clone() });
    }
    if old.enabled != new.enabled {
        steps.push(Step::Enable { key: key(), enabled: new.enabled });
    }
    if old.action != new.action {
        steps.push(Step::Act { key: key(), action: new.action.clone() });
    }
    compare(Some(&new.key), &old.children, &new.children, steps);
}

/// What a tray does with the steps, on the model itself. A step for a line that isn't there does nothing.
pub fn apply(menu: &mut Menu, steps: &[Step]) {
    for step in steps {
        match step {
            Step::Label { key, label } => change(&mut menu.items, key, |item| item.label.clone_from(label)),
            Step::Enable { key, enabled } => change(&mut menu.items, key, |item| item.enabled = *enabled),
            Step::Act { key, action } => change(&mut menu.items, key, |item| item.action.clone_from(action)),
            Step::Remove { key } => remove(&mut menu.items, key),
            Step::Insert { parent: None, at, item } => insert(&mut menu.items, *at, item),
            Step::Insert { parent: Some(key), at, item } => {
                change(&mut menu.items, key, |parent| insert(&mut parent.children, *at, item));
            }
        }
    }
}

fn change(items: &mut [Item], key: &str, act: impl FnOnce(&mut Item)) {
    if let Some(item) = find_mut(items, key) {
        act(item);
    }
}

fn find_mut<'a>(items: &'a mut [Item], key: &str) -> Option<&'a mut Item> {
    for item in items {
        if item.key == key {
            return Some(item);
        }
        if let Some(found) = find_mut(&mut item.children, key) {
            return Some(found);
        }
    }
    None
}

fn remove(items: &mut Vec<Item>, key: &str) {
    items.retain(|item| item.key != key);
    for item in items {
        remove(&mut item.children, key);
    }
}

fn insert(items: &mut Vec<Item>, at: usize, item: &Item) {
    items.insert(at.min(items.len()), item.clone());
}
