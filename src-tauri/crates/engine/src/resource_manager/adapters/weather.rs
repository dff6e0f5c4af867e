//! A storm for what hosts services: whatever goes wrong with requests, while a resource is started, stopped, looked at
//! and acted on. A vendor is a world that says what a request makes of it.

use std::collections::{BTreeMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use kinfra_rpc::{ErrorCode, Problem};
use proptest::prelude::*;
use serde_json::Value as Json;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use crate::resource_manager::remote::{Answer, Call, Fault, Rate, Transport};
use crate::resource_manager::{Act, Adapter, Commands, Given, Outside, Place, Progress, Ran, Stop};
use crate::schema::tree::read;
use crate::schema::{Format, Reader, Record, Run, Shape};

/// What a vendor is made of.
pub trait World: Send + 'static {
    /// What it answers, after what the request makes of it is noted in `effects`.
    fn answer(&mut self, call: &Call) -> Answer;

    /// What was changed by requests so far: `deploy`, `cancel dpl_1`.
    fn effects(&self) -> &[String];
}

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

/// What was sent, and when.
pub struct Sent {
    pub at: Instant,
    pub call: Call,
}

pub struct Weather<W> {
    pub world: Mutex<W>,
    pub faults: Mutex<VecDeque<Option<Wrong>>>,
    /// Of requests that change something, where there are any; else they have those of all.
    pub faults_of_changes: Mutex<VecDeque<Option<Wrong>>>,
    pub sent: Mutex<Vec<Sent>>,
}

impl<W: World> Weather<W> {
    pub fn fine(world: W) -> Arc<Self> {
        Arc::new(Self {
            world: Mutex::new(world),
            faults: Mutex::default(),
            faults_of_changes: Mutex::default(),
            sent: Mutex::default(),
        })
    }

    pub fn effects(&self) -> Vec<String> {
        self.world.lock().unwrap().effects().to_vec()
    }

    async fn answer(&self, call: &Call) -> Result<Answer, Fault> {
        self.sent.lock().unwrap().push(Sent { at: Instant::now(), call: call.clone() });
        let of_change = (!call.reads).then(|| self.faults_of_changes.lock().unwrap().pop_front()).flatten();
        let wrong = of_change.unwrap_or_else(|| self.faults.lock().unwrap().pop_front().flatten());
        sleep(Duration::from_millis(50)).await;
        let effect = || self.world.lock().unwrap().answer(call);
        match wrong {
            None => Ok(effect()),
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
                Ok(Answer { status, body: br#"{"message": "swordfish"}"#.to_vec(), ..Answer::default() })
            }
            Some(Wrong::After(status, seconds)) => {
                Ok(Answer { status, retry_after: Some(seconds.to_string()), ..Answer::default() })
            }
            Some(Wrong::NoJson) => {
                effect();
                Ok(Answer { status: 200, body: b"<html>hello</html>".to_vec(), ..Answer::default() })
            }
        }
    }
}

/// As a client sends by it.
pub struct Sky<W>(pub Arc<Weather<W>>);

impl<W: World> Transport for Sky<W> {
    fn send<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Result<Answer, Fault>> {
        self.0.answer(call).boxed()
    }
}

pub fn json(status: u16, body: &Json) -> Answer {
    Answer { status, body: body.to_string().into_bytes(), ..Answer::default() }
}

/// What is asked for by a name in the query.
pub fn asked(call: &Call, name: &str) -> Option<String> {
    call.url.query_pairs().find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
}

pub fn body(call: &Call) -> Json {
    call.body.as_ref().map_or(Json::Null, |(_, bytes)| serde_json::from_slice(bytes).unwrap())
}

/// What a text says, and the problems in it.
pub fn settings<R: Record>(text: &str) -> (Option<R>, Vec<String>) {
    let mut reader = Reader::new(Path::new("kinfra.yaml"));
    let node = read(text, Format::Yaml).0.unwrap();
    let settings = R::decode(&node, &mut reader);
    (settings, reader.into_problems().iter().map(ToString::to_string).collect())
}

struct NoCommands;

impl Commands for NoCommands {
    fn run<'a>(&'a self, _: &'a Run, _: Duration) -> BoxFuture<'a, Result<Ran, Problem>> {
        unreachable!("a cloud needs no command")
    }
}

/// The secrets are `swordfish` for `a` and `marlin` for `b`.
#[track_caller]
pub fn with_given<R: Record, T>(text: &str, make: impl FnOnce(&R, &Given<'_>) -> T) -> T {
    let (settings, problems) = settings::<R>(text);
    assert_eq!(problems, Vec::<String>::new());
    let given = Given {
        place: Place { home: "h".into(), instance: "shop".into(), node: "web".into() },
        fingerprint: String::new(),
        folder: PathBuf::from("/nowhere"),
        ports: vec![],
        environment: BTreeMap::new(),
        signal: None,
        grace: Duration::from_secs(10),
        expand: &|text| Ok(text.replace("${secret:a}", "swordfish").replace("${secret:b}", "marlin")),
        commands: Arc::new(NoCommands),
        outside: Arc::new(Outside::new(BTreeMap::new())),
    };
    make(&settings.unwrap(), &given)
}

pub struct Silent;

impl Progress for Silent {
    fn tell(&self, _: String) {}
}

/// As a supervisor starts it.
pub async fn start(adapter: &dyn Adapter) -> Result<(), Problem> {
    let observed = adapter.observe().await?;
    let plan = adapter.plan(&observed)?;
    adapter.start(&plan, &Silent).await.map(drop)
}

pub fn act(action: &str, target: Option<&str>) -> Act {
    Act { action: action.to_owned(), target: target.map(str::to_owned), ..Act::default() }
}

/// As its user does it, who says yes to whatever is asked.
pub async fn act_confirmed(adapter: &dyn Adapter, act: &Act) -> Result<String, Problem> {
    match adapter.act(act).unwrap().await {
        Err(problem) if problem.code == ErrorCode::NotConfirmed => {
            let act = Act { confirmed: Some(problem.message), ..act.clone() };
            adapter.act(&act).unwrap().await
        }
        done => done,
    }
}

#[derive(Debug, Clone)]
pub enum Wish {
    Start,
    Stop,
    Kill,
    Probes(u8),
    Inspect,
    /// By its place among those that are tried.
    Act(usize, bool),
    GiveUp(u64, usize),
}

pub fn wishes() -> impl Strategy<Value = Vec<(u64, Wish)>> {
    let wish = prop_oneof![
        4 => Just(Wish::Start),
        1 => Just(Wish::Stop),
        1 => Just(Wish::Kill),
        3 => (1_u8..9).prop_map(Wish::Probes),
        2 => Just(Wish::Inspect),
        6 => (0_usize..16, any::<bool>()).prop_map(|(which, confirms)| Wish::Act(which, confirms)),
        2 => (1_u64..60_000, 0_usize..16).prop_map(|(millis, which)| Wish::GiveUp(millis, which)),
    ];
    prop::collection::vec((0_u64..20_000, wish), 1..10)
}

/// Of all requests, and of those that change something.
pub fn faults() -> impl Strategy<Value = (Vec<Option<Wrong>>, Vec<Option<Wrong>>)> {
    // An action takes up to seven requests, of which most have to go well for the last one to be sent at all.
    (prop::collection::vec(fault(40), 0..120), prop::collection::vec(fault(4), 0..30))
}

/// As often as this nothing is wrong, of about 8 more.
fn fault(fine: u32) -> impl Strategy<Value = Option<Wrong>> {
    let status = prop::sample::select(vec![400_u16, 401, 403, 404, 409, 429, 500, 502, 503]);
    prop_oneof![
        fine => Just(None),
        1 => Just(Some(Wrong::NotSent)),
        2 => any::<bool>().prop_map(|took_effect| Some(Wrong::Lost { took_effect })),
        2 => (status, any::<bool>()).prop_map(|(status, effect)| Some(Wrong::Status(status, effect && status >= 500))),
        1 => (prop::sample::select(vec![429_u16, 503]), 0_u64..90).prop_map(|(status, seconds)| Some(Wrong::After(status, seconds))),
        1 => Just(Some(Wrong::NoJson)),
    ]
}

/// What may come of wishes.
pub struct Rules {
    /// What a start may do, once: the beginning of its effect.
    pub start: Option<&'static str>,
    pub stop: Option<&'static str>,
    /// What may be tried, and the effect that each may have, once, where it is confirmed.
    pub acts: Vec<(Act, &'static str)>,
    /// Those that need no confirmation.
    pub harmless: &'static [&'static str],
}

/// Plays it all, and says which rule was broken.
pub fn storm<W: World>(
    weather: &Arc<Weather<W>>,
    make: impl FnOnce() -> Arc<dyn Adapter>,
    rules: &Rules,
    wishes: Vec<(u64, Wish)>,
) -> Result<(), String> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let adapter = make();
        match timeout(Duration::from_secs(4 * 3600), play(&adapter, weather, rules, wishes)).await {
            Ok(played) => played,
            Err(_) => Err("it takes for ever".to_owned()),
        }
    })
}

async fn play<W: World>(
    adapter: &Arc<dyn Adapter>,
    weather: &Arc<Weather<W>>,
    rules: &Rules,
    wishes: Vec<(u64, Wish)>,
) -> Result<(), String> {
    let mut going = JoinSet::new();
    let watched = Arc::clone(adapter);
    going.spawn(async move {
        loop {
            let _ = timeout(Duration::from_secs(300), watched.ended()).await;
            sleep(Duration::from_secs(1)).await;
        }
    });
    let chosen = |which: usize| &rules.acts[which % rules.acts.len()];
    for (millis, wish) in wishes {
        sleep(Duration::from_millis(millis)).await;
        let before = weather.effects().len();
        let mut may = vec![];
        match &wish {
            Wish::Start => {
                may.extend(rules.start);
                drop(start(&**adapter).await);
            }
            Wish::Stop => {
                may.extend(rules.stop);
                drop(adapter.stop(Stop::InOrder).await);
            }
            Wish::Kill => drop(adapter.stop(Stop::Kill).await),
            Wish::Probes(count) => {
                for _ in 0..*count {
                    let adapter = Arc::clone(adapter);
                    going.spawn(async move { drop(adapter.probe().await) });
                }
            }
            Wish::Inspect => drop(adapter.inspect().unwrap().await),
            Wish::Act(which, confirms) => {
                let (act, effect) = chosen(*which);
                if *confirms || rules.harmless.contains(&&*act.action) {
                    may.push(*effect);
                }
                match confirms {
                    true => drop(act_confirmed(&**adapter, act).await),
                    false => drop(adapter.act(act).unwrap().await),
                }
            }
            Wish::GiveUp(millis, which) => {
                let (act, effect) = chosen(*which);
                may.push(*effect);
                drop(timeout(Duration::from_millis(*millis), act_confirmed(&**adapter, act)).await);
            }
        }
        let effects = weather.effects().split_off(before);
        if effects.len() > may.len()
            || effects.iter().any(|effect| !may.iter().any(|may| effect.starts_with(may)))
        {
            return Err(format!("{wish:?} made {effects:?}, and may make {may:?}"));
        }
    }
    // Whoever only watches changes nothing.
    let before = weather.effects().len();
    sleep(Duration::from_secs(1800)).await;
    match weather.effects().len() == before {
        true => Ok(()),
        false => Err(format!("{:?} came of nothing", weather.effects().split_off(before))),
    }
}

/// In no span of time there are more requests of a kind than its limit allows.
pub fn is_within<W: World>(
    weather: &Weather<W>,
    kind: impl Fn(&Call) -> bool,
    rate: Rate,
) -> Result<(), String> {
    let sent = weather.sent.lock().unwrap();
    let times: Vec<_> = sent.iter().filter(|sent| kind(&sent.call)).map(|sent| sent.at).collect();
    let most = rate.times.get() as usize;
    let too_many = times.windows(most + 1).find(|window| window[most] - window[0] < rate.span);
    too_many.map_or(Ok(()), |window| {
        Err(format!("{} requests within {:?}, and {rate:?}", window.len(), window[most] - window[0]))
    })
}
