//! Vite's development server, and its hot module replacement in a browser.

use std::thread;
use std::time::Duration;

use serde_json::json;

use super::served::Served;
use crate::tools::{Tool, node};
use crate::wait_until;

fn served(test: &str) -> Option<Served> {
    Served::app(test, "vite", "npm run dev", &[Tool::Node, Tool::NodePackages, Tool::Chromium])
}

#[test]
fn vite_changes_an_open_page_by_the_proxy_as_it_does_by_itself() {
    let test = "vite_changes_an_open_page_by_the_proxy_as_it_does_by_itself";
    let Some(web) = served(test) else { return };
    let file = web.folder().join("src/greeting.js");
    let direct = format!("localhost:{}", web.direct);
    for (host, from, to) in [(web.host(), "first", "second"), (direct, "second", "third")] {
        let url = format!("http://{host}/");
        let seen = node("browser/hot.cjs", &json!({"url": url, "file": file, "from": from, "to": to}));
        assert_eq!(
            seen,
            json!({
                "status": 200,
                "kept": "kept",
                "documents": [format!("GET {url}")],
                "sockets": [format!("ws://{host}/")],
                "troubles": [],
            })
        );
    }
}

#[test]
fn an_open_page_of_vite_finds_its_server_again_after_a_restart() {
    let test = "an_open_page_of_vite_finds_its_server_again_after_a_restart";
    let Some(web) = served(test) else { return };
    let ready = web.project.home.path().join("ready");
    let options = json!({"url": web.url("/"), "ready": ready});
    let seen = thread::scope(|scope| {
        let browser = scope.spawn(|| node("browser/restart.cjs", &options));
        wait_until("the page to be open", Duration::from_secs(40), || {
            ready.exists() || browser.is_finished()
        });
        web.project.succeed(&["restart", "web"]);
        browser.join().unwrap()
    });
    let [title, kept] = ["title", "kept"].map(|name| &seen[name]);
    assert_eq!((title, kept), (&json!("vite"), &json!(null)), "{seen:#}");
    let document = format!("GET {}", web.url("/"));
    assert_eq!(seen["documents"], json!([document, document]), "{seen:#}");
}
