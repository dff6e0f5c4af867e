use std::sync::{Arc, Mutex};
use std::time::Duration;

use kinfra_rpc::OfferedAction;
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use super::fake::{Fake, Kind};
use super::stage::{Silent, kept, with_given};
use super::world::{InMemory, World, Wrong};
use crate::resource_manager::{Act, Adapter, By, Probed, Stop};

/// What is done with the resource.
#[derive(Debug, Clone, Copy)]
enum Deed {
    Start,
    Stop,
    Probes(u8),
    Observe,
    /// One of the actions that are offered, with this word of its user.
    Offered(u8, Said),
    PauseUnused,
    GiveUp(u64),
    Happens(u8),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Said {
    Yes,
    Nothing,
    /// Yes, to another question.
    Other,
}

/// All that comes from outside.
#[derive(Debug, Clone)]
pub struct Weather {
    settings: usize,
    deeds: Vec<(u64, Deed)>,
    faults: Vec<Option<Wrong>>,
}

fn deeds() -> impl Strategy<Value = Deed> {
    let said = prop_oneof![3 => Just(Said::Yes), 1 => Just(Said::Nothing), 1 => Just(Said::Other)];
    prop_oneof![
        4 => Just(Deed::Start),
        2 => Just(Deed::Stop),
        2 => (1_u8..9).prop_map(Deed::Probes),
        1 => Just(Deed::Observe),
        6 => (any::<u8>(), said).prop_map(|(nth, said)| Deed::Offered(nth, said)),
        1 => Just(Deed::PauseUnused),
        2 => (1_u64..40_000).prop_map(Deed::GiveUp),
        2 => any::<u8>().prop_map(Deed::Happens),
    ]
}

/// Together, what is told late and what takes effect late is seen before it is taken for undone.
const LATEST: u64 = 3;

fn faults() -> impl Strategy<Value = Option<Wrong>> {
    let status = prop::sample::select(vec![400_u16, 401, 403, 404, 409, 422, 423, 429, 500, 502, 503, 504]);
    prop_oneof![
        6 => Just(None),
        1 => Just(Some(Wrong::NotSent)),
        2 => (any::<bool>(), 0..=LATEST).prop_map(|(took_effect, late)| Some(Wrong::Lost { took_effect, late })),
        2 => (status, any::<bool>()).prop_map(|(status, effect)| Some(Wrong::Status(status, effect && status >= 500))),
        1 => (prop::sample::select(vec![423_u16, 429, 503]), 0_u64..90)
            .prop_map(|(status, seconds)| Some(Wrong::After(status, seconds))),
        1 => Just(Some(Wrong::NoJson)),
        1 => Just(Some(Wrong::Empty)),
        3 => (1..=LATEST).prop_map(|seconds| Some(Wrong::Late(seconds))),
    ]
}

pub fn weather() -> impl Strategy<Value = Weather> {
    let deeds = prop::collection::vec((0_u64..5_000, deeds()), 1..12);
    let faults = prop::collection::vec(faults(), 0..100);
    (any::<usize>(), deeds, faults).prop_map(|(settings, deeds, faults)| Weather { settings, deeds, faults })
}

struct Play<F: Fake> {
    adapter: Arc<dyn Adapter>,
    world: Arc<Mutex<World<F>>>,
}

impl<F: Fake> Play<F> {
    fn wish(&self, name: &str, allowed: &[Kind]) {
        self.world.lock().unwrap().wish(name, allowed);
    }

    async fn start(&self) -> Result<(), kinfra_rpc::Problem> {
        self.wish("a start", &[Kind::Up, Kind::Own]);
        let observed = self.adapter.observe().await?;
        let plan = self.adapter.plan(&observed)?;
        self.adapter.start(&plan, &Silent).await.map(drop)
    }

    async fn stop(&self) {
        let pauses = self.adapter.capabilities().stops;
        self.wish("a stop", if pauses { &[Kind::Down] } else { &[] });
        let _ = self.adapter.stop(Stop::InOrder).await;
    }

    async fn pause_unused(&self) {
        self.wish("a pause of what is unused", &[Kind::Down]);
        let act =
            Act { action: Act::PAUSE.to_owned(), by: By::Unused(Duration::from_secs(600)), ..Act::default() };
        if let Some(act) = self.adapter.act(&act) {
            let _ = act.await;
        }
    }

    async fn do_offered(&self, nth: u8, said: Said) {
        self.wish("a look around", &[]);
        let Some(looks) = self.adapter.inspect() else { return };
        let Ok(inspection) = looks.await else { return };
        let items = inspection.lists.into_iter().flat_map(|list| list.items).flat_map(|item| item.actions);
        let offered: Vec<OfferedAction> = inspection.actions.into_iter().chain(items).collect();
        let Some(offered) = offered.get(usize::from(nth) % offered.len().max(1)) else { return };
        let is_refused = offered.confirm.is_some() && said != Said::Yes;
        let allowed: &[Kind] = match (&*offered.action, &offered.confirm) {
            _ if is_refused => &[],
            (Act::PAUSE, _) => &[Kind::Down],
            (Act::RESUME, _) => &[Kind::Up, Kind::Own],
            (_, None) => &[Kind::Make, Kind::Up],
            (_, Some(_)) => &[Kind::Make, Kind::Up, Kind::Down, Kind::Take],
        };
        self.wish(&format!("{} with {said:?} to {:?}", offered.action, offered.confirm), allowed);
        let confirmed = match said {
            Said::Yes => offered.confirm.clone(),
            Said::Nothing => None,
            Said::Other => Some("Really?".to_owned()),
        };
        let input = offered.input.as_ref().map(|_| "preview-2".to_owned());
        let (action, target) = (offered.action.clone(), offered.target.clone());
        let act = Act { action, target, input, confirmed, by: By::User };
        if let Some(act) = self.adapter.act(&act) {
            let done = act.await;
            if is_refused && done.is_ok() {
                self.world.lock().unwrap().broken_rule = Some(format!("{offered:?} needed no yes"));
            }
        }
    }

    async fn play(&self, deeds: Vec<(u64, Deed)>) {
        let mut going = JoinSet::new();
        let watched = Arc::clone(&self.adapter);
        going.spawn(async move {
            loop {
                let _ = timeout(Duration::from_secs(300), watched.ended()).await;
                sleep(Duration::from_millis(100)).await;
            }
        });
        for (millis, deed) in deeds {
            sleep(Duration::from_millis(millis)).await;
            match deed {
                Deed::Start => drop(self.start().await),
                Deed::Stop => self.stop().await,
                Deed::Probes(count) => {
                    for _ in 0..count {
                        let adapter = Arc::clone(&self.adapter);
                        going.spawn(async move { drop(adapter.probe().await) });
                    }
                }
                Deed::Observe => drop(self.adapter.observe().await),
                Deed::Offered(nth, said) => self.do_offered(nth, said).await,
                Deed::PauseUnused => self.pause_unused().await,
                Deed::GiveUp(millis) => {
                    drop(timeout(Duration::from_millis(millis), self.start()).await);
                    self.wish("nobody", &[]);
                }
                Deed::Happens(nth) => self.world.lock().unwrap().happen(nth),
            }
        }
    }

    /// All is well again: what can run has to, within minutes.
    async fn calm_down(&self) -> Result<(), TestCaseError> {
        {
            let mut world = self.world.lock().unwrap();
            world.faults.clear();
            world.fake.mend();
        }
        // Whatever the API has asked for is over.
        sleep(Duration::from_secs(200)).await;
        let mut last = None;
        for _ in 0..3 {
            match self.start().await {
                Ok(()) => {
                    let probed = self.adapter.probe().await;
                    prop_assert!(matches!(probed, Probed::Ready(_)), "{:?}", probed);
                    prop_assert!(!self.adapter.outputs().is_empty());
                    return Ok(());
                }
                Err(problem) => last = Some(problem),
            }
            sleep(Duration::from_secs(120)).await;
        }
        Err(TestCaseError::fail(format!("it never ran: {last:?}")))
    }
}

/// Has all of it happen to one resource.
///
/// # Errors
/// When a rule was broken.
pub fn storm<F: Fake>(weather: Weather) -> Result<(), TestCaseError> {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_time().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let world = World::new(F::new());
        world.lock().unwrap().faults = weather.faults.into();
        let text = F::SETTINGS[weather.settings % F::SETTINGS.len()];
        let transport = Box::new(InMemory(Arc::clone(&world)));
        let (outside, _) = kept();
        let adapter =
            with_given::<F, _>(&outside, text, |settings, given| F::adapter(settings, given, transport));
        let play = Play { adapter, world: Arc::clone(&world) };
        let _ = timeout(Duration::from_secs(3600), play.play(weather.deeds)).await;
        let calm = play.calm_down().await;
        let world = world.lock().unwrap();
        prop_assert_eq!(&world.broken_rule, &None, "{:#?}", world.sent);
        calm?;
        let times: Vec<Instant> = world.sent.iter().map(|(at, _)| *at).collect();
        let most = F::rate().times.get() as usize;
        for window in times.windows(most + 1) {
            prop_assert!(window[most] - window[0] >= F::rate().span, "{:#?}", world.sent);
        }
        Ok(())
    })
}
