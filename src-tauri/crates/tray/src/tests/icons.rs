use super::states;
use crate::{Icon, icon};

#[test]
fn the_icon_is_the_worst_state() {
    assert_eq!(icon(&states::state(vec![])), Icon::Idle);
    assert_eq!(icon(&states::idle()), Icon::Idle);
    assert_eq!(icon(&states::starting()), Icon::Running);
    assert_eq!(icon(&states::running()), Icon::Running);
    assert_eq!(icon(&states::degraded()), Icon::Degraded);
    assert_eq!(icon(&states::failed()), Icon::Failed);
    assert_eq!(
        icon(&states::clouds()),
        Icon::Running,
        "a pause that somebody here wanted is as it should be"
    );
    assert_eq!(icon(&states::paused_by_vendor()), Icon::Degraded);
    assert_eq!(icon(&states::proxy_port_taken()), Icon::Degraded);
    assert_eq!(icon(&states::broken_configuration()), Icon::Failed);
    assert_eq!(icon(&states::being_shared()), Icon::Running);
    assert_eq!(icon(&states::several_public()), Icon::Running);
    assert_eq!(icon(&states::tunnels_down()), Icon::Degraded);

    let mut both = states::failed();
    both.projects.extend(states::running().projects);
    assert_eq!(icon(&both), Icon::Failed);
}

#[test]
fn a_broken_configuration_beside_what_runs_is_no_failure_of_it() {
    let mut state = states::broken_configuration();
    state.projects.remove(0);
    assert_eq!(icon(&state), Icon::Degraded);
}
