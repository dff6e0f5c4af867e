//! Every case of the corpus, against a proxy and a service of its own.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::super::client::Client;
use super::case::{self, Case};
use super::drive::{Got, PROBE, drive};
use super::recorder::Recorder;
use super::strict::Seen;

/// What others ask for afterwards: over the connection that the case was forwarded on, if it is still there.
const INNOCENT: [&str; 2] = ["/innocent-1", "/innocent-2"];

/// Added to an expectation: the service saw a beginning, and never the end.
const MIDWAY: &str = " midway";

#[test]
fn every_case_of_the_corpus_ends_as_it_says() {
    let cases = case::all();
    assert!(cases.len() > 400, "some of the corpus is missing");
    let next = AtomicUsize::new(0);
    let work = || -> Vec<String> {
        let mine = std::iter::from_fn(|| cases.get(next.fetch_add(1, Ordering::Relaxed)));
        mine.filter_map(|case| wrong(case).map(|wrong| shown(case, &wrong))).collect()
    };
    let wrong: Vec<String> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(work)).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    assert!(wrong.is_empty(), "{} of {} cases:\n\n{}", wrong.len(), cases.len(), wrong.join("\n\n"));
}

fn shown(case: &Case, wrong: &str) -> String {
    let sent = String::from_utf8_lossy(&case.sent[..case.sent.len().min(600)]);
    format!("{}: {wrong}\n  expected: {}\n  sent: {sent:?}", case.name, case.expect)
}

/// What is not as it should be with a case.
fn wrong(case: &Case) -> Option<String> {
    let recorder = Recorder::start();
    let proxy = recorder.proxy();
    let outcome = drive(&proxy, case);
    for innocent in INNOCENT {
        let answer = Client::connect(&proxy).get(innocent);
        if (answer.status, answer.body.as_str()) != (200, &format!("GET {innocent}")) {
            return Some(format!("another client asked for {innocent} and got {answer:?}"));
        }
    }
    drop(proxy);

    let is_others = |seen: &Seen| seen.target == PROBE || INNOCENT.contains(&seen.target.as_str());
    let seen: Vec<Seen> = recorder.all().into_iter().filter(|seen| !is_others(seen)).collect();
    let (expected, may_begin) = (case.expect.replace(MIDWAY, ""), case.expect.contains(MIDWAY));
    if outcome.words() != expected {
        return Some(format!("it was {}, and the service saw {seen:#?}", outcome.words()));
    }
    if let Some(faulty) = seen.iter().find(|seen| !seen.faults.is_empty() || !(seen.complete || may_begin)) {
        return Some(format!("the service saw {faulty:#?}"));
    }
    // Each request that the service saw is one that the client was answered, and the other way round.
    let requests = seen.iter().filter(|seen| seen.complete);
    let requests: Vec<String> = requests.map(|seen| format!("{} {}", seen.method, seen.target)).collect();
    let answered: Vec<&String> = outcome.got.iter().filter_map(served).collect();
    let is_head = case.sent.starts_with(b"HEAD ");
    if !is_head && answered.iter().copied().ne(&requests) {
        return Some(format!("answered were {answered:?}, and the service saw {requests:?}"));
    }
    let text: String = seen.iter().map(Seen::text).collect();
    let absent = case.sees.iter().find(|sees| !text.contains(*sees));
    let present = case.never.iter().find(|never| text.contains(*never));
    absent
        .map(|absent| format!("the service did not see {absent:?}: {text}"))
        .or_else(|| present.map(|present| format!("the service saw {present:?}: {text}")))
}

fn served(got: &Got) -> Option<&String> {
    match got {
        Got::Served(what) => Some(what),
        _ => None,
    }
}
