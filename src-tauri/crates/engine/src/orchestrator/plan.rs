//! What to do next: a pure function of the graph, of what was asked and of what is.

use std::collections::BTreeMap;

use kinfra_rpc::{Health, NodeState, Phase};

use super::graph::{Graph, comes_up, satisfies};

/// What was asked of a node and has not been carried out yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    Start,
    Stop,
    /// Stop, then start; among several in the order of the graph.
    Restart,
    /// The same, one after another with the other replicas of its service, so that one of them is up at any time: the
    /// next when the former is ready. When one doesn't come up, the rest stay as they are.
    Roll,
}

/// What is to be done when this is asked of a node of which that is still to be done. All of it comes about as if each
/// had waited for the one before: what is to be stopped and then started is another process afterwards.
#[must_use]
pub const fn follows(before: Option<Wish>, asked: Wish) -> Wish {
    match (before, asked) {
        (Some(Wish::Stop | Wish::Restart), Wish::Start) => Wish::Restart,
        (Some(Wish::Roll), Wish::Start) => Wish::Roll,
        (_, asked) => asked,
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    Start,
    Stop,
}

/// One node's next step: an action, and what is then still wished.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    pub node: String,
    pub action: Option<Action>,
    pub then: Option<Wish>,
}

pub type Wishes = BTreeMap<String, Wish>;
pub type Observed = BTreeMap<String, NodeState>;

/// Every step that can be taken now, side by side. Empty when all that is left has to wait.
#[must_use]
pub fn plan(graph: &Graph, wishes: &Wishes, observed: &Observed) -> Vec<Step> {
    let step = |(name, wish): (&String, &Wish)| {
        let node = observed.get(name)?;
        let (action, then) = match wish {
            Wish::Start => start(graph, wishes, observed, name, node)?,
            Wish::Stop | Wish::Restart | Wish::Roll if blocked(graph, wishes, observed, name) => return None,
            Wish::Roll => match turn(graph, wishes, observed, name, node) {
                Turn::Now => ((!at_rest(node)).then_some(Action::Stop), Some(Wish::Start)),
                Turn::Later => return None,
                Turn::Never => (None, None),
            },
            // What failed or is done is cleared by it as well.
            Wish::Stop => ((node.phase != Phase::Stopped).then_some(Action::Stop), None),
            Wish::Restart => ((!at_rest(node)).then_some(Action::Stop), Some(Wish::Start)),
        };
        Some(Step { node: name.clone(), action, then })
    };
    let mut room = graph.parallel.map_or(usize::MAX, |most| {
        most.saturating_sub(observed.values().filter(|node| comes_up(node)).count())
    });
    let has_room = |step: &Step| {
        let starts = step.action == Some(Action::Start);
        let goes = !starts || room > 0;
        room -= usize::from(starts && goes);
        goes
    };
    wishes.iter().filter_map(step).filter(has_room).collect()
}

fn start(
    graph: &Graph,
    wishes: &Wishes,
    observed: &Observed,
    name: &str,
    node: &NodeState,
) -> Option<(Option<Action>, Option<Wish>)> {
    match node.phase {
        Phase::Starting | Phase::Running => Some((None, None)),
        Phase::Stopping => None,
        _ if waits_for(graph, wishes, observed, name).is_empty() => Some((Some(Action::Start), None)),
        _ => None,
    }
}

enum Turn {
    Now,
    Later,
    Never,
}

/// When a replica may be taken down for a restart. One that isn't ready is missed by nobody.
fn turn(graph: &Graph, wishes: &Wishes, observed: &Observed, name: &str, node: &NodeState) -> Turn {
    if !answers(node) {
        return Turn::Now;
    }
    let mut turn = Turn::Now;
    let mut is_before = true;
    for other in graph.replicas(name) {
        if other == name {
            is_before = false;
            continue;
        }
        let Some(state) = observed.get(other) else { continue };
        let waits = match wishes.get(other) {
            Some(Wish::Start) => true,
            // Of two that are up the first one goes first.
            Some(Wish::Roll) => is_before || !answers(state),
            Some(Wish::Stop | Wish::Restart) => false,
            None if state.has_failed() => return Turn::Never,
            None => !state.is_ready() && !at_rest(state),
        };
        if waits {
            turn = Turn::Later;
        }
    }
    turn
}

/// Whether requests reach it: an adopted one is unknown until its first probe.
fn answers(node: &NodeState) -> bool {
    node.phase == Phase::Running && !matches!(node.health, Health::Starting | Health::Unhealthy)
}

/// The dependencies that keep a node from starting now, in the order of its configuration.
#[must_use]
pub fn waits_for(graph: &Graph, wishes: &Wishes, observed: &Observed, name: &str) -> Vec<String> {
    let missing = |dependency: &str, condition| {
        let leaving = matches!(wishes.get(dependency), Some(Wish::Stop | Wish::Restart));
        leaving || !observed.get(dependency).is_some_and(|node| satisfies(node, condition))
    };
    let dependencies = graph.dependencies(name).iter();
    dependencies.filter(|(name, condition)| missing(name, *condition)).map(|(name, _)| name.clone()).collect()
}

/// A node stops after the dependants that are to stop as well: those that are still there.
pub fn stops_after<'a>(
    graph: &'a Graph,
    wishes: &'a Wishes,
    observed: &'a Observed,
    name: &str,
) -> impl Iterator<Item = &'a str> {
    graph.dependants(name).filter(|dependant| {
        observed.get(*dependant).is_some_and(|node| {
            let leaving = matches!(wishes.get(*dependant), Some(Wish::Stop | Wish::Restart));
            node.phase == Phase::Stopping || leaving && !at_rest(node)
        })
    })
}

fn blocked(graph: &Graph, wishes: &Wishes, observed: &Observed, name: &str) -> bool {
    stops_after(graph, wishes, observed, name).next().is_some()
}

/// No process, and none to come by itself.
#[must_use]
pub fn at_rest(node: &NodeState) -> bool {
    match node.phase {
        Phase::Stopped | Phase::Waiting | Phase::Failed | Phase::CrashLooping => true,
        Phase::Exited => node.retry_at.is_none(),
        Phase::Starting | Phase::Running | Phase::Stopping => false,
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use proptest::prelude::*;

    use super::*;
    use crate::config::Condition;

    /// `web:api,mail api:db db mail`
    fn graph(text: &str) -> Graph {
        let nodes = text.split(' ').map(|node| {
            let (name, dependencies) = node.split_once(':').unwrap_or((node, ""));
            let names = dependencies.split(',').filter(|name| !name.is_empty());
            let depends_on = names.map(|name| (name.to_owned(), Condition::Healthy)).collect();
            (name.to_owned(), depends_on)
        });
        Graph::new(nodes, None)
    }

    /// A world where each action takes effect at once, or one round later.
    struct World {
        graph: Graph,
        wishes: Wishes,
        observed: Observed,
        told: String,
        /// It doesn't come up.
        fails: Option<&'static str>,
    }

    impl World {
        fn new(text: &str, phase: Phase) -> Self {
            let graph = graph(text);
            let observed = graph.names().map(|name| (name.clone(), node(phase))).collect();
            Self { graph, wishes: Wishes::new(), observed, told: String::new(), fails: None }
        }

        fn wish(&mut self, wish: Wish) {
            self.wishes = self.graph.names().map(|name| (name.clone(), wish)).collect();
        }

        /// Takes steps until nothing changes: each line of the story is what happened side by side.
        fn settle(&mut self) {
            loop {
                let mut line = vec![];
                loop {
                    let steps = plan(&self.graph, &self.wishes, &self.observed);
                    if steps.is_empty() {
                        break;
                    }
                    for step in steps {
                        self.wishes.remove(&step.node);
                        self.wishes.extend(step.then.map(|then| (step.node.clone(), then)));
                        let Some(action) = step.action else { continue };
                        let (sign, phase) = match action {
                            Action::Start => ('+', Phase::Starting),
                            Action::Stop => ('-', Phase::Stopping),
                        };
                        line.push(format!("{sign}{}", step.node));
                        self.observed.insert(step.node, node(phase));
                    }
                }
                if line.is_empty() {
                    return;
                }
                writeln!(self.told, "{}", line.join(" ")).unwrap();
                for (name, state) in &mut self.observed {
                    match state.phase {
                        Phase::Starting if self.fails == Some(name.as_str()) => *state = node(Phase::Failed),
                        Phase::Starting => *state = node(Phase::Running),
                        Phase::Stopping => *state = node(Phase::Stopped),
                        _ => {}
                    }
                }
            }
        }
    }

    fn node(phase: Phase) -> NodeState {
        let health = if phase == Phase::Running { Health::Healthy } else { Health::Unknown };
        NodeState { phase, health, pid: phase.is_active().then_some(1), ..NodeState::default() }
    }

    const SHOP: &str = "web:api,mail api:db db mail";

    #[test]
    fn a_stack_starts_dependencies_first_and_independent_ones_side_by_side() {
        let mut world = World::new(SHOP, Phase::Stopped);
        world.wish(Wish::Start);
        world.settle();
        insta::assert_snapshot!(world.told, @r"
        +db +mail
        +api
        +web
        ");
    }

    #[test]
    fn a_stack_stops_in_reverse() {
        let mut world = World::new(SHOP, Phase::Running);
        world.wish(Wish::Stop);
        world.settle();
        insta::assert_snapshot!(world.told, @r"
        -web
        -api -mail
        -db
        ");
    }

    #[test]
    fn a_restart_stops_in_reverse_and_starts_in_order() {
        let mut world = World::new(SHOP, Phase::Running);
        world.wish(Wish::Restart);
        world.settle();
        insta::assert_snapshot!(world.told, @r"
        -web
        -api -mail
        -db +mail
        +db
        +api
        +web
        ");
    }

    #[test]
    fn a_restart_of_one_leaves_its_dependants_alone() {
        let mut world = World::new(SHOP, Phase::Running);
        world.wishes.insert("api".into(), Wish::Restart);
        world.settle();
        insta::assert_snapshot!(world.told, @r"
        -api
        +api
        ");
    }

    /// `web` and its replicas, which need db.
    fn replicated() -> World {
        let mut world = World::new("web:db web.2:db web.3:db db front:web,web.2,web.3", Phase::Running);
        let replicas = ["web", "web.2", "web.3"].map(str::to_owned).to_vec();
        world.graph = world.graph.with_replicas([replicas]);
        world
    }

    fn roll(world: &mut World, names: &[&str]) {
        world.wishes = names.iter().map(|name| ((*name).to_owned(), Wish::Roll)).collect();
        world.settle();
    }

    #[test]
    fn replicas_are_restarted_one_after_another() {
        let mut world = replicated();
        roll(&mut world, &["web", "web.2", "web.3"]);
        insta::assert_snapshot!(world.told, @r"
        -web
        +web
        -web.2
        +web.2
        -web.3
        +web.3
        ");
    }

    #[test]
    fn a_replica_that_is_down_is_restarted_first_and_the_others_wait_for_it() {
        let mut world = replicated();
        world.observed.insert("web.3".into(), node(Phase::CrashLooping));
        roll(&mut world, &["web", "web.2", "web.3"]);
        insta::assert_snapshot!(world.told, @r"
        +web.3
        -web
        +web
        -web.2
        +web.2
        ");
    }

    #[test]
    fn when_a_replica_does_not_come_up_the_rest_stay_as_they_are() {
        let mut world = replicated();
        world.fails = Some("web.2");
        roll(&mut world, &["web", "web.2", "web.3"]);
        insta::assert_snapshot!(world.told, @r"
        -web
        +web
        -web.2
        +web.2
        ");
        assert!(world.wishes.is_empty(), "nothing comes later: {:?}", world.wishes);
        assert_eq!(world.observed["web.3"].phase, Phase::Running);
    }

    #[test]
    fn a_replica_whose_dependency_is_down_waits_for_it_and_the_others_serve() {
        let mut world = replicated();
        world.observed.insert("db".into(), node(Phase::Failed));
        roll(&mut world, &["web", "web.2", "web.3"]);
        assert_eq!(world.told, "-web\n");
        world.wishes.insert("db".into(), Wish::Restart);
        world.settle();
        assert_eq!(world.told, "-web\n+db\n+web\n-web.2\n+web.2\n-web.3\n+web.3\n");
    }

    #[test]
    fn only_a_whole_service_whose_dependencies_stay_is_restarted_one_after_another() {
        let graph = replicated().graph;
        let rolling = |names: &[&str]| {
            let (rolling, _) = graph.rolling(&names.iter().map(|name| (*name).to_owned()).collect());
            rolling.into_iter().collect::<Vec<_>>().join(" ")
        };
        assert_eq!(rolling(&["web", "web.2", "web.3", "front"]), "web web.2 web.3");
        assert_eq!(rolling(&["web", "web.2"]), "");
        assert_eq!(rolling(&["web", "web.2", "web.3", "db"]), "");
        assert_eq!(rolling(&["db"]), "");
    }

    #[test]
    fn a_stop_of_one_replica_leaves_the_dependants_of_its_service_alone() {
        let graph = replicated().graph;
        let bereft = |names: &[&str]| {
            let found = graph.with_bereft(&names.iter().map(|name| (*name).to_owned()).collect());
            found.into_iter().collect::<Vec<_>>().join(" ")
        };
        assert_eq!(bereft(&["web.2"]), "web.2");
        assert_eq!(bereft(&["web", "web.2", "web.3"]), "front web web.2 web.3");
        assert_eq!(bereft(&["db"]), "db front web web.2 web.3");
    }

    #[test]
    fn a_failed_dependency_keeps_its_dependants_waiting_and_is_named() {
        let mut world = World::new(SHOP, Phase::Stopped);
        world.wish(Wish::Start);
        world.wishes.remove("db");
        world.observed.insert("db".into(), node(Phase::Failed));
        world.settle();
        assert_eq!(world.told, "+mail\n");
        assert_eq!(waits_for(&world.graph, &world.wishes, &world.observed, "web"), ["api"]);
        assert_eq!(waits_for(&world.graph, &world.wishes, &world.observed, "api"), ["db"]);
    }

    #[test]
    fn no_more_come_up_at_a_time_than_the_limit_allows() {
        let mut world = World::new("web:db db mail a b", Phase::Stopped);
        world.graph.parallel = Some(2);
        world.wish(Wish::Start);
        world.settle();
        insta::assert_snapshot!(world.told, @r"
        +a +b
        +db +mail
        +web
        ");
        world.wish(Wish::Stop);
        world.told.clear();
        world.settle();
        assert_eq!(world.told, "-a -b -mail -web\n-db\n", "a stop has no limit");
    }

    #[test]
    fn a_stop_during_a_start_stops_what_has_started_and_starts_no_more() {
        let mut world = World::new(SHOP, Phase::Stopped);
        world.observed.insert("db".into(), node(Phase::Starting));
        world.wish(Wish::Stop);
        world.settle();
        assert_eq!(world.told, "-db\n");
    }

    #[test]
    fn what_is_started_while_it_waits_to_be_stopped_is_another_process_afterwards() {
        for pending in [Wish::Stop, Wish::Restart] {
            let mut world = World::new(SHOP, Phase::Running);
            world.wish(pending);
            for wish in world.wishes.values_mut() {
                *wish = follows(Some(*wish), Wish::Start);
            }
            world.settle();
            assert_eq!(world.told, "-web\n-api -mail\n-db +mail\n+db\n+api\n+web\n");
        }
        assert_eq!(follows(Some(Wish::Roll), Wish::Start), Wish::Roll);
        assert_eq!(follows(Some(Wish::Restart), Wish::Stop), Wish::Stop, "the last word counts");
        assert_eq!(follows(None, Wish::Start), Wish::Start);
    }

    proptest! {
        #[test]
        fn whatever_was_asked_last_is_what_comes_of_it(
            edges in proptest::collection::btree_set((1_usize..8, 0_usize..8), 0..16),
            wishes in proptest::collection::vec(0_u8..5, 8),
            running in proptest::collection::vec(any::<bool>(), 8),
        ) {
            let mut text = String::new();
            for node in 0..8 {
                let depends: Vec<_> = edges.iter().filter(|(from, to)| *from == node && to < from && (*from, *to) != (7, 6))
                    .map(|(_, to)| format!("n{to}")).collect();
                write!(text, "n{node}:{} ", depends.join(",")).unwrap();
            }
            let mut world = World::new(text.trim_end(), Phase::Stopped);
            world.graph = world.graph.with_replicas([vec!["n6".to_owned(), "n7".to_owned()]]);
            for (index, running) in running.iter().enumerate() {
                if *running { world.observed.insert(format!("n{index}"), node(Phase::Running)); }
            }
            let all: Vec<_> = wishes.iter().enumerate().filter_map(|(index, wish)| {
                Some((format!("n{index}"), match wish { 0 => Wish::Start, 1 => Wish::Stop, 2 => Wish::Restart, 3 => Wish::Roll, _ => return None }))
            }).collect();
            world.wishes = all.iter().cloned().collect();
            world.settle();
            for (name, wish) in all {
                let state = &world.observed[&name];
                match wish {
                    Wish::Stop => prop_assert_eq!(state.phase, Phase::Stopped),
                    Wish::Start | Wish::Restart | Wish::Roll => {
                        let waits = waits_for(&world.graph, &world.wishes, &world.observed, &name);
                        prop_assert!(state.phase == Phase::Running || !waits.is_empty(), "{name} neither runs nor waits");
                    }
                }
            }
        }
    }
}
