//! Next.js's development server, and its fast refresh in a browser.

use serde_json::json;

use super::served::Served;
use crate::tools::{Tool, node};

#[test]
fn next_changes_an_open_page_by_the_proxy_as_it_does_by_itself() {
    let test = "next_changes_an_open_page_by_the_proxy_as_it_does_by_itself";
    let tools = [Tool::Node, Tool::NodePackages, Tool::Chromium];
    let Some(web) = Served::app(test, "next", "npm run dev", &tools) else { return };
    let file = web.folder().join("app/greeting.jsx");
    let direct = format!("127.0.0.1:{}", web.direct);
    for (host, from, to) in [(web.host(), "first", "second"), (direct, "second", "third")] {
        let url = format!("http://{host}/");
        let seen = node("browser/hot.cjs", &json!({"url": url, "file": file, "from": from, "to": to}));
        assert_eq!(
            seen,
            json!({
                "status": 200,
                "kept": "kept",
                "documents": [format!("GET {url}")],
                "sockets": [format!("ws://{host}/_next/hmr")],
                "troubles": [],
            })
        );
    }
}
