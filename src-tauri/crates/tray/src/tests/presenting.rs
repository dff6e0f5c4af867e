use kinfra_rpc::TunnelStatus;

use super::states;
use crate::{Action, Engine, Icon, Menu, Presenter, Step, apply, menu};

#[test]
fn what_is_shown_follows_the_states() {
    let mut presenter = Presenter::default();
    let mut shown = Menu::default();
    for state in states::all() {
        apply(&mut shown, &presenter.follow(&state, Engine::Here).steps);
        assert_eq!(shown, menu(&state, Engine::Here));
        assert!(presenter.follow(&state, Engine::Here).is_empty());
    }
}

#[test]
fn a_click_changes_labels_in_place_and_makes_nothing_anew() {
    let mut presenter = Presenter::default();
    assert_eq!(presenter.follow(&states::idle(), Engine::Here).icon, Some(Icon::Idle));
    assert_eq!(presenter.clicked("project/shop/start"), Some(Action::Start { project: "shop".into() }));
    let change = presenter.follow(&states::starting(), Engine::Here);
    assert_eq!(change.icon, Some(Icon::Running));
    let in_place = |step: &Step| matches!(step, Step::Label { .. } | Step::Enable { .. });
    assert!(change.steps.iter().all(in_place), "{:#?}", change.steps);
    assert_eq!(presenter.clicked("project/shop/start"), None);
}

#[test]
fn what_only_the_clock_changes_changes_nothing() {
    let mut presenter = Presenter::default();
    let mut state = states::degraded();
    let _ = presenter.follow(&state, Engine::Here);
    let api = &mut state.projects[0].nodes[1];
    (api.retry_at, api.restarts) = (Some(9_000), 7);
    api.detail = "exited with code 1, next try in 2 s".into();
    state.projects[0].nodes[0].detail = "healthy · 4 ms".into();
    assert!(presenter.follow(&state, Engine::Here).is_empty());
}

#[test]
fn the_tooltip_says_how_each_project_is() {
    let tooltip = Presenter::default().follow(&states::two_projects(), Engine::Here).tooltip;
    assert_eq!(tooltip.as_deref(), Some("KInfra\nshop · 2 of 2 healthy\nshop · stopped"));
}

#[test]
fn a_url_that_is_known_later_moves_nothing() {
    let mut presenter = Presenter::default();
    let mut state = states::being_shared();
    let _ = presenter.follow(&state, Engine::Here);
    let copy = "public/copy-only/shop/web/0";
    assert_eq!(presenter.clicked(copy), None);
    let host = "calm-river.trycloudflare.com";
    state.projects[0].nodes[1].exposures =
        vec![states::exposure(host, TunnelStatus::Healthy, "1 connection")];
    let steps = presenter.follow(&state, Engine::Here).steps;
    let above = |step: &&Step| match step {
        Step::Insert { parent, .. } => parent.is_none(),
        Step::Remove { key } => key.starts_with("public"),
        _ => false,
    };
    assert!(!steps.iter().any(|step| above(&step)), "{steps:#?}");
    assert_eq!(presenter.clicked(copy), Some(Action::CopyUrl { url: format!("https://{host}") }));
}
