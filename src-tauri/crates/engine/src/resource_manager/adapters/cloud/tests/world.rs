use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use reqwest::Method;
use serde_json::Value as Json;
use tokio::time::{Instant, sleep};

use super::fake::{Fake, Kind, Said};
use crate::resource_manager::remote::{Answer, Call, Fault, Transport};

/// What goes wrong with one request.
#[derive(Debug, Clone, Copy)]
pub enum Wrong {
    NotSent,
    /// The answer never comes; its effect, if it has one, may come late.
    Lost {
        took_effect: bool,
        late: u64,
    },
    Status(u16, bool),
    After(u16, u64),
    NoJson,
    /// Not what is documented.
    Empty,
    /// What was so seconds ago.
    Late(u64),
}

/// How long a lost answer is waited for.
const TIMEOUT: Duration = Duration::from_secs(30);

/// What one wish may do, and did.
#[derive(Debug, Default)]
struct Wish {
    nth: u32,
    begun: Option<Instant>,
    name: String,
    allowed: Vec<Kind>,
    did: BTreeMap<String, u32>,
}

pub struct World<F> {
    pub fake: F,
    /// Since when it was as it was.
    history: Vec<(Instant, F)>,
    pub faults: VecDeque<Option<Wrong>>,
    pub sent: Vec<(Instant, String)>,
    wish: Wish,
    pub broken_rule: Option<String>,
}

impl<F: Fake> World<F> {
    pub fn new(fake: F) -> Arc<Mutex<Self>> {
        let history = vec![(Instant::now(), fake.clone())];
        let (faults, sent) = (VecDeque::new(), vec![]);
        let world = Self { fake, history, faults, sent, wish: Wish::default(), broken_rule: None };
        Arc::new(Mutex::new(world))
    }

    /// From now on somebody wants something, and this may be done for it.
    pub fn wish(&mut self, name: impl Into<String>, allowed: &[Kind]) {
        let (nth, begun, name) = (self.wish.nth + 1, Some(Instant::now()), name.into());
        self.wish = Wish { nth, begun, name, allowed: allowed.to_vec(), did: BTreeMap::new() };
    }

    pub fn happen(&mut self, nth: u8) {
        self.fake.happen(nth, Instant::now());
        self.history.push((Instant::now(), self.fake.clone()));
    }

    /// What was so long ago, but not before the present wish: nobody could tell that from what is so now.
    fn late(&self, call: &Call, late: Duration) -> Said {
        let now = Instant::now();
        let at = now.checked_sub(late).max(self.wish.begun).unwrap_or(now);
        let known = self.history.iter().rev().find(|(since, _)| *since <= at);
        known.map_or_else(|| self.fake.clone(), |(_, fake)| fake.clone()).answer(call, at)
    }

    fn take(&mut self, call: &Call) -> Said {
        let said = self.fake.answer(call, Instant::now());
        let Some(did) = &said.did else { return said };
        if call.method == Method::GET {
            self.break_rule(&format!("a question did {did:?}"));
        }
        if !self.wish.allowed.contains(&did.kind) {
            self.break_rule(&format!("{did:?} was done unasked"));
        }
        let times = self.wish.did.entry(did.what.clone()).or_default();
        *times += 1;
        if *times > 1 {
            self.break_rule(&format!("{did:?} was done twice for one wish"));
        }
        if let Some(broken) = self.fake.broken() {
            self.break_rule(&broken);
        }
        self.history.push((Instant::now(), self.fake.clone()));
        said
    }

    fn break_rule(&mut self, rule: &str) {
        let wish = &self.wish.name;
        self.broken_rule.get_or_insert_with(|| format!("{rule}, by {wish}"));
    }
}

/// The world, as who asks reaches it.
pub struct InMemory<F>(pub Arc<Mutex<World<F>>>);

impl<F: Fake> Transport for InMemory<F> {
    fn send<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Result<Answer, Fault>> {
        let send = async move {
            let wrong = {
                let mut world = self.0.lock().unwrap();
                world.sent.push((Instant::now(), format!("{} {}", call.method, call.url)));
                world.faults.pop_front().flatten()
            };
            sleep(Duration::from_millis(50)).await;
            self.answer(call, wrong).await
        };
        send.boxed()
    }
}

impl<F: Fake> InMemory<F> {
    async fn answer(&self, call: &Call, wrong: Option<Wrong>) -> Result<Answer, Fault> {
        let take = || self.0.lock().unwrap().take(call);
        match wrong {
            None => Ok(answer(&take())),
            Some(Wrong::Late(seconds)) if call.method == Method::GET => {
                Ok(answer(&self.0.lock().unwrap().late(call, Duration::from_secs(seconds))))
            }
            Some(Wrong::Late(_)) => Ok(answer(&take())),
            Some(Wrong::NotSent) => Err(Fault::NotSent("the API can't be reached: refused".to_owned())),
            Some(Wrong::Lost { took_effect, late }) => {
                match took_effect {
                    true if late > 0 => self.take_late(call, TIMEOUT + Duration::from_secs(late)),
                    true => drop(take()),
                    false => {}
                }
                sleep(TIMEOUT).await;
                Err(Fault::Lost("the API didn't answer in time".to_owned()))
            }
            Some(Wrong::Status(status, took_effect)) => {
                if took_effect {
                    take();
                }
                Ok(answer(&Said::refused(status, "token swordfish is not what it was")))
            }
            Some(Wrong::After(status, seconds)) => {
                let answer = answer(&Said::refused(status, "not now"));
                Ok(Answer { retry_after: Some(seconds.to_string()), ..answer })
            }
            Some(Wrong::NoJson) => {
                take();
                Ok(Answer { status: 200, body: b"<html>hello</html>".to_vec(), ..Answer::default() })
            }
            Some(Wrong::Empty) => {
                take();
                Ok(answer(&Said::new(200, Json::Object(serde_json::Map::new()))))
            }
        }
    }

    /// Unless it is for nobody any more: what comes of it then, nobody can know beforehand.
    fn take_late(&self, call: &Call, after: Duration) {
        let (world, call) = (Arc::clone(&self.0), call.clone());
        let nth = world.lock().unwrap().wish.nth;
        tokio::spawn(async move {
            sleep(after).await;
            let mut world = world.lock().unwrap();
            if world.wish.nth == nth {
                world.take(&call);
            }
        });
    }
}

fn answer(said: &Said) -> Answer {
    let body = if said.body.is_null() { vec![] } else { said.body.to_string().into_bytes() };
    Answer { status: said.status, body, ..Answer::default() }
}
