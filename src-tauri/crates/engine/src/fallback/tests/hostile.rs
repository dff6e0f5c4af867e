//! Texts that try to become markup, script or an escape sequence.

use http::Method;
use kinfra_proxy::{Audience, PageRequest, Trouble, Wants};
use kinfra_rpc::{ErrorCode, Phase, Place, Problem};
use proptest::collection::vec;
use proptest::prelude::*;

use super::super::{KnownProject, KnownService, ServiceView, event, logs_page, service_page, unknown_page};
use super::{PAGE_BYTES, body, html_of, request, situations};

/// A page without its texts and attribute values: what text from outside must not be able to change.
fn skeleton(page: &str) -> String {
    let (mut skeleton, mut in_tag, mut in_value) = (String::new(), false, false);
    for character in page.chars() {
        match character {
            '<' if !in_value => in_tag = true,
            '"' if in_tag => in_value = !in_value,
            _ => {}
        }
        if in_tag && (!in_value || character == '"') {
            skeleton.push(character);
        }
        if character == '>' && !in_value {
            in_tag = false;
        }
    }
    skeleton
}

/// Text that tries to become markup, script or an escape sequence, mixed with any other.
fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("</script><script>alert(1)</script>".to_owned()),
        Just("\"><img src=x onerror=alert(1)>".to_owned()),
        Just("' onmouseover='alert(1)".to_owned()),
        Just("</pre></title></style><!--".to_owned()),
        Just("&lt;script&gt;&#x3c;".to_owned()),
        Just("javascript:alert(1)".to_owned()),
        Just("\u{1b}]0;<b>\u{7}\u{1b}[31m\r\n\0\u{2028}".to_owned()),
        any::<String>(),
        "[<>\"'&;=/a-z]{0,400}",
    ];
    vec(piece, 1..6).prop_map(|pieces| format!("x{}", pieces.concat()))
}

prop_compose! {
    fn any_view()(
        texts in vec(hostile(), 9),
        waits_for in vec(hostile(), 0..5),
        log_lines in vec(hostile(), 0..40),
        (_, base, trouble) in proptest::sample::select(situations()),
    ) -> (ServiceView, Trouble) {
        let [project, service, detail, message, hint, file, ..] = texts.as_slice() else { unreachable!() };
        let problem = Problem::new(ErrorCode::Io, message)
            .hint(hint)
            .at(Place { file: file.into(), line: 1, column: 2 });
        let view = ServiceView {
            project: project.clone(),
            service: service.clone(),
            detail: detail.clone(),
            waits_for,
            problem: base.problem.is_some().then_some(problem),
            log_lines,
            ..base
        };
        (view, trouble)
    }
}

/// The same view with nothing in its texts but letters.
fn harmless(view: &ServiceView) -> ServiceView {
    let x = || "x".to_owned();
    let mut harmless = ServiceView {
        project: x(),
        service: x(),
        detail: x(),
        waits_for: view.waits_for.iter().map(|_| x()).collect(),
        log_lines: view.log_lines.iter().map(|_| x()).collect(),
        ..view.clone()
    };
    if let Some(problem) = &mut harmless.problem {
        problem.message = x();
        problem.hint = Some(x());
    }
    harmless
}

proptest! {
    #[test]
    fn no_text_from_outside_becomes_markup((view, trouble) in any_view()) {
        let page = html_of(&view, trouble);
        prop_assert_eq!(skeleton(&page), skeleton(&html_of(&harmless(&view), trouble)));
        prop_assert!(page.len() < PAGE_BYTES, "{} bytes", page.len());
        let unseen = page.contains(['\u{1b}', '\0']);
        prop_assert!(!unseen);
    }

    #[test]
    fn problems_and_events_stay_json_on_one_line((view, trouble) in any_view()) {
        let page = service_page(&view, &request(&Method::GET, Wants::Json, trouble));
        let events = [Audience::Local, Audience::Public].map(|audience| event(&view, false, audience));
        for text in [body(&page), event(&view, true, Audience::Local)].into_iter().chain(events) {
            prop_assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok());
            prop_assert!(!text.contains(['\n', '\r']));
        }
    }

    #[test]
    fn no_log_line_becomes_markup(names in vec(hostile(), 2), lines in vec(hostile(), 0..40)) {
        let [project, service] = names.as_slice() else { unreachable!() };
        let harmless: Vec<String> = lines.iter().map(|_| "x".to_owned()).collect();
        let page = body(&logs_page(project, service, &lines));
        prop_assert_eq!(skeleton(&page), skeleton(&body(&logs_page("x", "x", &harmless))));
    }

    #[test]
    fn no_name_becomes_markup_in_the_list_of_known_hosts(
        host in hostile(),
        names in vec((hostile(), hostile(), hostile()), 0..40),
    ) {
        let known = |name: &dyn Fn(&str) -> String| -> Vec<KnownProject> {
            let one = |(project, service, url): &(String, String, String)| KnownProject {
                name: name(project),
                services: vec![KnownService { name: name(service), url: name(url), phase: Phase::Running }],
            };
            names.iter().map(one).collect()
        };
        let page = |host: &str, known: &[KnownProject]| {
            let request = PageRequest { host, ..request(&Method::GET, Wants::Html, Trouble::UnknownHost) };
            body(&unknown_page(&request, known))
        };
        let hostile_page = page(&host, &known(&str::to_owned));
        prop_assert!(hostile_page.len() < PAGE_BYTES, "{} bytes", hostile_page.len());
        prop_assert!(!hostile_page.contains("href=\"javascript:"));
        let allowed = ["html", "head", "meta", "title", "style", "body", "main", "p", "h1", "h2", "span", "ul", "li", "a", "!doctype"];
        for tag in skeleton(&hostile_page).split('<').skip(1) {
            let name = tag.trim_start_matches('/').split([' ', '>']).next().unwrap_or_default();
            prop_assert!(allowed.contains(&name), "{tag}");
            prop_assert!(!tag.contains(" on"), "{tag}");
        }
    }

    #[test]
    fn the_page_for_sixty_services_has_its_size(length in 1_usize..63) {
        let known = KnownProject {
            name: "n".repeat(length),
            services: (0..60).map(|number| KnownService {
                name: "s".repeat(length),
                url: format!("http://{}.{}.localhost:7080/{number}", "s".repeat(length), "n".repeat(length)),
                phase: Phase::Running,
            }).collect(),
        };
        let page = unknown_page(&request(&Method::GET, Wants::Html, Trouble::UnknownHost), &[known]);
        prop_assert!(page.body.len() < PAGE_BYTES);
    }
}
