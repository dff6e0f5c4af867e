//! Who can reach what an engine opens.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use crate::{TestProject, wait_until};

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap_or_else(|error| panic!("{}: {error}", path.display())).permissions().mode()
        & 0o777
}

#[test]
fn sockets_and_folders_are_the_users_alone() {
    let shop = TestProject::example();
    shop.succeed(&["up", "-d"]);
    let home = shop.home.home();
    for socket in [home.control_socket(), home.keeper_socket()] {
        assert_eq!(mode(&socket), 0o600, "{}", socket.display());
    }
    // It is made with the first line of its log.
    let logs = home.node_logs("shop", "web");
    wait_until("a log", Duration::from_secs(30), || logs.exists());
    for folder in [&home.state, &home.runtime, &home.config, &logs] {
        assert_eq!(mode(folder), 0o700, "{}", folder.display());
    }
    assert_eq!(mode(&home.engine_log()), 0o600);
}

#[test]
fn nothing_listens_but_on_loopback() {
    let shop = TestProject::example();
    shop.succeed(&["up", "-d"]);
    let inodes: Vec<String> = shop.home.processes().iter().flat_map(|process| sockets(process.pid)).collect();
    let mut seen = 0;
    for table in ["/proc/net/tcp", "/proc/net/tcp6"] {
        let text = fs::read_to_string(table).unwrap_or_default();
        for line in text.lines().skip(1) {
            let fields: Vec<&str> = line.split_whitespace().collect();
            if fields[3] == "0A" && inodes.iter().any(|inode| inode == fields[9]) {
                seen += 1;
                assert!(fields[1].starts_with("0100007F:"), "listens on {}", fields[1]);
            }
        }
    }
    assert_eq!(seen, 4, "three services and the proxy");
}

/// The inodes of a process' sockets.
fn sockets(pid: u32) -> Vec<String> {
    let Ok(entries) = fs::read_dir(format!("/proc/{pid}/fd")) else { return vec![] };
    let links = entries.filter_map(|entry| fs::read_link(entry.ok()?.path()).ok());
    links
        .filter_map(|link| Some(link.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.to_owned()))
        .collect()
}

#[test]
fn nonsense_on_the_control_socket_gets_an_answer_and_harms_nothing() {
    let shop = TestProject::example();
    shop.succeed(&["up", "-d"]);
    let mut stream = UnixStream::connect(shop.home.home().control_socket()).unwrap();
    let mut answers = BufReader::new(stream.try_clone().unwrap()).lines();
    for nonsense in ["{", "{\"id\": 7, \"request\": {\"command\": \"stack.destroy\"}}", "\u{0}\u{1}"] {
        stream.write_all(format!("{nonsense}\n").as_bytes()).unwrap();
        let answer = answers.next().unwrap().unwrap();
        assert!(answer.contains("invalid_request"), "{nonsense}: {answer}");
    }
    assert_eq!(shop.kinfra(&["status"]).code, Some(0));
}

#[test]
fn services_see_nothing_of_kinfras_own_but_their_run() {
    let project = TestProject::new(
        "project: curious\nservices:\n  it:\n    run: env; exec MISBEHAVE serve\n    env:\n      GREETING: hello from ${project.name}\n",
    );
    project.succeed(&["up", "-d"]);
    let printed = project.succeed(&["logs", "it"]);
    let own: Vec<&str> = printed.lines().filter(|line| line.contains("KINFRA_")).collect();
    assert!(own.len() == 1 && own[0].contains("KINFRA_RUN="), "{own:#?}");
    assert!(printed.contains("GREETING=hello from curious"), "{printed}");
    assert!(printed.contains(&format!("PORT={}", project.node("it").port.unwrap())), "{printed}");
}
