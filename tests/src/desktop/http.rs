use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::handshake;
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Longer than the first start of a web process takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub content_type: String,
    pub body: Vec<u8>,
}

impl Reply {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// One request over a connection of its own to this machine, whatever host it names: `.localhost` is not looked up.
pub async fn request(
    method: Method,
    port: u16,
    host: &str,
    path: &str,
    accept: &str,
    body: Vec<u8>,
) -> Result<Reply, String> {
    let exchange = async {
        let stream = TcpStream::connect(("127.0.0.1", port)).await.map_err(|error| error.to_string())?;
        let (mut sender, connection) =
            handshake(TokioIo::new(stream)).await.map_err(|error| error.to_string())?;
        let connection = tokio::spawn(connection);
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", host)
            .header("accept", accept)
            .header("content-type", "application/json")
            .body(Full::new(Bytes::from(body)))
            .map_err(|error| error.to_string())?;
        let response = sender.send_request(request).await.map_err(|error| error.to_string())?;
        let status = response.status().as_u16();
        let content_type = response.headers().get("content-type");
        let content_type = content_type.and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
        let body =
            response.into_body().collect().await.map_err(|error| error.to_string())?.to_bytes().to_vec();
        connection.abort();
        Ok(Reply { status, content_type, body })
    };
    timeout(PATIENCE, exchange)
        .await
        .map_err(|_| format!("no answer from port {port} within {PATIENCE:?}"))?
}

/// What a browser would get from one of the project's names, through the proxy.
pub async fn browse(proxy: u16, host: &str, path: &str) -> Result<Reply, String> {
    request(Method::GET, proxy, &format!("{host}:{proxy}"), path, "text/html", Vec::new()).await
}
