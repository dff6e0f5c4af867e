//! A small Railway: one service of one project, whose deployments take some time.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value as Json, json};
use tokio::time::Instant;

use super::super::queries;
use super::super::settings::RailwaySettings;
use crate::resource_manager::Adapter;
use crate::resource_manager::adapters::weather::{Sky, Weather, World, body, json, with_given};
use crate::resource_manager::remote::{Answer, Call};
use crate::schema::{Fields, Record};

pub struct Only(pub RailwaySettings);

impl Record for Only {
    const MEANING: &'static str = "A resource.";

    fn declare(fields: &mut Fields<'_>) -> Self {
        Self(RailwaySettings::declare(fields))
    }
}

pub const USUAL: &str = "{ token: '${secret:a}', project: shop, service: web, rate: 1000/h }";
pub const FREE: &str = "{ token: '${secret:a}', project: shop, service: web }";
pub const OF_PROJECT: &str = "{ token: '${secret:b}', token_of: project, service: web, rate: 1000/h }";

pub struct Made {
    pub id: String,
    pub since: Instant,
    /// Instead of what comes with time.
    pub status: Option<&'static str>,
    pub is_stopped: bool,
}

pub struct Cloud {
    /// The oldest one first.
    pub made: Vec<Made>,
    pub slow: Duration,
    /// It answers so to all.
    pub refusal: Option<&'static str>,
    pub effects: Vec<String>,
}

pub fn refused(message: &str, code: &str) -> Answer {
    let error = json!({ "message": message, "extensions": { "code": code }, "path": ["x"], "traceId": "1" });
    json(200, &json!({ "errors": [error], "data": null }))
}

impl Cloud {
    /// With deployments in these states, the oldest one first. Without one, it is under way; `STOPPED` is one that was
    /// stopped.
    pub fn of(states: &[&'static str]) -> Self {
        let made = states.iter().enumerate().map(|(nth, status)| Made {
            id: format!("d{nth}"),
            since: Instant::now(),
            status: match *status {
                "" => None,
                "STOPPED" => Some("SUCCESS"),
                status => Some(status),
            },
            is_stopped: *status == "STOPPED",
        });
        Self { made: made.collect(), slow: Duration::from_secs(40), refusal: None, effects: vec![] }
    }

    pub fn status(&self, nth: usize) -> &'static str {
        let one = &self.made[nth];
        let share = one.since.elapsed().as_secs_f64() / self.slow.as_secs_f64();
        let own = one.status.unwrap_or(match share {
            0.0..0.2 => "INITIALIZING",
            0.2..0.8 => "BUILDING",
            0.8..1.0 => "DEPLOYING",
            _ => "SUCCESS",
        });
        let is_replaced = (nth + 1..self.made.len()).any(|later| self.status(later) == "SUCCESS");
        if own == "SUCCESS" && is_replaced { "REMOVED" } else { own }
    }

    fn told(&self, nth: usize) -> Json {
        let (one, status) = (&self.made[nth], self.status(nth));
        let is_stopped = match status {
            "SUCCESS" => one.is_stopped,
            _ => true,
        };
        json!({
            "id": one.id, "status": status, "createdAt": "2026-08-01T09:30:00.000Z", "deploymentStopped": is_stopped,
            "serviceId": "s1", "environmentId": "e1",
            "meta": { "branch": "main", "commitHash": format!("{nth}abcdef0123"), "commitMessage": "Sell more" },
        })
    }

    fn list(&self) -> Json {
        let edges: Vec<_> = (0..self.made.len()).rev().map(|nth| json!({ "node": self.told(nth) })).collect();
        json!({ "edges": edges })
    }

    fn project() -> Json {
        let all = |names: &[(&str, &str)]| {
            let edges: Vec<_> =
                names.iter().map(|(id, name)| json!({ "node": { "id": id, "name": name } })).collect();
            json!({ "edges": edges })
        };
        json!({
            "id": "p1", "name": "shop", "deletedAt": null, "primaryEnvironmentId": "e1",
            "environments": all(&[("e1", "production"), ("e2", "staging")]),
            "services": all(&[("s1", "web"), ("s2", "worker")]),
        })
    }

    fn instance(&self) -> Json {
        let nths = 0..self.made.len();
        let active: Vec<_> =
            nths.clone().filter(|nth| self.status(*nth) == "SUCCESS").map(|nth| self.told(nth)).collect();
        json!({
            "serviceName": "web", "latestDeployment": nths.last().map(|nth| self.told(nth)),
            "activeDeployments": active,
            "domains": { "serviceDomains": [{ "domain": "web.up.railway.app" }], "customDomains": [] },
        })
    }

    fn change(&mut self, query: &str, id: &str) -> Answer {
        let Some(nth) = self.made.iter().position(|one| one.id == id) else {
            return refused("Deployment not found", "INTERNAL_SERVER_ERROR");
        };
        let status = self.status(nth);
        let bad = |message| refused(message, "BAD_USER_INPUT");
        let effect = match query {
            queries::REDEPLOY => {
                let id = format!("d{}", self.made.len());
                self.made.push(Made { id, since: Instant::now(), status: None, is_stopped: false });
                "redeploy"
            }
            queries::RESTART if status == "SUCCESS" => {
                self.made[nth].is_stopped = false;
                "restart"
            }
            queries::RESTART => return bad("Deployment is not restartable"),
            queries::STOP if status == "SUCCESS" => {
                // Twice changes nothing.
                if std::mem::replace(&mut self.made[nth].is_stopped, true) {
                    return json(200, &json!({ "data": { "x": true } }));
                }
                "stop"
            }
            queries::STOP => return bad("Deployment is not stoppable"),
            _ if matches!(status, "INITIALIZING" | "BUILDING" | "DEPLOYING") => {
                self.made[nth].status = Some("REMOVED");
                "cancel"
            }
            _ => return bad("Deployment is not cancellable"),
        };
        self.effects.push(format!("{effect} {id}"));
        json(200, &json!({ "data": { "x": true } }))
    }
}

impl World for Cloud {
    fn answer(&mut self, call: &Call) -> Answer {
        assert_eq!((call.method.as_str(), call.url.path()), ("POST", "/graphql/v2"));
        if let Some(refusal) = self.refusal {
            return refused(refusal, "INTERNAL_SERVER_ERROR");
        }
        let body = body(call);
        let (query, variables) = (body["query"].as_str().unwrap(), &body["variables"]);
        let of = &variables["input"];
        if !of.is_null() {
            assert_eq!(*of, json!({ "projectId": "p1", "environmentId": "e1", "serviceId": "s1" }));
        }
        let data = match query {
            queries::PROJECTS => json!({
                "projects": { "edges": [{ "node": Self::project() }], "pageInfo": { "hasNextPage": false } },
            }),
            queries::PROJECT_OF_TOKEN => {
                json!({ "projectToken": { "environmentId": "e1", "project": Self::project() } })
            }
            queries::INSTANCE => {
                assert_eq!(*variables, json!({ "environment": "e1", "service": "s1" }));
                json!({ "serviceInstance": self.instance() })
            }
            queries::DEPLOYMENTS => json!({ "deployments": self.list() }),
            queries::DEPLOYMENTS_FOR_ACCOUNT => json!({
                "apiToken": { "workspaces": [{ "name": "Acme" }] }, "deployments": self.list(),
            }),
            queries::DEPLOYMENTS_FOR_PROJECT => json!({
                "projectToken": { "project": { "name": "shop" }, "environment": { "name": "production" } },
                "deployments": self.list(),
            }),
            queries::DEPLOYMENT => {
                let nth = self.made.iter().position(|one| variables["id"] == one.id.as_str());
                match nth {
                    Some(nth) => json!({ "deployment": self.told(nth) }),
                    None => return refused("Deployment not found", "INTERNAL_SERVER_ERROR"),
                }
            }
            query => return self.change(query, variables["id"].as_str().unwrap()),
        };
        json(200, &json!({ "data": data }))
    }

    fn effects(&self) -> &[String] {
        &self.effects
    }
}

#[track_caller]
pub fn railway(text: &str, weather: &Arc<Weather<Cloud>>) -> Arc<dyn Adapter> {
    let sky = Sky(Arc::clone(weather));
    with_given(text, |Only(settings), given| {
        let client = settings.account.client_over(given, |_, headers| {
            let (name, value) = match text == OF_PROJECT {
                true => ("project-access-token", "marlin"),
                false => ("authorization", "Bearer swordfish"),
            };
            assert_eq!((headers.len(), headers[name].to_str().unwrap()), (1, value));
            Ok(Box::new(sky))
        });
        let (client, base) = client.unwrap();
        let adapter: Arc<dyn Adapter> = settings.run_by(given, client, base).unwrap();
        adapter
    })
}
