//! More than two side by side: a figure is measured of each contender in turns, in another order each round, so that
//! whatever else the machine does meets all of them alike.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::{median, write_json};

/// One figure of several contenders. The first one is ours, the second one the floor.
#[derive(Debug, Clone)]
pub struct Race {
    pub figure: String,
    /// Of all values. What is better is in its name: of a time the smaller one, of things per second the larger one.
    pub unit: &'static str,
    pub lanes: Vec<Lane>,
}

/// What one contender reached, round by round.
#[derive(Debug, Clone)]
pub struct Lane {
    pub name: String,
    /// None where it didn't get there.
    pub rounds: Vec<Option<f64>>,
    /// What a reader has to know: why it wasn't measured, or in what it differs.
    pub note: String,
}

impl Lane {
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), rounds: vec![], note: String::new() }
    }

    #[must_use]
    pub fn noted(self, note: &str) -> Self {
        Self { note: note.to_owned(), ..self }
    }

    /// The next round's value, or why there is none. The first reason is kept: later ones mostly follow from it.
    pub fn take(&mut self, value: Result<f64, String>) {
        if let Err(reason) = &value
            && !self.note.contains("failed: ")
        {
            let gap = if self.note.is_empty() { "" } else { "; " };
            self.note = format!("{}{gap}failed: {reason}", self.note);
        }
        self.rounds.push(value.ok());
    }

    /// Whether it has neither a value nor a reason for having none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rounds.iter().all(Option::is_none) && !self.note.contains("failed: ")
    }

    fn median(&self) -> Option<f64> {
        let reached: Vec<f64> = self.rounds.iter().copied().flatten().collect();
        (!reached.is_empty()).then(|| median(reached))
    }

    /// The median of the rounds' ratios, of those rounds that both reached; nothing is a multiple of 0.
    fn ratio_to(&self, other: &Self) -> Option<f64> {
        let pairs = self.rounds.iter().zip(&other.rounds);
        let ratios: Vec<f64> =
            pairs.filter_map(|(one, other)| Some((*one)? / other.filter(|other| *other != 0.0)?)).collect();
        (!ratios.is_empty()).then(|| median(ratios))
    }
}

/// In which order the contenders take their turns in this round.
pub fn order(contenders: usize, round: usize) -> impl Iterator<Item = usize> {
    (0..contenders).map(move |turn| (turn + round) % contenders)
}

impl Race {
    #[must_use]
    pub fn new(figure: String, unit: &'static str, lanes: Vec<Lane>) -> Self {
        Self { figure, unit, lanes }
    }

    fn table(&self) -> String {
        let head = format!("{} [{}]", self.figure, self.unit);
        let mut table = format!(
            "{head:<58} {:>9} {:>9} {:>9} {:>8} {:>8}\n",
            "median", "least", "most", "x floor", "ours is"
        );
        for lane in &self.lanes {
            let reached = || lane.rounds.iter().copied().flatten();
            let least = reached().reduce(f64::min);
            let most = reached().reduce(f64::max);
            let to_floor = self.lanes.get(1).and_then(|floor| lane.ratio_to(floor));
            let ours = self.lanes.first().and_then(|ours| ours.ratio_to(lane));
            let missed = lane.rounds.iter().filter(|round| round.is_none()).count();
            let missed = if missed == 0 { String::new() } else { format!("not reached in {missed} rounds") };
            let notes = [lane.note.clone(), missed].into_iter().filter(|note| !note.is_empty());
            let _ = writeln!(
                table,
                "  {:<56} {:>9} {:>9} {:>9} {:>8} {:>8}  {}",
                lane.name,
                exactly(lane.median()),
                exactly(least),
                exactly(most),
                shown(to_floor, 2),
                shown(ours, 3),
                notes.collect::<Vec<_>>().join("; ")
            );
        }
        table
    }

    fn json(&self) -> Value {
        let lane = |lane: &Lane| {
            json!({
                "name": lane.name, "median": lane.median(), "rounds": lane.rounds, "note": lane.note,
                "to_floor": self.lanes.get(1).and_then(|floor| lane.ratio_to(floor)),
                "ours_to_it": self.lanes.first().and_then(|ours| ours.ratio_to(lane)),
            })
        };
        let lanes: Vec<Value> = self.lanes.iter().map(lane).collect();
        json!({ "figure": self.figure, "unit": self.unit, "lanes": lanes })
    }
}

/// Three digits of any value that isn't tiny.
fn exactly(value: Option<f64>) -> String {
    shown(value, if value.is_some_and(|value| value != 0.0 && value.abs() < 1.0) { 3 } else { 2 })
}

fn shown(value: Option<f64>, decimals: usize) -> String {
    value.map_or_else(|| "-".to_owned(), |value| format!("{value:.decimals$}"))
}

/// The races as tables, and where all rounds were written as JSON.
///
/// # Panics
/// When the file can't be written.
#[must_use]
pub fn report(bench: &str, races: &[Race]) -> String {
    let path = PathBuf::from("target/bench").join(format!("{bench}.json"));
    write_json(&path, &json!({ "bench": bench, "races": races.iter().map(Race::json).collect::<Vec<_>>() }));
    let tables: Vec<String> = races.iter().map(Race::table).collect();
    format!("{}\n{}", tables.join("\n"), legend(&path))
}

fn legend(path: &Path) -> String {
    format!(
        "x floor: this contender to the second line; ours is: the first line to this contender. Ratios are medians of \
         rounds. All rounds: {}",
        path.display()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lane(name: &str, rounds: &[Option<f64>]) -> Lane {
        Lane { rounds: rounds.to_vec(), ..Lane::new(name) }
    }

    #[test]
    fn each_contender_is_first_in_turn() {
        let firsts: Vec<_> = (0..3).map(|round| order(3, round).collect::<Vec<_>>()).collect();
        assert_eq!(firsts, [[0, 1, 2], [1, 2, 0], [2, 0, 1]]);
    }

    #[test]
    fn ratios_are_of_the_rounds_that_both_reached() {
        let ours = lane("ours", &[Some(10.0), Some(30.0), None, Some(8.0)]);
        let floor = lane("floor", &[Some(5.0), Some(10.0), Some(1.0), Some(2.0)]);
        assert_eq!(ours.ratio_to(&floor), Some(3.0));
        assert_eq!(ours.median(), Some(10.0));
        assert_eq!(lane("none", &[None, None]).ratio_to(&floor), None);
    }

    #[test]
    fn a_contender_that_failed_says_why() {
        let mut failing = lane("failing", &[]).noted("slow");
        failing.take(Err("a port is taken".into()));
        failing.take(Ok(3.0));
        failing.take(Err("as before".into()));
        assert_eq!(failing.rounds, [None, Some(3.0), None]);
        assert_eq!(failing.note, "slow; failed: a port is taken");
    }

    #[test]
    fn a_contender_that_is_missing_has_a_line_that_says_so() {
        let lanes = vec![
            lane("ours", &[Some(10.0)]),
            lane("floor", &[Some(5.0)]),
            lane("other", &[None]).noted("cannot be had"),
        ];
        let table = Race::new("start of 10".into(), "ms", lanes).table();
        let lines: Vec<Vec<&str>> = table.lines().map(|line| line.split_whitespace().collect()).collect();
        let wanted = [
            "start of 10 [ms] median least most x floor ours is",
            "ours 10.00 10.00 10.00 2.00 1.000",
            "floor 5.00 5.00 5.00 1.00 2.000",
            "other - - - - - cannot be had; not reached in 1 rounds",
        ];
        assert_eq!(lines, wanted.map(|line| line.split(' ').collect::<Vec<_>>()));
    }
}
