use crate::config::settings::Signal;
use crate::schema::{Fields, OneOrMany, Placed, Record};

#[derive(Debug)]
pub(in crate::config) struct WatchFile {
    pub paths: Vec<Placed<String>>,
    pub ignore: Vec<Placed<String>>,
}

impl Record for WatchFile {
    const MEANING: &'static str = "Files and folders that are watched.";
    const ELSEWHERE: &'static [(&'static str, &'static str)] =
        &[("path", "paths"), ("include", "paths"), ("exclude", "ignore"), ("action", "on_change")];

    fn declare(fields: &mut Fields<'_>) -> Self {
        Self {
            paths: fields
                .optional("paths", "One path or a list of paths, relative to the service's folder. Default: all of it.")
                .map_or_else(Vec::new, |OneOrMany(paths)| paths),
            ignore: fields
                .optional(
                    "ignore",
                    "One pattern or a list of patterns of what is left out, written as in a `.gitignore` in the service's folder.",
                )
                .map_or_else(Vec::new, |OneOrMany(patterns)| patterns),
        }
    }
}

#[derive(Debug)]
pub(in crate::config) struct OnChangeFile {
    pub signal: Option<Signal>,
}

impl Record for OnChangeFile {
    const MEANING: &'static str = "A signal to the service's processes.";

    fn declare(fields: &mut Fields<'_>) -> Self {
        Self { signal: fields.required("signal", "The signal, such as `HUP`.", "HUP") }
    }
}
