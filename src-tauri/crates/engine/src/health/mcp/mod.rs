//! Whether a server of the Model Context Protocol answers.
//!
//! Theory of operation: the first probe of a process introduces itself by `initialize`, and keeps the session that comes
//! of it; each one, that first one too, is a `ping` in it. So a server that logs its sessions tells of one, and one that
//! is started for each of them is started once. A session that the server knows no more is begun anew. With the older
//! transport a session is a connection, so that each probe has one of its own.

mod exchange;
mod message;
mod server_events;

use http::{Method, StatusCode};

use exchange::Exchange;
use message::{INITIALIZED, Introduction, initialize, ping, result_of};

/// Where it is asked, and how.
#[derive(Debug, Clone)]
pub struct McpRequest {
    pub path: String,
    /// With the transport that was there before streamable HTTP.
    pub by_events: bool,
}

/// What came of an introduction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct McpSession {
    /// None: the server keeps none.
    id: Option<String>,
    introduction: Introduction,
}

/// Asks once; gives what the server calls itself.
///
/// # Errors
/// Why it is no MCP server that is well, in words.
pub async fn ask(
    port: u16,
    request: &McpRequest,
    session: &mut Option<McpSession>,
) -> Result<String, String> {
    if request.by_events {
        return by_events(port, &request.path).await;
    }
    if let Some(known) = session.take() {
        match known.ping(port, &request.path).await {
            Ok(()) => return Ok(session.insert(known).introduction.name()),
            // It was forgotten, or is another process's by now.
            Err(Refused::Session) => {}
            Err(Refused::Failed(error)) => return Err(error),
        }
    }
    let asked = Exchange { port, path: &request.path, session: None, protocol: None };
    let answer = asked.post(&initialize()).await?;
    if answer.status() == StatusCode::UNAUTHORIZED {
        // It is there, and nobody without a token learns more.
        return Ok("asks for a sign-in".to_owned());
    }
    let id = answer.session();
    let introduction = Introduction::read(&answer.message("initialize", 1).await?)?;
    let begun = McpSession { id, introduction };
    begun.exchange(port, &request.path).post(INITIALIZED).await?.accepted("notifications/initialized")?;
    match begun.ping(port, &request.path).await {
        Ok(()) => Ok(session.insert(begun).introduction.name()),
        Err(Refused::Session) => Err("it forgot the session that it had just begun".to_owned()),
        Err(Refused::Failed(error)) => Err(error),
    }
}

enum Refused {
    Session,
    Failed(String),
}

impl McpSession {
    fn exchange<'a>(&'a self, port: u16, path: &'a str) -> Exchange<'a> {
        let session = self.id.as_deref();
        Exchange { port, path, session, protocol: Some(&self.introduction.protocol) }
    }

    async fn ping(&self, port: u16, path: &str) -> Result<(), Refused> {
        let answer = self.exchange(port, path).post(&ping()).await.map_err(Refused::Failed)?;
        // 404 is what the specification says; older servers say 400.
        if self.id.is_some() && matches!(answer.status(), StatusCode::NOT_FOUND | StatusCode::BAD_REQUEST) {
            return Err(Refused::Session);
        }
        let message = answer.message("ping", 2).await.map_err(Refused::Failed)?;
        result_of("ping", &message).map(drop).map_err(Refused::Failed)
    }
}

async fn by_events(port: u16, path: &str) -> Result<String, String> {
    let asked = Exchange { port, path, session: None, protocol: None };
    let answer = asked.send(Method::GET, "").await?;
    if answer.status() == StatusCode::UNAUTHORIZED {
        return Ok("asks for a sign-in".to_owned());
    }
    let mut events = answer.events()?;
    let endpoint = loop {
        let event = events.next().await?;
        if event.name == "endpoint" {
            break event.data;
        }
    };
    let endpoint: http::Uri = endpoint.trim().parse().map_err(|_| {
        format!("GET {path} named `{}` as its endpoint, which is no URL", endpoint.escape_debug())
    })?;
    // Whatever host it names: it is the one that was asked.
    let endpoint = endpoint.path_and_query().map_or("/", |path| path.as_str());
    let posts = Exchange { port, path: endpoint, session: None, protocol: None };
    posts.post(&initialize()).await?.accepted("initialize")?;
    let introduction = Introduction::read(&events.answer(1).await?)?;
    posts.post(INITIALIZED).await?.accepted("notifications/initialized")?;
    posts.post(&ping()).await?.accepted("ping")?;
    result_of("ping", &events.answer(2).await?)?;
    Ok(introduction.name())
}

#[cfg(test)]
mod tests;
