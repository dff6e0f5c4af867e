use std::sync::Arc;
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value as Json, json};
use tokio::time::Instant;

use super::super::super::cloud::Cloud;
use super::super::super::cloud::tests::{Fake, Kind, Said};
use super::super::settings::SupabaseSettings;
use super::super::vendor::Supabase;
use super::super::{ABOUT, TYPE};
use crate::resource_manager::remote::{Call, Rate, Transport};
use crate::resource_manager::{Adapter, Given};
use crate::schema::Fields;

#[derive(Debug, Clone)]
struct Project {
    reference: String,
    status: &'static str,
    becomes: Vec<(Instant, &'static str)>,
    /// Of the branch that it is.
    branch: Option<Branch>,
}

#[derive(Debug, Clone)]
struct Branch {
    name: String,
    status: &'static str,
    becomes: Vec<(Instant, &'static str)>,
    resets: u32,
}

/// A project, `shop`, with its default branch and one more, `preview`.
#[derive(Debug, Clone)]
pub(super) struct FakeSupabase {
    projects: Vec<Project>,
    made: u32,
    /// The list tells how the projects of the branches are, as it need not.
    tells_projects: bool,
}

const MINUTE: Duration = Duration::from_secs(60);
const ACTIVE: &str = "ACTIVE_HEALTHY";

impl FakeSupabase {
    fn add(&mut self, name: &str, now: Option<Instant>) {
        self.made += 1;
        let reference = if name == "main" { "shop".to_owned() } else { format!("behind{}", self.made) };
        let later = |times: u32, word| now.map(|now| (now + MINUTE * times, word));
        let branch = Branch {
            name: name.to_owned(),
            status: if now.is_some() { "CREATING_PROJECT" } else { "FUNCTIONS_DEPLOYED" },
            becomes: later(2, "RUNNING_MIGRATIONS")
                .into_iter()
                .chain(later(3, "FUNCTIONS_DEPLOYED"))
                .collect(),
            resets: 0,
        };
        let status = if now.is_some() { "COMING_UP" } else { ACTIVE };
        let becomes = later(1, ACTIVE).into_iter().collect();
        self.projects.push(Project { reference, status, becomes, branch: Some(branch) });
    }

    fn settle(&mut self, now: Instant) {
        let settle = |status: &mut &'static str, becomes: &mut Vec<(Instant, &'static str)>| {
            while becomes.first().is_some_and(|(at, _)| *at <= now) {
                *status = becomes.remove(0).1;
            }
        };
        for project in &mut self.projects {
            settle(&mut project.status, &mut project.becomes);
            if let Some(branch) = &mut project.branch {
                settle(&mut branch.status, &mut branch.becomes);
            }
        }
    }

    fn project(&mut self, reference: &str) -> Option<&mut Project> {
        self.projects.iter_mut().find(|project| project.reference == reference)
    }

    fn branch_json(&self, project: &Project) -> Option<Json> {
        let branch = project.branch.as_ref()?;
        let mut json = json!({
            "id": "b", "name": branch.name, "project_ref": project.reference, "parent_project_ref": "shop",
            "is_default": branch.name == "main", "persistent": false, "status": branch.status,
            "updated_at": branch.resets.to_string(),
        });
        if self.tells_projects {
            json["preview_project_status"] = json!(project.status);
        }
        Some(json)
    }

    fn pause(project: &mut Project, now: Instant) -> Said {
        if project.status != ACTIVE {
            return Said::refused(400, "Project is not active");
        }
        (project.status, project.becomes) = ("PAUSING", vec![(now + MINUTE * 2, "INACTIVE")]);
        Said::new(200, Json::Null).did(Kind::Down, format!("pause {}", project.reference))
    }

    fn restore(project: &mut Project, now: Instant) -> Said {
        if project.status != "INACTIVE" {
            return Said::refused(400, "Project is not paused");
        }
        project.status = "RESTORING";
        project.becomes = vec![(now + MINUTE * 2, "COMING_UP"), (now + MINUTE * 5, ACTIVE)];
        Said::new(200, Json::Null).did(Kind::Up, format!("restore {}", project.reference))
    }
}

impl Fake for FakeSupabase {
    type Settings = SupabaseSettings;

    const SETTINGS: &'static [&'static str] = &[
        "{ token: '${secret:api}', project: shop }",
        "{ token: '${secret:api}', project: shop, password: '${secret:password}', on_stop: pause }",
        "{ token: '${secret:api}', project: shop, branch: instance }",
        "{ token: '${secret:api}', project: shop, branch: instance, on_stop: pause }",
        "{ token: '${secret:api}', project: shop, branch: preview, on_stop: pause }",
    ];

    fn new() -> Self {
        let mut supabase = Self { projects: vec![], made: 0, tells_projects: true };
        supabase.add("main", None);
        supabase.add("preview", None);
        supabase
    }

    fn rate() -> Rate {
        ABOUT.rate
    }

    fn declare(fields: &mut Fields<'_>) -> SupabaseSettings {
        SupabaseSettings::declare(fields)
    }

    fn adapter(
        settings: &SupabaseSettings,
        given: &Given<'_>,
        transport: Box<dyn Transport>,
    ) -> Arc<dyn Adapter> {
        let (client, base) = settings.account.client_over(given, |_, _| Ok(transport)).unwrap();
        let supabase = Supabase::new(settings, given, client, base).unwrap();
        Cloud::new(supabase, given, TYPE.capabilities, settings.on_stop())
    }

    fn answer(&mut self, call: &Call, now: Instant) -> Said {
        self.settle(now);
        let path = call.url.path().trim_start_matches("/v1/").to_owned();
        let parts: Vec<&str> = path.split('/').collect();
        let body = call.body.as_ref().map(|(_, body)| serde_json::from_slice::<Json>(body).unwrap());
        let body = body.unwrap_or_default();
        let missing = || Said::refused(404, "Project not found");
        match (&call.method, &parts[..]) {
            (&Method::GET, ["organizations"]) => {
                Said::new(200, json!([{ "id": "o", "slug": "o", "name": "Shop" }]))
            }
            (&Method::GET, ["projects", _, "branches"]) => {
                let list: Vec<_> =
                    self.projects.iter().filter_map(|project| self.branch_json(project)).collect();
                Said::new(200, json!(list))
            }
            (&Method::POST, ["projects", _, "branches"]) => {
                let name = body["branch_name"].as_str().unwrap();
                self.add(name, Some(now));
                let kind = if name.starts_with("kinfra-") { Kind::Own } else { Kind::Make };
                Said::new(201, json!({})).did(kind, format!("create {name}"))
            }
            (&Method::GET, ["projects", reference]) => {
                let Some(project) = self.project(reference) else { return missing() };
                let host = format!("db.{reference}.supabase.co");
                Said::new(
                    200,
                    json!({ "name": "shop", "status": project.status, "database": { "host": host } }),
                )
            }
            (&Method::GET, ["projects", _, "health"]) => Said::new(200, json!([])),
            (&Method::GET, ["projects", _, "api-keys" | "config", ..]) => Said::new(200, json!([])),
            (&Method::POST, ["projects", reference, rest @ ..]) => {
                let Some(project) = self.project(reference) else { return missing() };
                match rest {
                    ["pause"] => Self::pause(project, now),
                    ["restore"] => Self::restore(project, now),
                    ["restore", "cancel"] if project.status == "RESTORING" => {
                        (project.status, project.becomes) = ("INACTIVE", vec![]);
                        Said::new(200, Json::Null).did(Kind::Down, format!("cancel {reference}"))
                    }
                    _ => Said::refused(400, "no"),
                }
            }
            (&Method::GET, ["branches", reference]) => {
                let Some(project) = self.project(reference) else { return missing() };
                let host = format!("db.{reference}.supabase.co");
                Said::new(
                    200,
                    json!({ "status": project.status, "db_host": host, "db_port": 5432, "db_pass": "pw" }),
                )
            }
            (&Method::POST, ["branches", reference, "reset"]) => {
                assert!(body.is_object());
                let branch = self.project(reference).and_then(|project| project.branch.as_mut());
                let Some(branch) = branch else { return missing() };
                branch.resets += 1;
                (branch.status, branch.becomes) =
                    ("RUNNING_MIGRATIONS", vec![(now + MINUTE, "FUNCTIONS_DEPLOYED")]);
                Said::new(201, json!({ "message": "ok" })).did(Kind::Take, format!("reset {reference}"))
            }
            (&Method::DELETE, ["branches", reference]) => {
                if self.project(reference).is_none() {
                    return missing();
                }
                self.projects.retain(|project| project.reference != *reference);
                Said::new(200, json!({ "message": "ok" })).did(Kind::Take, format!("delete {reference}"))
            }
            _ => panic!("{} {}", call.method, call.url),
        }
    }

    fn happen(&mut self, nth: u8, now: Instant) {
        self.settle(now);
        let active = self.projects.iter_mut().filter(|project| project.status == ACTIVE);
        match nth % 5 {
            // Unused for a week.
            0 => active.for_each(|project| project.status = "INACTIVE"),
            1 => self.projects.retain(|project| {
                project.branch.as_ref().is_none_or(|branch| !branch.name.starts_with("kinfra-"))
            }),
            2 => active.for_each(|project| {
                (project.status, project.becomes) = ("RESTARTING", vec![(now + MINUTE, ACTIVE)]);
            }),
            3 => self.tells_projects = !self.tells_projects,
            _ => active.for_each(|project| {
                (project.status, project.becomes) = ("ACTIVE_UNHEALTHY", vec![(now + MINUTE, ACTIVE)]);
            }),
        }
    }

    fn mend(&mut self) {
        let is_preview =
            |project: &Project| project.branch.as_ref().is_some_and(|branch| branch.name == "preview");
        if !self.projects.iter().any(is_preview) {
            self.add("preview", None);
        }
    }

    fn broken(&self) -> Option<String> {
        let mut names: Vec<&str> =
            self.projects.iter().filter_map(|project| Some(&*project.branch.as_ref()?.name)).collect();
        names.sort_unstable();
        let twice = names.windows(2).find(|pair| pair[0] == pair[1]);
        let has_main = names.contains(&"main");
        twice
            .map(|pair| format!("{} is there twice", pair[0]))
            .or((!has_main).then(|| "shop is gone".to_owned()))
    }
}
