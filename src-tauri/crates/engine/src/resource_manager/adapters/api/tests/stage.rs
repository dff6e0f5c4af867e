use std::collections::{BTreeMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use kinfra_rpc::Problem;
use tokio::time::{Instant, sleep};

use super::super::adapter::Api;
use super::super::settings::ApiSettings;
use crate::resource_manager::remote::{Answer, Call, Fault, Transport};
use crate::resource_manager::{Commands, Given, Outside, Place, Progress, Ran};
use crate::schema::tree::read;
use crate::schema::{Fields, Format, Reader, Record, Run, Shape};

pub const WITH_STATUS: &str = "
url: https://api.test/v1
auth: { bearer: '${secret:api}' }
start: { path: /db/start }
end: { path: /db/pause }
status:
  path: /db
  state: /status/phase
  running: [active, ready]
  starting: [restoring]
  stopping: pausing
  stopped: [paused]
  failed: [error]
outputs_from: { host: /connection/host }
rate: 20/min
retries: 3
";

pub const WITHOUT_STATUS: &str = "
url: https://api.test/v1
start: { path: /db/start }
end: { path: /db/pause }
retries: 3
";

/// What goes wrong with one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrong {
    NotSent,
    /// The answer never comes.
    Lost {
        took_effect: bool,
    },
    Status(u16, bool),
    After(u16, u64),
    NoJson,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Paused,
    Restoring(Instant),
    Active,
    Pausing(Instant),
    Broken,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Start,
    End,
    Status,
}

#[derive(Debug)]
pub struct World {
    pub state: State,
    /// How long a start or an end takes.
    pub slow: Duration,
    /// What goes wrong with the next requests. None: nothing.
    pub faults: VecDeque<Option<Wrong>>,
    pub sent: Vec<(Instant, Kind)>,
    asking: u32,
    pub most_asking: u32,
    /// Whether a start may be sent within this wish, and since when nothing is known to speak against it.
    pub start_allowed: bool,
    last_start_over: Option<Instant>,
    pub broken_rule: Option<String>,
}

impl World {
    pub fn new(state: State) -> Arc<Mutex<Self>> {
        Arc::new(Mutex::new(Self {
            state,
            slow: Duration::from_secs(5),
            faults: VecDeque::new(),
            sent: vec![],
            asking: 0,
            most_asking: 0,
            start_allowed: true,
            last_start_over: None,
            broken_rule: None,
        }))
    }

    pub fn count(&self, kind: Kind) -> usize {
        self.sent.iter().filter(|(_, sent)| *sent == kind).count()
    }

    fn phase(&mut self) -> &'static str {
        let now = Instant::now();
        match self.state {
            State::Restoring(until) if until <= now => self.state = State::Active,
            State::Pausing(until) if until <= now => self.state = State::Paused,
            _ => {}
        }
        match self.state {
            State::Paused => "paused",
            State::Restoring(_) => "restoring",
            State::Active => "active",
            State::Pausing(_) => "pausing",
            State::Broken => "error",
        }
    }

    fn effect(&mut self, kind: Kind) -> u16 {
        let (phase, until) = (self.phase(), Instant::now() + self.slow);
        match (kind, phase) {
            (Kind::Start, "paused" | "error") => self.state = State::Restoring(until),
            (Kind::End, "active" | "restoring" | "error") => self.state = State::Pausing(until),
            (Kind::Status, _) => return 200,
            _ => return 409,
        }
        202
    }

    fn begin(&mut self, kind: Kind) -> Option<Wrong> {
        self.sent.push((Instant::now(), kind));
        match kind {
            Kind::Start if !self.start_allowed => {
                self.broken_rule = Some(format!("a start was sent again in {:?}", self.state));
            }
            Kind::Start => self.start_allowed = false,
            Kind::Status => {
                self.asking += 1;
                self.most_asking = self.most_asking.max(self.asking);
            }
            Kind::End => {}
        }
        self.faults.pop_front().flatten()
    }

    fn finish(&mut self, kind: Kind, begun: Instant, result: &Result<Answer, Fault>) {
        match kind {
            Kind::Status => {
                self.asking -= 1;
                let says_down = |answer: &Answer| {
                    let text = String::from_utf8_lossy(&answer.body);
                    let is_down = text.contains("paused") || text.contains("error");
                    // What is not there is down as well.
                    answer.status == 404 || answer.status == 200 && is_down
                };
                let after_start = self.last_start_over.is_none_or(|over| begun >= over);
                if after_start && result.as_ref().is_ok_and(says_down) {
                    self.start_allowed = true;
                }
            }
            Kind::Start => {
                self.last_start_over = Some(Instant::now());
                self.start_allowed = match result {
                    Err(Fault::NotSent(_)) => true,
                    Ok(answer) => answer.retry_after.is_some() || answer.status == 429,
                    Err(_) => false,
                };
            }
            Kind::End => {}
        }
    }
}

pub struct InMemory(pub Arc<Mutex<World>>);

impl Transport for InMemory {
    fn send<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Result<Answer, Fault>> {
        let kind = match call.url.path() {
            "/v1/db/start" => Kind::Start,
            "/v1/db/pause" => Kind::End,
            _ => Kind::Status,
        };
        let send = async move {
            let begun = Instant::now();
            let wrong = self.0.lock().unwrap().begin(kind);
            sleep(Duration::from_millis(50)).await;
            let result = self.answer(kind, wrong).await;
            self.0.lock().unwrap().finish(kind, begun, &result);
            result
        };
        send.boxed()
    }
}

impl InMemory {
    async fn answer(&self, kind: Kind, wrong: Option<Wrong>) -> Result<Answer, Fault> {
        let plain = |status| Answer { status, ..Answer::default() };
        let effect = || self.0.lock().unwrap().effect(kind);
        match wrong {
            Some(Wrong::NotSent) => Err(Fault::NotSent("the API can't be reached: refused".to_owned())),
            Some(Wrong::Lost { took_effect }) => {
                if took_effect {
                    effect();
                }
                sleep(Duration::from_secs(30)).await;
                Err(Fault::Lost("the API didn't answer in time".to_owned()))
            }
            Some(Wrong::Status(status, took_effect)) => {
                if took_effect {
                    effect();
                }
                let body = br#"{"message": "token swordfish is not what it was"}"#.to_vec();
                Ok(Answer { body, ..plain(status) })
            }
            Some(Wrong::After(status, seconds)) => {
                Ok(Answer { retry_after: Some(seconds.to_string()), ..plain(status) })
            }
            Some(Wrong::NoJson) => {
                effect();
                Ok(Answer { body: b"<html>hello</html>".to_vec(), ..plain(200) })
            }
            None if kind == Kind::Status => {
                let phase = self.0.lock().unwrap().phase();
                let host = if phase == "active" { r#","connection":{"host":"db.test"}"# } else { "" };
                let body = format!(r#"{{"status":{{"phase":"{phase}"}}{host}}}"#).into_bytes();
                Ok(Answer { body, ..plain(200) })
            }
            None => Ok(plain(effect())),
        }
    }
}

pub struct Silent;

impl Progress for Silent {
    fn tell(&self, _: String) {}
}

struct NoCommands;

impl Commands for NoCommands {
    fn run<'a>(&'a self, _: &'a Run, _: Duration) -> BoxFuture<'a, Result<Ran, Problem>> {
        unreachable!("an API needs no command")
    }
}

struct Only(ApiSettings);

impl Record for Only {
    const MEANING: &'static str = "A resource.";

    fn declare(fields: &mut Fields<'_>) -> Self {
        Self(ApiSettings::declare(fields))
    }
}

/// What a text says, and the problems in it.
pub fn settings(text: &str) -> (Option<ApiSettings>, Vec<String>) {
    let mut reader = Reader::new(Path::new("kinfra.yaml"));
    let node = read(text, Format::Yaml).0.unwrap();
    let settings = Only::decode(&node, &mut reader).map(|only| only.0);
    (settings, reader.into_problems().iter().map(ToString::to_string).collect())
}

/// The one secret is `swordfish`.
#[track_caller]
pub fn with_given<T>(
    outside: &Arc<Outside>,
    make: impl FnOnce(&ApiSettings, &Given<'_>) -> T,
    text: &str,
) -> T {
    let (settings, problems) = settings(text);
    assert_eq!(problems, Vec::<String>::new());
    let given = Given {
        place: Place { home: "h".into(), instance: "shop".into(), node: "db".into() },
        fingerprint: String::new(),
        folder: PathBuf::from("/nowhere"),
        ports: vec![],
        environment: BTreeMap::new(),
        signal: None,
        grace: Duration::from_secs(10),
        expand: &|text| Ok(text.replace("${secret:api}", "swordfish")),
        commands: Arc::new(NoCommands),
        outside: Arc::clone(outside),
    };
    make(&settings.unwrap(), &given)
}

#[track_caller]
pub fn api(text: &str, world: &Arc<Mutex<World>>) -> Api {
    let outside = Arc::new(Outside::new(BTreeMap::new()));
    let world = Arc::clone(world);
    let make = |settings: &ApiSettings, given: &Given<'_>| {
        Api::with(settings, given, |_, _, _| Ok(Box::new(InMemory(world)))).unwrap()
    };
    with_given(&outside, make, text)
}
