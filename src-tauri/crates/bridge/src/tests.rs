//! A whole bridge, with a server that is a script and clients that are sockets.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::queue::MOST_BYTES;
use crate::{Bridge, serve};

const SOON: Duration = Duration::from_secs(60);

/// Says some 60 MiB when it is told to, and answers in order.
const SERVER: &str = r#"
text=$(printf '%01000d' 0)
while read -r line; do
    case "$line" in
        *initialize*) echo '{"id":1,"result":{}}' ;;
        *flood*) i=0; while [ $i -lt 60000 ]; do echo "{\"method\":\"m\",\"params\":\"$text\"}"; i=$((i+1)); done ;;
        *word*) echo '{"method":"a word"}' ;;
        *ping*) echo '{"id":2,"result":"pong"}' ;;
    esac
done
"#;

struct Stage {
    port: u16,
    reports: Arc<Mutex<Vec<String>>>,
    end: oneshot::Sender<()>,
    served: tokio::task::JoinHandle<()>,
}

impl Stage {
    async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let reports: Arc<Mutex<Vec<String>>> = Arc::default();
        let told = Arc::clone(&reports);
        let bridge = Bridge {
            path: "/mcp".to_owned(),
            program: "sh".into(),
            arguments: vec!["-c".to_owned(), SERVER.to_owned()],
            hosts: vec![],
            report: Arc::new(move |text: &str| told.lock().unwrap().push(text.to_owned())),
        };
        let (end, ended) = oneshot::channel::<()>();
        let served = tokio::spawn(serve(listener, bridge, async {
            let _ = ended.await;
        }));
        Self { port, reports, end, served }
    }

    /// A request that was sent, and of which nothing is read yet.
    async fn send(&self, method: &str, session: Option<&str>, accept: &str, body: &str) -> TcpStream {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).await.unwrap();
        let session = session.map(|id| format!("mcp-session-id: {id}\r\n")).unwrap_or_default();
        let head = format!(
            "{method} /mcp HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\naccept: {accept}\r\n{session}content-length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(body.as_bytes()).await.unwrap();
        stream
    }

    async fn post(&self, session: Option<&str>, body: &str) -> String {
        all_of(self.send("POST", session, "application/json", body).await).await
    }

    async fn begin(&self) -> String {
        let begun = self.post(None, r#"{"id":1,"method":"initialize"}"#).await;
        let id = begun.lines().find_map(|line| line.strip_prefix("mcp-session-id: "));
        id.unwrap_or_else(|| panic!("no session in {begun}")).trim().to_owned()
    }

    /// A client that listens: its stream has begun.
    async fn listen(&self, session: &str) -> TcpStream {
        let mut stream = self.send("GET", Some(session), "text/event-stream", "").await;
        let mut head = [0; 12];
        timeout(SOON, stream.read_exact(&mut head)).await.unwrap().unwrap();
        assert_eq!(&head, b"HTTP/1.1 200");
        stream
    }

    /// Waits until somebody was parted with.
    async fn parted(&self) {
        let is_told = async {
            while self.reports.lock().unwrap().is_empty() {
                tokio::task::yield_now().await;
            }
        };
        timeout(SOON, is_told).await.unwrap();
    }

    async fn close(self) {
        self.end.send(()).unwrap();
        timeout(SOON, self.served).await.unwrap().unwrap();
    }
}

async fn all_of(mut stream: TcpStream) -> String {
    let mut all = vec![];
    timeout(SOON, stream.read_to_end(&mut all)).await.unwrap().unwrap();
    String::from_utf8_lossy(&all).into_owned()
}

#[tokio::test]
async fn a_client_that_never_reads_costs_a_bounded_amount_and_the_others_go_on() {
    let stage = Stage::open().await;
    let (deaf, other) = (stage.begin().await, stage.begin().await);
    let never_read = stage.listen(&deaf).await;
    assert!(stage.post(Some(&deaf), r#"{"method":"flood"}"#).await.starts_with("HTTP/1.1 202"));
    stage.parted().await;
    // The server answers when it has said everything: nobody has kept it from that.
    let pong = stage.post(Some(&deaf), r#"{"id":2,"method":"ping"}"#).await;
    assert!(pong.ends_with(r#"{"id":2,"result":"pong"}"#), "{pong}");
    // Another session, meanwhile.
    let mut hears = stage.listen(&other).await;
    stage.post(Some(&other), r#"{"method":"word"}"#).await;
    let mut heard = String::new();
    while !heard.contains("a word") {
        let mut some = [0; 4096];
        let read = timeout(SOON, hears.read(&mut some)).await.unwrap().unwrap();
        assert_ne!(read, 0, "{heard}");
        heard.push_str(&String::from_utf8_lossy(&some[..read]));
    }
    let told = stage.reports.lock().unwrap().clone();
    assert_eq!(told, ["a client reads nothing of what the server says: its stream is ended"]);
    // Its stream has an end, and what was held for it is gone: it gets what was on its way.
    let got = all_of(never_read).await.len();
    assert!(got < MOST_BYTES, "{got} bytes were on their way");
    // It can listen again, and is told the newest of what was said meanwhile.
    let mut again = stage.listen(&deaf).await;
    let mut some = vec![0; 4096];
    let read = timeout(SOON, again.read(&mut some)).await.unwrap().unwrap();
    assert_ne!(read, 0);
    drop((again, hears));
    stage.close().await;
}

#[tokio::test]
async fn a_request_whose_client_never_reads_is_parted_with_and_its_session_goes_on() {
    let stage = Stage::open().await;
    let session = stage.begin().await;
    // What the server says goes to the request that waits.
    let never_read =
        stage.send("POST", Some(&session), "text/event-stream", r#"{"id":7,"method":"flood"}"#).await;
    stage.parted().await;
    let pong = stage.post(Some(&session), r#"{"id":2,"method":"ping"}"#).await;
    assert!(pong.ends_with(r#"{"id":2,"result":"pong"}"#), "{pong}");
    let got = all_of(never_read).await.len();
    assert!(got < MOST_BYTES, "{got} bytes were on their way");
    stage.close().await;
}
