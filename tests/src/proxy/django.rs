//! Django's development server, with its checks of host, origin and CSRF token as they are by default.

use serde_json::json;

use super::served::Served;
use crate::tools::{Tool, node};

const RUN: &str = "PYTHON/python manage.py runserver 127.0.0.1:$PORT";

#[test]
fn a_form_of_django_is_accepted_from_a_browser_by_the_proxy() {
    let test = "a_form_of_django_is_accepted_from_a_browser_by_the_proxy";
    let tools = [Tool::PythonPackages, Tool::Node, Tool::NodePackages, Tool::Chromium];
    let Some(web) = Served::app(test, "django", RUN, &tools) else { return };
    let direct = format!("127.0.0.1:{}", web.direct);
    for (host, name, names) in [(web.host(), "Ada", "Ada"), (direct, "Grace", "Ada, Grace")] {
        let url = format!("http://{host}/");
        let seen = node("browser/form.cjs", &json!({"url": url, "name": name}));
        let cookie = seen["cookie"].as_str().unwrap();
        assert!(cookie.starts_with("csrftoken="), "{seen}");
        assert_eq!(
            seen,
            json!({
                "status": 302,
                "origin": format!("http://{host}"),
                "cookie": cookie,
                "names": names,
                // Sent on to the host that it came from.
                "documents": [format!("GET {url}"), format!("POST {url}"), format!("GET {url}")],
                "sockets": [],
                "troubles": [],
            })
        );
    }
}

#[test]
fn django_refuses_by_the_proxy_what_it_refuses_by_itself() {
    let test = "django_refuses_by_the_proxy_what_it_refuses_by_itself";
    let Some(web) = Served::app(test, "django", RUN, &[Tool::PythonPackages, Tool::Curl]) else { return };
    let page = web.curl("/", &[]);
    let field = page.text().split_once("name=\"csrfmiddlewaretoken\" value=\"").unwrap().1;
    let token = format!("csrfmiddlewaretoken={}", field.split_once('"').unwrap().0);
    let cookie = page.header("set-cookie").unwrap().split_once(';').unwrap().0;
    let post = |origin: &str, options: &[&str]| {
        let origin = format!("Origin: {origin}");
        web.curl("/", &[&["--header", &origin, "--data", "name=Ada"], options].concat()).status
    };
    let own = web.url("");
    let all = ["--cookie", cookie, "--data", &token];
    assert_eq!(post(&own, &all), 302);
    assert_eq!(post(&own, &all[..2]), 403, "without the token");
    assert_eq!(post(&own, &all[2..]), 403, "without the cookie");
    assert_eq!(post("http://evil.localhost", &all), 403, "from elsewhere");
    assert_eq!(post(&web.direct_url(""), &all), 403, "from the service's own port");
}
