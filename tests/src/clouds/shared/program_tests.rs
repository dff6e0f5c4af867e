use std::io::{BufRead, BufReader};
use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::TestHome;
use crate::http;

#[test]
fn the_program_says_where_it_is_takes_orders_and_ends_when_told() {
    let home = TestHome::new();
    for name in ["neon", "supabase"] {
        let mut child = home.command("fake-cloud").arg(name).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let told: Value = serde_json::from_str(&line).unwrap();
        let admin = told["admin"].as_str().unwrap().trim_end_matches("/-/");
        assert!(told["url"].as_str().unwrap().starts_with(admin) && told["token"].is_string());
        let port = admin.rsplit(':').next().unwrap().parse().unwrap();
        let state = http::get(port, "localhost", "/-/state", "*/*").unwrap();
        let state: Value = serde_json::from_str(&state.body).unwrap();
        assert_eq!(state["cloud"]["projects"][0]["name"], "shop", "{state}");
        let order = r#"{"path": "/**", "do": "status", "status": 503}"#;
        assert_eq!(http::post(port, "localhost", "/-/fault", "", order).unwrap().status, 200);
        assert_eq!(http::get(port, "localhost", "/api/v2/projects", "*/*").unwrap().status, 503);
        assert_eq!(http::get(port, "localhost", "/api/v2/projects", "*/*").unwrap().status, 401);
        kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
        assert!(child.wait().unwrap().success());
    }
}
