//! KInfra's desktop app: the engine, a tray icon, and a window that comes and goes. Whatever is decided is decided
//! in the engine and in `kinfra-tray`; here it is shown, and what the user does is sent there.

mod arguments;
mod autostart;
mod display;
mod exit;
mod host;
mod notify;
mod place;
mod platform;
mod presence;
mod rpc;
mod shell;
mod surroundings;
mod tray;
mod urls;
mod window;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use kinfra_engine::control::Client;
use kinfra_rpc::{AddProject, ErrorCode, Failure, ShowWindow, TakeSnapshot};
use tauri::{AppHandle, RunEvent};
use tokio::runtime::{Builder, Runtime};

use arguments::Arguments;
use exit::Signals;
use host::{Found, Link};
use shell::{Shell, lock};
use surroundings::Surroundings;

/// The engine waits more than it works; its proxy has threads of its own.
const WORKERS: usize = 2;

#[cfg(target_os = "linux")]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let surroundings = Surroundings::gather();
    if let Err(no_display) = display::check(&surroundings) {
        tell(&no_display);
        return ExitCode::FAILURE;
    }
    let runtime = match Builder::new_multi_thread().worker_threads(WORKERS).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            tell(&format!("cannot start the threads that the engine runs on: {error}"));
            return ExitCode::FAILURE;
        }
    };
    tauri::async_runtime::set(runtime.handle().clone());
    match start(&runtime, &arguments, &surroundings) {
        Ok(code) => {
            // What still waits, for a notification's button say, is no reason to stay.
            runtime.shutdown_background();
            ExitCode::from(code)
        }
        Err(failure) => {
            cannot_start(&runtime, &surroundings, &failure);
            ExitCode::FAILURE
        }
    }
}

fn cannot_start(runtime: &Runtime, surroundings: &Surroundings, failure: &Failure) {
    // A signal that was caught once no longer ends the process by itself.
    let signals = runtime.block_on(async { Signals::catch() });
    let untold = runtime.block_on(notify::cannot_start(&surroundings.home, failure));
    if let (Some(text), Ok(mut signals)) = (untold, signals) {
        platform::alert(&text.title, &text.body, signals.next());
    }
}

fn start(runtime: &Runtime, arguments: &Arguments, surroundings: &Surroundings) -> Result<u8, Failure> {
    kinfra_engine::logging::init(&surroundings.home)?;
    let add = arguments.add.as_ref().map(std::path::absolute).transpose().map_err(|error| {
        Failure::new(ErrorCode::FolderMissing, format!("cannot tell which folder --add means: {error}"))
    })?;
    // Before the engine: from here on it always gets to stop what it runs.
    let signals = runtime.block_on(async { Signals::catch() }).map_err(|error| {
        Failure::new(ErrorCode::Io, format!("cannot catch the signals that end a program: {error}"))
    })?;
    match runtime.block_on(host::find(surroundings))? {
        Found::App(client) => runtime.block_on(hand_over(&client, add)),
        Found::Engine(link) => run(runtime, arguments, surroundings, &link, signals, add),
    }
}

/// There is an app already: it shows its window, and this one ends.
async fn hand_over(client: &Client, add: Option<PathBuf>) -> Result<u8, Failure> {
    let added = match add {
        Some(folder) => client.call(AddProject { folder }).await.map(drop),
        None => Ok(()),
    };
    client.call(ShowWindow {}).await?;
    Ok(added.map_or_else(
        |failure| {
            tell(&failure);
            1
        },
        |()| 0,
    ))
}

fn run(
    runtime: &Runtime,
    arguments: &Arguments,
    surroundings: &Surroundings,
    link: &Link,
    signals: Signals,
    add: Option<PathBuf>,
) -> Result<u8, Failure> {
    let shell = Shell::new(surroundings.clone(), link.clone());
    let state = runtime.block_on(link.client.call(TakeSnapshot {}))?;
    shell.restore.send_replace(state.engine.restore);
    *lock(&shell.state) = state;
    let open = arguments.open;
    let app = tauri::Builder::default()
        .plugin(tauri_plugin_clipboard_manager::init())
        .plugin(tauri_plugin_dialog::init())
        .manage(Arc::clone(&shell))
        .invoke_handler(tauri::generate_handler![
            rpc::rpc,
            rpc::watch,
            rpc::notice,
            rpc::open_url,
            rpc::copy_text
        ])
        .on_window_event(window::on_event)
        .setup(move |app| {
            let app = app.handle();
            tray::draw(app)?;
            platform::survive_the_display(app);
            tauri::async_runtime::spawn(signals.obey(app.clone()));
            tauri::async_runtime::spawn(tray::follow(app.clone()));
            tauri::async_runtime::spawn(presence::follow(app.clone()));
            tauri::async_runtime::spawn(autostart::follow(app.clone()));
            if let Some(folder) = add {
                add_project(app, folder);
            }
            if open {
                window::show(app, None);
            }
            Ok(())
        })
        .build(tauri::generate_context!());
    let app = match app {
        Ok(app) => app,
        Err(error) => {
            if let Some(own) = &link.own {
                runtime.block_on(own.quit(kinfra_rpc::EndMode::StopServices));
            }
            return Err(Failure::new(ErrorCode::Internal, format!("cannot start the tray: {error}")));
        }
    };
    let code = app.run_return(|_, event| {
        // The last window was closed: the tray is what stays.
        if let RunEvent::ExitRequested { code: None, api, .. } = event {
            api.prevent_exit();
        }
    });
    Ok(u8::try_from(code).unwrap_or(1))
}

/// What the menu's *Add project…* does, for a folder that was named on the command line.
fn add_project(app: &AppHandle, folder: PathBuf) {
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        let named = folder.display().to_string();
        if let Err(failure) = Shell::of(&app).client().call(AddProject { folder }).await {
            tell(&failure);
            notify::failure(&app, &format!("{named} could not be added"), &failure, None);
        }
    });
}

/// Whoever started the app in a terminal, or gave it an argument, reads there.
#[allow(clippy::print_stderr, reason = "the one place for words that are not for the log")]
fn tell(error: &impl std::fmt::Display) {
    eprintln!("error: {error}");
}
