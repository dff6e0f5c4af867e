use serde_json::{Value, json};

use super::routes::Answer;
use super::{Project, Supabase};
use crate::clouds::shared::{Call, Refusal, Reply};

const SERVICES: [&str; 8] =
    ["auth", "db", "db_postgres_user", "pooler", "realtime", "rest", "storage", "pg_bouncer"];

impl Supabase {
    pub(super) fn health(&self, reference: &str, call: &Call) -> Answer {
        // Their clients repeat the name; by hand, commas are taken, too.
        let asked: Vec<&str> = call
            .query
            .iter()
            .filter(|(name, _)| name == "services" || name == "services[]")
            .flat_map(|(_, value)| value.split(','))
            .collect();
        let wrong = asked.iter().find(|service| !SERVICES.contains(service));
        if asked.is_empty() || wrong.is_some() {
            let message = format!("each value in services must be one of {}", SERVICES.join(", "));
            return Err(Refusal::new(400, "", message));
        }
        let project = self.project(reference).ok_or_else(|| Refusal::new(404, "", "Project not found"))?;
        Ok(Reply::json(
            200,
            &Value::Array(asked.into_iter().map(|service| project.service(service)).collect()),
        ))
    }
}

impl Project {
    /// A project that sleeps has been seen to call all of them unhealthy.
    fn service(&self, name: &str) -> Value {
        let status = match self.status {
            "COMING_UP" | "RESTORING" | "RESTARTING" => "COMING_UP",
            "ACTIVE_HEALTHY" | "ACTIVE_UNHEALTHY" if !self.unhealthy.contains(name) => "ACTIVE_HEALTHY",
            _ => "UNHEALTHY",
        };
        let mut value = json!({"name": name, "healthy": status == "ACTIVE_HEALTHY", "status": status});
        if status == "UNHEALTHY" {
            value["error"] = json!("Service health check failed");
        } else if name == "auth" && status == "ACTIVE_HEALTHY" {
            value["info"] = json!({"name": "GoTrue", "version": "v2.180.0", "description": "GoTrue is a user registration and authentication API"});
        }
        value
    }
}
