use std::sync::Arc;
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value as Json, json};
use tokio::time::Instant;

use super::super::super::cloud::Cloud;
use super::super::super::cloud::tests::{Fake, Kind, Said};
use super::super::settings::NeonSettings;
use super::super::vendor::Neon;
use super::super::{ABOUT, TYPE};
use crate::resource_manager::remote::{Call, Rate, Transport};
use crate::resource_manager::{Adapter, Given};
use crate::schema::Fields;

/// A compute, as it is at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Compute {
    Idle,
    Starting(Instant),
    Active,
    Suspending(Instant),
}

#[derive(Debug, Clone)]
struct Branch {
    nth: u32,
    name: String,
    /// None: it has none.
    compute: Option<Compute>,
    resets: u32,
}

/// A project with its default branch, `main`, and one more, `preview`.
#[derive(Debug, Clone)]
pub(super) struct FakeNeon {
    branches: Vec<Branch>,
    made: u32,
}

const TAKES: Duration = Duration::from_secs(3);

impl FakeNeon {
    fn add(&mut self, name: &str) {
        self.made += 1;
        let compute = Some(Compute::Idle);
        self.branches.push(Branch { nth: self.made, name: name.to_owned(), compute, resets: 0 });
    }

    fn settle(&mut self, now: Instant) {
        for compute in self.branches.iter_mut().filter_map(|branch| branch.compute.as_mut()) {
            match *compute {
                Compute::Starting(until) if until <= now => *compute = Compute::Active,
                Compute::Suspending(until) if until <= now => *compute = Compute::Idle,
                _ => {}
            }
        }
    }

    fn numbered(&mut self, id: &str) -> Option<&mut Branch> {
        let nth: u32 = id.trim_start_matches(char::is_alphabetic).trim_start_matches('-').parse().ok()?;
        self.branches.iter_mut().find(|branch| branch.nth == nth)
    }

    fn create(&mut self, body: &Json) -> Said {
        let name = body.pointer("/branch/name").and_then(Json::as_str).unwrap().to_owned();
        self.add(&name);
        let kind = if name.starts_with("kinfra-") { Kind::Own } else { Kind::Make };
        Said::new(201, json!({})).did(kind, format!("create {name}"))
    }
}

fn branch_json(branch: &Branch) -> Json {
    let is_main = branch.name == "main";
    let parent = (!is_main).then_some("br-1");
    json!({
        "id": format!("br-{}", branch.nth), "name": branch.name, "default": is_main, "protected": false,
        "current_state": "ready", "parent_id": parent, "last_reset_at": branch.resets.to_string(),
    })
}

fn compute_json(branch: &Branch, compute: Compute) -> Json {
    let (state, pending) = match compute {
        Compute::Idle => ("idle", None),
        Compute::Starting(_) => ("idle", Some("active")),
        Compute::Active => ("active", None),
        Compute::Suspending(_) => ("active", Some("idle")),
    };
    json!({
        "id": format!("ep-{}", branch.nth), "branch_id": format!("br-{}", branch.nth), "type": "read_write",
        "current_state": state, "pending_state": pending, "disabled": false,
    })
}

impl Fake for FakeNeon {
    type Settings = NeonSettings;

    const SETTINGS: &'static [&'static str] = &[
        "{ token: '${secret:api}', project: p-1 }",
        "{ token: '${secret:api}', project: p-1, branch: instance }",
        "{ token: '${secret:api}', project: p-1, branch: instance, from: preview, on_stop: leave }",
        "{ token: '${secret:api}', project: p-1, branch: preview, on_stop: pause }",
    ];

    fn new() -> Self {
        let mut neon = Self { branches: vec![], made: 0 };
        neon.add("main");
        neon.add("preview");
        neon
    }

    fn rate() -> Rate {
        ABOUT.rate
    }

    fn declare(fields: &mut Fields<'_>) -> NeonSettings {
        NeonSettings::declare(fields)
    }

    fn adapter(
        settings: &NeonSettings,
        given: &Given<'_>,
        transport: Box<dyn Transport>,
    ) -> Arc<dyn Adapter> {
        let (client, base) = settings.account.client_over(given, |_, _| Ok(transport)).unwrap();
        let neon = Neon::new(settings, given, client, base).unwrap();
        Cloud::new(neon, given, TYPE.capabilities, settings.on_stop())
    }

    fn answer(&mut self, call: &Call, now: Instant) -> Said {
        self.settle(now);
        let path = call.url.path().trim_start_matches("/api/v2/").to_owned();
        let parts: Vec<&str> = path.split('/').collect();
        let body: Json =
            call.body.as_ref().map_or(Json::Null, |(_, body)| serde_json::from_slice(body).unwrap());
        let missing = || Said::refused(404, "not found");
        let is_post = call.method == Method::POST;
        match &parts[..] {
            ["users", "me"] => Said::new(200, json!({ "email": "ada@example.com", "login": "ada" })),
            ["projects", "p-1"] => {
                let project = json!({ "name": "shop", "region_id": "aws-eu-central-1", "pg_version": 17 });
                Said::new(200, json!({ "project": project }))
            }
            ["projects", _, "branches"] if is_post => self.create(&body),
            ["projects", _, "branches"] => {
                let list: Vec<Json> = self.branches.iter().map(branch_json).collect();
                Said::new(200, json!({ "branches": list }))
            }
            ["projects", _, "operations"] => Said::new(200, json!({ "operations": [] })),
            ["projects", _, "connection_uri"] => {
                Said::new(200, json!({ "uri": "postgresql://owner:pw@ep-1.neon.tech/shop" }))
            }
            ["projects", _, "endpoints"] => {
                let id = body.pointer("/endpoint/branch_id").and_then(Json::as_str).unwrap();
                let Some(branch) = self.numbered(id) else { return missing() };
                if branch.compute.is_some() {
                    return Said::refused(409, "there is one");
                }
                branch.compute = Some(Compute::Idle);
                let kind = if branch.name.starts_with("kinfra-") { Kind::Own } else { Kind::Make };
                Said::new(201, json!({})).did(kind, format!("create a compute of {id}"))
            }
            ["projects", _, "endpoints", id, "start"] => {
                let Some(Branch { compute: Some(compute), .. }) = self.numbered(id) else { return missing() };
                if *compute != Compute::Idle {
                    return Said::new(200, json!({}));
                }
                *compute = Compute::Starting(now + TAKES);
                Said::new(200, json!({})).did(Kind::Up, format!("start {id}"))
            }
            ["projects", _, "endpoints", id, "suspend"] => {
                let Some(Branch { compute: Some(compute), .. }) = self.numbered(id) else { return missing() };
                if matches!(compute, Compute::Idle | Compute::Suspending(_)) {
                    return Said::new(200, json!({}));
                }
                *compute = Compute::Suspending(now + TAKES);
                Said::new(200, json!({})).did(Kind::Down, format!("suspend {id}"))
            }
            ["projects", _, "branches", id, "endpoints"] => {
                let Some(branch) = self.numbered(id) else { return missing() };
                let list: Vec<Json> =
                    branch.compute.iter().map(|compute| compute_json(branch, *compute)).collect();
                Said::new(200, json!({ "endpoints": list }))
            }
            ["projects", _, "branches", _, "databases"] => {
                Said::new(200, json!({ "databases": [{ "name": "shop", "owner_name": "owner" }] }))
            }
            ["projects", _, "branches", id, "restore"] => {
                let Some(branch) = self.numbered(id) else { return missing() };
                branch.resets += 1;
                Said::new(200, json!({})).did(Kind::Take, format!("reset {id}"))
            }
            ["projects", _, "branches", id] if call.method == Method::DELETE => {
                let Some(nth) = self.numbered(id).map(|branch| branch.nth) else { return missing() };
                self.branches.retain(|branch| branch.nth != nth);
                Said::new(200, json!({})).did(Kind::Take, format!("delete {id}"))
            }
            _ => panic!("{} {}", call.method, call.url),
        }
    }

    fn happen(&mut self, nth: u8, now: Instant) {
        self.settle(now);
        match nth % 4 {
            // Unused for a while.
            0 => self.branches.iter_mut().for_each(|branch| {
                branch.compute = branch.compute.map(|_| Compute::Idle);
            }),
            // Used by somebody.
            1 => self.branches.iter_mut().for_each(|branch| {
                branch.compute = branch.compute.map(|_| Compute::Active);
            }),
            2 => self.branches.retain(|branch| !branch.name.starts_with("kinfra-")),
            _ => {
                let mut own = self.branches.iter_mut().filter(|branch| branch.name.starts_with("kinfra-"));
                own.by_ref().for_each(|branch| branch.compute = None);
            }
        }
    }

    fn mend(&mut self) {
        if !self.branches.iter().any(|branch| branch.name == "preview") {
            self.add("preview");
        }
    }

    fn broken(&self) -> Option<String> {
        let mut names: Vec<&str> = self.branches.iter().map(|branch| &*branch.name).collect();
        names.sort_unstable();
        let twice = names.windows(2).find(|pair| pair[0] == pair[1]);
        let has_main = names.contains(&"main");
        twice
            .map(|pair| format!("{} is there twice", pair[0]))
            .or((!has_main).then(|| "main is gone".to_owned()))
    }
}
