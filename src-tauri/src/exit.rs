//! Every way to end.
//!
//! Theory of operation: with the engine in this process, to quit is a command to it like any other. It stops the
//! stacks in reverse order, within a bound, and its end is seen by whoever follows the state, who then ends the app.
//! Asked again meanwhile, it kills. An engine elsewhere is left alone: only the tray ends.

use std::time::Duration;

use kinfra_rpc::{EndMode, Quit};
use kinfra_tray::Engine;
use tauri::AppHandle;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::shell::{Shell, lock};

/// After killing was asked for: time to do it, not to wait for anything else.
const LAST_MOMENT: Duration = Duration::from_secs(5);

/// Ends the app, after the stacks have been stopped.
pub fn quit(app: &AppHandle) {
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        let link = Shell::of(&app).link();
        if link.place() == Engine::Elsewhere {
            return leave(&app, 0);
        }
        tracing::info!("quitting");
        if let Err(failure) = link.client.call(Quit { mode: EndMode::StopServices }).await {
            tracing::error!(%failure, "the engine could not be asked to end");
            leave(&app, 1);
        }
    });
}

/// Ends the app and kills what is still being stopped.
pub fn quit_now(app: &AppHandle) {
    quit(app);
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        tokio::time::sleep(LAST_MOMENT).await;
        tracing::error!("leaving without having seen the end of all services");
        leave(&app, 1);
    });
}

/// The same where the event loop has stopped for good. Gives the exit code.
pub fn quit_and_wait(app: &AppHandle) -> i32 {
    let shell = Shell::of(app);
    let Some(own) = shell.link().own else { return 0 };
    tauri::async_runtime::block_on(async {
        // Asked a second time the engine would kill.
        let asked = if lock(&shell.state).engine.ending {
            Ok(())
        } else {
            shell.client().call(Quit { mode: EndMode::StopServices }).await.map(drop)
        };
        match asked {
            Ok(()) => own.ended().await,
            Err(failure) => tracing::error!(%failure, "the engine could not be asked to end"),
        }
    });
    0
}

pub fn leave(app: &AppHandle, code: i32) {
    app.exit(code);
}

/// How a terminal, a service manager or the end of a session ends us. Caught from its creation on.
pub struct Signals {
    hang_up: Signal,
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    /// Must be called within the runtime.
    ///
    /// # Errors
    /// When the system refuses a handler.
    pub fn catch() -> std::io::Result<Self> {
        Ok(Self {
            hang_up: signal(SignalKind::hangup())?,
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    /// Waits for any of them.
    pub async fn next(&mut self) {
        tokio::select! {
            _ = self.hang_up.recv() => {}
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }

    /// The first one quits, any other kills what is left.
    pub async fn obey(mut self, app: AppHandle) {
        self.next().await;
        quit(&app);
        loop {
            self.next().await;
            tracing::warn!("another signal: killing what is left");
            quit_now(&app);
        }
    }
}
