//! A small Render: one service, whose deploys and suspensions take some time.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value as Json, json};
use tokio::time::Instant;

use super::super::settings::RenderSettings;
use crate::resource_manager::Adapter;
use crate::resource_manager::adapters::weather::{Sky, Weather, World, asked, body, json, with_given};
use crate::resource_manager::remote::{Answer, Call};
use crate::schema::{Fields, Record};

pub struct Only(pub RenderSettings);

impl Record for Only {
    const MEANING: &'static str = "A resource.";

    fn declare(fields: &mut Fields<'_>) -> Self {
        Self(RenderSettings::declare(fields))
    }
}

pub const USUAL: &str = "{ token: '${secret:a}', service: shop }";
pub const PAUSED: &str = "{ token: '${secret:a}', service: shop, on_stop: pause }";

pub struct Made {
    pub id: String,
    pub trigger: &'static str,
    pub since: Instant,
    /// Instead of what comes with time.
    pub status: Option<&'static str>,
}

pub struct Cloud {
    /// The oldest one first.
    pub made: Vec<Made>,
    pub suspenders: Vec<&'static str>,
    pub kind: &'static str,
    pub slow: Duration,
    pub effects: Vec<String>,
}

impl Cloud {
    /// With deploys in these states, the oldest one first. Without one, it is under way.
    pub fn of(states: &[&'static str]) -> Self {
        let made = states.iter().enumerate().map(|(nth, status)| Made {
            id: format!("dep-{nth}"),
            trigger: "new_commit",
            since: Instant::now(),
            status: (!status.is_empty()).then_some(*status),
        });
        Self {
            made: made.collect(),
            suspenders: vec![],
            kind: "web_service",
            slow: Duration::from_secs(40),
            effects: vec![],
        }
    }

    fn status(&self, nth: usize) -> &'static str {
        let one = &self.made[nth];
        let share = one.since.elapsed().as_secs_f64() / self.slow.as_secs_f64();
        let own = one.status.unwrap_or(match share {
            0.0..0.7 => "build_in_progress",
            0.7..1.0 => "update_in_progress",
            _ => "live",
        });
        let is_replaced = (nth + 1..self.made.len()).any(|later| self.status(later) == "live");
        if own == "live" && is_replaced { "deactivated" } else { own }
    }

    fn begin(&mut self, trigger: &'static str) {
        for nth in 0..self.made.len() {
            if self.status(nth).ends_with("in_progress") {
                self.made[nth].status = Some("canceled");
            }
        }
        let id = format!("dep-{}", self.made.len());
        self.made.push(Made { id, trigger, since: Instant::now(), status: None });
    }

    fn told(&self, nth: usize) -> Json {
        let one = &self.made[nth];
        json!({
            "id": one.id, "status": self.status(nth), "trigger": one.trigger, "createdAt": "2026-08-01T09:30:00.1Z",
            "commit": { "id": format!("{nth}abcdef0123"), "message": "Sell more\n\nand more" }, "unheard": {},
        })
    }

    fn service(&self) -> Json {
        let url = match self.kind {
            "web_service" => json!("https://shop.onrender.com"),
            "private_service" => json!("shop:10000"),
            _ => Json::Null,
        };
        json!({
            "id": "srv-1", "name": "shop", "type": self.kind, "ownerId": "tea-1", "suspenders": self.suspenders,
            "suspended": if self.suspenders.is_empty() { "not_suspended" } else { "suspended" },
            "dashboardUrl": "https://dashboard.render.com/web/srv-1", "repo": "https://github.com/acme/shop",
            "branch": "main", "serviceDetails": { "url": url, "region": "frankfurt", "numInstances": 1 },
        })
    }

    fn change(&mut self, call: &Call, path: &[&str]) -> Answer {
        match path {
            ["deploys"] => {
                let clear = body(call)["clearCache"] == "clear";
                self.effects.push(if clear { "deploy afresh" } else { "deploy" }.to_owned());
                self.begin("api");
                let status = if self.made.len().is_multiple_of(2) { 201 } else { 202 };
                Answer { status, ..Answer::default() }
            }
            ["deploys", id, "cancel"] => {
                let place = self.made.iter().position(|one| one.id == *id);
                match place.filter(|place| self.status(*place).ends_with("in_progress")) {
                    Some(place) => {
                        self.made[place].status = Some("canceled");
                        self.effects.push(format!("cancel {id}"));
                        json(200, &json!({}))
                    }
                    None => json(400, &json!({ "message": "it is over" })),
                }
            }
            // Twice changes nothing.
            ["suspend"] => {
                if self.suspenders.is_empty() {
                    self.effects.push("suspend".to_owned());
                    self.suspenders.push("user");
                }
                Answer { status: 202, ..Answer::default() }
            }
            ["resume"] => {
                if !self.suspenders.is_empty() {
                    self.effects.push("resume".to_owned());
                    self.suspenders.clear();
                    self.begin("service_resumed");
                }
                Answer { status: 202, ..Answer::default() }
            }
            other => panic!("{other:?} is no request of Render's"),
        }
    }
}

impl World for Cloud {
    fn answer(&mut self, call: &Call) -> Answer {
        let path: Vec<_> = call.url.path_segments().unwrap().skip(1).collect();
        let listed = |name: &str, all: Vec<Json>| {
            let all: Vec<_> = all.into_iter().map(|one| json!({ "cursor": "c", name: one })).collect();
            json(200, &json!(all))
        };
        match (call.method.as_str(), &*path) {
            ("GET", ["users"]) => json(200, &json!({ "email": "ada@example.com", "name": "Ada" })),
            ("GET", ["owners"]) => listed("owner", vec![json!({ "id": "tea-1", "name": "Acme" })]),
            ("GET", ["services"]) => {
                let is_it = asked(call, "name").as_deref() == Some("shop");
                listed("service", if is_it { vec![self.service()] } else { vec![] })
            }
            ("GET", ["services", "srv-1"]) => json(200, &self.service()),
            ("GET", ["services", "srv-1", "deploys"]) => {
                listed("deploy", (0..self.made.len()).rev().map(|nth| self.told(nth)).collect())
            }
            ("GET", ["services", ..]) => json(404, &json!({ "message": "not found: service" })),
            ("POST", ["services", "srv-1", rest @ ..]) => self.change(call, rest),
            other => panic!("{other:?} is no request of Render's"),
        }
    }

    fn effects(&self) -> &[String] {
        &self.effects
    }
}

#[track_caller]
pub fn render(text: &str, weather: &Arc<Weather<Cloud>>) -> Arc<dyn Adapter> {
    let sky = Sky(Arc::clone(weather));
    with_given(text, |Only(settings), given| {
        let client = settings.account.client_over(given, |_, _| Ok(Box::new(sky))).unwrap();
        let adapter: Arc<dyn Adapter> = settings.run_by(given, client.0, client.1).unwrap();
        adapter
    })
}
