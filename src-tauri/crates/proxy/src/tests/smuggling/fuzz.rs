//! The corpus and what comes of it by chance: whatever a client sends, the proxy neither panics nor hangs, its service
//! gets requests that can be read in one way only, and other clients get their own answers.

use std::io::{ErrorKind, Read, Write};
use std::net::Shutdown;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{RngAlgorithm, TestCaseError, TestRng, TestRunner};

use super::super::client::Client;
use super::super::setup::PATIENCE;
use super::case::{self, Case};
use super::mutate::{edits, mutated};
use super::recorder::Recorder;
use crate::Proxy;

/// Runners at once; each has a proxy and a service of its own.
const RUNNERS: u64 = 4;

/// When a connection on which nothing more comes is left.
const QUIET: Duration = Duration::from_millis(15);

#[test]
fn a_sample_of_hostile_requests_reaches_the_service_in_one_meaning() {
    fuzz(600);
}

#[test]
#[ignore = "deep"]
fn many_hostile_requests_reach_the_service_in_one_meaning() {
    fuzz(10_000);
}

fn fuzz(cases: u32) {
    let corpus = case::all();
    let panics = panics();
    let seed = seed();
    std::thread::scope(|scope| {
        for runner in 0..RUNNERS {
            let corpus = &corpus;
            scope.spawn(move || run(corpus, seed.wrapping_add(runner), cases));
        }
    });
    assert_eq!(*panics.lock().unwrap(), [""; 0], "the proxy panicked");
}

/// Given by `KINFRA_SEED`, else by the clock; printed, so that a failure can be had again.
fn seed() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let given = std::env::var("KINFRA_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = given.unwrap_or_else(|| u64::from(now.subsec_nanos()));
    println!("to repeat this: KINFRA_SEED={seed}");
    seed
}

fn run(corpus: &[Case], seed: u64, cases: u32) {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let config = ProptestConfig {
        cases,
        failure_persistence: None,
        max_shrink_iters: 300,
        ..ProptestConfig::default()
    };
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes));
    let recorder = Recorder::start();
    let proxy = recorder.proxy();
    let result = runner.run(&(any::<Index>(), edits()), |(case, edits)| {
        let case = case.get(corpus);
        let sent = mutated(case, &edits);
        holds(&proxy, &recorder, &sent).map_err(|fault| {
            let sent = sent.escape_ascii();
            TestCaseError::fail(format!("{fault}\n  changed: {}\n  sent: {sent}", case.name))
        })
    });
    if let Err(error) = result {
        panic!("{error}");
    }
}

fn holds(proxy: &Proxy, recorder: &Recorder, sent: &[u8]) -> Result<(), String> {
    let got = spoken(proxy, sent)?;
    if String::from_utf8_lossy(&got).contains("KInfra failed on this request") {
        return Err("handling it panicked".to_owned());
    }
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let path = format!("/innocent-{}", COUNT.fetch_add(1, Ordering::Relaxed));
    let answer = Client::connect(proxy).get(&path);
    if answer.body != format!("GET {path}") {
        return Err(format!("another client asked for {path} and got {answer:?}"));
    }
    match recorder.taken().into_iter().find(|seen| !seen.faults.is_empty()) {
        Some(seen) => Err(format!("the service saw {seen:#?}")),
        None => Ok(()),
    }
}

/// All that comes back; the client stops sending when it has become quiet, and then the proxy has to close.
fn spoken(proxy: &Proxy, sent: &[u8]) -> Result<Vec<u8>, String> {
    let mut stream = Client::connect(proxy).stream;
    // The proxy may have closed before it was all sent.
    let _ = stream.write_all(sent);
    stream.set_read_timeout(Some(QUIET)).unwrap();
    let mut got = Vec::new();
    if stream.read_to_end(&mut got).is_err_and(|error| is_late(error.kind())) {
        let _ = stream.shutdown(Shutdown::Write);
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        if stream.read_to_end(&mut got).is_err_and(|error| is_late(error.kind())) {
            return Err("the proxy neither answers nor closes".to_owned());
        }
    }
    Ok(got)
}

fn is_late(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::WouldBlock | ErrorKind::TimedOut)
}

/// What threads of proxies have panicked with since this was called first, other than by what tests make them do.
fn panics() -> &'static Mutex<Vec<String>> {
    static PANICS: Mutex<Vec<String>> = Mutex::new(Vec::new());
    static HOOK: std::sync::Once = std::sync::Once::new();
    HOOK.call_once(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            let of_proxy = std::thread::current().name().is_some_and(|name| name.starts_with("kinfra-proxy"));
            let by_test = panic.location().is_some_and(|place| place.file().contains("/tests/"));
            if of_proxy && !by_test {
                PANICS.lock().unwrap().push(panic.to_string());
            }
            usual(panic);
        }));
    });
    &PANICS
}
