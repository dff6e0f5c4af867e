//! WebSocket between the package `ws` on both ends, and from a page in Chromium. What is found by the proxy is what is
//! found without it.

use std::time::Duration;

use serde_json::{Value, json};

use super::served::Served;
use crate::tools::{Tool, node};
use crate::wait_until;

const SOON: Duration = Duration::from_secs(10);

fn served(test: &str) -> Option<Served> {
    Served::server(test, "websocket.cjs", &[Tool::NodePackages, Tool::Curl])
}

/// What the service was told with the last close. It hears of it a moment after the client does.
fn closed(web: &Served, wanted: &Value) {
    let told = || web.direct("/closed", &[]).json();
    wait_until(&format!("the service to be told {wanted}"), SOON, || told() == *wanted);
}

#[test]
fn messages_come_back_as_they_were_sent() {
    let Some(web) = served("messages_come_back_as_they_were_sent") else { return };
    let [proxy, direct] = web.client("websocket.cjs", "messages");
    let wanted = |host: &str| json!({"text": ["grüße", false], "binary": [true, true], "host": host, "extensions": ""});
    assert_eq!(proxy, wanted(&web.host()));
    assert_eq!(direct, wanted(&format!("127.0.0.1:{}", web.direct)));
}

#[test]
fn pings_are_answered_by_the_other_end() {
    let Some(web) = served("pings_are_answered_by_the_other_end") else { return };
    let wanted =
        json!({"pong": "from the client", "ping": "from the server", "told": "pong: from the server"});
    assert_eq!(web.client("websocket.cjs", "pings"), [wanted.clone(), wanted]);
}

#[test]
fn a_message_of_1_mib_comes_back_whole() {
    let Some(web) = served("a_message_of_1_mib_comes_back_whole") else { return };
    assert_eq!(web.client("websocket.cjs", "large"), [json!(true), json!(true)]);
}

#[test]
fn packed_messages_stay_packed() {
    let Some(web) = served("packed_messages_stay_packed") else { return };
    let wanted = json!({"right": true, "extensions": "permessage-deflate"});
    assert_eq!(web.client("websocket.cjs", "deflated"), [wanted.clone(), wanted]);
}

#[test]
fn a_service_may_refuse_a_socket() {
    let Some(web) = served("a_service_may_refuse_a_socket") else { return };
    let wanted = json!({"status": 401, "asks": "Basic"});
    assert_eq!(web.client("websocket.cjs", "refused"), [wanted.clone(), wanted]);
}

#[test]
fn a_client_hears_of_a_service_that_is_gone() {
    let Some(web) = served("a_client_hears_of_a_service_that_is_gone") else { return };
    let ready = web.project.home.path().join("ready");
    let options = json!({"port": web.proxy, "host": web.host(), "scenario": "lost", "ready": ready});
    std::thread::scope(|scope| {
        let client = scope.spawn(|| node("clients/websocket.cjs", &options));
        wait_until("the socket to be open", SOON, || ready.exists());
        web.project.succeed(&["down"]);
        // Ended without a word, as RFC 6455 has it (7.1.5).
        assert_eq!(client.join().unwrap(), 1006);
    });
}

#[test]
fn a_clients_close_tells_the_service_its_code_and_reason() {
    let Some(web) = served("a_clients_close_tells_the_service_its_code_and_reason") else { return };
    let wanted = json!({"code": 4001, "reason": "enough"});
    assert_eq!(web.by_proxy("websocket.cjs", "close_by_client"), wanted);
    closed(&web, &wanted);
}

#[test]
fn a_services_close_tells_the_client_its_code_and_reason() {
    let Some(web) = served("a_services_close_tells_the_client_its_code_and_reason") else { return };
    let wanted = json!({"code": 4002, "reason": "go away"});
    assert_eq!(web.by_proxy("websocket.cjs", "close_by_server"), wanted);
    closed(&web, &wanted);
}

#[test]
fn two_hundred_are_open_at_once() {
    let Some(web) = served("two_hundred_are_open_at_once") else { return };
    assert_eq!(web.by_proxy("websocket.cjs", "many"), 200);
}

#[test]
fn a_page_in_a_browser_has_its_socket() {
    let tools = [Tool::NodePackages, Tool::Chromium, Tool::Curl];
    let test = "a_page_in_a_browser_has_its_socket";
    let Some(web) = Served::server(test, "websocket.cjs", &tools) else { return };
    let seen = node("browser/socket.cjs", &json!({"url": web.url("/")}));
    assert_eq!(
        seen,
        json!({
            "got": ["grüße", [0, 255, 7]],
            "protocol": "two",
            "code": 4001,
            "reason": "enough",
            "wasClean": true,
            "documents": [format!("GET {}", web.url("/"))],
            "sockets": [format!("ws://{}/chat", web.host())],
            "troubles": [],
        })
    );
    closed(&web, &json!({"code": 4001, "reason": "enough"}));
}
