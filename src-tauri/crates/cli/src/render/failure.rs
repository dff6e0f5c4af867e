use std::path::Path;

use kinfra_rpc::{Failure, Place, Problem};

use super::palette::{Colour, Palette};

/// `error: …` and `hint: …` for each problem; for what should not happen also where to read more.
pub fn failure(failure: &Failure, engine_log: &Path, palette: &Palette) -> String {
    let mut text: String = failure.problems.iter().map(|problem| describe(problem, *palette)).collect();
    let path = engine_log.display().to_string();
    if failure.problems.iter().any(|problem| problem.code.is_unexpected()) && !text.contains(&path) {
        text.push_str(&format!("  KInfra's own log: {path}\n"));
    }
    text
}

fn describe(problem: &Problem, palette: Palette) -> String {
    let place = match &problem.place {
        Some(Place { file, line, column }) => format!("{}:{line}:{column}: ", file.display()),
        None => String::new(),
    };
    let mut text = format!("{} {place}{}\n", palette.paint(Colour::Red, "error:"), problem.message);
    if let Some(hint) = &problem.hint {
        text.push_str(&format!("  {} {hint}\n", palette.paint(Colour::Bold, "hint:")));
    }
    text
}
