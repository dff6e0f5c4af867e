//! Measuring side by side: what is compared takes turns, so that whatever else the machine does meets both alike.

pub mod limits;
pub mod proc;
pub mod race;
pub mod tools;
#[allow(clippy::print_stderr)] // what keeps it from its work
pub mod warden;
pub mod watch;

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};

/// One thing that was measured, ours beside its floor, a pair per round.
#[derive(Debug, Clone)]
pub struct Comparison {
    pub name: &'static str,
    /// What the floor is.
    pub floor: &'static str,
    /// How many things are done in one measurement.
    pub count: u32,
    /// (ours, floor)
    pub rounds: Vec<(Duration, Duration)>,
}

impl Comparison {
    /// Measures both in turns; which of them comes first alternates too.
    #[must_use]
    pub fn measure(
        name: &'static str,
        floor: &'static str,
        rounds: usize,
        mut ours: impl FnMut() -> Duration,
        mut theirs: impl FnMut() -> Duration,
    ) -> Self {
        let round = |round: usize| {
            if round.is_multiple_of(2) {
                let ours = ours();
                (ours, theirs())
            } else {
                let theirs = theirs();
                (ours(), theirs)
            }
        };
        Self { name, floor, count: 1, rounds: (0..rounds).map(round).collect() }
    }

    /// Each measurement was of so many things, so their number per second says something.
    #[must_use]
    pub fn of(self, count: u32) -> Self {
        Self { count, ..self }
    }

    /// The medians in milliseconds, and the median of the rounds' ratios.
    fn medians(&self) -> (f64, f64, f64) {
        let of = |value: fn(&(Duration, Duration)) -> f64| median(self.rounds.iter().map(value).collect());
        (
            of(|(ours, _)| ours.as_secs_f64() * 1e3),
            of(|(_, floor)| floor.as_secs_f64() * 1e3),
            of(|(ours, floor)| ours.as_secs_f64() / floor.as_secs_f64()),
        )
    }
}

/// Of an even number, the upper one of the two in the middle.
#[must_use]
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// The comparisons as a table, and where all rounds were written as JSON.
///
/// # Panics
/// When the file can't be written.
#[must_use]
pub fn report(bench: &str, comparisons: &[Comparison]) -> String {
    let mut table = format!("{:<34} {:>10} {:>10} {:>7}  floor\n", bench, "KInfra", "floor", "ratio");
    for comparison in comparisons {
        let (ours, floor, ratio) = comparison.medians();
        let rate = match comparison.count {
            1 => String::new(),
            count => format!(" ({:.0} per second)", f64::from(count) / ours * 1e3),
        };
        let _ = writeln!(
            table,
            "{:<34} {ours:>7.1} ms {floor:>7.1} ms {ratio:>7.2}  {}{rate}",
            comparison.name, comparison.floor
        );
    }
    let path = PathBuf::from("target/bench").join(format!("{bench}.json"));
    let rows = comparisons.iter().map(|comparison| {
        let (ours, floor, ratio) = comparison.medians();
        let rounds = comparison.rounds.iter().map(|(ours, floor)| [ours.as_secs_f64() * 1e3, floor.as_secs_f64() * 1e3]);
        json!({
            "name": comparison.name, "count": comparison.count, "floor": comparison.floor, "ours_ms": ours, "floor_ms": floor, "ratio": ratio,
            "rounds_ms": rounds.collect::<Vec<_>>(),
        })
    });
    write_json(&path, &json!({ "bench": bench, "comparisons": rows.collect::<Vec<_>>() }));
    let _ = write!(
        table,
        "medians of {} rounds in turns; all of them: {}",
        rounds_of(comparisons),
        path.display()
    );
    table
}

fn write_json(path: &Path, document: &Value) {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(path, format!("{document:#}\n")))
        .unwrap_or_else(|error| panic!("cannot write {}: {error}", path.display()));
}

fn rounds_of(comparisons: &[Comparison]) -> usize {
    comparisons.iter().map(|comparison| comparison.rounds.len()).min().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_are_of_pairs() {
        let milliseconds = Duration::from_millis;
        let rounds = vec![(10, 5), (30, 10), (20, 20)];
        let rounds =
            rounds.into_iter().map(|(ours, floor)| (milliseconds(ours), milliseconds(floor))).collect();
        let comparison = Comparison { name: "it", floor: "nothing", count: 1, rounds };
        assert_eq!(comparison.medians(), (20.0, 10.0, 2.0));
    }
}
