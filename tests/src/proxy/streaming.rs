//! Nothing waits in the proxy for more to come.

use std::time::Duration;

use serde_json::json;

use super::curl::Curl;
use super::served::Served;
use crate::tools::{Tool, node};
use crate::wait_until;

const SOON: Duration = Duration::from_secs(10);

#[test]
fn an_event_arrives_before_the_next_one_is_sent() {
    let test = "an_event_arrives_before_the_next_one_is_sent";
    let Some(web) = Served::server(test, "http.cjs", &[Tool::Curl]) else { return };
    for option in ["--http1.1", "--http2-prior-knowledge"] {
        let curl = Curl::start(&web.url("/events"), &[option]);
        wait_until("the first event", SOON, || curl.body() == b"data: first\n\n");
        // Until now the service had no reason to send the second one.
        assert_eq!(web.direct("/release", &[]).text(), "released");
        assert_eq!(curl.end().text(), "data: first\n\ndata: second\n\n", "{option}");
    }
}

#[test]
fn a_page_in_a_browser_has_its_events_one_by_one() {
    let test = "a_page_in_a_browser_has_its_events_one_by_one";
    let Some(web) = Served::server(test, "http.cjs", &[Tool::NodePackages, Tool::Chromium]) else { return };
    let seen = node("browser/events.cjs", &json!({"url": web.url("/page")}));
    assert_eq!((&seen["got"], &seen["troubles"]), (&json!(["first", "second"]), &json!([])), "{seen:#}");
}

#[test]
fn a_service_has_the_first_half_of_an_upload_before_the_second_is_sent() {
    let test = "a_service_has_the_first_half_of_an_upload_before_the_second_is_sent";
    let Some(web) = Served::server(test, "http.cjs", &[]) else { return };
    let told = node("clients/uploads.cjs", &json!({"port": web.proxy, "host": web.host()}));
    assert_eq!(told, json!({"half": 1000, "received": 1500, "length": null}));
}

#[test]
fn a_service_may_answer_while_it_is_still_being_told() {
    let Some(web) = Served::server("a_service_may_answer_while_it_is_still_being_told", "http.cjs", &[])
    else {
        return;
    };
    let pieces = json!(["piece 1", "piece 2", "piece 3"]);
    assert_eq!(web.client("mirror.cjs", "1"), [pieces.clone(), pieces.clone()]);
    assert_eq!(web.by_proxy("mirror.cjs", "2"), pieces, "by HTTP/2");
}
