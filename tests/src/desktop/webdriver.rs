//! The four commands of the W3C WebDriver protocol that the tests need. A client library brings some sixty crates,
//! most of them for TLS, cookies and internationalised host names, to send the same JSON to this machine.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hyper::Method;
use serde_json::{Value, json};

use super::http::request;

/// One page under the driver's control.
#[derive(Debug)]
pub struct Session {
    port: u16,
    path: String,
}

impl Session {
    /// Has the driver start the program and take its first window.
    pub async fn open(port: u16, application: &str, arguments: &[&str]) -> Result<Self, String> {
        let capabilities = json!({
            "browserName": "wry",
            "tauri:options": { "application": application, "args": arguments }
        });
        let body = json!({ "capabilities": { "alwaysMatch": capabilities } });
        let value = send(Method::POST, port, "/session", &body).await?;
        let id = value["sessionId"].as_str().ok_or_else(|| format!("no session in {value}"))?;
        Ok(Self { port, path: format!("/session/{id}") })
    }

    /// Runs the body of a function in the page and gives what it returns.
    pub async fn execute(&self, script: &str, arguments: Value) -> Result<Value, String> {
        let body = json!({ "script": script, "args": arguments });
        send(Method::POST, self.port, &format!("{}/execute/sync", self.path), &body).await
    }

    /// The page as PNG.
    pub async fn screenshot(&self) -> Result<Vec<u8>, String> {
        let value = send(Method::GET, self.port, &format!("{}/screenshot", self.path), &json!({})).await?;
        let text = value.as_str().ok_or("the screenshot is no text")?;
        BASE64_STANDARD.decode(text).map_err(|error| error.to_string())
    }

    /// Ends the session, and with it the program that it started.
    pub async fn close(&self) -> Result<(), String> {
        send(Method::DELETE, self.port, &self.path, &json!({})).await.map(drop)
    }
}

async fn send(method: Method, port: u16, path: &str, body: &Value) -> Result<Value, String> {
    let body = if method == Method::POST { body.to_string().into_bytes() } else { Vec::new() };
    let reply = request(method, port, &format!("127.0.0.1:{port}"), path, "application/json", body).await?;
    let mut answer: Value = serde_json::from_slice(&reply.body)
        .map_err(|error| format!("{path}: {} is no JSON: {error}", reply.text()))?;
    let value = answer["value"].take();
    if reply.status == 200 { Ok(value) } else { Err(format!("{path}: {value}")) }
}
