use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tokio::time::timeout;

use super::http::{self, HttpRequest};
use super::mcp::{self, McpRequest, McpSession};

/// So long a connection must last: a container's engine knows sooner that nobody takes it.
const HELD: Duration = Duration::from_millis(100);

/// A probe, ready to run.
#[derive(Debug, Clone)]
pub enum Probe {
    /// A GET on loopback.
    Http { port: u16, request: HttpRequest },
    /// Something accepts connections on loopback.
    Tcp { port: u16 },
    /// The same, and they are not closed at once: who accepts may only hand on what nobody takes yet, as the engine of a
    /// container does.
    Holds { port: u16 },
    /// An MCP server answers on loopback; with the session that earlier probes of the process began.
    Mcp { port: u16, request: McpRequest, session: Arc<Mutex<Option<McpSession>>> },
    /// It lives at least this long.
    Lives { since: Instant, at_least: Duration },
}

/// Runs a probe once, within the limit. `Ok` holds a word about it, such as `12 ms`.
///
/// # Errors
/// Why it is not healthy, in words that follow *starting:* or *unhealthy:*.
pub async fn check(probe: &Probe, limit: Duration) -> Result<String, String> {
    let start = Instant::now();
    let checked = async {
        match probe {
            Probe::Http { port, request } => http::get(connect(*port).await?, *port, request).await?,
            Probe::Mcp { port, request, session } => {
                let name = mcp::ask(*port, request, &mut *session.lock().await).await?;
                return Ok(format!("{name}, {}", took(start.elapsed())));
            }
            Probe::Tcp { port } => drop(connect(*port).await?),
            Probe::Holds { port } => {
                let mut stream = connect(*port).await?;
                let closed = timeout(HELD, stream.read(&mut [0])).await;
                return match closed {
                    Ok(Ok(0) | Err(_)) => {
                        Err(format!("what listens on port {port} closes connections at once"))
                    }
                    Ok(Ok(_)) | Err(_) => Ok(String::new()),
                };
            }
            Probe::Lives { since, at_least } if since.elapsed() >= *at_least => return Ok(String::new()),
            Probe::Lives { at_least, .. } => {
                return Err(format!("lives shorter than {} s", at_least.as_secs()));
            }
        }
        Ok(took(start.elapsed()))
    };
    match timeout(limit, checked).await {
        Ok(result) => result,
        Err(_) => Err(format!("no answer within {}", took(limit))),
    }
}

/// To a server on loopback, whichever family it listens on. No name is ever resolved.
pub(super) async fn connect(port: u16) -> Result<TcpStream, String> {
    let addresses: [SocketAddr; 2] = [(Ipv4Addr::LOCALHOST, port).into(), (Ipv6Addr::LOCALHOST, port).into()];
    let mut failed = None;
    for address in addresses {
        match TcpStream::connect(address).await {
            Ok(stream) => return Ok(stream),
            Err(error) => failed = failed.or(Some(error)),
        }
    }
    Err(match failed {
        Some(error) if error.kind() != io::ErrorKind::ConnectionRefused => {
            format!("cannot connect to port {port}: {error}")
        }
        _ => format!("nothing listens on port {port}"),
    })
}

/// `12 ms`
#[must_use]
pub fn took(duration: Duration) -> String {
    match duration.as_millis() {
        millis @ 0..10_000 => format!("{millis} ms"),
        millis => format!("{} s", millis / 1_000),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use regex::Regex;
    use tokio::io::AsyncWriteExt;
    use tokio::net::TcpListener;

    use super::super::http::Expected;
    use super::*;

    const LIMIT: Duration = Duration::from_secs(5);

    async fn answering(answer: &'static str) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut head = [0; 1024];
                let _ = stream.read(&mut head).await;
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        });
        port
    }

    fn request(path: &str, expected: Expected) -> HttpRequest {
        HttpRequest { path: path.into(), headers: vec![], tls: false, expected: Arc::new(expected) }
    }

    async fn http(answer: &'static str) -> Result<String, String> {
        http_expecting(answer, Expected::default()).await
    }

    async fn http_expecting(answer: &'static str, expected: Expected) -> Result<String, String> {
        let port = answering(answer).await;
        check(&Probe::Http { port, request: request("/health", expected) }, LIMIT).await
    }

    #[tokio::test]
    async fn statuses_from_200_to_399_are_healthy() {
        assert!(http("HTTP/1.1 204 No Content\r\n\r\n").await.is_ok());
        assert!(http("HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n").await.is_ok());
        assert_eq!(
            http("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n").await.unwrap_err(),
            "GET /health answered 503"
        );
        assert!(
            http("SSH-2.0-whatever\r\n\r\n")
                .await
                .unwrap_err()
                .starts_with("GET /health was answered by something else than HTTP")
        );
    }

    #[tokio::test]
    async fn an_answer_can_be_told_by_status_header_and_body() {
        let pattern = |pattern| Regex::new(pattern).unwrap();
        let answer = "HTTP/1.1 401 No\r\nX-Build: 2026.11\r\nContent-Length: 14\r\n\r\n{\"ready\":true}";
        let expected = Expected {
            statuses: vec![(200, 200), (401, 403)],
            headers: vec![("x-build".into(), pattern("^2026"))],
            body: Some(pattern("\"ready\": *true")),
        };
        assert!(http_expecting(answer, expected.clone()).await.is_ok());
        let other = Expected { headers: vec![("x-build".into(), pattern("^2027"))], ..expected.clone() };
        let mut told = vec![http_expecting(answer, other).await.unwrap_err()];
        let other = Expected { headers: vec![("x-other".into(), pattern("."))], ..expected.clone() };
        told.push(http_expecting(answer, other).await.unwrap_err());
        let other = Expected { body: Some(pattern("false")), ..expected };
        told.push(http_expecting(answer, other).await.unwrap_err());
        insta::assert_snapshot!(told.join("\n"), @r"
        GET /health answered with x-build: 2026.11, which should match ^2027
        GET /health answered with no header x-other, which should match .
        the answer of GET /health has nothing that matches false
        ");
    }

    #[tokio::test]
    async fn a_body_without_an_end_is_searched_as_far_as_it_is_worth() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
            while stream.write_all(&[b'x'; 8192]).await.is_ok() {}
        });
        let expected = Expected { body: Some(Regex::new("ready").unwrap()), ..Expected::default() };
        let told = check(&Probe::Http { port, request: request("/", expected) }, LIMIT).await;
        assert_eq!(told.unwrap_err(), "the answer of GET / has nothing that matches ready");
    }

    #[tokio::test]
    async fn what_speaks_no_tls_is_told() {
        let port = answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await;
        let request = HttpRequest { tls: true, ..request("/", Expected::default()) };
        let told = check(&Probe::Http { port, request }, LIMIT).await.unwrap_err();
        assert!(told.starts_with("no TLS is spoken there: "), "{told}");
    }

    #[tokio::test]
    async fn nobody_on_the_port_is_said() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        assert!(check(&Probe::Tcp { port }, LIMIT).await.is_ok());
        drop(listener);
        // A program that another test is just starting has the listener too, until it really begins.
        let refused = async {
            loop {
                match check(&Probe::Tcp { port }, LIMIT).await {
                    Ok(_) => tokio::task::yield_now().await,
                    Err(error) => return error,
                }
            }
        };
        assert_eq!(timeout(LIMIT, refused).await.unwrap(), format!("nothing listens on port {port}"));
    }

    #[tokio::test]
    async fn a_server_on_ipv6_alone_is_found() {
        let Ok(listener) = TcpListener::bind("[::1]:0").await else { return };
        let port = listener.local_addr().unwrap().port();
        assert!(check(&Probe::Tcp { port }, LIMIT).await.is_ok());
    }

    #[tokio::test]
    async fn a_probe_that_hangs_ends_at_its_limit() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let probe = Probe::Http { port, request: request("/", Expected::default()) };
        let error = check(&probe, Duration::from_millis(50)).await.unwrap_err();
        assert_eq!(error, "no answer within 50 ms");
    }

    #[tokio::test]
    async fn a_connection_that_is_closed_at_once_was_taken_by_nobody() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let closing = tokio::spawn(async move {
            drop(listener.accept().await.unwrap());
            let kept = listener.accept().await.unwrap();
            (listener, kept)
        });
        let refused = check(&Probe::Holds { port }, LIMIT).await.unwrap_err();
        assert_eq!(refused, format!("what listens on port {port} closes connections at once"));
        assert_eq!(check(&Probe::Holds { port }, LIMIT).await, Ok(String::new()));
        drop(closing.await.unwrap());
        assert!(check(&Probe::Holds { port }, LIMIT).await.is_err());
    }
}
