//! What a click does.

use kinfra_rpc::{
    ActOnResource, AddProject, AdoptPort, Command, ErrorCode, Maintain, MovePort, Restart, RestartTunnel,
    Share, Start, Stop, Unshare, UseProxyPort,
};
use kinfra_tray::Action;
use tauri::AppHandle;
use tauri_plugin_dialog::DialogExt;

use crate::place::Place;
use crate::shell::{Shell, lock};
use crate::{exit, notify, urls, window};

/// A click arrived for the line with this key. On Linux that may be a line that is disabled, or that was changed
/// while the finger came down: what counts is what it means now.
pub fn clicked(app: &AppHandle, key: &str) {
    let action = lock(&Shell::of(app).presenter).clicked(key);
    match action {
        Some(action) => perform(app, action),
        None => tracing::debug!(key, "a click on a line that is disabled or gone"),
    }
}

fn perform(app: &AppHandle, action: Action) {
    tracing::debug!(?action, "clicked");
    match action {
        Action::Start { project } => {
            let title = format!("{project} could not start");
            command(app, title, Some(project.clone()), Start { project, ..Start::default() });
        }
        Action::Stop { project } => {
            let title = format!("{project} could not be stopped");
            command(app, title, Some(project.clone()), Stop { project, services: vec![] });
        }
        Action::Restart { project } => {
            let title = format!("{project} could not be restarted");
            command(app, title, Some(project.clone()), Restart { project, ..Restart::default() });
        }
        Action::MovePort { project, service, this_time } => {
            let title = format!("{service} could not get another port");
            command(
                app,
                title,
                Some(project.clone()),
                MovePort { project, service, this_time, ..MovePort::default() },
            );
        }
        Action::AdoptPort { project, service } => {
            let title = format!("The port of {service} could not be left to that program");
            command(
                app,
                title,
                Some(project.clone()),
                AdoptPort { project, service, ..AdoptPort::default() },
            );
        }
        Action::Maintain { project, service, on } => {
            let what = if on { "begun" } else { "ended" };
            let title = format!("Maintenance of {service} could not be {what}");
            let services = vec![service];
            let maintain = Maintain { project: project.clone(), services, on, note: None, until: None };
            command(app, title, Some(project), maintain);
        }
        Action::Pause { project, resource, on } => {
            let (action, label) = if on { ("pause", "Pause") } else { ("resume", "Resume") };
            act(
                app,
                ActOnResource { project, resource, action: action.into(), ..ActOnResource::default() },
                label,
            );
        }
        Action::Share { project, service } => {
            let title = format!("{service} could not be shared");
            let services = vec![service];
            let share = Share { project: project.clone(), services, seconds: None };
            command(app, title, Some(project), share);
        }
        Action::Unshare { project, service } => {
            let title = format!("Sharing of {service} could not be ended");
            let unshare = Unshare { project: Some(project.clone()), services: vec![service] };
            command(app, title, Some(project), unshare);
        }
        Action::UnshareAll => {
            command(app, "Sharing could not be ended".to_owned(), None, Unshare::default());
        }
        Action::RestartTunnel { tunnel } => restart_tunnel(app, tunnel),
        Action::UseProxyPort { port } => {
            command(app, format!("The proxy could not move to port {port}"), None, UseProxyPort { port });
        }
        Action::OpenUrl { url } => told(app, "The page could not be opened", urls::open(app, &url)),
        Action::CopyUrl { url } => told(app, "The URL could not be copied", urls::copy(app, &url)),
        Action::OpenWindow => window::show(app, None),
        Action::OpenProject { project } => window::show(app, Some(&Place::Project(project))),
        Action::OpenResource { project, resource } => {
            window::show(app, Some(&Place::Resource { project, resource }));
        }
        Action::AddProject => add_project(app),
        Action::Quit => exit::quit(app),
        Action::QuitNow => exit::quit_now(app),
    }
}

/// Also what a notification's button does.
pub fn restart_tunnel(app: &AppHandle, tunnel: String) {
    let title = format!("The tunnel {tunnel} could not be restarted");
    command(app, title, None, RestartTunnel { tunnel });
}

/// Does something with a resource; also what a notification's button does. What has to be confirmed is asked in the
/// window, with the words of the engine.
pub fn act(app: &AppHandle, act: ActOnResource, label: &'static str) {
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        let Err(failure) = Shell::of(&app).client().call(act.clone()).await else { return };
        if let Some(question) =
            failure.problems.iter().find(|problem| problem.code == ErrorCode::NotConfirmed)
        {
            let question = question.message.clone();
            return window::show(&app, Some(&Place::Question { act, label, question }));
        }
        let title = format!("{}: {label} was refused", act.resource);
        notify::failure(&app, &title, &failure, Some(act.project));
    });
}

/// Sends a command, and tells when it is refused: the menu is closed by then, and shows nothing.
fn command(app: &AppHandle, title: String, project: Option<String>, command: impl Command) {
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        if let Err(failure) = Shell::of(&app).client().call(command).await {
            notify::failure(&app, &title, &failure, project);
        }
    });
}

fn told(app: &AppHandle, title: &str, result: Result<(), kinfra_rpc::Failure>) {
    if let Err(failure) = result {
        notify::failure(app, title, &failure, None);
    }
}

fn add_project(app: &AppHandle) {
    let asked = app.clone();
    let mut dialog = app.dialog().file().set_title("Add a project: choose the folder with its kinfra.yaml");
    // GTK would begin with what was used lately, and with no folder chosen.
    if let Some(home) = Shell::of(app).surroundings.variable("HOME") {
        dialog = dialog.set_directory(home);
    }
    dialog.pick_folder(move |folder| {
        let Some(folder) = folder.and_then(|folder| folder.into_path().ok()) else { return };
        command(&asked, format!("{} could not be added", folder.display()), None, AddProject { folder });
    });
}
