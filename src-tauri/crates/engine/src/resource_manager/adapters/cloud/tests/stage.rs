use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::BoxFuture;
use kinfra_rpc::Problem;

use super::fake::Fake;
use crate::resource_manager::{Commands, Given, Outside, Place, Progress, Ran};
use crate::schema::tree::read;
use crate::schema::{Fields, Format, Reader, Record, Run, Shape};

pub struct Silent;

impl Progress for Silent {
    fn tell(&self, _: String) {}
}

struct NoCommands;

impl Commands for NoCommands {
    fn run<'a>(&'a self, _: &'a Run, _: Duration) -> BoxFuture<'a, Result<Ran, Problem>> {
        unreachable!("a cloud needs no command")
    }
}

struct Only<F: Fake>(F::Settings);

impl<F: Fake> Record for Only<F> {
    const MEANING: &'static str = "A resource.";

    fn declare(fields: &mut Fields<'_>) -> Self {
        Self(F::declare(fields))
    }
}

/// What a text says, and the problems in it.
pub fn settings<F: Fake>(text: &str) -> (Option<F::Settings>, Vec<String>) {
    let mut reader = Reader::new(Path::new("kinfra.yaml"));
    let node = read(text, Format::Yaml).0.unwrap();
    let settings = Only::<F>::decode(&node, &mut reader).map(|only| only.0);
    (settings, reader.into_problems().iter().map(ToString::to_string).collect())
}

/// The secrets are `${secret:api}`, which is `swordfish`, and `${secret:password}`.
#[track_caller]
pub fn with_given<F: Fake, T>(
    outside: &Arc<Outside>,
    text: &str,
    make: impl FnOnce(&F::Settings, &Given<'_>) -> T,
) -> T {
    let (settings, problems) = settings::<F>(text);
    assert_eq!(problems, Vec::<String>::new());
    let expand = |text: &str| {
        Ok(text.replace("${secret:api}", "swordfish").replace("${secret:password}", "p@ss$word/%"))
    };
    let given = Given {
        place: Place { home: "h".into(), instance: "shop".into(), node: "db".into() },
        fingerprint: String::new(),
        folder: PathBuf::from("/nowhere"),
        ports: vec![],
        environment: BTreeMap::new(),
        signal: None,
        grace: Duration::from_secs(10),
        expand: &expand,
        commands: Arc::new(NoCommands),
        outside: Arc::clone(outside),
    };
    make(&settings.unwrap(), &given)
}

/// Secrets that were told, by the names that they are kept by.
pub type Kept = Arc<Mutex<BTreeMap<String, String>>>;

/// An outside, and what is kept in it.
pub fn kept() -> (Arc<Outside>, Kept) {
    let (outside, kept) = (Arc::new(Outside::new(BTreeMap::new())), Kept::default());
    let held = Arc::clone(&kept);
    let hold = move |name: &str, value: String| drop(held.lock().unwrap().insert(name.to_owned(), value));
    assert!(outside.hold.set(Box::new(hold)).is_ok());
    (outside, kept)
}
