use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use kinfra_rpc::{EngineState, ErrorCode, Failure, Problem};
use tokio::sync::{mpsc, watch};

use super::adoption::Adoption;
use super::catalog::Catalog;
use super::disuse;
use super::engine::{Engine, Kinfra};
use super::lock::Lock;
use super::options::EngineOptions;
use super::presses;
use super::quiet;
use super::rebuild::rebuild;
use super::reports;
use super::setting_aside::{made_up_for, open_store, problem};
use super::shares::Shares;
use super::sharing::machine_id;
use crate::clock::Clock;
use crate::control::Server;
use crate::events::Hub;
use crate::logs::KnownSecrets;
use crate::notifier;
use crate::orchestrator::Command;
use crate::port_registry::PortRegistry;
use crate::process::{Keeper, KeeperOptions, LoginShell, Run, boot_id, raise_descriptor_limit};
use crate::proxy_server::{ProxyContext, ProxyServer};
use crate::resource_manager::Outside;
use crate::secrets::{SecretText, Secrets};
use crate::service_manager::{Holders, ServiceContext, Surroundings, Timeline, remove_files_of_others};
use crate::watch::Watcher;

impl Kinfra {
    /// Opens the engine of a home: takes its lock, takes over what an earlier one left running, and answers on the
    /// control socket when this returns.
    ///
    /// # Errors
    /// [`ErrorCode::AlreadyRunning`] when another engine has this home; else whatever keeps it from working at all. A
    /// taken proxy port and a broken configuration don't: they are in the state.
    pub async fn open(options: EngineOptions) -> Result<Self, Failure> {
        let lock = Lock::wait_for(&options.home).await?;
        let clock = Clock::start();
        // A keeper begins while the database is opened. It is the first of them: opening keeps this thread busy, and
        // another one may be woken only when that is over.
        let database = options.home.database();
        let (connected, opened) =
            tokio::join!(Keeper::connect(keeper_options(&options)?), open_store(&database));
        let (store, set_aside) = opened?;
        let (keeper, events) = connected?;
        let version = env!("CARGO_PKG_VERSION").to_owned();
        let user_folder = options.environment.get("HOME").map(Into::into);
        let pid = std::process::id();
        let problems = set_aside.iter().map(|file| problem(file)).collect();
        let restore = options.restore;
        let hub =
            Hub::new(EngineState { version, pid, user_folder, problems, restore, ..EngineState::default() });
        let (output, printed) = watch::channel(0);
        let secrets = KnownSecrets::default();
        let vault = Secrets::new(options.environment.clone(), options.secrets.iter().cloned().collect());
        let (presses, pressed) = mpsc::unbounded_channel();
        let beside = ProxyContext {
            hub: Arc::clone(&hub),
            store: store.clone(),
            home: options.home.clone(),
            clock: clock.clone(),
            secrets: secrets.clone(),
            presses,
        };
        let proxy = ProxyServer::start(beside, printed.clone(), options.proxy_port).await?;
        let holders = Holders::new(store.clone(), &options.environment);
        let services = Arc::new(ServiceContext {
            command_program: std::path::absolute(&options.keeper_program)
                .unwrap_or_else(|_| options.keeper_program.clone())
                .with_file_name("kinfra"),
            keeper,
            store: store.clone(),
            home: options.home.clone(),
            clock: clock.clone(),
            runs: Arc::default(),
            holders: holders.clone(),
            timeline: Timeline::new(store.clone(), clock.clone()),
            boot: boot_id(),
            watcher: Watcher::default(),
            descriptor_limit: raise_descriptor_limit(),
            log_bytes: options.log_bytes,
            secrets,
            vault,
            surroundings: surroundings(&options, &hub),
            outside: Arc::new(Outside::new(options.environment.clone())),
            printed: output.clone(),
        });
        let ports = PortRegistry::open(store.clone(), options.ports.clone()).await?;
        let loading = Arc::default();
        let catalog = Catalog { store: store.clone(), ports, clock, loading, holders };
        if set_aside.is_some() {
            rebuild(&catalog, &services.keeper, &options.home.logs()).await?;
            made_up_for(&store).await?;
        }
        let mut adoption = Adoption::take_stock(&services).await?;
        let engine = Arc::new_cyclic(|weak| Engine {
            catalog,
            options,
            hub,
            store,
            services,
            projects: Mutex::default(),
            proxy,
            output,
            sampler: Arc::default(),
            sharing: OnceLock::new(),
            accounts: OnceLock::new(),
            followed: Mutex::default(),
            server: Mutex::default(),
            settings_watch: Mutex::default(),
            disuse: Default::default(),
            ended: watch::channel(false).0,
            lock: Mutex::new(Some(lock)),
            weak: weak.clone(),
        });
        // An error means that it is set, which nobody else does.
        let owner = format!("{}\n{}", machine_id(), engine.options.home.state.display());
        let _ = engine.services.outside.owner.set(owner);
        let vault = engine.services.vault.clone();
        let hold = move |name: &str, value: String| vault.hold(name, SecretText::new(value));
        let _ = engine.services.outside.hold.set(Box::new(hold));
        let _ = engine.services.outside.stacks.set(Arc::new(Shares::new(Arc::downgrade(&engine))));
        let unfinished = engine.load_all(&mut adoption).await?;
        engine.open_sharing(&mut adoption, printed).await?;
        engine.follow_connectors().await?;
        let ended = adoption.ended();
        let strays = adoption.clear(&engine.services).await;
        remove_old_secrets(&engine.services).await;
        match strays.is_empty() {
            true => engine.go_on_with(unfinished).await,
            false => engine.begin_without(strays, unfinished),
        }
        tokio::spawn(reports::follow(Arc::downgrade(&engine), events));
        tokio::spawn(reports::follow_store(Arc::downgrade(&engine)));
        tokio::spawn(presses::follow(Arc::downgrade(&engine), pressed));
        tokio::spawn(disuse::watch(Arc::downgrade(&engine)));
        tokio::spawn(quiet::watch(engine.hub.revisions(), quiet::give_back));
        tokio::spawn(notifier::watch(Arc::clone(&engine.hub), engine.services.clock.clone(), ended));
        *engine.settings_watch.lock().unwrap_or_else(PoisonError::into_inner) = Some(engine.watch_settings());
        engine.serve()?;
        tracing::info!(proxy_port = engine.proxy.port(), "the engine is open");
        Ok(Self { engine })
    }
}

impl Engine {
    /// What goes on may need what strays still hold; nobody else has to wait for their end.
    fn begin_without(self: &Arc<Self>, strays: Vec<Run>, unfinished: Vec<(String, Vec<String>)>) {
        let engine = Arc::clone(self);
        tokio::spawn(async move {
            engine.end_strays(strays).await;
            if engine.refuse_when_ending().is_ok() {
                engine.go_on_with(unfinished).await;
            }
        });
    }

    async fn go_on_with(&self, unfinished: Vec<(String, Vec<String>)>) {
        for (slug, names) in unfinished.into_iter().filter(|(_, names)| !names.is_empty()) {
            tracing::info!(project = slug, ?names, "started as before");
            if let Ok(project) = self.project(&slug) {
                project.stack.tell(Command::Start { names, again: false }).await;
            }
        }
    }

    fn serve(self: &Arc<Self>) -> Result<(), Failure> {
        let socket = self.options.home.control_socket();
        let server = Server::listen(&socket, Arc::clone(self) as Arc<_>)
            .map_err(|error| no_socket(&socket, &error))?;
        *self.server() = Some(server);
        Ok(())
    }
}

/// Those of runs that ended while no engine was there, or whose engine was lost.
async fn remove_old_secrets(services: &ServiceContext) {
    match services.keeper.list().await {
        Ok(held) => {
            let living = held.into_iter().map(|run| run.run).collect();
            remove_files_of_others(&services.home, &living);
        }
        Err(error) => tracing::warn!(%error, "files with secrets of earlier runs are not looked for"),
    }
}

fn surroundings(options: &EngineOptions, hub: &Arc<Hub>) -> Surroundings {
    let shell = options
        .shell_environment
        .then(|| LoginShell::of_user(&options.environment, options.keeper_program.clone()));
    let (own, settings) = (&options.environment, options.env.clone());
    let programs = options.keeper_program.parent().map(Path::to_owned);
    let hub = Arc::downgrade(hub);
    Surroundings::new(own, settings, programs, shell, move |problem| {
        if let Some(hub) = hub.upgrade() {
            hub.change_engine(|engine| engine.problems.push(problem.clone()));
        }
    })
}

fn no_socket(socket: &Path, error: &std::io::Error) -> Failure {
    Problem::new(ErrorCode::Io, format!("cannot listen on {}: {error}", socket.display()))
        .hint("its folder must be writable for you alone")
        .into()
}

/// The keeper runs in a folder of its own, so its program must be named by an absolute path.
fn keeper_options(options: &EngineOptions) -> Result<KeeperOptions, Failure> {
    let program = std::path::absolute(&options.keeper_program).map_err(|error| {
        Failure::new(
            ErrorCode::Io,
            format!("cannot tell where {} is: {error}", options.keeper_program.display()),
        )
    })?;
    Ok(KeeperOptions { program, socket: options.home.keeper_socket(), lock: options.home.keeper_lock() })
}
