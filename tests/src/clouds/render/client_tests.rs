use std::process::Command;

use serde_json::{Value, json};

use super::{Render, Service};
use crate::clouds::FakeCloud;
use crate::tools::{Tool, devservers, fixtures, have};

/// The client makes its objects of answers, and fails where one lacks what is promised or says what is not foreseen.
#[test]
fn the_official_client_takes_it_for_render() {
    let test = "the_official_client_takes_it_for_render";
    if !have(test, &[Tool::PythonPackages, Tool::PythonClients]) {
        return;
    }
    let cloud = FakeCloud::<Render>::start();
    {
        let mut state = cloud.state();
        let (now, workspace) = (state.clock.now(), state.vendor.workspaces[0].id.clone());
        for (kind, name) in [("static_site", "site"), ("private_service", "inner")] {
            state.vendor.services.push(Service::new(kind, name, &workspace, now));
        }
    }
    let mut command = Command::new(devservers().join("python/bin/python"));
    command.arg(fixtures().join("clouds/use_render.py")).env("PYTHONPATH", devservers().join("clients"));
    command.arg(json!({"url": cloud.url(), "token": cloud.token()}).to_string());
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        found,
        json!({
            "user": "ada@example.com", "owners": ["team", "user"], "url": "https://api.onrender.com",
            "kinds": {
                "static_site": "StaticSiteDetails", "private_service": "PrivateServiceDetails",
                "cron_job": "CronJobDetails", "web_service": "WebServiceDetails",
                "background_worker": "BackgroundWorkerDetails",
            },
            "made": [201, "created", "api"], "live": ["live", true], "after": 0, "canceled": [201, "canceled", 400],
            "suspended": [202, 202], "refused": [[401, "Error"], [404, "Error"]],
        })
    );
}
