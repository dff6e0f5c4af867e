use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use kinfra_rpc::{ErrorCode, Exit, Problem};
use reqwest::Url;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use tokio::time::Instant;

use super::TYPE;
use super::asked::ApiLooker;
use super::carried::carried;
use super::settings::{ApiSettings, Auth, RequestFile};
use super::status::Reading;
use super::values::Body;
use crate::resource_manager::remote::{
    Call, Client, Freshness, Goal, Hidden, Http, Look, Means, SETTLES, Transport, Trouble, Watched, base_of,
    references, see_that_it_is_private,
};
use crate::resource_manager::{
    Adapter, Capabilities, End, Given, Observed, Probed, Progress, Settled, Started, Step, Stop,
};

pub(super) struct Api {
    name: String,
    core: Arc<Watched<ApiLooker>>,
    start: Option<Call>,
    end: Option<Call>,
    run: Mutex<Run>,
}

/// From one start to the next.
#[derive(Debug, Default, Clone)]
struct Run {
    end: Arc<End>,
    /// When a start was taken of which nothing has been seen yet: what it says may be of before.
    unseen_since: Option<Instant>,
    end_taken: bool,
}

impl Api {
    /// # Errors
    /// When something refers to nothing, or can't be sent.
    pub fn new(settings: &ApiSettings, given: &Given<'_>) -> Result<Self, Problem> {
        Self::with(settings, given, |base, headers, ca| {
            Ok(Box::new(Http::new(base, headers, settings.timeout, ca.as_deref())?))
        })
    }

    pub fn with(
        settings: &ApiSettings,
        given: &Given<'_>,
        transport: impl FnOnce(&Url, HeaderMap, Option<std::path::PathBuf>) -> Result<Box<dyn Transport>, Problem>,
    ) -> Result<Self, Problem> {
        let name = &given.place.node;
        let url = settings.url.as_ref().map_or("", |url| &url.0.value);
        let base = base_of(&(given.expand)(url)?, url, name)?;
        let mut hidden = Hidden::default();
        for text in
            crate::resource_manager::Settings::texts(settings).iter().filter(|text| text.may_hold_secrets)
        {
            hidden.look_at(text.text, given.expand)?;
        }
        let (headers, credential) = headers(settings, given, &mut hidden)?;
        let holds_secrets = hidden.any() || !matches!(settings.auth, Auth::None);
        if holds_secrets {
            see_that_it_is_private(&base, name)?;
        }
        let call = |doing: &str, request: &RequestFile| {
            let path = request.path.as_ref().map_or("", |path| &path.value);
            let what = (format!("{doing} {name}"), request.method.method());
            let call = request_of(what, &base, path, request.body.as_ref(), given)?;
            Ok::<_, Problem>(Call { expect: request.expect.clone(), again: request.again, ..call })
        };
        let status = settings.status.as_ref().map(|status| {
            let path = status.path.as_ref().map_or("", |path| &path.value);
            let what = (format!("ask how {name} is"), status.method.method());
            let call = request_of(what, &base, path, status.body.as_ref(), given)?;
            let call = Call { expect: status.expect.clone(), again: true, reads: true, ..call };
            Ok::<_, Problem>((call, Reading::of(status)))
        });
        let outputs = settings.outputs_from.0.iter();
        let ca = settings.tls.as_ref().and_then(|tls| tls.ca.as_ref());
        let ca =
            ca.map(|file| Ok::<_, Problem>(given.folder.join((given.expand)(&file.value)?))).transpose()?;
        let client = Client {
            line: given.outside.lines.of(&base, &headers),
            transport: transport(&base, headers, ca)?,
            rate: settings.rate,
            retries: settings.retries,
            hidden,
            credential,
            errors: settings.errors.as_ref().map(|pointer| pointer.0.clone()),
            translate: None,
        };
        let looker = ApiLooker {
            client,
            status: status.transpose()?,
            outputs_from: outputs
                .filter_map(|(key, pointer)| Some((key.text.clone(), pointer.as_ref()?.0.clone())))
                .collect(),
            outputs: Mutex::default(),
        };
        Ok(Self {
            name: name.clone(),
            start: settings.start.as_ref().map(|request| call("start", request)).transpose()?,
            end: settings.end.as_ref().map(|request| call("end", request)).transpose()?,
            core: Watched::new(looker),
            run: Mutex::default(),
        })
    }

    fn run(&self) -> Run {
        self.run.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn change(&self, change: impl FnOnce(&mut Run)) {
        change(&mut self.run.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// A look that couldn't tell, as a problem.
    fn problem(&self, trouble: &Trouble) -> Problem {
        match &self.core.looker.status {
            Some((call, _)) => self.core.looker.client.problem(&call.shown(), trouble),
            None => trouble.problem(&format!("ask how {} is", self.name)),
        }
    }

    /// It can't be started while it is on its way down.
    async fn wait_while_stopping(&self, progress: &dyn Progress) -> Option<Means> {
        let mut told = false;
        loop {
            let look = self.core.look(Freshness::Polite).await?;
            match &look.found {
                Ok(seen) if seen.means == Means::Stopping => {
                    if !told {
                        progress.tell(format!("waits while it is {}", seen.word));
                        told = true;
                    }
                    self.core.looks.due(&look).await;
                }
                found => return found.as_ref().ok().map(|seen| seen.means),
            }
        }
    }

    /// How it ended, if this look says that it has.
    fn ending(&self, look: &Look<()>) -> Option<Exit> {
        let seen = look.found.as_ref().ok()?;
        let run = self.run();
        if !seen.means.is_down() {
            self.change(|run| run.unseen_since = None);
            return None;
        }
        if run.end_taken {
            return Some(Exit { code: Some(0), ..Exit::default() });
        }
        if run.unseen_since.is_some_and(|since| look.begun < since + SETTLES) {
            return None;
        }
        let code = (seen.means == Means::Failed).then_some(1);
        Some(Exit { code, ..Exit::default() })
    }
}

/// What each request says of who asks, and what that is in words.
fn headers(
    settings: &ApiSettings,
    given: &Given<'_>,
    hidden: &mut Hidden,
) -> Result<(HeaderMap, String), Problem> {
    let mut headers = HeaderMap::new();
    let mut add = |name: &str, value: &str| {
        let unsendable = || {
            let message =
                format!("cannot talk to the API of {}: the header `{name}` can't be sent", given.place.node);
            Problem::new(ErrorCode::ConfigInvalidValue, message).hint(
                "a header has no line breaks in its value, and only letters, digits and `-` in its name",
            )
        };
        let name = HeaderName::try_from(name).map_err(|_| unsendable())?;
        let mut value = HeaderValue::try_from(value).map_err(|_| unsendable())?;
        value.set_sensitive(true);
        headers.insert(name, value);
        Ok::<_, Problem>(())
    };
    for (key, value) in &settings.headers.0 {
        if let Some(value) = value {
            add(&key.text, &(given.expand)(&value.value.0)?)?;
        }
    }
    let from = |texts: &[&str]| {
        let named: Vec<_> = texts.iter().flat_map(|text| references(text)).collect();
        if named.is_empty() { String::new() } else { format!(" from {}", named.join(" and ")) }
    };
    let credential = match &settings.auth {
        Auth::None => "a request without a credential (`auth: none`)".to_owned(),
        Auth::Bearer(token) => {
            let value = (given.expand)(&token.value)?;
            hidden.add(&value);
            add(AUTHORIZATION.as_str(), &format!("Bearer {value}"))?;
            format!("the bearer token{}", from(&[&token.value]))
        }
        Auth::Basic { user, password } => {
            let (name, value) = ((given.expand)(&user.value)?, (given.expand)(&password.value)?);
            let pair = format!("{name}:{value}");
            hidden.add(&value);
            hidden.add(&pair);
            add(AUTHORIZATION.as_str(), &format!("Basic {}", STANDARD.encode(&pair)))?;
            format!("the user and the password{}", from(&[&user.value, &password.value]))
        }
        Auth::Header(entries) => {
            for (name, value) in entries {
                let value = (given.expand)(&value.value)?;
                hidden.add(&value);
                add(name, &value)?;
            }
            let names: Vec<_> = entries.iter().map(|(name, _)| format!("`{name}`")).collect();
            let values: Vec<_> = entries.iter().map(|(_, value)| value.value.as_str()).collect();
            format!("the header {}{}", names.join(", "), from(&values))
        }
    };
    Ok((headers, credential))
}

/// A request with all that it carries.
fn request_of(
    (doing, method): (String, reqwest::Method),
    base: &Url,
    path: &str,
    body: Option<&Body>,
    given: &Given<'_>,
) -> Result<Call, Problem> {
    let body = body.map(|body| carried(body, given.expand)).transpose()?;
    let call = Call::new(doing, method, base, &(given.expand)(path)?)?;
    Ok(Call { body, ..call })
}

impl Adapter for Api {
    fn capabilities(&self) -> Capabilities {
        Capabilities { stops: self.end.is_some(), ..TYPE.capabilities }
    }

    fn observe(&self) -> BoxFuture<'_, Result<Observed, Problem>> {
        let observe = async {
            let settled = match self.core.look_hard().await.as_deref() {
                None => Settled::Unknown,
                Some(Look { found: Err(trouble), .. }) => return Err(self.problem(trouble)),
                Some(Look { found: Ok(seen), .. }) => match seen.means {
                    Means::Running | Means::Asleep | Means::Starting => Settled::Running,
                    Means::Stopping | Means::Stopped => Settled::Down(None),
                    Means::Failed => Settled::Down(Some(Exit { code: Some(1), ..Exit::default() })),
                    Means::Gone => Settled::Absent,
                },
            };
            Ok(Observed { settled, ..Observed::default() })
        };
        observe.boxed()
    }

    fn plan(&self, observed: &Observed) -> Result<Vec<Step>, Problem> {
        match (observed.settled, &self.start) {
            (Settled::Running, _) | (Settled::Unknown, None) => Ok(vec![]),
            (_, Some(_)) => Ok(vec![Step::Start]),
            (Settled::Absent | Settled::Down(_) | Settled::Paused, None) => {
                let message = format!("{} doesn't run, and no request is declared that starts it", self.name);
                Err(Problem::new(ErrorCode::ResourceFailed, message)
                    .hint("start it by hand, or declare `start:` with its `method` and `path`"))
            }
        }
    }

    fn start<'a>(
        &'a self,
        plan: &'a [Step],
        progress: &'a dyn Progress,
    ) -> BoxFuture<'a, Result<Started, Problem>> {
        let start = async {
            self.change(|run| *run = Run::default());
            let Some(call) = self.start.as_ref().filter(|_| !plan.is_empty()) else {
                return Ok(Started::default());
            };
            let means = self.wait_while_stopping(progress).await;
            if matches!(means, Some(Means::Running | Means::Starting)) {
                return Ok(Started::default());
            }
            progress.tell(format!("asks {} to start it", call.url.host_str().unwrap_or("the API")));
            self.core.reach(Goal::Up, call).await?;
            self.change(|run| run.unseen_since = Some(Instant::now()));
            Ok(Started::default())
        };
        start.boxed()
    }

    fn stop(&self, stop: Stop) -> BoxFuture<'_, Result<(), Problem>> {
        let stop = async move {
            let run = self.run();
            let asked = match &self.end {
                Some(call) if !run.end_taken => match stop {
                    Stop::InOrder => self.core.reach(Goal::Down, call).await,
                    // Whoever kills waits for nobody.
                    Stop::Kill => tokio::time::timeout(KILL, self.core.reach(Goal::Down, call))
                        .await
                        .unwrap_or_else(|_| Err(self.unanswered(call))),
                },
                _ => Ok(()),
            };
            if asked.is_ok() {
                self.change(|run| run.end_taken = true);
            }
            // What can't be seen is over when it was asked for; what is to end at once is not waited for.
            if stop == Stop::Kill
                || (asked.is_ok() && (self.core.looker.status.is_none() || self.end.is_none()))
            {
                let code = (stop == Stop::InOrder).then_some(0);
                run.end.tell(Exit { code, ..Exit::default() });
            }
            asked
        };
        stop.boxed()
    }

    fn probe(&self) -> BoxFuture<'_, Probed> {
        let probe = async {
            let Some(look) = self.core.look(Freshness::Polite).await else { return Probed::Silent };
            let seen = match &look.found {
                Err(trouble) => return Probed::Unknown(self.problem(trouble)),
                Ok(seen) => seen,
            };
            let word = self.core.looker.client.hidden.hide(&seen.word);
            match (seen.means, self.core.looker.missing_output()) {
                (Means::Running, None) => Probed::Ready(word),
                (Means::Running, Some((name, pointer))) => {
                    Probed::NotReady(format!("its answer has no `{pointer}` for the output `{name}` yet"))
                }
                _ => Probed::NotReady(word),
            }
        };
        probe.boxed()
    }

    fn ended(&self) -> BoxFuture<'_, Exit> {
        let ended = async {
            let end = self.run().end;
            let looks = async {
                loop {
                    let Some(look) = self.core.look(Freshness::Polite).await else {
                        return std::future::pending().await;
                    };
                    if let Some(exit) = self.ending(&look) {
                        return exit;
                    }
                    self.core.looks.due(&look).await;
                }
            };
            tokio::select! { exit = end.wait() => exit, exit = looks => exit }
        };
        ended.boxed()
    }

    fn outputs(&self) -> BTreeMap<String, String> {
        let outputs = self.core.looker.outputs.lock().unwrap_or_else(PoisonError::into_inner);
        outputs.iter().map(|(name, value)| (name.clone(), value.replace('$', "$$"))).collect()
    }
}

/// For one try; the machine may be about to go down.
const KILL: Duration = Duration::from_secs(3);

impl Api {
    fn unanswered(&self, call: &Call) -> Problem {
        let message = format!("cannot {}: the API didn't answer within {} s", call.shown(), KILL.as_secs());
        Problem::new(ErrorCode::ResourceUnreachable, message)
            .hint("see whether it still runs, and end it by hand")
    }
}
