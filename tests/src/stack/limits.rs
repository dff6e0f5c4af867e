//! What the system allows: KInfra's own limits are not its children's, and where there is nothing left, that is said.

use std::os::unix::process::CommandExt;

use crate::TestProject;

#[test]
fn a_service_gets_the_users_own_limit_of_descriptors_and_kinfra_the_hard_one() {
    let project = TestProject::new(
        "project: limits\nservices:\n  it: {run: ulimit -Sn; ulimit -Hn; sleep 600, port: none}\n",
    );
    // As a shell gives it to the whole of KInfra.
    let mut shell = std::process::Command::new("sh");
    let kinfra = project.command(&["up", "-d"]);
    shell
        .args(["-c", "ulimit -Sn 777 && exec \"$@\"", "sh"])
        .arg(kinfra.get_program())
        .args(kinfra.get_args());
    let variables = kinfra.get_envs().filter_map(|(name, value)| Some((name, value?)));
    let status = shell.envs(variables).current_dir(project.folder()).process_group(0).status().unwrap();
    assert!(status.success());
    let logs = project.succeed(&["logs", "it"]);
    let limits: Vec<u64> = logs.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    assert_eq!(limits[0], 777, "{logs}");
    for process in project.home.processes() {
        if !process.command.contains("kinfra") {
            continue;
        }
        let limits = std::fs::read_to_string(format!("/proc/{}/limits", process.pid)).unwrap();
        let files = limits.lines().find(|line| line.starts_with("Max open files")).unwrap();
        let numbers: Vec<&str> = files.split_whitespace().skip(3).take(2).collect();
        assert_eq!(numbers[0], numbers[1], "{} has {files}", process.command);
    }
}
