/// Those that KInfra brings along, by name: the text of each.
const BUILTIN: &[(&str, &str)] = &[("postgres", include_str!("builtin/postgres.yaml"))];

/// The text of a template, and its names.
pub fn builtin() -> impl Iterator<Item = (&'static str, &'static str)> {
    BUILTIN.iter().copied()
}
