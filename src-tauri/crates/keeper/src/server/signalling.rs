//! Signals to a run, and to nothing else.

use std::collections::HashSet;

use rustix::process::{Pid, Signal, geteuid, kill_process_group};

use super::children::{Children, Run};
use crate::belonging::{Claim, belonging, group};
use crate::platform;
use crate::protocol::{Identity, Reply, Scope};

/// A SIGKILL to everything looks again for what was born meanwhile, at most so often.
const ROUNDS: usize = 16;

impl Children {
    pub fn signal(&mut self, run: &str, signal: i32, scope: Scope) -> Reply {
        let Some(signal) = Signal::from_named_raw(signal) else {
            return Reply::Refused { reason: format!("{signal} is no signal that has a name") };
        };
        let leaders = self.leaders_but_of(run);
        let Some(found) = self.runs.get_mut(run) else { return Reply::NotThere };
        let sent = match scope {
            Scope::Group => signal_group(found, signal),
            Scope::Everything => signal_everything(run, found, &leaders, signal),
        };
        match sent {
            Sent { processes: 0, refused: None } => Reply::NotThere,
            Sent { refused: None, .. } => Reply::Done,
            Sent { refused: Some(reason), .. } => Reply::Refused { reason },
        }
    }

    pub fn remaining(&mut self, run: &str) -> Reply {
        let leaders = self.leaders_but_of(run);
        let processes = self.runs.get_mut(run).map(|found| find(run, found, &leaders)).unwrap_or_default();
        Reply::Remaining { processes }
    }

    /// The leaders of all other runs, as long as nobody else can have their pids. They were spawned by this process
    /// with marks of their own, so none of them belongs to `run`: to look at each would be most of what looking for one
    /// among many costs.
    fn leaders_but_of(&self, run: &str) -> HashSet<u32> {
        let spawned = |run: &Run| run.ended.is_none() && run.watch.is_none();
        let others = self.runs.iter().filter(|(name, other)| &***name != run && spawned(other));
        others.map(|(_, other)| other.leader.pid).collect()
    }
}

#[derive(Default)]
struct Sent {
    processes: usize,
    refused: Option<String>,
}

impl Sent {
    fn to(&mut self, identity: Identity, signal: Signal) {
        match platform::signal_exactly(identity, signal) {
            Ok(true) => self.processes += 1,
            Ok(false) => {}
            Err(error) => {
                let reason = format!("cannot signal process {}: {error}", identity.pid);
                self.refused.get_or_insert(reason);
            }
        }
    }
}

fn signal_group(run: &Run, signal: Signal) -> Sent {
    let mut sent = Sent::default();
    let leader = i32::try_from(run.leader.pid).ok().and_then(Pid::from_raw);
    // A child that was not waited for keeps its pid, and with it the group its number. An adopted one is looked
    // at once more, because somebody else waits for it.
    let leader_holds_the_number =
        run.ended.is_none() && (run.watch.is_none() || platform::is_alive(run.leader));
    if let Some(pid) = leader.filter(|_| leader_holds_the_number)
        && kill_process_group(pid, signal).is_ok()
    {
        sent.processes = 1;
        return sent;
    }
    for member in group(&claim(run), &platform::processes_since(run.leader.start_time, |_| true)) {
        sent.to(member, signal);
    }
    sent
}

fn signal_everything(name: &str, run: &mut Run, leaders: &HashSet<u32>, signal: Signal) -> Sent {
    let mut sent = Sent::default();
    let mut signalled: Vec<Identity> = Vec::new();
    let rounds = if signal == Signal::KILL { ROUNDS } else { 1 };
    for _ in 0..rounds {
        let fresh: Vec<Identity> =
            find(name, run, leaders).into_iter().filter(|identity| !signalled.contains(identity)).collect();
        if fresh.is_empty() {
            break;
        }
        for identity in &fresh {
            sent.to(*identity, signal);
        }
        signalled.extend(fresh);
    }
    sent
}

/// `leaders`: of other runs.
fn find(name: &str, run: &mut Run, leaders: &HashSet<u32>) -> Vec<Identity> {
    let processes = platform::processes_since(run.leader.start_time, |pid| !leaders.contains(&pid));
    let found = belonging(&claim(run), &processes, |pid| platform::carries_mark(pid, name));
    run.known = found.iter().copied().collect();
    found
}

fn claim(run: &Run) -> Claim<'_> {
    Claim {
        leader: run.leader,
        session: run.session,
        user: geteuid().as_raw(),
        known: &run.known,
        except: std::process::id(),
    }
}
