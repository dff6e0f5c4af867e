//! gRPC between the package `@grpc/grpc-js` on both ends, which speak HTTP/2 without TLS.

use serde_json::json;

use super::served::Served;
use crate::tools::Tool;

fn served(test: &str) -> Option<Served> {
    Served::server(test, "grpc.cjs", &[Tool::NodePackages])
}

/// Without the proxy too, for what fails there proves nothing.
#[track_caller]
fn call(test: &str, scenario: &str, wanted: &serde_json::Value) {
    let Some(web) = served(test) else { return };
    let [proxy, direct] = web.client("grpc.cjs", scenario);
    assert_eq!(&direct, wanted, "direct");
    assert_eq!(&proxy, wanted, "by the proxy");
}

#[test]
fn a_call_with_one_answer() {
    call("a_call_with_one_answer", "unary", &json!({"greeting": "hello, shop"}));
}

#[test]
fn a_call_with_many_answers() {
    call("a_call_with_many_answers", "server_stream", &json!([1, 2, 3, 4, 5]));
}

#[test]
fn a_call_with_many_questions() {
    call("a_call_with_many_questions", "client_stream", &json!({"sum": 6}));
}

#[test]
fn a_call_that_goes_both_ways_in_turns() {
    call("a_call_that_goes_both_ways_in_turns", "both", &json!([1, 2, 3]));
}

#[test]
fn a_status_comes_in_the_trailers() {
    let wanted = json!({"code": 9, "details": "nothing is left", "why": ["sold out"]});
    call("a_status_comes_in_the_trailers", "status", &wanted);
}
