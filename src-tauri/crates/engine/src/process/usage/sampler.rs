//! Samples of what process trees use.
//!
//! Theory of operation: CPU is a difference, so each run's last sample is kept until the next one. What a process
//! used is taken along when it ends and its parent waits for it, and is lost otherwise; so two lower bounds are
//! computed, and the higher one is the answer. Nothing runs here unless somebody asks.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use kinfra_keeper::platform::{
    ProcessTime, descriptors_of, mark_of, processes, proportional_memory_of, time_of,
};
use kinfra_keeper::protocol::{Identity, Run};
use rustix::process::geteuid;

use super::trees::{Leader, trees};

/// Times are counted in hundredths of a second: over less than this, a percentage would be mostly noise.
pub const SHORTEST: Duration = Duration::from_millis(200);
/// An older sample would say how it was, not how it is.
const LONGEST: Duration = Duration::from_secs(10);

/// What the processes of one run use.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct TreeUsage {
    /// Of one core: two busy ones are 200.
    pub cpu_percent: f64,
    pub memory_bytes: u64,
    pub descriptors: u32,
    pub processes: u32,
    pub threads: u32,
}

type Times = HashMap<Identity, ProcessTime>;

#[derive(Debug)]
struct Sample {
    at: Instant,
    times: Times,
}

/// Remembers of each run what the next answer needs.
#[derive(Debug, Default)]
pub struct Sampler {
    before: HashMap<String, Sample>,
    /// A process keeps the mark that it was started with; to read it is most of what a look at many processes costs.
    marks: HashMap<Identity, Option<String>>,
}

impl Sampler {
    /// How long to wait until [`Sampler::measure`] can tell the CPU of these runs. Takes their first sample where
    /// that is what is missing.
    pub fn prepare(&mut self, wanted: &[String], runs: &[Run], keeper: u32) -> Duration {
        let now = Instant::now();
        self.before.retain(|_, sample| now.duration_since(sample.at) <= LONGEST);
        if wanted.iter().any(|run| !self.before.contains_key(run)) {
            let missing: Vec<&String> = wanted.iter().filter(|run| !self.before.contains_key(*run)).collect();
            let found = self.look(runs, keeper);
            let at = Instant::now();
            for run in missing {
                let times = found.get(run).map(|tree| times(tree)).unwrap_or_default();
                self.before.insert(run.clone(), Sample { at, times });
            }
        }
        let newest = wanted.iter().filter_map(|run| self.before.get(run)).map(|sample| sample.at).max();
        newest.map_or(Duration::ZERO, |newest| SHORTEST.saturating_sub(newest.elapsed()))
    }

    /// What each of these runs uses; one without a live process is left out. `runs` are all that the keeper has.
    pub fn measure(&mut self, wanted: &[String], runs: &[Run], keeper: u32) -> HashMap<String, TreeUsage> {
        let found = self.look(runs, keeper);
        let mut usages = HashMap::new();
        for run in wanted {
            let Some(tree) = found.get(run).filter(|tree| !tree.is_empty()) else { continue };
            let (at, times) = (Instant::now(), times(tree));
            let before = self.before.insert(run.clone(), Sample { at, times: times.clone() });
            let cpu_percent = before
                .map_or(0.0, |before| percent(used(&before.times, &times), at.duration_since(before.at)));
            let mut usage = TreeUsage { cpu_percent, ..TreeUsage::default() };
            for time in times.values() {
                let pid = time.identity.pid;
                usage.memory_bytes += proportional_memory_of(pid).unwrap_or(time.resident);
                usage.descriptors += descriptors_of(pid).unwrap_or(0);
                usage.processes += 1;
                usage.threads += time.threads;
            }
            usages.insert(run.clone(), usage);
        }
        usages
    }

    /// The processes of every run.
    fn look(&mut self, runs: &[Run], keeper: u32) -> HashMap<String, Vec<Identity>> {
        let processes = processes();
        let leaders: Vec<Leader> =
            runs.iter().map(|run| Leader { run: run.run.clone(), identity: run.identity }).collect();
        let alive: HashSet<Identity> = processes.iter().map(|process| process.identity).collect();
        self.marks.retain(|identity, _| alive.contains(identity));
        let marks = &mut self.marks;
        let trees = trees(&leaders, &processes, keeper, geteuid().as_raw(), |identity| {
            marks.entry(identity).or_insert_with(|| mark_of(identity.pid)).clone()
        });
        leaders.into_iter().map(|leader| leader.run).zip(trees).collect()
    }
}

/// Of those that still live.
fn times(tree: &[Identity]) -> Times {
    let of = |identity: &Identity| time_of(identity.pid).filter(|time| time.identity == *identity);
    tree.iter().filter_map(of).map(|time| (time.identity, time)).collect()
}

/// How much CPU time a tree used between two samples, at least.
fn used(before: &Times, after: &Times) -> Duration {
    let whole = |times: &Times| -> Duration { times.values().map(|time| time.own + time.waited_for).sum() };
    let with_the_ended = whole(after).saturating_sub(whole(before));
    let of_the_living = after.values().map(|time| {
        let earlier = before.get(&time.identity).map_or(Duration::ZERO, |time| time.own);
        time.own.saturating_sub(earlier)
    });
    with_the_ended.max(of_the_living.sum())
}

/// Of one core, with one decimal.
fn percent(used: Duration, elapsed: Duration) -> f64 {
    if elapsed.is_zero() {
        return 0.0;
    }
    (used.as_secs_f64() / elapsed.as_secs_f64() * 1000.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pids with their own time and that of what they waited for, in milliseconds.
    fn times(processes: &[(u32, u64, u64)]) -> Times {
        let time = |(pid, own, waited_for): &(u32, u64, u64)| {
            let identity = Identity { pid: *pid, start_time: u64::from(*pid) };
            let (own, waited_for) = (Duration::from_millis(*own), Duration::from_millis(*waited_for));
            (identity, ProcessTime { identity, own, waited_for, threads: 1, resident: 0 })
        };
        processes.iter().map(time).collect()
    }

    fn used_ms(before: &[(u32, u64, u64)], after: &[(u32, u64, u64)]) -> u128 {
        used(&times(before), &times(after)).as_millis()
    }

    #[test]
    fn what_living_and_new_processes_used_is_summed_up() {
        assert_eq!(used_ms(&[(1, 100, 0), (2, 50, 0)], &[(1, 150, 0), (2, 60, 0), (3, 5, 0)]), 65);
        assert_eq!(used_ms(&[], &[]), 0);
    }

    #[test]
    fn a_child_that_ended_is_neither_forgotten_nor_counted_twice() {
        assert_eq!(used_ms(&[(1, 100, 0), (2, 500, 0)], &[(1, 110, 530)]), 40);
    }

    #[test]
    fn a_child_that_nobody_waited_for_takes_nothing_from_the_others() {
        assert_eq!(used_ms(&[(1, 100, 0), (2, 500, 0)], &[(1, 120, 0)]), 20);
    }

    #[test]
    fn a_percentage_is_of_one_core() {
        assert_eq!(percent(Duration::from_millis(400), Duration::from_millis(200)), 200.0);
        assert_eq!(percent(Duration::from_millis(10), Duration::from_millis(3000)), 0.3);
        assert_eq!(percent(Duration::from_millis(10), Duration::ZERO), 0.0);
    }
}
