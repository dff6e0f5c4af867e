use std::net::TcpListener;
use std::process::Output;

use super::cloudflared::command;
use super::{Cloudflare, random};
use crate::TestHome;

/// The exit code, stdout and stderr.
fn run(home: &TestHome, arguments: &[&str], variables: &[(&str, &str)]) -> (Option<i32>, String, String) {
    let mut command = command(home);
    let output: Output = command.args(arguments).envs(variables.iter().copied()).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

fn validate(config: &str) -> (Option<i32>, String, String) {
    let home = TestHome::new();
    let file = home.path().join("c.yml");
    std::fs::write(&file, config).unwrap();
    run(&home, &["tunnel", "--config", file.to_str().unwrap(), "ingress", "validate"], &[])
}

#[test]
fn it_tells_its_version() {
    let home = TestHome::new();
    let long = "cloudflared version 2026.8.2 (built 2026-08-14-00:00 UTC)\n";
    assert_eq!(run(&home, &["--version"], &[]), (Some(0), long.to_owned(), String::new()));
    assert_eq!(run(&home, &["version", "--short"], &[]).1, "2026.8.2\n");
}

#[test]
fn a_valid_file_is_ok_and_an_unknown_key_is_told_of() {
    let valid = "ingress:\n- hostname: a.example.com\n  path: ^/api\n  service: unix:/run/x.sock\n- service: http_status:404\n";
    let (code, stdout, stderr) = validate(valid);
    assert!(stdout.starts_with("Validating rules from /") && stdout.ends_with("c.yml\nOK\n"), "{stdout}");
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    let (code, stdout, _) = validate(&format!("{valid}originrequest: {{}}\n"));
    assert!(
        stdout.contains("Warning: unused keys detected in your config file.") && stdout.ends_with("OK\n")
    );
    assert_eq!(code, Some(0));
}

#[test]
fn a_bad_file_is_told_on_stderr() {
    for (config, wanted) in [
        (
            "ingress:\n- hostname: a\n  service: http://x:1\n",
            "Validation failed: The last ingress rule must match all",
        ),
        ("a: 1\n", "Validation failed: The config file doesn't contain any ingress rules"),
        ("ingress: [\n", "Validation failed: error parsing YAML in config file at "),
    ] {
        let (code, _, stderr) = validate(config);
        assert!(stderr.starts_with(wanted), "{stderr}");
        assert_eq!(code, Some(1));
    }
    let home = TestHome::new();
    let (code, _, stderr) = run(&home, &["tunnel", "--config", "/nowhere", "ingress", "validate"], &[]);
    assert_eq!(
        (code, stderr.as_str()),
        (Some(1), "Validation failed: open /nowhere: no such file or directory\n")
    );
}

#[test]
fn the_rule_that_a_url_meets_is_shown() {
    let home = TestHome::new();
    let file = home.path().join("c.yml");
    let config = "ingress:\n- hostname: a.example.com\n  path: ^/api\n  service: http://x:1\n- service: http_status:404\n";
    std::fs::write(&file, config).unwrap();
    let rule = |url| run(&home, &["tunnel", "--config", file.to_str().unwrap(), "ingress", "rule", url], &[]);
    let (code, stdout, _) = rule("https://a.example.com/api/x");
    assert!(
        stdout
            .ends_with("Matched rule #0\n\thostname: a.example.com\n\tpath: ^/api\n\tservice: http://x:1\n"),
        "{stdout}"
    );
    assert_eq!(code, Some(0));
    assert!(rule("https://b.example.com/").1.contains("Matched rule #1\n"));
    let (code, _, stderr) = rule("a.example.com");
    assert_eq!(
        (code, stderr.as_str()),
        (Some(1), "a.example.com doesn't have a hostname, consider adding a scheme\n")
    );
}

#[test]
fn a_wrong_flag_is_no_failure() {
    let home = TestHome::new();
    for arguments in [vec!["tunnel", "--nonsense", "run"], vec!["tunnel", "run", "--metrics", "127.0.0.1:0"]]
    {
        let (code, stdout, stderr) = run(&home, &arguments, &[]);
        assert!(stdout.starts_with("Incorrect Usage. flag provided but not defined: -"), "{stdout}");
        assert_eq!((code, stderr.as_str()), (Some(0), ""));
    }
}

#[test]
fn what_can_not_be_run_is_told_by_the_exit_code() {
    let home = TestHome::new();
    let uuid = random::uuid();
    for (arguments, wanted, said) in [
        (vec!["--token", "nonsense"], 255, "Provided Tunnel token is not valid."),
        (
            vec!["--token-file", "/nowhere"],
            255,
            "Failed to read token file: open /nowhere: no such file or directory",
        ),
        (vec![], 255, "\"cloudflared tunnel run\" requires the ID or name of the tunnel"),
        (vec!["name"], 1, "error parsing tunnel ID: Error locating origin cert: "),
        (vec![uuid.as_str()], 1, "tunnel credentials file not found"),
    ] {
        let (code, stdout, stderr) = run(&home, &[&["tunnel", "run"], &arguments[..]].concat(), &[]);
        assert!(stderr.starts_with(said), "{stderr}");
        assert_eq!((code, stdout.as_str()), (Some(wanted), ""), "{arguments:?}");
    }
    let (code, ..) = run(&home, &["tunnel", "run"], &[("TUNNEL_TOKEN", "nonsense")]);
    assert_eq!(code, Some(255));
}

#[test]
fn what_can_not_be_begun_is_the_last_line_and_no_json() {
    let cloudflare = Cloudflare::start();
    let token = cloudflare.state().add_tunnel("x").token();
    let home = TestHome::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    let edge = cloudflare.edge();
    for (arguments, said) in [
        (vec!["--edge", &edge, "--metrics", &taken], "Error opening metrics server listener: "),
        (vec!["--edge", &edge, "--protocol", "carrier-pigeon"], "Unknown protocol carrier-pigeon"),
        (vec!["--edge", &edge, "--grace-period", "4m"], "grace-period must be equal or less than 3m0s"),
        (vec!["--edge", &edge, "--cacert", "/nowhere"], "unable to create TLS config: open /nowhere"),
        (vec![], "Could not lookup srv records on _v2-origintunneld._tcp.argotunnel.com"),
    ] {
        let arguments =
            [&["tunnel", "--config", "/dev/null", "--output", "json"], &arguments[..], &["run"]].concat();
        let (code, _, stderr) = run(&home, &arguments, &[("TUNNEL_TOKEN", &token)]);
        assert!(stderr.lines().last().is_some_and(|line| line.starts_with(said)), "{stderr}");
        assert_eq!(code, Some(1));
    }
}

#[test]
fn whether_one_is_ready_is_told_by_the_exit_code() {
    let stage = super::stage::Stage::new();
    let cloudflared = stage.ready(&[]);
    let ask = |address: &str| run(&stage.home, &["tunnel", "--metrics", address, "ready"], &[]);
    assert_eq!(ask(&format!("127.0.0.1:{}", cloudflared.metrics())), (Some(0), String::new(), String::new()));
    assert_eq!(ask("127.0.0.1:1").0, Some(1));
}

#[test]
fn a_token_comes_by_flag_file_or_variable() {
    let stage = super::stage::Stage::new();
    let token = stage.tunnel.token();
    let file = stage.home.path().join("token");
    std::fs::write(&file, format!("{token}\n")).unwrap();
    let file = file.to_str().unwrap();
    let edge = stage.cloudflare.edge();
    for (arguments, variable, value) in [
        (vec!["--token", &token], "UNUSED", ""),
        (vec!["--token-file", file], "UNUSED", ""),
        (vec![], "TUNNEL_TOKEN_FILE", file),
        (vec![], "TUNNEL_TOKEN", &token),
    ] {
        let mut command = command(&stage.home);
        command.args(["tunnel", "--output", "json", "--metrics", "127.0.0.1:0", "--ha-connections", "1"]);
        command.args(["--edge", &edge, "run"]).args(arguments).env(variable, value);
        super::cloudflared::Cloudflared::start(&mut command).wait_ready(1);
    }
}
