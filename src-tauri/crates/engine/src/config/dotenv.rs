//! Files of `KEY=VALUE` lines, as `env_file` names them.
//!
//! A line may begin with `export`. A value without quotes ends at ` #` or the end of the line; in single quotes all
//! stays as it is; in double quotes `\n`, `\r`, `\t`, `\"`, `\\` and `\$` mean what they mean elsewhere. A quoted
//! value may go over several lines. Nothing is expanded: what stands there is what the process gets.

mod scan;

use std::path::Path;

use kinfra_rpc::{ErrorCode, Place, Problem};

use scan::Scan;

/// The variables in the order of the file; of two with one name the later one counts.
///
/// # Errors
/// Every line that can't be read. No message shows a value, since such files are where secrets are kept.
pub fn parse(file: &Path, text: &str) -> Result<Vec<(String, String)>, Vec<Problem>> {
    let mut scan = Scan::new(text);
    let mut variables = Vec::new();
    let mut problems = Vec::new();
    while scan.skip_to_entry() {
        match scan.entry() {
            Ok(variable) => variables.push(variable),
            Err(fault) => {
                let place = Place { file: file.to_owned(), line: fault.line, column: fault.column };
                let problem = Problem::new(ErrorCode::ConfigSyntax, fault.message);
                problems.push(problem.hint("a line is `KEY=VALUE`, a comment begins with `#`").at(place));
                scan.skip_line();
            }
        }
    }
    if problems.is_empty() { Ok(variables) } else { Err(problems) }
}

/// Reads and parses such a file.
///
/// # Errors
/// `Io` when the file can't be read, else as `parse`.
pub fn read(file: &Path) -> Result<Vec<(String, String)>, Vec<Problem>> {
    let text = std::fs::read_to_string(file).map_err(|error| {
        let message = format!("can't read the env_file {}: {error}", file.display());
        vec![Problem::new(ErrorCode::Io, message).hint("create it, or take it out of `env_file`")]
    })?;
    parse(file, &text)
}

#[cfg(test)]
mod tests;
