use std::collections::BTreeSet;

use kinfra_rpc::{ErrorCode, Exit, Health, NodeState, Notice, NoticeOffer, Phase, Problem, Wanted};

/// Remembers which nodes are in an episode: from the first bad news to the next time that they are healthy.
#[derive(Debug, Default)]
pub struct Judge {
    told: BTreeSet<(String, Told)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Told {
    Crash,
    GivenUp,
    Unhealthy,
    HeldUp,
    Paused,
    /// Whoever runs it is away: one episode for all that it runs, whose names are told by what is wrong.
    Away,
}

impl Judge {
    /// What to tell the user of one node's change, if anything. Never about what the user asked for.
    pub fn change(&mut self, project: &str, before: &NodeState, after: &NodeState) -> Option<Notice> {
        let id = format!("{project}/{}", after.name);
        if after.health == Health::Healthy || after.wanted == Wanted::Stopped {
            self.told.retain(|(known, _)| *known != id);
        }
        if after.wanted == Wanted::Stopped {
            return None;
        }
        if paused_by_vendor(after).is_none() {
            self.told.remove(&(id.clone(), Told::Paused));
        }
        if let Some(problem) = away(before).filter(|_| away(after).is_none()) {
            self.told.remove(&(problem.message.clone(), Told::Away));
        }
        let (told, title, body) = news(before, after)?;
        let episode = match (told, away(after)) {
            (Told::Away, Some(problem)) => problem.message.clone(),
            _ => id.clone(),
        };
        self.told.insert((episode, told)).then(|| Notice {
            id,
            title,
            body,
            project: project.to_owned(),
            service: Some(after.name.clone()),
            problem: after.problem.clone(),
            tunnel: None,
            offer: (told == Told::Paused).then_some(NoticeOffer::Resume),
        })
    }

    /// A project is gone.
    pub fn forget(&mut self, project: &str) {
        let prefix = format!("{project}/");
        self.told.retain(|(id, _)| !id.starts_with(&prefix));
    }
}

fn news(before: &NodeState, after: &NodeState) -> Option<(Told, String, String)> {
    let name = &after.name;
    let became = |phase| after.phase == phase && before.phase != phase;
    if became(Phase::CrashLooping) {
        let body = format!("It {}. It is not restarted any more.", after.detail);
        return Some((Told::GivenUp, format!("{name} keeps crashing"), body));
    }
    if became(Phase::Failed) {
        return Some((Told::GivenUp, format!("{name} could not start"), after.detail.clone()));
    }
    let crash = after.last_exit.filter(|exit| Some(*exit) != before.last_exit && unclean(exit));
    if let Some(exit) = crash {
        let body = format!("It {}.", exit.describe());
        return Some((Told::Crash, format!("{name} crashed"), body));
    }
    if is_held_up(after) && !is_held_up(before) {
        let body = "The keyring is locked. It goes on by itself as soon as that is unlocked.";
        return Some((Told::HeldUp, format!("{name} waits for the keyring"), body.to_owned()));
    }
    if let Some(problem) = away(after).filter(|_| away(before).is_none()) {
        let title = format!("What {name} runs on does not answer");
        return Some((Told::Away, title, problem.message.clone()));
    }
    if let Some(problem) = paused_by_vendor(after).filter(|_| paused_by_vendor(before).is_none()) {
        return Some((Told::Paused, format!("{name} is paused"), format!("{}.", problem.message)));
    }
    let unhealthy =
        after.health == Health::Unhealthy && matches!(before.health, Health::Healthy | Health::Degraded);
    unhealthy.then(|| (Told::Unhealthy, format!("{name} is unhealthy"), after.detail.clone()))
}

/// Why nobody can tell how it is.
fn away(node: &NodeState) -> Option<&Problem> {
    let problem = node.problem.as_ref()?;
    let is_away = node.health == Health::Unknown && problem.code == ErrorCode::ResourceUnreachable;
    is_away.then_some(problem)
}

fn paused_by_vendor(node: &NodeState) -> Option<&Problem> {
    node.paused().filter(|problem| problem.code == ErrorCode::ResourcePausedByVendor)
}

/// Its start waits for something that its user has to do.
fn is_held_up(node: &NodeState) -> bool {
    let problem = node.problem.as_ref();
    node.phase == Phase::Starting && problem.is_some_and(|problem| problem.code == ErrorCode::KeyringLocked)
}

fn unclean(exit: &Exit) -> bool {
    exit.code != Some(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(phase: Phase, health: Health, exits: u64) -> NodeState {
        let last_exit = (exits > 0).then_some(Exit { code: None, signal: Some(9), at: exits });
        NodeState {
            name: "api".into(),
            wanted: Wanted::Running,
            phase,
            health,
            last_exit,
            ..NodeState::default()
        }
    }

    /// The titles that a life of a node yields.
    fn titles(states: &[NodeState]) -> Vec<String> {
        let mut judge = Judge::default();
        let changes = states.windows(2);
        changes
            .filter_map(|pair| judge.change("shop", &pair[0], &pair[1]))
            .map(|notice| notice.title)
            .collect()
    }

    #[test]
    fn a_crash_is_told_once_until_it_was_healthy_again() {
        let up = |exits| node(Phase::Running, Health::Healthy, exits);
        let down = |exits| node(Phase::Stopping, Health::Unknown, exits);
        let starting = |exits| node(Phase::Starting, Health::Starting, exits);
        let life = [up(0), down(1), starting(1), down(2), starting(2), up(2), down(3), up(3)];
        assert_eq!(titles(&life), ["api crashed", "api crashed"]);
    }

    #[test]
    fn a_start_that_waits_for_a_locked_keyring_is_told_once() {
        let problem = Problem::new(ErrorCode::KeyringLocked, "the keyring is locked: unlock it");
        let starting = node(Phase::Starting, Health::Starting, 0);
        let held_up = NodeState { problem: Some(problem), ..starting.clone() };
        let running = node(Phase::Running, Health::Starting, 0);
        let life = [starting.clone(), held_up.clone(), starting, held_up, running];
        assert_eq!(titles(&life), ["api waits for the keyring"]);
    }

    #[test]
    fn a_probe_is_told_of_when_it_has_failed_often_enough_and_not_before() {
        let running = |health| node(Phase::Running, health, 0);
        let life = [Health::Healthy, Health::Degraded, Health::Healthy, Health::Degraded, Health::Unhealthy];
        assert_eq!(titles(&life.map(running)), ["api is unhealthy"]);
    }

    #[test]
    fn a_crash_loop_is_told_beside_the_crash() {
        let life = [
            node(Phase::Running, Health::Healthy, 0),
            node(Phase::Exited, Health::Unknown, 1),
            node(Phase::CrashLooping, Health::Unknown, 2),
        ];
        assert_eq!(titles(&life), ["api crashed", "api keeps crashing"]);
    }

    #[test]
    fn a_pause_by_its_vendor_is_told_once_with_the_way_back_and_one_from_here_is_not() {
        let up = || node(Phase::Running, Health::Healthy, 0);
        let paused = |code, message: &str| NodeState {
            problem: Some(Problem::new(code, message)),
            ..node(Phase::Running, Health::Unknown, 0)
        };
        let vendor = |since: &str| {
            paused(ErrorCode::ResourcePausedByVendor, &format!("Supabase has paused it{since}"))
        };
        let here = || paused(ErrorCode::ResourcePaused, "is paused");
        let life = [up(), vendor(""), vendor(" · 2 s"), here(), up(), here(), up(), vendor(""), up()];
        assert_eq!(titles(&life), ["api is paused", "api is paused"]);
        let notice = Judge::default().change("shop", &up(), &vendor("")).unwrap();
        assert_eq!((notice.offer, &*notice.body), (Some(NoticeOffer::Resume), "Supabase has paused it."));
    }

    #[test]
    fn what_the_user_stopped_is_no_news() {
        let stopped = NodeState { wanted: Wanted::Stopped, ..node(Phase::Stopping, Health::Unknown, 1) };
        assert!(titles(&[node(Phase::Running, Health::Healthy, 0), stopped]).is_empty());
    }

    #[test]
    fn an_engine_that_is_away_is_told_once_for_all_that_it_runs() {
        let up = |name: &str| NodeState { name: name.into(), ..node(Phase::Running, Health::Healthy, 0) };
        let away = |name: &str| NodeState {
            problem: Some(Problem::new(ErrorCode::ResourceUnreachable, "the Docker engine doesn't answer")),
            ..NodeState { health: Health::Unknown, ..up(name) }
        };
        let mut judge = Judge::default();
        let mut told = |before: &NodeState, after: &NodeState| {
            judge.change("shop", before, after).map(|notice| notice.title)
        };
        for _ in 0..2 {
            let first = told(&up("db"), &away("db"));
            assert_eq!(first.as_deref(), Some("What db runs on does not answer"));
            assert_eq!(told(&up("cache"), &away("cache")), None);
            assert_eq!(told(&away("db"), &up("db")), None);
            assert_eq!(told(&away("cache"), &up("cache")), None);
        }
    }
}
