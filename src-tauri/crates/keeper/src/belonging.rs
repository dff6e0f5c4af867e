//! Which processes belong to a run: a pure choice from what `/proc` shows.

use std::collections::{HashMap, HashSet};

use crate::platform::Process;
use crate::protocol::Identity;

/// What is known of a run.
#[derive(Debug, Clone)]
pub struct Claim<'a> {
    pub leader: Identity,
    /// The session that the leader was started in.
    pub session: u32,
    pub user: u32,
    /// Found to belong to the run earlier: one of them may since have lost its parent.
    pub known: &'a HashSet<Identity>,
    /// Never to be chosen, whatever it looks like: the keeper itself.
    pub except: u32,
}

/// The live processes of the leader's group, also after the leader's end.
#[must_use]
pub fn group(claim: &Claim<'_>, processes: &[Process]) -> Vec<Identity> {
    let leader = claim.leader;
    // A group keeps its number as long as it has a member. So when another process has the leader's pid, the
    // leader's group is gone too, and a group of that number is a stranger's.
    let is_ours = |process: &Process| process.identity.pid != leader.pid || process.identity == leader;
    if !processes.iter().all(is_ours) {
        return Vec::new();
    }
    let members = processes.iter().filter(|process| {
        !process.ended
            && process.group == leader.pid
            && process.session == claim.session
            && process.identity.start_time >= leader.start_time
            && process.identity.pid != claim.except
    });
    members.map(|process| process.identity).collect()
}

/// The live processes of the run, the leader first and then by age: the leader, its group, what carries the
/// run's mark and belongs to its user, what was known, and the descendants of all these. Nothing that started
/// before the leader is ever among them.
///
/// `carries_mark` is asked only where its answer matters.
#[must_use]
pub fn belonging(
    claim: &Claim<'_>,
    processes: &[Process],
    mut carries_mark: impl FnMut(u32) -> bool,
) -> Vec<Identity> {
    let start_time = claim.leader.start_time;
    let group: HashSet<Identity> = group(claim, processes).into_iter().collect();
    let candidates: Vec<&Process> = processes
        .iter()
        .filter(|process| {
            !process.ended
                && process.identity.start_time >= start_time
                && process.identity.pid != claim.except
        })
        .collect();
    let mut children: HashMap<u32, Vec<&Process>> = HashMap::new();
    let mut found: HashSet<Identity> = HashSet::new();
    let mut unexplored: Vec<Identity> = Vec::new();
    for process in &candidates {
        children.entry(process.parent).or_default().push(process);
        if process.identity == claim.leader
            || group.contains(&process.identity)
            || claim.known.contains(&process.identity)
            || (process.user == claim.user && carries_mark(process.identity.pid))
        {
            unexplored.push(process.identity);
        }
    }
    while let Some(identity) = unexplored.pop() {
        if !found.insert(identity) {
            continue;
        }
        let of_this = children.get(&identity.pid).into_iter().flatten();
        unexplored.extend(
            of_this.map(|child| child.identity).filter(|child| child.start_time >= identity.start_time),
        );
    }
    let mut found: Vec<Identity> = found.into_iter().collect();
    found.sort_by_key(|identity| (*identity != claim.leader, identity.start_time, identity.pid));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEEPER: u32 = 10;

    fn process(pid: u32, start_time: u64, parent: u32, group: u32) -> Process {
        let identity = Identity { pid, start_time };
        Process { identity, parent, group, session: KEEPER, user: 1000, ended: false }
    }

    fn pids(processes: &[Process], known: &[Identity], marked: &[u32]) -> Vec<u32> {
        let known = known.iter().copied().collect();
        let leader = Identity { pid: 100, start_time: 50 };
        let claim = Claim { leader, session: KEEPER, user: 1000, known: &known, except: KEEPER };
        let found = belonging(&claim, processes, |pid| marked.contains(&pid));
        found.iter().map(|identity| identity.pid).collect()
    }

    #[test]
    fn leader_group_descendants_and_marked_ones_belong() {
        let processes = [
            process(KEEPER, 1, 1, KEEPER),
            process(101, 51, 100, 100),
            process(100, 50, KEEPER, 100),
            process(102, 52, 101, 102),
            process(103, 53, KEEPER, 100),
            process(104, 54, 1, 104),
            process(105, 55, 104, 105),
            process(106, 56, KEEPER, 106),
        ];
        assert_eq!(pids(&processes, &[], &[104]), [100, 101, 102, 103, 104, 105]);
    }

    #[test]
    fn what_started_before_the_run_never_belongs() {
        let processes = [process(100, 50, KEEPER, 100), process(60, 49, 1, 60), process(61, 49, 100, 100)];
        assert_eq!(pids(&processes, &[], &[60]), [100]);
    }

    #[test]
    fn a_mark_on_another_users_process_counts_for_nothing() {
        let mut other = process(104, 54, 1, 104);
        other.user = 0;
        assert_eq!(pids(&[other], &[], &[104]), [0_u32; 0]);
    }

    #[test]
    fn a_stranger_with_the_leaders_pid_has_its_group_for_itself() {
        let processes = [process(100, 900, 1, 100), process(101, 901, 100, 100)];
        assert_eq!(pids(&processes, &[], &[]), [0_u32; 0]);
    }

    #[test]
    fn a_group_of_the_same_number_in_another_session_is_a_strangers() {
        let mut stranger = process(101, 901, 1, 100);
        stranger.session = 100;
        assert_eq!(pids(&[stranger], &[], &[]), [0_u32; 0]);
    }

    #[test]
    fn an_orphan_that_was_seen_before_still_belongs() {
        let orphan = process(106, 56, KEEPER, 106);
        assert_eq!(pids(&[orphan], &[], &[]), [0_u32; 0]);
        assert_eq!(pids(&[orphan], &[orphan.identity], &[]), [106]);
    }

    #[test]
    fn the_keeper_never_belongs_even_when_it_carries_the_mark() {
        assert_eq!(pids(&[process(KEEPER, 60, 100, 100)], &[], &[KEEPER]), [0_u32; 0]);
    }
}
