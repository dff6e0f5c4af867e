use hyper::{Method, StatusCode};
use serde_json::json;

use super::http::{Answer, Handler, ask};

const PAGE: &str = include_str!("web.html");

/// One page, and `/api/…` handed on to the API, so that a browser needs only this service.
#[derive(Debug)]
pub struct Web {
    pub port: u16,
    pub api_url: String,
}

impl Handler for Web {
    async fn handle(&self, method: &Method, path: &str) -> Answer {
        match path {
            "/health" => Answer::text(StatusCode::OK, "ok"),
            "/" => Answer::html(PAGE.replace("{{port}}", &self.port.to_string())),
            _ if path.starts_with("/api/") => self.hand_on(method, path).await,
            _ => Answer::not_found(path),
        }
    }
}

impl Web {
    async fn hand_on(&self, method: &Method, path: &str) -> Answer {
        match ask(method.clone(), &self.api_url, path).await {
            Ok((status, body)) => Answer {
                status,
                content_type: "application/json",
                body: String::from_utf8_lossy(&body).into_owned(),
            },
            Err(reason) => Answer::json(StatusCode::BAD_GATEWAY, &json!({ "error": reason })),
        }
    }
}
