//! The smallest cloud that there can be, to try the common parts with: things with names that take a second to be ready.

use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use super::{Asked, Call, Refusal, Reply, Vendor, segments};

#[derive(Debug, Clone)]
pub struct Toy {
    pub things: Vec<(String, SystemTime, bool)>,
}

impl Vendor for Toy {
    const NAME: &'static str = "toy";
    const BASE: &'static str = "/v1";

    fn new(_now: SystemTime) -> Self {
        Self { things: Vec::new() }
    }

    fn words(status: u16) -> Refusal {
        Refusal::new(status, "toy", format!("toy says {status}"))
    }

    fn shape(refusal: &Refusal, id: &str) -> Reply {
        Reply::json(refusal.status, &json!({"error": refusal.message, "code": refusal.code, "id": id}))
    }

    fn needs(call: &Call) -> &'static [&'static str] {
        if Self::is_write(call) { &["write", "all"] } else { &[] }
    }

    fn settle(&mut self, now: SystemTime) {
        for (_, made, is_ready) in &mut self.things {
            *is_ready |= now.duration_since(*made).is_ok_and(|age| age >= Duration::from_secs(1));
        }
    }

    fn answer(&mut self, call: &Call, asked: &Asked<'_>) -> Result<Reply, Refusal> {
        let path = segments(call);
        match (call.method.as_str(), &path.iter().map(String::as_str).collect::<Vec<_>>()[..]) {
            ("GET", ["things"]) => Ok(Reply::json(200, &self.tell())),
            ("POST", ["things", name]) => {
                self.things.push(((*name).to_owned(), asked.now, false));
                if *name == "bad" {
                    Err(Self::words(400))
                } else {
                    Ok(Reply::json(201, &json!({"name": name})))
                }
            }
            _ => Err(Self::words(404)),
        }
    }

    fn control(&mut self, order: &Value, _now: SystemTime) -> Result<Value, String> {
        if order["do"] != "clear" {
            return Err("there is clear".to_owned());
        }
        self.things.clear();
        Ok(json!({}))
    }

    fn tell(&self) -> Value {
        let thing =
            |(name, _, is_ready): &(String, SystemTime, bool)| json!({"name": name, "ready": is_ready});
        Value::Array(self.things.iter().map(thing).collect())
    }
}
