//! What a program is called.

use std::fs;

use kinfra_keeper::platform::program_of;

/// The kernel keeps this many bytes of a program's name.
const KEPT: usize = 15;

/// The name that a person knows the program by.
pub fn program_name(pid: u32, command: Option<&str>) -> Option<String> {
    let file = fs::read_link(format!("/proc/{pid}/exe")).ok();
    let file = file.as_ref().and_then(|path| path.file_name()).map(|name| name.to_string_lossy());
    Some(choose(&program_of(pid)?, file.as_deref(), command.unwrap_or_default()))
}

/// The kernel's name, which for a script is the script's, where the file or the command line bears it out. Otherwise
/// it is one that the main thread gave itself (`MainThread` of Node.js 24), and the file's name says more.
fn choose(kernels: &str, file: Option<&str>, command: &str) -> String {
    let Some(file) = file else { return kernels.to_owned() };
    // Interpreter, option, script; or what the program wrote over all of it.
    let words = command.split(' ').take(3).map(|word| word.rsplit('/').next().unwrap_or(word));
    let mut known = [file].into_iter().chain(words).chain([command]);
    match known.find(|name| name.starts_with(kernels)) {
        Some(whole) if kernels.len() == KEPT && !whole.contains(' ') => whole.to_owned(),
        Some(_) => kernels.to_owned(),
        None => file.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_called_what_people_call_it() {
        let cases = [
            ("node", Some("node"), "node server.js", "node"),
            ("MainThread", Some("node"), "node server.js", "node"),
            ("python3", Some("python3.11"), "python3 -m http.server", "python3"),
            ("gunicorn", Some("python3.11"), "/usr/bin/python3 /srv/venv/bin/gunicorn app", "gunicorn"),
            ("serve", Some("dash"), "/bin/sh -e ./serve", "serve"),
            ("npm run dev", Some("node"), "npm run dev", "npm run dev"),
            ("com.docker.back", Some("com.docker.backend"), "com.docker.backend run", "com.docker.backend"),
            ("postgres", None, "", "postgres"),
        ];
        for (kernels, file, command, expected) in cases {
            assert_eq!(choose(kernels, file, command), expected, "{kernels}, {file:?}, {command}");
        }
    }
}
