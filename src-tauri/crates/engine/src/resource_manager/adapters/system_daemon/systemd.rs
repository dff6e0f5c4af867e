//! systemd, over D-Bus (org.freedesktop.systemd1(5)).

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use futures_util::{FutureExt, StreamExt, stream};
use kinfra_rpc::Exit;
use tokio::sync::Mutex;
use tokio::time::timeout;
use zbus::fdo::PropertiesProxy;
use zbus::proxy::CacheProperties;
use zbus::{Connection, OwnedObjectPath, OwnedVariant, conn, fdo, proxy};

use super::daemons::{Activity, Daemons, Load, Refusal, Scope, Unit};
use crate::resource_manager::Outside;

const NAME: &str = "org.freedesktop.systemd1";
const UNIT: &str = "org.freedesktop.systemd1.Unit";
const SERVICE: &str = "org.freedesktop.systemd1.Service";

/// A local socket answers at once, or is somebody else's.
const CONNECT: Duration = Duration::from_secs(5);
const ANSWER: Duration = Duration::from_secs(10);

/// Of `kill(2)`, for everything in the unit.
const SIGKILL: i32 = 9;

#[proxy(
    interface = "org.freedesktop.systemd1.Manager",
    default_service = "org.freedesktop.systemd1",
    default_path = "/org/freedesktop/systemd1"
)]
trait Manager {
    /// Signals are sent to those only who said that they listen.
    fn subscribe(&self) -> zbus::Result<()>;

    fn load_unit(&self, name: &str) -> zbus::Result<OwnedObjectPath>;

    #[zbus(allow_interactive_auth)]
    fn start_unit(&self, name: &str, mode: &str) -> zbus::Result<OwnedObjectPath>;

    #[zbus(allow_interactive_auth)]
    fn stop_unit(&self, name: &str, mode: &str) -> zbus::Result<OwnedObjectPath>;

    #[zbus(allow_interactive_auth)]
    fn kill_unit(&self, name: &str, whom: &str, signal: i32) -> zbus::Result<()>;

    #[zbus(signal)]
    fn job_removed(&self, id: u32, job: OwnedObjectPath, unit: String, result: String) -> zbus::Result<()>;
}

/// The connections of an engine, each opened when first needed and again when it was lost.
#[derive(Debug, Default)]
pub struct Buses(Mutex<HashMap<Scope, Connection>>);

impl Buses {
    async fn connection(
        &self,
        scope: Scope,
        environment: &BTreeMap<String, String>,
    ) -> Result<Connection, Refusal> {
        let mut known = self.0.lock().await;
        if let Some(connection) = known.get(&scope).filter(|connection| !connection.is_closed()) {
            return Ok(connection.clone());
        }
        let address = address(scope, environment).ok_or_else(|| {
            Refusal::Away("neither DBUS_SESSION_BUS_ADDRESS nor XDG_RUNTIME_DIR is set".to_owned())
        })?;
        let connect = async {
            let connection = conn::Builder::address(address.as_str()).build().await?;
            ManagerProxy::new(&connection).await?.subscribe().await?;
            Ok(connection)
        };
        let connection = timeout(CONNECT, connect).await;
        let connection = connection.map_err(|_| away_at(&address, "it took too long"))?;
        let connection = connection.map_err(|error: zbus::Error| match refusal(&error) {
            Refusal::Away(why) | Refusal::Failed(why) => away_at(&address, &why),
            refusal => refusal,
        })?;
        known.insert(scope, connection.clone());
        Ok(connection)
    }
}

fn away_at(address: &str, why: &str) -> Refusal {
    Refusal::Away(format!("{why} (at {address})"))
}

fn address(scope: Scope, environment: &BTreeMap<String, String>) -> Option<String> {
    let variable = |name: &str| environment.get(name).filter(|value| !value.is_empty());
    match scope {
        Scope::System => {
            // The default of the D-Bus specification.
            let default = || "unix:path=/run/dbus/system_bus_socket".to_owned();
            Some(variable("DBUS_SYSTEM_BUS_ADDRESS").cloned().unwrap_or_else(default))
        }
        Scope::User => {
            let of_runtime = || variable("XDG_RUNTIME_DIR").map(|folder| format!("unix:path={folder}/bus"));
            variable("DBUS_SESSION_BUS_ADDRESS").cloned().or_else(of_runtime)
        }
    }
}

#[derive(Clone)]
pub(super) struct Systemd {
    outside: Arc<Outside>,
    scope: Scope,
    unit: String,
}

impl Systemd {
    pub fn new(outside: Arc<Outside>, scope: Scope, unit: String) -> Self {
        Self { outside, scope, unit }
    }

    async fn connection(&self) -> Result<Connection, Refusal> {
        self.outside.buses.connection(self.scope, &self.outside.environment).await
    }

    async fn manager(&self) -> Result<ManagerProxy<'static>, Refusal> {
        ManagerProxy::new(&self.connection().await?).await.map_err(|error| refusal(&error))
    }

    async fn properties(&self) -> Result<PropertiesProxy<'static>, Refusal> {
        let connection = self.connection().await?;
        let manager = ManagerProxy::new(&connection).await.map_err(|error| refusal(&error))?;
        let properties = async {
            let path = manager.load_unit(&self.unit).await?;
            let properties = PropertiesProxy::builder(&connection)
                .destination(NAME)
                .path(path)
                .cache_properties(CacheProperties::No)
                .build()
                .await?;
            Ok(properties)
        };
        in_time(properties).await
    }

    async fn start_and_wait(&self) -> Result<(), Refusal> {
        let manager = self.manager().await?;
        // Listening before asking: a job may be over at once.
        let mut removed = manager.receive_job_removed().await.map_err(|error| refusal(&error))?;
        // A person may be asked for a password meanwhile, so this has no limit of ours; systemd has its own for jobs.
        let job = manager.start_unit(&self.unit, "replace").await.map_err(|error| refusal(&error))?;
        let result = loop {
            let Some(signal) = removed.next().await else {
                return Err(Refusal::Away("the connection was lost while it started".to_owned()));
            };
            if let Ok(arguments) = signal.args()
                && arguments.job == job
            {
                break arguments.result.clone();
            }
        };
        if result == "done" || result == "skipped" {
            return Ok(());
        }
        let seen = look(&self.properties().await?).await.unwrap_or_default();
        Err(Refusal::DidNotStart(result, Box::new(seen)))
    }

    async fn ask_to_stop(&self, at_once: bool) -> Result<(), Refusal> {
        let manager = self.manager().await?;
        // First, so that systemd doesn't start anew what is killed then.
        manager.stop_unit(&self.unit, "replace").await.map_err(|error| refusal(&error))?;
        if at_once {
            match manager.kill_unit(&self.unit, "all", SIGKILL).await {
                Ok(()) => {}
                // It has ended already.
                Err(error) if matches!(refusal(&error), Refusal::Failed(_) | Refusal::Missing) => {}
                Err(error) => return Err(refusal(&error)),
            }
        }
        Ok(())
    }

    async fn begin_to_follow(&self) -> Result<BoxStream<'static, Unit>, Refusal> {
        let properties = self.properties().await?;
        let changes = properties.receive_properties_changed().await.map_err(|error| refusal(&error))?;
        let first = look(&properties).await?;
        let later = changes.then(move |_| {
            let properties = properties.clone();
            async move { look(&properties).await }
        });
        let units = stream::once(async { Ok(first) }).chain(later);
        Ok(units
            .take_while(|unit| std::future::ready(unit.is_ok()))
            .filter_map(|unit| async { unit.ok() })
            .boxed())
    }
}

impl Daemons for Systemd {
    fn look(&self) -> BoxFuture<'_, Result<Unit, Refusal>> {
        async { look(&self.properties().await?).await }.boxed()
    }

    fn start(&self) -> BoxFuture<'_, Result<(), Refusal>> {
        self.start_and_wait().boxed()
    }

    fn stop(&self, at_once: bool) -> BoxFuture<'_, Result<(), Refusal>> {
        self.ask_to_stop(at_once).boxed()
    }

    fn follow(&self) -> BoxFuture<'_, Result<BoxStream<'static, Unit>, Refusal>> {
        self.begin_to_follow().boxed()
    }
}

async fn in_time<T>(work: impl Future<Output = zbus::Result<T>>) -> Result<T, Refusal> {
    match timeout(ANSWER, work).await {
        Ok(result) => result.map_err(|error| refusal(&error)),
        Err(_) => Err(Refusal::Away(format!("it took longer than {} s", ANSWER.as_secs()))),
    }
}

async fn look(properties: &PropertiesProxy<'static>) -> Result<Unit, Refusal> {
    let all = async {
        let unit = properties.get_all(UNIT.try_into()?).await?;
        // What isn't there has nothing of a service's.
        let service = match unit.get("LoadState").and_then(text).as_deref() {
            Some("loaded") => properties.get_all(SERVICE.try_into()?).await.unwrap_or_default(),
            _ => HashMap::new(),
        };
        Ok((unit, service))
    };
    let (unit, service) = in_time(all).await?;
    Ok(read(&unit, &service))
}

fn text(value: &OwnedVariant) -> Option<String> {
    value.downcast_ref::<&str>().ok().map(str::to_owned)
}

fn read(unit: &HashMap<String, OwnedVariant>, service: &HashMap<String, OwnedVariant>) -> Unit {
    let word = |name: &str| unit.get(name).and_then(text).unwrap_or_default();
    let number = |name: &str| service.get(name).and_then(|value| value.downcast_ref::<i32>().ok());
    let load = match word("LoadState").as_str() {
        "not-found" => Load::Missing,
        "masked" => Load::Masked,
        "error" | "bad-setting" => {
            // A pair of a name and a text.
            let said = unit.get("LoadError").and_then(|value| value.downcast_ref::<(String, String)>().ok());
            Load::Broken(said.map(|(_, said)| said).unwrap_or_default())
        }
        _ => Load::Loaded,
    };
    let active = match word("ActiveState").as_str() {
        "active" | "reloading" | "refreshing" => Activity::Active,
        "activating" | "maintenance" => Activity::Activating,
        "deactivating" => Activity::Deactivating,
        "failed" => Activity::Failed,
        _ => Activity::Inactive,
    };
    let at = service.get("ExecMainExitTimestamp").and_then(|value| value.downcast_ref::<u64>().ok());
    let at = at.unwrap_or_default() / 1000;
    // As waitid(2) numbers them: exited, killed, dumped.
    let exit = match (number("ExecMainCode"), number("ExecMainStatus")) {
        (Some(1), code) => Some(Exit { code, signal: None, at }),
        (Some(2 | 3), signal) => Some(Exit { code: None, signal, at }),
        _ => None,
    };
    let pid =
        service.get("MainPID").and_then(|value| value.downcast_ref::<u32>().ok()).filter(|pid| *pid != 0);
    let invocation = unit.get("InvocationID").and_then(|value| Vec::<u8>::try_from(value.clone()).ok());
    let invocation = invocation.unwrap_or_default().iter().map(|byte| format!("{byte:02x}")).collect();
    let result = service.get("Result").and_then(text).unwrap_or_default();
    Unit { load, active, sub: word("SubState"), result, exit, pid, invocation }
}

fn refusal(error: &zbus::Error) -> Refusal {
    match error {
        zbus::Error::FDO(error) => match &**error {
            fdo::Error::AccessDenied(said)
            | fdo::Error::InteractiveAuthorizationRequired(said)
            | fdo::Error::AuthFailed(said) => Refusal::NotAllowed(said.clone()),
            fdo::Error::ZBus(error) => refusal(error),
            fdo::Error::ServiceUnknown(said)
            | fdo::Error::NameHasNoOwner(said)
            | fdo::Error::NoReply(said)
            | fdo::Error::NoServer(said)
            | fdo::Error::Disconnected(said) => Refusal::Away(said.clone()),
            error => Refusal::Failed(error.to_string()),
        },
        zbus::Error::MethodError(name, said, _) => {
            let said = said.clone().unwrap_or_default();
            match name.as_str() {
                "org.freedesktop.systemd1.NoSuchUnit" | "org.freedesktop.systemd1.LoadFailed" => {
                    Refusal::Missing
                }
                "org.freedesktop.systemd1.UnitMasked" => Refusal::Masked,
                name if name.contains("PolicyKit") => Refusal::NotAllowed(said),
                name => Refusal::Failed(if said.is_empty() { name.to_owned() } else { said }),
            }
        }
        zbus::Error::InputOutput(error) => Refusal::Away(error.to_string()),
        zbus::Error::Handshake(said) | zbus::Error::Address(said) => Refusal::Away(said.clone()),
        error => Refusal::Failed(error.to_string()),
    }
}
