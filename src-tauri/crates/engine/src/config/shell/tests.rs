use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use proptest::prelude::*;

use super::shell_line;
use crate::config::{Reference, Run};

const SIMPLE: &[&str] = &[
    "show-pid",
    "  show-pid  ",
    "./show-pid",
    "show-pid --port $PORT --host=${HOST} 'a;b' \"c && d\"",
    "show-pid a\\;b \\& 'it is' \"so \\\" it is\"",
    "show-pid x 2>/dev/null",
    "show-pid x 2>&1 </dev/null",
    "show-pid *.none a#b",
    "show-pid \\\n  --next-line",
    "show-pid 'two\nlines'",
];

const NOT_SIMPLE: &[&str] = &[
    "",
    "show-pid; show-pid",
    "show-pid && show-pid",
    "show-pid || true",
    "show-pid | cat",
    "show-pid & wait",
    "true\nshow-pid",
    "FOO=1 show-pid",
    "FOO=1",
    "cd . && show-pid",
    "cd .",
    "export A=b",
    "exec show-pid",
    "echo a",
    "if true; then show-pid; fi",
    "{ show-pid; }",
    "(show-pid)",
    "! show-pid",
    "time show-pid",
    "$PROGRAM a",
    "\"show-pid\" a",
    "'show-pid'",
    ">out show-pid",
    "show-pid $(date)",
    "show-pid `date`",
    "show-pid \"$(echo \"a;b\")\"",
    "show-pid ${X:-\"a\"}",
    "show-pid # it's a comment",
    "show-pid 'open",
    "show-pid \\",
    "show-pid <<END",
    "show-pid &>out",
    "-x",
];

/// A program that prints its pid, in a folder that is in the PATH.
fn program(folder: &Path) {
    let path = folder.join("show-pid");
    std::fs::write(&path, "#!/bin/sh\necho $$\n").unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// Runs a line in a folder, with the programs of another.
fn run(work: &Path, programs: &Path, line: &str) -> (u32, String) {
    let child = Command::new("/bin/sh")
        .args(["-c", line])
        .current_dir(work)
        .env("PATH", format!("{}:/usr/bin:/bin", programs.display()))
        .env("PROGRAM", "show-pid")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let pid = child.id();
    let output = child.wait_with_output().unwrap();
    (pid, String::from_utf8(output.stdout).unwrap())
}

#[test]
fn a_simple_command_has_the_pid_of_its_shell() {
    let folder = tempfile::tempdir().unwrap();
    program(folder.path());
    for text in SIMPLE {
        let line = shell_line(text);
        assert!(line.starts_with("exec "), "{text:?} is one simple command");
        let (pid, output) = run(folder.path(), folder.path(), &line);
        assert_eq!(output.trim(), pid.to_string(), "{line:?}");
    }
}

#[test]
fn everything_else_reaches_the_shell_unchanged() {
    for text in NOT_SIMPLE {
        assert_eq!(shell_line(text), *text);
    }
}

#[test]
fn a_command_is_resolved_before_it_is_judged() {
    let lookup = |reference: &Reference| Ok(reference.to_string().len().to_string());
    let shell = Run::Shell("serve --api ${services.api.port} $PORT".into());
    assert_eq!(shell.resolve(&lookup).unwrap(), ["/bin/sh", "-c", "exec serve --api 20 $PORT"]);
    let program = Run::Program(vec!["serve".into(), "${project.name}; $PORT".into()]);
    assert_eq!(program.resolve(&lookup).unwrap(), ["serve", "15; $PORT"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever the words are: with `exec` the shell says what it says without.
    #[test]
    fn exec_changes_no_output(tail in r"( |a|\*|'|\x22|\\|;|&|\||>|<|1|#|\$|\{|\}|\(|\)|X){0,12}") {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("show-words");
        std::fs::write(&path, "#!/bin/sh\nfor word; do echo \"<$word>\"; done\n").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        let text = format!("show-words {tail}");
        let line = shell_line(&text);
        // `$$` is the shell's pid, another one each time.
        if !line.starts_with("exec ") || text.contains("$$") {
            return Ok(());
        }
        // Each in a folder of its own: it may make files, which the other would see.
        let said = |line: &str| run(tempfile::tempdir().unwrap().path(), folder.path(), line).1;
        prop_assert_eq!(said(&line), said(&text));
    }
}
