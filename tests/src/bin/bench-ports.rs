//! How fast ports are claimed, read and chosen; beside bare inserts into the same table, a bare map, and the bare binds
//! that a choice can't do without.
#![allow(clippy::print_stdout)] // a benchmark prints what it measured

use std::cell::Cell;
use std::collections::{BTreeMap, HashMap};
use std::net::{Ipv4Addr, TcpListener};
use std::time::{Duration, Instant};

use kinfra_engine::port_registry::{PortRegistry, RegistryOptions, Wanted, is_free};
use kinfra_engine::smart_allocator::{Ask, Choice, Ground, PortSet, Wish, choose};
use kinfra_engine::store::{ClaimKey, Claims, Store};
use kinfra_rpc::{PortOrigin, PortRange, Protocol};
use kinfra_tests::bench::limits::allow_descriptors;
use kinfra_tests::bench::{Comparison, report};
use rusqlite::{Connection, TransactionBehavior};
use tempfile::TempDir;
use tokio::runtime::Runtime;

const ROUNDS: usize = 7;
const CLAIMERS: u32 = 64;
const CLAIMS_EACH: u32 = 100;
const READS: u32 = 100_000;
const ONE_START: u32 = 500;
const CHOICES: u32 = 200;
/// Ten thousand ports, outside those of outgoing connections.
const RANGE: PortRange = PortRange { first: 20_000, last: 29_999 };
/// In a hundred.
const TAKEN: u16 = 99;

fn main() {
    let runtime = Runtime::new().unwrap_or_else(|error| panic!("cannot start tokio: {error}"));
    // As many in a transaction as the last claims had: who was just answered has to ask again first.
    let at_once = Cell::new(CLAIMERS / 2);
    let claims = Comparison::measure(
        "64 claimers, 100 claims each",
        "bare inserts, as many at once",
        ROUNDS,
        || runtime.block_on(claim_at_once(&at_once)),
        || insert_all(CLAIMERS * CLAIMS_EACH, at_once.get()),
    )
    .of(CLAIMERS * CLAIMS_EACH);
    let start = Comparison::measure(
        "500 claims of one start",
        "bare inserts, all in a transaction",
        ROUNDS,
        || runtime.block_on(claim_one_start()),
        || insert_all(ONE_START, ONE_START),
    )
    .of(ONE_START);
    let known = Known::new(&runtime);
    let reads = Comparison::measure(
        "100,000 known claims",
        "a bare map, one thread",
        ROUNDS,
        || runtime.block_on(known.ask()),
        || known.look_up(),
    )
    .of(READS);
    let claimed = Comparison::measure(
        "200 choices, 99 % claimed",
        "the binds that they need",
        ROUNDS,
        || Full::claimed().choose(),
        || Full::claimed().bind(),
    )
    .of(CHOICES);
    allow_descriptors();
    let strangers = listen_on_most();
    let busy = Comparison::measure(
        "a choice, 99 % busy",
        "the binds that it needs",
        ROUNDS,
        || Full::busy().choose(),
        || Full::busy().bind(),
    )
    .of(1);
    drop(strangers);
    println!("{}", report("ports", &[claims, start, reads, claimed, busy]));
}

fn time<T>(act: impl FnOnce() -> T) -> Duration {
    let begin = Instant::now();
    drop(act());
    begin.elapsed()
}

fn wanted(node: String) -> Wanted {
    Wanted { node, replica: 0, name: "http".to_owned(), protocol: Protocol::Tcp, ask: Ask::Any(None) }
}

async fn registry(folder: &TempDir) -> PortRegistry {
    opened(folder).await.0
}

async fn opened(folder: &TempDir) -> (PortRegistry, Store) {
    let opened = Store::open(&folder.path().join("kinfra.sqlite"));
    let (store, _) = opened.unwrap_or_else(|error| panic!("{error}"));
    let options = RegistryOptions { range: RANGE, reserved: vec![], ephemeral: None };
    let registry = PortRegistry::open(store.clone(), options).await;
    (registry.unwrap_or_else(|error| panic!("{error}")), store)
}

fn folder() -> TempDir {
    // Beside the build: /tmp may be in memory, where nothing is ever flushed.
    tempfile::tempdir_in("target").unwrap_or_else(|error| panic!("cannot make a folder in target: {error}"))
}

/// Each claimer waits for its own durable answer before it asks for the next port.
async fn claim_at_once(at_once: &Cell<u32>) -> Duration {
    let folder = folder();
    let (registry, store) = opened(&folder).await;
    let before = store.transactions();
    let begin = Instant::now();
    let claimers: Vec<_> = (0..CLAIMERS)
        .map(|claimer| {
            let registry = registry.clone();
            tokio::spawn(async move {
                for claim in 0..CLAIMS_EACH {
                    let wanted = vec![wanted(format!("node{claimer}-{claim}"))];
                    registry.claim("bench", wanted).await.unwrap_or_else(|failure| panic!("{failure}"));
                }
            })
        })
        .collect();
    for claimer in claimers {
        claimer.await.unwrap_or_else(|error| panic!("{error}"));
    }
    let taken = begin.elapsed();
    let transactions = u32::try_from(store.transactions() - before).unwrap_or(u32::MAX);
    at_once.set((CLAIMERS * CLAIMS_EACH).div_ceil(transactions.max(1)));
    taken
}

async fn claim_one_start() -> Duration {
    let folder = folder();
    let registry = registry(&folder).await;
    let all = (0..ONE_START).map(|node| wanted(format!("node{node}"))).collect();
    let begin = Instant::now();
    registry.claim("bench", all).await.unwrap_or_else(|failure| panic!("{failure}"));
    begin.elapsed()
}

/// The same rows by the same statement into the same table, with nobody waiting and nothing chosen.
fn insert_all(rows: u32, at_once: u32) -> Duration {
    let folder = folder();
    let path = folder.path().join("kinfra.sqlite");
    drop(Store::open(&path).unwrap_or_else(|error| panic!("{error}")));
    let failed = |error: rusqlite::Error| -> ! { panic!("{error}") };
    let mut connection = Connection::open(&path).unwrap_or_else(|error| failed(error));
    connection.pragma_update(None, "synchronous", "FULL").unwrap_or_else(|error| failed(error));
    let claims: Vec<_> = (0..rows)
        .zip(RANGE.first..)
        .map(|(row, port)| wanted(format!("node{row}")).claim("bench", port, PortOrigin::Hash, None))
        .collect();
    time(|| {
        for batch in claims.chunks(usize::try_from(at_once).unwrap_or(1)) {
            let transaction = connection
                .transaction_with_behavior(TransactionBehavior::Immediate)
                .unwrap_or_else(|error| failed(error));
            for claim in batch {
                Claims(&transaction).set(claim).unwrap_or_else(|error| failed(error));
            }
            transaction.commit().unwrap_or_else(|error| failed(error));
        }
    })
}

/// A registry that knows all that it is asked for.
struct Known {
    registry: PortRegistry,
    keys: Vec<ClaimKey>,
    map: HashMap<ClaimKey, u16>,
    _folder: TempDir,
}

impl Known {
    fn new(runtime: &Runtime) -> Self {
        let folder = folder();
        runtime.block_on(async {
            let registry = registry(&folder).await;
            let all = (0..ONE_START).map(|node| wanted(format!("node{node}"))).collect();
            registry.claim("bench", all).await.unwrap_or_else(|failure| panic!("{failure}"));
            let map: HashMap<_, _> =
                registry.claims().into_iter().map(|claim| (claim.key, claim.port)).collect();
            Self { registry, keys: map.keys().cloned().collect(), map, _folder: folder }
        })
    }

    async fn ask(&self) -> Duration {
        let begin = Instant::now();
        for key in self.keys.iter().cycle().take(READS as usize) {
            let wanted = vec![wanted(key.node.clone())];
            let ports = self.registry.claim("bench", wanted).await;
            assert!(ports.is_ok_and(|ports| ports.nodes.len() == 1));
        }
        begin.elapsed()
    }

    fn look_up(&self) -> Duration {
        time(|| {
            for key in self.keys.iter().cycle().take(READS as usize) {
                assert!(self.map.contains_key(key));
            }
        })
    }
}

/// A range of which one port in a hundred can be had.
struct Full {
    taken: PortSet,
    choices: u32,
}

impl Full {
    fn claimed() -> Self {
        let most = (RANGE.first..=RANGE.last).filter(|port| port % 100 < TAKEN);
        Self { taken: most.map(|port| (port, Protocol::Tcp)).collect(), choices: CHOICES }
    }

    fn busy() -> Self {
        Self { taken: PortSet::default(), choices: 1 }
    }

    fn wish(number: u32) -> Wish {
        Wish { key: wanted(format!("node{number}")).key("bench"), ask: Ask::Any(None), stored: None }
    }

    /// Chooses; gives the ports that were bound on the way.
    fn choose_one(&self, number: u32, probed: &mut Vec<u16>) {
        let ground = Ground { taken: self.taken.clone(), range: RANGE, reserved: &[], ephemeral: None };
        let probe = |port, protocol| {
            probed.push(port);
            is_free(port, protocol)
        };
        let chosen = choose(vec![Self::wish(number)], ground, probe);
        assert!(matches!(chosen[0].choice, Choice::New(..)), "{chosen:?}");
    }

    fn choose(&self) -> Duration {
        let mut probed = vec![];
        time(|| (0..self.choices).for_each(|number| self.choose_one(number, &mut probed)))
    }

    /// Just the binds of the same choices.
    fn bind(&self) -> Duration {
        let mut probed = vec![];
        (0..self.choices).for_each(|number| self.choose_one(number, &mut probed));
        time(|| probed.iter().filter(|port| is_free(**port, Protocol::Tcp)).count())
    }
}

/// Strangers on all but one port in a hundred; those that somebody has already are as good.
fn listen_on_most() -> BTreeMap<u16, TcpListener> {
    let most = (RANGE.first..=RANGE.last).filter(|port| port % 100 < TAKEN);
    most.filter_map(|port| Some((port, TcpListener::bind((Ipv4Addr::LOCALHOST, port)).ok()?))).collect()
}
