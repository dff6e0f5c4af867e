//! Which process belongs to which run, for all runs at once: a pure choice from what `/proc` shows.
//!
//! The keeper answers the same for one run, with what it has seen earlier. To ask it once per run would look at all
//! processes as often as there are runs; here each is looked at once.

use std::collections::HashMap;

use kinfra_keeper::platform::Process;
use kinfra_keeper::protocol::Identity;

/// A run, by the process that it began with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leader {
    pub run: String,
    pub identity: Identity,
}

/// The live processes of each run, by its place among the leaders: the leader, its descendants, its group, and what
/// lost its parents but carries the run's mark and belongs to this user. `keeper` is nobody's.
///
/// `mark_of` is asked only of what can't be told otherwise.
pub fn trees(
    leaders: &[Leader],
    processes: &[Process],
    keeper: u32,
    user: u32,
    mut mark_of: impl FnMut(Identity) -> Option<String>,
) -> Vec<Vec<Identity>> {
    let mut trees = vec![vec![]; leaders.len()];
    let Some(oldest) = leaders.iter().map(|leader| leader.identity.start_time).min() else { return trees };
    let by_pid: HashMap<u32, &Process> =
        processes.iter().map(|process| (process.identity.pid, process)).collect();
    let by_run: HashMap<&str, usize> =
        leaders.iter().enumerate().map(|(index, leader)| (leader.run.as_str(), index)).collect();
    // By pid, so that the owner of a parent or of a group can be looked up; only of leaders that live.
    let mut owners: HashMap<u32, Option<usize>> = leaders
        .iter()
        .enumerate()
        .filter(|(_, leader)| {
            by_pid.get(&leader.identity.pid).is_some_and(|now| now.identity == leader.identity)
        })
        .map(|(index, leader)| (leader.identity.pid, Some(index)))
        .collect();
    let groups = owners.clone();
    let mut owner_alone = |process: &Process| -> Option<usize> {
        let of_group = groups.get(&process.group).copied().flatten();
        let in_session = by_pid.get(&process.group).is_some_and(|leader| leader.session == process.session);
        match of_group.filter(|_| in_session) {
            Some(index) => Some(index),
            None if process.user != user => None,
            None => by_run.get(mark_of(process.identity)?.as_str()).copied(),
        }
    };
    for process in processes {
        // Up to the first whose owner is known, or that has no parent within any run.
        let mut path = vec![];
        let mut at = process;
        let owner = loop {
            if let Some(known) = owners.get(&at.identity.pid) {
                break *known;
            }
            if at.identity.pid == keeper || at.identity.start_time < oldest {
                break None;
            }
            path.push(at);
            let parent = by_pid.get(&at.parent).filter(|parent| {
                parent.identity.start_time <= at.identity.start_time && path.len() <= processes.len()
            });
            match parent {
                Some(parent) => at = parent,
                None => break None,
            }
        };
        // From the top down: what has no owner by its parent may have one by itself, and hands it on.
        let mut owner = owner;
        for process in path.into_iter().rev() {
            owner = owner.or_else(|| owner_alone(process));
            owners.insert(process.identity.pid, owner);
        }
    }
    for process in processes.iter().filter(|process| !process.ended) {
        if let Some(index) = owners.get(&process.identity.pid).copied().flatten()
            && process.identity.start_time >= leaders[index].identity.start_time
        {
            trees[index].push(process.identity);
        }
    }
    trees
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEEPER: u32 = 10;
    const USER: u32 = 1000;

    fn process(pid: u32, parent: u32, group: u32) -> Process {
        // Younger ones have the higher pids here.
        let identity = Identity { pid, start_time: u64::from(pid) };
        Process { identity, parent, group, session: KEEPER, user: USER, ended: false }
    }

    fn leader(pid: u32) -> Leader {
        Leader { run: format!("run-{pid}"), identity: Identity { pid, start_time: u64::from(pid) } }
    }

    /// The pids of each tree, and which processes' marks were read.
    fn pids(leaders: &[Leader], processes: &[Process], marks: &[(u32, &str)]) -> (Vec<Vec<u32>>, Vec<u32>) {
        let mut read = vec![];
        let trees = trees(leaders, processes, KEEPER, USER, |identity| {
            read.push(identity.pid);
            marks.iter().find(|(pid, _)| *pid == identity.pid).map(|(_, mark)| (*mark).to_owned())
        });
        let pids = trees.iter().map(|tree| tree.iter().map(|identity| identity.pid).collect()).collect();
        (pids, read)
    }

    #[test]
    fn each_process_is_its_nearest_leaders() {
        let processes = [
            process(KEEPER, 1, KEEPER),
            process(100, KEEPER, 100),
            process(101, 100, 101),
            process(102, 101, 101),
            process(200, KEEPER, 200),
            process(201, 200, 200),
        ];
        let (trees, read) = pids(&[leader(100), leader(200)], &processes, &[]);
        assert_eq!(trees, [vec![100, 101, 102], vec![200, 201]]);
        assert_eq!(read, [0_u32; 0], "nothing had to be asked");
    }

    #[test]
    fn an_orphan_is_found_by_group_or_mark_with_its_descendants() {
        let processes = [
            process(KEEPER, 1, KEEPER),
            process(100, KEEPER, 100),
            process(103, KEEPER, 100),
            process(104, KEEPER, 104),
            process(105, 104, 105),
            process(106, 1, 106),
        ];
        let (trees, read) = pids(&[leader(100)], &processes, &[(104, "run-100"), (106, "run-of-others")]);
        assert_eq!(trees, [vec![100, 103, 104, 105]]);
        assert_eq!(read, [104, 106]);
    }

    #[test]
    fn what_outlives_its_leader_still_counts_for_the_run() {
        let processes = [process(KEEPER, 1, KEEPER), process(104, KEEPER, 104)];
        let (trees, _) = pids(&[leader(100)], &processes, &[(104, "run-100")]);
        assert_eq!(trees, [vec![104]]);
    }

    #[test]
    fn strangers_the_keeper_and_what_is_older_never_count() {
        let mut other_user = process(110, 1, 110);
        other_user.user = 0;
        let mut other_session = process(111, 1, 100);
        other_session.session = 100;
        let mut over = process(112, 100, 100);
        over.ended = true;
        let processes = [
            process(KEEPER, 1, KEEPER),
            process(50, 1, 50),
            process(100, KEEPER, 100),
            other_user,
            other_session,
            over,
        ];
        let marks = [(50, "run-100"), (110, "run-100"), (KEEPER, "run-100")];
        assert_eq!(pids(&[leader(100)], &processes, &marks).0, [vec![100]]);
    }

    #[test]
    fn a_reused_pid_is_not_the_leader() {
        let mut stranger = process(100, 1, 100);
        stranger.identity.start_time = 900;
        assert_eq!(pids(&[leader(100)], &[stranger], &[]).0, [vec![0_u32; 0]]);
    }

    #[test]
    fn parents_in_a_circle_end() {
        let same = |pid, parent| Process {
            identity: Identity { pid, start_time: 300 },
            ..process(pid, parent, pid)
        };
        assert_eq!(pids(&[leader(100)], &[same(300, 301), same(301, 300)], &[]).0, [vec![0_u32; 0]]);
    }
}
