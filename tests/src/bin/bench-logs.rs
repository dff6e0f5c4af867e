//! How fast a log of 64 MiB is searched, beside only reading its files.
#![allow(clippy::print_stdout)] // a benchmark prints what it measured

use std::fs;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use kinfra_engine::logs::{Begin, KnownSecrets, LogReader, Secrets};
use kinfra_rpc::LogFilter;
use kinfra_tests::bench::{Comparison, report};
use kinfra_tests::{TestProject, wait_until};

const ROUNDS: usize = 9;

/// A little less than what is kept, so that nothing of it is deleted.
const PRINTS: &str = "project: big\nservices:\n  it:\n    run: yes 'INFO handled request GET /products/12345 in 12 ms for customer 991, all well' | head -c 66000000; echo the needle; exec sleep 600\n    port: none\n";

fn main() {
    let project = TestProject::new(PRINTS);
    project.succeed(&["up", "-d"]);
    let folder = project.home.home().node_logs("big", "it");
    let secrets = KnownSecrets::default();
    secrets.learn("big", &Secrets::of([("API_TOKEN", "some-token-or-other")]));
    let reader = LogReader::new(vec![("it".to_owned(), folder.clone())], secrets.redactor("big"));
    let of = |pattern: &str| LogFilter { pattern: Some(pattern.to_owned()), ..LogFilter::default() };
    wait_until("the last line", Duration::from_secs(60), || lines(&reader, &of("needle")) == 1);

    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let since = LogFilter { since: u64::try_from(now.as_millis()).ok(), ..LogFilter::default() };
    let comparisons = [
        ("a word that stands in one line", of("needle")),
        ("an expression without a match", of(r"customer \d+, (none|nothing) well")),
        ("a class in Unicode, no match", of(r"\w+ NEEDLE")),
        ("lines since now", since),
    ]
    .map(|(name, filter)| {
        let ours = || timed(|| lines(&reader, &filter));
        Comparison::measure(name, "reading the files", ROUNDS, ours, || timed(|| read_all(&folder)))
    });
    let newest = Comparison::measure(
        "the newest 200 lines",
        "reading the files",
        ROUNDS,
        || timed(|| lines(&reader, &LogFilter::default())),
        || timed(|| read_all(&folder)),
    );
    let mut all = comparisons.to_vec();
    all.push(newest);
    println!("{}", report("logs", &all));
}

fn lines(reader: &LogReader, filter: &LogFilter) -> usize {
    let page = reader.read(Begin::Newest, 200, filter);
    page.unwrap_or_else(|error| panic!("{error}")).lines.len()
}

fn read_all(folder: &Path) {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let logs = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let is_log = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "log");
    for path in logs.filter(is_log) {
        let bytes = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert!(!bytes.is_empty(), "{} is empty", path.display());
    }
}

fn timed<T>(work: impl FnOnce() -> T) -> Duration {
    let begin = Instant::now();
    black_box(work());
    begin.elapsed()
}
