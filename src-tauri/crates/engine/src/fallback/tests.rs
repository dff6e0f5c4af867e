use std::fmt::Write;
use std::time::Duration;

use base64::Engine as _;
use http::Method;
use http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, RETRY_AFTER, X_FRAME_OPTIONS};
use kinfra_proxy::{Audience, Page, PageRequest, Trouble, Wants};
use kinfra_rpc::{ErrorCode, Exit, Health, Maintenance, Phase, Place, Problem};
use sha2::{Digest, Sha256};

mod hostile;

use super::{KnownProject, KnownService, ServiceView, event, html, service_page, unknown_page};

const NOW: u64 = 1_795_410_758_000;
/// What DESIGN allows a page.
const PAGE_BYTES: usize = 20 * 1024;

fn request(method: &Method, wants: Wants, trouble: Trouble) -> PageRequest<'_> {
    PageRequest {
        audience: Audience::Local,
        host: "web.shop.localhost",
        path: "/",
        route: Some("shop/web"),
        method,
        wants,
        trouble,
        proxy_port: 7080,
        token: Some("0123456789abcdef"),
        is_local_name: true,
    }
}

fn html_of(view: &ServiceView, trouble: Trouble) -> String {
    body(&service_page(view, &request(&Method::GET, Wants::Html, trouble)))
}

fn body(page: &Page) -> String {
    String::from_utf8(page.body.to_vec()).unwrap()
}

fn view(phase: Phase, health: Health) -> ServiceView {
    ServiceView {
        project: "shop".into(),
        service: "web".into(),
        phase,
        health,
        now_ms: NOW,
        ..ServiceView::default()
    }
}

fn crashed(exit: Exit) -> ServiceView {
    ServiceView {
        last_exit: Some(Exit { at: NOW - 125_000, ..exit }),
        restarts: 5,
        log_lines: vec![
            "\u{1b}[32m➜\u{1b}[0m listening on 3000".into(),
            "Error: connect ECONNREFUSED 127.0.0.1:5432".into(),
            "    at TCPConnectWrap.afterConnect [as oncomplete] <net.js:1555>".into(),
        ],
        ..view(Phase::CrashLooping, Health::Unknown)
    }
}

/// Every situation that a page may tell of, by name.
fn situations() -> Vec<(&'static str, ServiceView, Trouble)> {
    use Trouble::NotServing;
    let waiting = |names: &[&str]| ServiceView {
        waits_for: names.iter().map(|name| (*name).to_owned()).collect(),
        detail: "waits for db".into(),
        ..view(Phase::Waiting, Health::Unknown)
    };
    let code = Exit { code: Some(1), ..Exit::default() };
    let killed = Exit { signal: Some(9), ..Exit::default() };
    let healthy = || view(Phase::Running, Health::Healthy);
    let problem = Problem::new(ErrorCode::CommandNotFound, "nodee was not found in PATH")
        .hint("Did you mean node?")
        .at(Place { file: "/home/me/shop/kinfra.yaml".into(), line: 7, column: 10 });
    vec![
        ("stopped", view(Phase::Stopped, Health::Unknown), NotServing),
        ("waiting", waiting(&["db"]), NotServing),
        ("waiting for several", waiting(&["db", "cache", "queue"]), NotServing),
        ("waiting for its turn", waiting(&[]), NotServing),
        (
            "starting",
            ServiceView {
                detail: "starting: GET /health answered 503 · tried 20 times".into(),
                ..view(Phase::Starting, Health::Starting)
            },
            NotServing,
        ),
        ("running, not yet healthy", view(Phase::Running, Health::Starting), NotServing),
        ("starting, refused", view(Phase::Running, Health::Starting), Trouble::Refused),
        (
            "unhealthy",
            ServiceView {
                detail: "GET /health answered 500".into(),
                ..view(Phase::Running, Health::Unhealthy)
            },
            NotServing,
        ),
        ("ready meanwhile", healthy(), NotServing),
        ("refused", healthy(), Trouble::Refused),
        ("reset", healthy(), Trouble::Reset),
        ("no HTTP", healthy(), Trouble::Protocol),
        ("timed out", healthy(), Trouble::TimedOut),
        ("stopping", view(Phase::Stopping, Health::Healthy), NotServing),
        ("exited", ServiceView { phase: Phase::Exited, restarts: 0, ..crashed(code) }, NotServing),
        (
            "exited, tried again",
            ServiceView {
                phase: Phase::Exited,
                retry_in: Some(Duration::from_millis(3400)),
                ..crashed(killed)
            },
            NotServing,
        ),
        (
            "failed",
            ServiceView { problem: Some(problem), ..view(Phase::Failed, Health::Unknown) },
            NotServing,
        ),
        (
            "failed after an end that nobody saw",
            ServiceView { phase: Phase::Failed, ..crashed(Exit::default()) },
            NotServing,
        ),
        (
            "crash loop",
            ServiceView { retry_in: Some(Duration::from_secs(300)), ..crashed(killed) },
            NotServing,
        ),
        ("crash loop, given up", crashed(code), NotServing),
        (
            "maintenance",
            ServiceView {
                maintenance: Some(Maintenance {
                    since: NOW - 600_000,
                    note: Some("back at 15:00".into()),
                    until: Some(NOW + 1_200_000),
                }),
                ..healthy()
            },
            NotServing,
        ),
        (
            "maintenance of what is down",
            ServiceView { maintenance: Some(Maintenance::default()), ..crashed(code) },
            NotServing,
        ),
    ]
}

#[test]
fn each_situation_has_its_words_and_status() {
    let mut all = String::new();
    for (name, view, trouble) in situations() {
        let page = service_page(&view, &request(&Method::GET, Wants::Json, trouble));
        let problem: serde_json::Value = serde_json::from_str(&body(&page)).unwrap();
        assert_eq!(problem["status"], page.status.as_u16());
        let retry = page.headers.get(RETRY_AFTER).map_or("-", |value| value.to_str().unwrap());
        writeln!(all, "{name}: {} retry {retry} {}", page.status.as_u16(), problem["type"]).unwrap();
        writeln!(all, "    {} | {}", problem["title"], problem["detail"]).unwrap();
        for fact in super::story::facts(&view) {
            let exact = fact.exact.map(|exact| format!(" ({exact})")).unwrap_or_default();
            writeln!(all, "    {}: {}{exact}", fact.label, fact.value).unwrap();
        }
    }
    insta::assert_snapshot!("situations", all);
}

#[test]
fn a_page_for_people() {
    let view = ServiceView {
        retry_in: Some(Duration::from_secs(4)),
        ..crashed(Exit { code: Some(1), ..Exit::default() })
    };
    let page = html_of(&view, Trouble::NotServing);
    insta::assert_snapshot!("page", page.replace(html::STYLE, "STYLE").replace(html::SCRIPT, "SCRIPT"));
}

#[test]
fn a_problem_for_programs_and_an_event_for_an_open_page() {
    let (_, view, trouble) = situations().swap_remove(15);
    let page = service_page(&view, &request(&Method::POST, Wants::Json, trouble));
    assert_eq!(page.headers[CONTENT_TYPE], "application/problem+json");
    insta::assert_snapshot!("problem", body(&page));
    insta::assert_snapshot!(
        "events",
        [event(&view, false, Audience::Local), event(&view, true, Audience::Local)].join("\n")
    );
}

fn projects() -> Vec<KnownProject> {
    let service = |name: &str, phase| KnownService {
        name: name.to_owned(),
        url: format!("http://{name}.shop.localhost:7080/"),
        phase,
    };
    vec![
        KnownProject {
            name: "shop".into(),
            services: vec![
                service("web", Phase::Running),
                service("api", Phase::Starting),
                service("a-worker-with-quite-a-long-name", Phase::CrashLooping),
                service("db", Phase::Stopped),
            ],
        },
        KnownProject { name: "blog".into(), services: vec![service("site", Phase::Stopped)] },
    ]
}

#[test]
fn an_unknown_host_lists_what_there_is() {
    let of = |wants, known: &[KnownProject]| {
        let page = unknown_page(&request(&Method::GET, wants, Trouble::UnknownHost), known);
        assert_eq!(page.status, 404);
        body(&page).replace(html::STYLE, "STYLE")
    };
    insta::assert_snapshot!("unknown_host", of(Wants::Html, &projects()));
    insta::assert_snapshot!("unknown_host_problem", of(Wants::Json, &projects()));
    assert!(of(Wants::Html, &[]).contains("No service has this name."));
    let path = PageRequest {
        trouble: Trouble::UnknownPath,
        ..request(&Method::GET, Wants::Json, Trouble::UnknownPath)
    };
    assert!(body(&unknown_page(&path, &[])).contains("No service of web.shop.localhost takes this path."));
}

#[test]
fn a_visitor_from_outside_is_told_whether_to_come_back_and_nothing_else() {
    let mut all = String::new();
    for (name, view, trouble) in situations() {
        let view = ServiceView {
            project: "secret-project".into(),
            service: "secret-service".into(),
            log_lines: vec!["secret line".into()],
            ..view
        };
        let of = |wants| {
            let request = PageRequest {
                audience: Audience::Public,
                host: "shop.example.com",
                token: None,
                ..request(&Method::GET, wants, trouble)
            };
            service_page(&view, &request)
        };
        let (local, page) = (of(Wants::Json), body(&of(Wants::Html)));
        let problem: serde_json::Value = serde_json::from_str(&body(&local)).unwrap();
        let event = event(&view, false, Audience::Public);
        for told in [&page, &body(&local), &event] {
            for hidden in ["secret", "db", "/home", "kinfra.yaml", "kinfra ", "SIG", "code", "7080", "<form"]
            {
                let shown = told.replace(html::SCRIPT, "").replace(html::STYLE, "");
                assert!(!shown.contains(hidden), "{name}: {hidden} in {shown}");
            }
        }
        let retry = local.headers.get(RETRY_AFTER).map_or("-", |value| value.to_str().unwrap());
        let (kind, status) = (&problem["type"], local.status.as_u16());
        writeln!(all, "{name}: {status} retry {retry} {kind} | {} | {}", problem["title"], problem["detail"])
            .unwrap();
    }
    insta::assert_snapshot!("visitors", all);
}

#[test]
fn the_button_that_helps_is_there_and_the_other_one_hidden() {
    let shown = |page: &str, action: &str| {
        let form = page.split("<form ").find(|form| form.contains(&format!("data-action=\"{action}\"")));
        form.map(|form| !form.split('>').next().unwrap().ends_with(" hidden"))
    };
    for (phase, health, start, restart) in [
        (Phase::Stopped, Health::Unknown, true, false),
        (Phase::CrashLooping, Health::Unknown, false, true),
        (Phase::Running, Health::Unhealthy, false, true),
        (Phase::Starting, Health::Starting, false, false),
    ] {
        let page = html_of(&view(phase, health), Trouble::NotServing);
        assert_eq!(
            (shown(&page, "start"), shown(&page, "restart")),
            (Some(start), Some(restart)),
            "{phase:?}"
        );
        assert!(page.contains("href=\"/.well-known/kinfra/logs/\""));
    }
    let path = "/x\"><script>alert(1)</script>";
    let hostile = PageRequest { path, ..request(&Method::GET, Wants::Html, Trouble::NotServing) };
    let page = body(&service_page(&view(Phase::Stopped, Health::Unknown), &hostile));
    assert!(page.contains("action=\"/.well-known/kinfra/start/x&quot;&gt;&lt;script&gt;"));
    let path = "/".repeat(5000);
    let long = PageRequest { path: &path, ..hostile };
    assert!(!body(&service_page(&view(Phase::Stopped, Health::Unknown), &long)).contains("<form"));
}

#[test]
fn only_a_page_loaded_by_get_loads_itself_again() {
    let view = view(Phase::Starting, Health::Starting);
    assert!(html_of(&view, Trouble::NotServing).contains("data-reload=\"now\""));
    for method in [Method::POST, Method::PUT, Method::DELETE] {
        let page = body(&service_page(&view, &request(&method, Wants::Html, Trouble::NotServing)));
        assert!(page.contains("data-reload=\"never\""));
        assert!(page.contains("What you sent did not reach web."));
    }
}

#[test]
fn a_page_for_a_healthy_service_that_does_not_answer_waits_for_a_change() {
    for trouble in [Trouble::Refused, Trouble::Reset, Trouble::Protocol, Trouble::TimedOut] {
        let page = html_of(&view(Phase::Running, Health::Healthy), trouble);
        assert!(page.contains("data-reload=\"later\""), "{trouble:?}");
    }
}

#[test]
fn the_policy_allows_this_style_and_this_script_alone() {
    let hash = |text: &str| {
        format!("'sha256-{}'", base64::engine::general_purpose::STANDARD.encode(Sha256::digest(text)))
    };
    let page = service_page(
        &view(Phase::Starting, Health::Starting),
        &request(&Method::GET, Wants::Html, Trouble::NotServing),
    );
    let policy = page.headers[CONTENT_SECURITY_POLICY].to_str().unwrap();
    let expected = format!(
        "default-src 'none'; style-src {}; script-src {}; connect-src 'self'; base-uri 'none'; form-action 'self'; \
         frame-ancestors 'none'",
        hash(html::STYLE),
        hash(html::SCRIPT)
    );
    assert_eq!(policy, expected);
    assert!(
        html::SCRIPT
            .contains(&format!("new EventSource(\"{}\" + location.pathname)", kinfra_proxy::EVENTS_PATH))
    );
    assert_eq!(page.headers[X_FRAME_OPTIONS], "DENY");
}
