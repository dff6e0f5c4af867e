//! The three services of the example, on real sockets.

use std::net::SocketAddr;
use std::sync::Arc;

use hyper::{Method, StatusCode};
use serde_json::Value;
use tokio::net::TcpListener;

use super::api::Api;
use super::http::{Handler, ask, serve};
use super::serve::{Neighbour, Role, Service};
use super::store::Store;
use super::web::Web;
use crate::surroundings::Environment;

async fn run<H: Handler>(make: impl FnOnce(u16) -> H) -> (SocketAddr, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(serve(listener, Arc::new(make(address.port())), Arc::new(|_: &str| {})));
    (address, format!("http://{address}"))
}

async fn get(base: &str, path: &str) -> (StatusCode, String) {
    let (status, body) = ask(Method::GET, base, path).await.unwrap();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

/// An address at which nobody listens: it was free a moment ago.
async fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

#[tokio::test]
async fn a_visit_is_counted_through_all_three_services() {
    let (store, store_url) = run(|_| Store::default()).await;
    let (api, api_url) = run(|port| Api { port, store_url: store_url.clone() }).await;
    let (web, web_url) = run(|port| Web { port, api_url: api_url.clone() }).await;

    for expected in 1..=2 {
        let (status, body) = get(&web_url, "/api/visits").await;
        assert_eq!(status, StatusCode::OK);
        let answer: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(answer["visits"], expected);
        assert_eq!(answer["served_by"]["api"], api.port());
        assert_eq!(answer["served_by"]["store"], format!("http://{store}"));
    }
    assert!(get(&store_url, "/counters/visits").await.1.contains("\"value\":2"));

    let (status, page) = get(&web_url, "/").await;
    assert_eq!(status, StatusCode::OK);
    assert!(page.contains(&format!("<td>{}", web.port())), "the page names its port");
    assert!(!page.contains("{{"), "nothing is left to fill in");
    for url in [&store_url, &api_url, &web_url] {
        assert_eq!(get(url, "/health").await.0, StatusCode::OK);
        assert_eq!(get(url, "/nothing").await.0, StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn an_api_whose_store_is_gone_is_not_healthy_and_says_why() {
    let store_url = nobody().await;
    let (_, api_url) = run(|port| Api { port, store_url: store_url.clone() }).await;
    let (_, web_url) = run(|port| Web { port, api_url: api_url.clone() }).await;

    let (status, body) = get(&api_url, "/health").await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(body.contains(&store_url), "{body}");
    assert_eq!(get(&web_url, "/api/visits").await.0, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(get(&web_url, "/health").await.0, StatusCode::OK);
}

#[tokio::test]
async fn a_page_whose_api_is_gone_answers_502() {
    let api_url = nobody().await;
    let (_, web_url) = run(|port| Web { port, api_url }).await;
    let (status, body) = get(&web_url, "/api/visits").await;
    assert_eq!(status, StatusCode::BAD_GATEWAY);
    assert!(body.contains("cannot reach"), "{body}");
}

#[tokio::test]
async fn each_request_is_one_printed_line() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (sender, mut lines) = tokio::sync::mpsc::unbounded_channel();
    let print = Arc::new(move |line: &str| drop(sender.send(line.to_owned())));
    tokio::spawn(serve(listener, Arc::new(Store::default()), print));
    get(&url, "/nothing").await;
    let line = lines.recv().await.unwrap();
    assert!(line.starts_with("GET /nothing 404 ") && line.ends_with(" ms"), "{line}");
}

#[tokio::test]
async fn the_store_takes_no_other_methods() {
    let (_, store_url) = run(|_| Store::default()).await;
    let (status, _) = ask(Method::DELETE, &store_url, "/counters/visits").await.unwrap();
    assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED);
}

fn environment(variables: &[(&str, &str)]) -> Environment {
    variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[test]
fn the_environment_says_where_to_listen_and_whom_to_ask() {
    let service = Service::from_environment(
        Role::Api,
        &environment(&[("PORT", "20114"), ("STORE_URL", "http://127.0.0.1:20113")]),
    );
    assert_eq!(
        service.unwrap(),
        Service {
            host: "127.0.0.1".parse().unwrap(),
            port: 20_114,
            neighbour: Neighbour::Store("http://127.0.0.1:20113".to_owned()),
        }
    );
    let told = |role, variables: &[(&str, &str)]| {
        Service::from_environment(role, &environment(variables)).unwrap_err().problems.remove(0).message
    };
    assert_eq!(told(Role::Store, &[]), "the variable PORT is not set");
    assert_eq!(told(Role::Web, &[("PORT", "1")]), "the variable API_URL is not set");
    assert_eq!(
        told(Role::Store, &[("PORT", "http")]),
        "the variable PORT is `http`, which is not a number up to 65535"
    );
}
