use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::{McpRequest, McpSession, ask};

/// A server that answers each request by the next of these, and what it was asked, by first line, session and message.
async fn server(answers: Vec<&'static str>) -> (u16, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let seen = Arc::new(Mutex::new(vec![]));
    let noted = Arc::clone(&seen);
    tokio::spawn(async move {
        for answer in answers {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut read = vec![0; 8192];
            let mut length = 0;
            // The head and the body may come apart.
            while length == 0 || !whole(&read[..length]) {
                length += stream.read(&mut read[length..]).await.unwrap();
            }
            let text = String::from_utf8_lossy(&read[..length]).into_owned();
            let session =
                text.lines().find(|line| line.starts_with("mcp-session-id")).unwrap_or("no session");
            let method = text.split("\"method\":\"").nth(1).and_then(|rest| rest.split('"').next());
            noted.lock().unwrap().push(format!("{} {session}", method.unwrap_or("no message")));
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    (port, seen)
}

fn whole(read: &[u8]) -> bool {
    let text = String::from_utf8_lossy(read);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    length.is_none_or(|length| length.parse::<usize>().unwrap() <= body.len())
}

const INTRODUCED: &str = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nMcp-Session-Id: s1\r\nConnection: close\r\n\r\n{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"protocolVersion\":\"2025-06-18\",\"serverInfo\":{\"name\":\"tools\",\"version\":\"1.2\"}}}";
const ACCEPTED: &str = "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n";
const PONG: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\nevent: message\r\ndata: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/message\"}\r\n\r\nevent: message\r\ndata: {\"jsonrpc\":\"2.0\",\"id\":2,\"result\":{}}\r\n\r\n";
const FORGOTTEN: &str = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";

async fn asked(port: u16, session: &mut Option<McpSession>) -> Result<String, String> {
    ask(port, &McpRequest { path: "/mcp".into(), by_events: false }, session).await
}

#[tokio::test]
async fn it_is_introduced_once_and_then_pinged_until_the_session_is_forgotten() {
    let (port, seen) =
        server(vec![INTRODUCED, ACCEPTED, PONG, PONG, FORGOTTEN, INTRODUCED, ACCEPTED, PONG]).await;
    let mut session = None;
    for _ in 0..3 {
        assert_eq!(asked(port, &mut session).await, Ok("tools 1.2".to_owned()));
    }
    insta::assert_snapshot!(seen.lock().unwrap().join("\n"), @"
    initialize no session
    notifications/initialized mcp-session-id: s1
    ping mcp-session-id: s1
    ping mcp-session-id: s1
    ping mcp-session-id: s1
    initialize no session
    notifications/initialized mcp-session-id: s1
    ping mcp-session-id: s1
    ");
}

#[tokio::test]
async fn what_is_no_mcp_server_is_told_apart_from_one_that_refuses() {
    let mut told = vec![];
    for answer in [
        "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 5\r\n\r\n<p>hi",
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 40\r\n\r\n{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":{}}    ",
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-32600,\"message\":\"not yet\"}}",
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}",
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\ndata: {\"half\r\n",
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 400\r\n\r\n{\"jsonrpc\"",
        "SSH-2.0-whatever\r\n\r\n",
        "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Bearer\r\nContent-Length: 0\r\n\r\n",
    ] {
        let (port, _) = server(vec![answer]).await;
        let mut session = None;
        told.push(asked(port, &mut session).await.unwrap_or_else(|error| format!("fails: {error}")));
        assert_eq!(session, None);
    }
    insta::assert_snapshot!(told.join("\n"), @"
    fails: POST /mcp answered 404 to initialize
    fails: POST /mcp answered initialize by something else than MCP
    fails: POST /mcp answered initialize by something else than MCP
    fails: initialize failed: not yet
    fails: initialize was answered without a protocolVersion
    fails: the answer of POST /mcp ended without what was asked for
    fails: the answer of POST /mcp broke off: error reading a body from connection
    fails: POST /mcp was answered by something else than HTTP: invalid HTTP version parsed
    asks for a sign-in
    ");
}
