use proptest::prelude::*;

use super::states;
use crate::{Action, Engine, Item, Kind, Menu, Step, apply, diff, menu};

/// Menus whose keys come from few names, so that two of them share many lines.
fn menus() -> impl Strategy<Value = Menu> {
    items(2).prop_map(|mut items| {
        place(&mut items, "");
        Menu { items }
    })
}

fn items(depth: u32) -> BoxedStrategy<Vec<Item>> {
    let kind = prop_oneof![Just(Kind::Line), Just(Kind::Submenu), Just(Kind::Separator)];
    let children = if depth == 0 { Just(vec![]).boxed() } else { items(depth - 1) };
    let action = prop_oneof![Just(None), Just(Some(Action::Quit)), Just(Some(Action::OpenWindow))];
    let item = (0..6_u8, "[ab]", any::<bool>(), kind, action, children);
    let item = item.prop_map(|(name, label, enabled, kind, action, children)| Item {
        key: name.to_string(),
        label,
        enabled,
        kind,
        action,
        children: if kind == Kind::Submenu { children } else { vec![] },
    });
    prop::collection::vec(item, 0..6).boxed()
}

/// Makes keys unique, and begin with their submenu's.
fn place(items: &mut Vec<Item>, parent: &str) {
    let mut seen = std::collections::BTreeSet::new();
    items.retain(|item| seen.insert(item.key.clone()));
    for item in items {
        item.key = format!("{parent}/{}", item.key);
        place(&mut item.children, &item.key);
    }
}

proptest! {
    #[test]
    fn the_steps_lead_from_any_menu_to_any_other(old in menus(), new in menus()) {
        let steps = diff(&old, &new);
        let mut menu = old.clone();
        apply(&mut menu, &steps);
        prop_assert_eq!(menu, new);
    }

    #[test]
    fn nothing_is_done_where_nothing_changed(menu in menus()) {
        prop_assert_eq!(diff(&menu, &menu), vec![]);
    }
}

#[test]
fn a_project_that_is_added_touches_no_line_of_another() {
    let (one, two) = (states::idle(), {
        let mut state = states::idle();
        state.projects.push(states::project("blog", vec![states::stopped("web")]));
        state
    });
    let steps = diff(&menu(&one, Engine::Here), &menu(&two, Engine::Here));
    assert!(
        matches!(&*steps, [Step::Insert { parent: None, at: 1, item }] if item.key == "project/blog"),
        "{steps:#?}"
    );
}

#[test]
fn every_state_is_reached_from_every_other() {
    for old in states::all() {
        for new in states::all() {
            let (mut old, new) = (menu(&old, Engine::Here), menu(&new, Engine::Elsewhere));
            let steps = diff(&old, &new);
            apply(&mut old, &steps);
            assert_eq!(old, new);
        }
    }
}
