use kinfra_rpc::{EnvironmentLayer, EnvironmentVariable};

use super::palette::{Colour, Palette};
use super::table::{Cell, shorten, table};

const LONGEST_VALUE: usize = 72;

/// The answer to `kinfra env`.
pub fn environment(variables: &[EnvironmentVariable], palette: Palette) -> String {
    if variables.is_empty() {
        return "Nothing but what KInfra itself was started with; --all shows that.\n".to_owned();
    }
    let mut rows = vec![vec![Cell::heading("NAME"), Cell::heading("VALUE"), Cell::heading("FROM")]];
    rows.extend(variables.iter().map(|variable| {
        vec![
            Cell::new(&variable.name),
            Cell::new(shorten(&variable.value.escape_debug().to_string(), LONGEST_VALUE)),
            Cell::painted(origin(variable), Colour::Grey),
        ]
    }));
    table(&rows, palette)
}

fn origin(variable: &EnvironmentVariable) -> String {
    let file = variable.file.as_ref().map_or_else(String::new, |file| file.display().to_string());
    let own = match variable.layer {
        EnvironmentLayer::ProjectFile | EnvironmentLayer::ServiceFile => file,
        layer => word(layer).to_owned(),
    };
    if variable.shadows.is_empty() {
        return own;
    }
    let below: Vec<&str> = variable.shadows.iter().rev().map(|layer| word(*layer)).collect();
    format!("{own}, over that of {}", below.join(", "))
}

const fn word(layer: EnvironmentLayer) -> &'static str {
    match layer {
        EnvironmentLayer::System => "the system",
        EnvironmentLayer::Settings => "your settings",
        EnvironmentLayer::ProjectFile => "a file of the project",
        EnvironmentLayer::Project => "the project's env",
        EnvironmentLayer::ServiceFile => "a file of the service",
        EnvironmentLayer::Dependency => "what it depends on",
        EnvironmentLayer::Service => "the service's env",
        EnvironmentLayer::Ports => "its ports",
    }
}
