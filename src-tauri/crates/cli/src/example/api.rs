use hyper::{Method, StatusCode};
use serde_json::{Value, json};

use super::http::{Answer, Handler, ask};

/// `GET /api/visits` counts one visit in the store. Healthy only while the store answers.
#[derive(Debug)]
pub struct Api {
    pub port: u16,
    pub store_url: String,
}

impl Handler for Api {
    async fn handle(&self, method: &Method, path: &str) -> Answer {
        match path {
            "/health" => self.health().await,
            "/api/visits" if *method == Method::GET => self.count_visit().await,
            "/api/visits" => Answer::wrong_method(),
            _ => Answer::not_found(path),
        }
    }
}

impl Api {
    async fn health(&self) -> Answer {
        match ask(Method::GET, &self.store_url, "/health").await {
            Ok((StatusCode::OK, _)) => Answer::text(StatusCode::OK, "ok"),
            Ok((status, _)) => unavailable(&format!("the store answers {status}")),
            Err(reason) => unavailable(&reason),
        }
    }

    async fn count_visit(&self) -> Answer {
        let (status, body) = match ask(Method::POST, &self.store_url, "/counters/visits").await {
            Ok(answer) => answer,
            Err(reason) => return unavailable(&reason),
        };
        let counted = serde_json::from_slice::<Value>(&body).ok();
        match counted.as_ref().and_then(|answer| answer.get("value")) {
            Some(visits) if status == StatusCode::OK => {
                let served_by = json!({ "api": self.port, "store": self.store_url });
                Answer::json(StatusCode::OK, &json!({ "visits": visits, "served_by": served_by }))
            }
            _ => unavailable(&format!("the store answers {status}")),
        }
    }
}

fn unavailable(reason: &str) -> Answer {
    Answer::json(StatusCode::SERVICE_UNAVAILABLE, &json!({ "error": reason }))
}
