use hyper::{HeaderMap, Response};

use crate::cloudflare::pipe::{self, Body};

/// Cloudflare's own page: a document for browsers, a line for others.
pub(super) fn page(status: u16, code: u16, title: &str, asked: &HeaderMap) -> Response<Body> {
    let accepts = asked.get("accept").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let (kind, body) = if accepts.contains("text/html") {
        let text = format!(
            "<!DOCTYPE html>\n<html><head><title>{title}</title></head>\n<body><h1>Error {code}</h1>\n<p>{title}</p>\
             </body></html>\n"
        );
        ("text/html; charset=UTF-8", text)
    } else {
        ("text/plain; charset=UTF-8", format!("error code: {code}"))
    };
    let mut response = Response::builder().status(status).header("content-type", kind);
    if code == 1033 {
        response = response.header("retry-after", "120");
    }
    response.body(pipe::full(body)).unwrap()
}
