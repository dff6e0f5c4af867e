//! Which tunnels are down, and when what of it is told. Pure.
//!
//! Theory of operation: an episode begins when a tunnel falls and ends when it is up again and that was told, or when
//! nobody wants it any more. What falls together, because the network went or the machine slept, is one episode of
//! several tunnels and one notification: each is held back for a moment, and a tunnel that falls a little later joins
//! what was told already, whose notification is replaced. What is back before it was told is never told.

use std::collections::BTreeMap;

use kinfra_rpc::{TunnelState, TunnelStatus};

use crate::clock::Moment;

/// So long a fall or a return is held back: others may come with it, or the opposite. A failure is to be told within
/// half a second, of which seeing it takes some.
const HOLD: u64 = 200;

/// What falls so long after the first one, falls with it.
const TOGETHER: u64 = 2_000;

/// When some of an episode are up again, so long is waited for the others.
const STRAGGLERS: u64 = 3_000;

/// After a wake-up, networks and tunnels come back by themselves: so long nothing is told,
const SETTLING: u64 = 5_000;
/// and so long whatever falls is one episode.
const WAKING: u64 = 15_000;

#[derive(Debug, Default)]
pub struct Episodes {
    all: Vec<Episode>,
    woken: Option<Moment>,
}

#[derive(Debug)]
struct Episode {
    /// The first of its tunnels.
    id: String,
    members: BTreeMap<String, Member>,
    /// Until then others join.
    closes: Moment,
    /// When there is something to tell.
    due: Option<Moment>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Member {
    is_up: bool,
    is_told: bool,
}

/// What is to be told of one episode now, as one notification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct News {
    /// The same for all of one episode.
    pub id: String,
    pub is_up: bool,
    /// By name.
    pub tunnels: Vec<String>,
}

impl Episodes {
    /// All tunnels, as they are now.
    pub fn see(&mut self, now: Moment, tunnels: &[TunnelState]) {
        let is_there = |name: &String| tunnels.iter().any(|tunnel| tunnel.name == *name);
        self.retain(is_there);
        for TunnelState { name, status, .. } in tunnels {
            match status {
                TunnelStatus::Down | TunnelStatus::Unauthorised | TunnelStatus::Deleted => {
                    self.fall(now, name);
                }
                TunnelStatus::Healthy | TunnelStatus::Degraded => self.rise(now, name),
                // On its way up: the episode goes on.
                TunnelStatus::Connecting => {}
                TunnelStatus::Off => self.retain(|known| known != name),
            }
        }
    }

    /// The machine was asleep until now.
    pub fn wake(&mut self, now: Moment) {
        self.woken = Some(now);
        for episode in &mut self.all {
            let is_held = episode.members.values().any(|member| !member.is_told && !member.is_up);
            if is_held {
                episode.due = Some(now + SETTLING);
                episode.closes = now + WAKING;
            }
        }
    }

    /// Nobody is told of anything that was seen up to now.
    pub fn forget(&mut self) {
        self.all.clear();
    }

    /// When there is something to tell, unless it changes before.
    #[must_use]
    pub fn due(&self) -> Option<Moment> {
        self.all.iter().filter_map(|episode| episode.due).min()
    }

    /// What is to be told now.
    pub fn tell(&mut self, now: Moment) -> Vec<News> {
        let due = self.all.iter_mut().filter(|episode| episode.due.is_some_and(|due| due <= now));
        let news = due.flat_map(Episode::tell).collect();
        self.all.retain(|episode| !episode.members.is_empty());
        news
    }

    fn fall(&mut self, now: Moment, name: &str) {
        if let Some(episode) = self.of(name) {
            if let Some(member) = episode.members.get_mut(name)
                && member.is_up
            {
                // It was told that it is down, and not that it was up in between.
                member.is_up = false;
                episode.wait_for_stragglers(now);
            }
            return;
        }
        let woken = self.woken.filter(|woken| now < woken + WAKING);
        let due = woken.map_or(now + HOLD, |woken| (woken + SETTLING).max(now + HOLD));
        let closes = woken.map_or(now + TOGETHER, |woken| woken + WAKING);
        let episode = match self.all.iter().position(|episode| now < episode.closes) {
            Some(open) => &mut self.all[open],
            None => {
                // An episode that it left may go on without it.
                let is_used = self.all.iter().any(|episode| episode.id == name);
                let id = if is_used { format!("{name}/again") } else { name.to_owned() };
                let members = BTreeMap::new();
                self.all.push(Episode { id, members, closes, due: None });
                let last = self.all.len() - 1;
                &mut self.all[last]
            }
        };
        episode.members.insert(name.to_owned(), Member::default());
        episode.due = Some(episode.due.map_or(due, |known| known.min(due)));
    }

    fn rise(&mut self, now: Moment, name: &str) {
        let Some(episode) = self.of(name) else { return };
        let Some(member) = episode.members.get_mut(name).filter(|member| !member.is_up) else { return };
        if !member.is_told {
            return self.retain(|known| known != name);
        }
        member.is_up = true;
        episode.wait_for_stragglers(now);
    }

    fn of(&mut self, name: &str) -> Option<&mut Episode> {
        self.all.iter_mut().find(|episode| episode.members.contains_key(name))
    }

    /// What is no member any more is not told.
    fn retain(&mut self, keep: impl Fn(&String) -> bool) {
        for episode in &mut self.all {
            episode.members.retain(|name, _| keep(name));
        }
        self.all.retain(|episode| !episode.members.is_empty());
    }
}

impl Episode {
    /// Some are up again, or fell once more before that was told.
    fn wait_for_stragglers(&mut self, now: Moment) {
        let is_held = self.members.values().any(|member| !member.is_told);
        if is_held {
            return;
        }
        let up = self.members.values().filter(|member| member.is_up).count();
        self.due = match up {
            0 => None,
            up if up == self.members.len() => Some(now + HOLD),
            _ => Some(self.due.unwrap_or(now + STRAGGLERS)),
        };
    }

    fn tell(&mut self) -> Vec<News> {
        self.due = None;
        let is_new = self.members.values().any(|member| !member.is_told);
        let of = |is_up: bool, members: &BTreeMap<String, Member>| -> Vec<String> {
            let chosen = members.iter().filter(|(_, member)| member.is_up == is_up);
            chosen.map(|(name, _)| name.clone()).collect()
        };
        let (up, down) = (of(true, &self.members), of(false, &self.members));
        let mut news = vec![];
        if !up.is_empty() {
            // What is still down stays on show beside it.
            let id = if down.is_empty() { self.id.clone() } else { format!("{}/up", self.id) };
            news.push(News { id, is_up: true, tunnels: up });
        }
        if is_new {
            news.push(News { id: self.id.clone(), is_up: false, tunnels: down });
        }
        self.members.retain(|_, member| !member.is_up);
        self.members.values_mut().for_each(|member| member.is_told = true);
        news
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tunnels(states: &[(&str, TunnelStatus)]) -> Vec<TunnelState> {
        let tunnel = |(name, status): &(&str, TunnelStatus)| TunnelState {
            name: (*name).to_owned(),
            status: *status,
            ..TunnelState::default()
        };
        states.iter().map(tunnel).collect()
    }

    /// One step of a life: at this moment, `+a -b` are up and down, `~c` connects, `.d` is off; `*`: it woke up.
    /// Between them, everything that becomes due is told.
    fn told(life: &[(Moment, &str)]) -> Vec<String> {
        let mut episodes = Episodes::default();
        let mut told = vec![];
        let mut tell = |episodes: &mut Episodes, now: Moment| {
            for News { id, is_up, tunnels } in episodes.tell(now) {
                let way = if is_up { "up" } else { "down" };
                told.push(format!("{now} {id}: {way} {}", tunnels.join(" ")));
            }
        };
        for (at, states) in life {
            while let Some(due) = episodes.due().filter(|due| due < at) {
                tell(&mut episodes, due);
            }
            let mut seen = vec![];
            for word in states.split_whitespace() {
                let (way, name) = word.split_at(1);
                match way {
                    "+" => seen.push((name, TunnelStatus::Healthy)),
                    "-" => seen.push((name, TunnelStatus::Down)),
                    "~" => seen.push((name, TunnelStatus::Connecting)),
                    "." => seen.push((name, TunnelStatus::Off)),
                    _ => episodes.wake(*at),
                }
            }
            episodes.see(*at, &tunnels(&seen));
        }
        while let Some(due) = episodes.due() {
            tell(&mut episodes, due);
        }
        told
    }

    #[test]
    fn a_failure_is_told_once_and_its_end_once() {
        let life = [
            (0, "~a"),
            (1_000, "+a"),
            (10_000, "-a"),
            (20_000, "~a"),
            (30_000, "-a"),
            (40_000, "~a"),
            (41_000, "+a"),
            (90_000, "+a"),
            (100_000, "-a"),
        ];
        assert_eq!(told(&life), ["10200 a: down a", "41200 a: up a", "100200 a: down a"]);
    }

    #[test]
    fn a_first_start_that_fails_is_told_too() {
        assert_eq!(told(&[(0, "~a"), (15_000, "-a")]), ["15200 a: down a"]);
    }

    #[test]
    fn a_moment_without_it_is_no_news() {
        assert!(told(&[(0, "+a"), (1_000, "-a"), (1_150, "+a")]).is_empty());
        let life = [(0, "-a"), (5_000, "+a"), (5_150, "-a"), (9_000, "+a")];
        assert_eq!(told(&life), ["200 a: down a", "9200 a: up a"]);
    }

    #[test]
    fn a_wanted_stop_is_never_told() {
        assert!(told(&[(0, "+a"), (1_000, "-a"), (1_100, ".a")]).is_empty());
        assert!(told(&[(0, "+a"), (1_000, "-a"), (1_100, "")]).is_empty());
        let life = [(0, "-a"), (5_000, ".a"), (6_000, ""), (7_000, "~a"), (8_000, "+a")];
        assert_eq!(told(&life), ["200 a: down a"], "and it is no return when it is shared again");
    }

    #[test]
    fn what_falls_together_is_one_notification_and_so_is_its_return() {
        let life = [
            (0, "+a +b +c"),
            (1_000, "-a -b +c"),
            // It joins what was told.
            (2_900, "-a -b -c"),
            (9_000, "+a ~b -c"),
            (9_900, "+a +b -c"),
            (10_100, "+a +b +c"),
        ];
        assert_eq!(told(&life), ["1200 a: down a b", "3100 a: down a b c", "10300 a: up a b c"]);
    }

    #[test]
    fn what_falls_later_is_told_apart() {
        let life = [(0, "+a +b"), (1_000, "-a +b"), (60_000, "-a -b"), (70_000, "+a -b")];
        assert_eq!(told(&life), ["1200 a: down a", "60200 b: down b", "70200 a: up a"]);
    }

    #[test]
    fn those_that_are_up_again_don_t_wait_for_one_that_never_will_be() {
        let life = [(0, "-a -b -c"), (5_000, "+a -b -c"), (6_000, "+a +b -c"), (60_000, "+a +b +c")];
        assert_eq!(told(&life), ["200 a: down a b c", "8000 a/up: up a b", "60200 a: up c"]);
    }

    #[test]
    fn one_that_falls_again_leaves_what_is_still_down_on_show() {
        let life = [(0, "-a -b"), (5_000, "+a -b"), (60_000, "-a -b"), (70_000, "+a +b")];
        let all = [
            "200 a: down a b",
            "8000 a/up: up a",
            "60200 a/again: down a",
            "70200 a: up b",
            "70200 a/again: up a",
        ];
        assert_eq!(told(&life), all);
    }

    #[test]
    fn after_a_wake_up_one_summary_tells_what_did_not_come_back_by_itself() {
        let life = [
            (0, "+a +b +c +d"),
            (100_000, "* +a +b +c +d"),
            (102_000, "-a -b -c +d"),
            (104_900, "+a -b -c +d"),
            (110_000, "+a -b -c -d"),
        ];
        assert_eq!(told(&life), ["105000 a: down b c", "110200 a: down b c d"]);
    }

    #[test]
    fn what_fell_as_the_machine_went_to_sleep_is_told_only_when_it_does_not_come_back() {
        assert!(told(&[(0, "+a"), (1_000, "-a"), (1_200, "* -a"), (5_000, "+a")]).is_empty());
        assert_eq!(told(&[(0, "+a"), (1_000, "-a"), (1_200, "* -a")]), ["6200 a: down a"]);
    }
}
