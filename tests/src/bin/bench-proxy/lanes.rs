//! Several figures of one measurement, each a race of its own.

use kinfra_tests::bench::race::{Lane, Race, order};

use crate::arguments::Arguments;
use crate::tools::Tool;

/// What one measurement gave: a value for each figure, None where a tool has none.
pub struct Measured {
    pub values: Vec<Option<f64>>,
    /// What went wrong in it.
    pub wrong: Option<String>,
}

/// Has all tools measured in turns.
pub fn alternate(
    what: &str,
    figures: &[(&str, &'static str)],
    arguments: &Arguments,
    mut measure: impl FnMut(Tool) -> Result<Measured, String>,
) -> Vec<Race> {
    let tools = &arguments.tools;
    let mut races: Vec<Race> = figures
        .iter()
        .map(|(figure, unit)| {
            let lanes = tools.iter().map(|tool| tool.lane()).collect();
            Race::new(format!("{what}: {figure}"), unit, lanes)
        })
        .collect();
    for round in 0..arguments.rounds {
        for index in order(tools.len(), round) {
            let measured = measure(tools[index]);
            let values = match &measured {
                Ok(measured) => format!(
                    "{:.3?} {}",
                    measured.values.iter().flatten().collect::<Vec<_>>(),
                    measured.wrong.as_deref().unwrap_or_default()
                ),
                Err(error) => error.clone(),
            };
            eprintln!("{what}, round {round}: {}: {values}", tools[index].word());
            take(&mut races, index, measured);
        }
    }
    for race in &mut races {
        race.lanes.retain(|lane: &Lane| !lane.is_empty());
    }
    races
}

fn take(races: &mut [Race], index: usize, measured: Result<Measured, String>) {
    match measured {
        Ok(Measured { values, wrong }) => {
            for (race, value) in races.iter_mut().zip(values) {
                let lane = &mut race.lanes[index];
                lane.rounds.push(value);
                if let Some(wrong) = &wrong {
                    lane.note = format!("{}; {wrong}", lane.note);
                }
            }
        }
        // Once is enough for a reason.
        Err(error) => races.iter_mut().enumerate().for_each(|(number, race)| {
            let reason = if number == 0 { error.clone() } else { "see above".to_owned() };
            race.lanes[index].take(Err(reason));
        }),
    }
}
