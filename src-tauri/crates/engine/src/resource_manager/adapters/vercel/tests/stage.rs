//! A small Vercel: one project, whose deployments take some time.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value as Json, json};
use tokio::time::Instant;

use super::super::settings::VercelSettings;
use crate::resource_manager::Adapter;
use crate::resource_manager::adapters::weather::{Sky, Weather, World, asked, body, json, with_given};
use crate::resource_manager::remote::{Answer, Call};
use crate::schema::{Fields, Record};

pub struct Only(pub VercelSettings);

impl Record for Only {
    const MEANING: &'static str = "A resource.";

    fn declare(fields: &mut Fields<'_>) -> Self {
        Self(VercelSettings::declare(fields))
    }
}

pub const USUAL: &str = "{ token: '${secret:a}', project: shop, team: acme }";
pub const ON_START: &str = "{ token: '${secret:a}', project: shop, team: acme, deploy: on_start }";

/// Between a build and the domains for it.
const LAG: Duration = Duration::from_secs(5);

pub struct Made {
    pub id: String,
    pub target: Option<&'static str>,
    pub since: Instant,
    /// Instead of what comes with time.
    pub state: Option<&'static str>,
    pub meta: Json,
    pub has_had_domains: bool,
}

pub struct Cloud {
    /// The oldest one first.
    pub made: Vec<Made>,
    pub served: Option<String>,
    pub is_linked: bool,
    pub slow: Duration,
    pub effects: Vec<String>,
}

impl Cloud {
    /// With these states of production, the oldest one first.
    pub fn of(states: &[&'static str]) -> Self {
        let made = states.iter().enumerate().map(|(nth, state)| Made {
            id: format!("dpl_{nth}"),
            target: Some("production"),
            since: Instant::now(),
            state: (!state.is_empty()).then_some(*state),
            meta: json!({ "githubCommitRef": "main", "githubCommitSha": format!("{nth}abcdef0123") }),
            has_had_domains: false,
        });
        let mut cloud = Self {
            made: made.collect(),
            served: None,
            is_linked: true,
            slow: Duration::from_secs(40),
            effects: vec![],
        };
        cloud.settle();
        cloud
    }

    pub fn state(&self, one: &Made) -> &'static str {
        let share = one.since.elapsed().as_secs_f64() / self.slow.as_secs_f64();
        one.state.unwrap_or(match share {
            0.0..0.2 => "QUEUED",
            0.2..1.0 => "BUILDING",
            _ => "READY",
        })
    }

    /// What gets ready is served, once.
    fn settle(&mut self) {
        for nth in 0..self.made.len() {
            let one = &self.made[nth];
            let is_due = one.state.is_some() || one.since.elapsed() >= self.slow + LAG;
            let is_ready = one.target == Some("production") && self.state(one) == "READY";
            if is_due && is_ready && !one.has_had_domains {
                self.served = Some(one.id.clone());
                self.made[nth].has_had_domains = true;
            }
        }
    }

    fn told(&self, one: &Made) -> Json {
        json!({
            "uid": one.id, "projectId": "prj_1", "url": format!("{}.vercel.app", one.id), "state": self.state(one),
            "readyState": self.state(one), "target": one.target, "createdAt": 1_700_000_000_000_u64,
            "meta": one.meta, "unheard": { "of": [] },
        })
    }

    fn project(&self) -> Json {
        let served = self.made.iter().find(|one| Some(&one.id) == self.served.as_ref());
        let served = served.map(|one| {
            let mut told = self.told(one);
            (told["id"], told["alias"]) = (json!(one.id), json!(["shop.test"]));
            told.as_object_mut().unwrap().remove("uid");
            told
        });
        let link = json!({ "type": "github", "org": "acme", "repo": "shop", "repoId": 4711, "productionBranch": "main" });
        json!({
            "id": "prj_1", "name": "shop", "framework": "nextjs", "link": self.is_linked.then_some(link),
            "targets": { "production": served },
        })
    }

    fn create(&mut self, call: &Call) -> Answer {
        let body = body(call);
        assert_eq!(asked(call, "forceNew").as_deref(), Some("1"), "{}", call.url);
        let target = (body["target"] == "production").then_some("production");
        let source = body["deploymentId"].as_str().map_or_else(
            || format!("deploy {}", body["gitSource"]["ref"].as_str().unwrap()),
            |id| format!("redeploy {id}"),
        );
        self.effects.push(format!("{source} to {}", target.unwrap_or("preview")));
        let id = format!("dpl_{}", self.made.len());
        let meta = body["meta"].clone();
        self.made.push(Made { id, target, since: Instant::now(), state: None, meta, has_had_domains: false });
        json(200, &json!({}))
    }

    fn cancel(&mut self, id: &str) -> Answer {
        let is_built = |one: &Made| !matches!(one.state, Some("READY" | "CANCELED"));
        let place = self.made.iter().position(|one| one.id == id && is_built(one));
        match place.filter(|place| self.state(&self.made[*place]) != "READY") {
            None => json(400, &json!({ "error": { "code": "bad_request", "message": "it is over" } })),
            Some(place) => {
                self.made[place].state = Some("CANCELED");
                self.effects.push(format!("cancel {id}"));
                json(200, &json!({}))
            }
        }
    }

    fn promote(&mut self, id: &str) -> Answer {
        if self.served.as_deref() == Some(id) {
            return json(409, &json!({ "error": { "code": "conflict", "message": "it is already" } }));
        }
        self.served = Some(id.to_owned());
        self.effects.push(format!("promote {id}"));
        Answer { status: 201, ..Answer::default() }
    }
}

impl World for Cloud {
    fn answer(&mut self, call: &Call) -> Answer {
        let path: Vec<_> = call.url.path_segments().unwrap().collect();
        let is_of_team = asked(call, "slug").as_deref() == Some("acme");
        let missing =
            || json(404, &json!({ "error": { "code": "not_found", "message": "Could not find it" } }));
        self.settle();
        match (call.method.as_str(), &*path) {
            ("GET", ["v2", "user"]) => {
                json(200, &json!({ "user": { "email": "ada@example.com", "limited": true } }))
            }
            ("GET", ["v2", "teams"]) => {
                json(200, &json!({ "teams": [{ "id": "team_1", "slug": "acme", "name": "Acme" }] }))
            }
            _ if !is_of_team => missing(),
            ("GET", ["v9", "projects", "shop"]) => json(200, &self.project()),
            ("GET", ["v7", "deployments"]) => {
                let target = asked(call, "target");
                let mark = asked(call, "meta-kinfraRun");
                let is_wanted = |one: &&Made| {
                    target.as_deref().is_none_or(|target| one.target.unwrap_or("preview") == target)
                        && mark.as_deref().is_none_or(|mark| one.meta["kinfraRun"] == mark)
                };
                let list: Vec<_> =
                    self.made.iter().rev().filter(is_wanted).map(|one| self.told(one)).collect();
                json(200, &json!({ "deployments": list, "pagination": {} }))
            }
            ("GET", ["v13", "deployments", id]) => match self.made.iter().find(|one| one.id == *id) {
                Some(one) => {
                    let mut told = self.told(one);
                    told["id"] = told["uid"].take();
                    told.as_object_mut().unwrap().remove("uid");
                    json(200, &told)
                }
                None => missing(),
            },
            ("POST", ["v13", "deployments"]) => self.create(call),
            ("PATCH", ["v12", "deployments", id, "cancel"]) => self.cancel(id),
            ("POST", ["v10", "projects", "prj_1", "promote", id]) => self.promote(id),
            other => panic!("{other:?} is no request of Vercel's"),
        }
    }

    fn effects(&self) -> &[String] {
        &self.effects
    }
}

#[track_caller]
pub fn vercel(text: &str, weather: &Arc<Weather<Cloud>>) -> Arc<dyn Adapter> {
    let sky = Sky(Arc::clone(weather));
    with_given(text, |Only(settings), given| {
        let client = settings.account.client_over(given, |_, _| Ok(Box::new(sky))).unwrap();
        let adapter: Arc<dyn Adapter> = settings.run_by(given, client.0, client.1).unwrap();
        adapter
    })
}
