use std::sync::{Mutex, mpsc};

use bytes::Bytes;
use http::{Request, StatusCode, Version};
use http_body_util::{BodyExt, Empty, Full};
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;

use super::service::Service;
use super::setup::{HOST, PATIENCE, proxy_to};

#[tokio::test]
async fn an_http2_client_is_served_from_an_http1_service() {
    let service = Service::start(|visit| {
        while let Some(request) = visit.request() {
            let length = request.len();
            visit.write(
                "HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nTrailer: x-end\r\nTransfer-Encoding: chunked\r\n\r\n"
                    .to_owned()
                    + &format!("{length:x}\r\n{request}\r\n0\r\nx-end: yes\r\n\r\n"),
            );
        }
    });
    let proxy = proxy_to(service.port);
    let stream = TcpStream::connect(proxy.local_addr()).await.unwrap();
    let (mut client, driver) = http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    tokio::spawn(driver);

    let request = Request::post(format!("http://{HOST}/path"))
        .header("cookie", "a=1")
        .header("cookie", "b=2")
        .header("te", "trailers")
        .body(Full::new(Bytes::from("body")))
        .unwrap();
    let response = client.send_request(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.version(), Version::HTTP_2);
    assert!(!response.headers().contains_key("connection"));
    let body = response.into_body().collect().await.unwrap();
    assert_eq!(body.trailers().unwrap()["x-end"], "yes");
    let received = String::from_utf8(body.to_bytes().to_vec()).unwrap();
    assert!(received.starts_with("POST /path HTTP/1.1\r\n"), "{received}");
    assert!(received.contains(&format!("host: {HOST}\r\n")), "{received}");
    assert!(received.contains("cookie: a=1; b=2\r\n"), "{received}");
    assert!(received.contains("te: trailers\r\n"), "{received}");
    assert!(received.ends_with("body"), "{received}");
}

#[tokio::test]
async fn requests_of_one_http2_connection_wait_for_no_other_and_get_each_its_own_answer() {
    const OTHERS: usize = 16;
    let (answer, answered) = mpsc::channel();
    let channel = (Mutex::new(answer), Mutex::new(answered));
    let service = Service::start(move |visit| {
        while let Some(request) = visit.request() {
            if request.starts_with("GET /first ") {
                let answered = channel.1.lock().unwrap();
                (0..OTHERS).for_each(|_| answered.recv_timeout(PATIENCE).unwrap());
            }
            visit.answer("200 OK", "", &request);
            channel.0.lock().unwrap().send(()).unwrap();
        }
    });
    let proxy = proxy_to(service.port);
    let stream = TcpStream::connect(proxy.local_addr()).await.unwrap();
    let (client, driver) = http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    tokio::spawn(driver);
    let ask = async |path: String| {
        let request = Request::get(format!("http://{HOST}{path}")).body(Empty::<Bytes>::new()).unwrap();
        let body = client.clone().send_request(request).await.unwrap().into_body().collect().await.unwrap();
        let body = String::from_utf8(body.to_bytes().to_vec()).unwrap();
        assert!(body.starts_with(&format!("GET {path} ")), "{path}: {body}");
    };
    let others = async {
        for number in 0..OTHERS {
            ask(format!("/{number}")).await;
        }
    };
    tokio::join!(ask("/first".to_owned()), others);
    // What was used by one of them is used by the next.
    assert_eq!(service.accepted(), 2);
}
