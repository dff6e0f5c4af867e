//! The desktop's notifications: `org.freedesktop.Notifications`, specification 1.2.
//!
//! Theory of operation: one connection for all of them. It listens before the first one is sent, so that no press of
//! a button is missed however fast it comes; libraries begin to listen when the notification is already there. The
//! table of what is shown is locked from before a notification is sent until its number is known, so that its answer
//! finds it. Signals are read as one stream, because a daemon tells the press first and then that it is closed.

use std::collections::HashMap;
use std::sync::Arc;

use futures_util::StreamExt;
use kinfra_rpc::{ActOnResource, NoticeOffer};
use tauri::AppHandle;
use tokio::sync::{Mutex, OnceCell};
use zbus::proxy::SignalStream;
use zbus::{Connection, Message, OwnedVariant, proxy};

use crate::place::Place;
use crate::{tray, window};

/// What stands for the app in a notification: the name of its icon where it is installed.
const ICON: &str = "kinfra-desktop";

/// How long it stays is the desktop's to say.
const DEFAULT_TIME: i32 = -1;

#[proxy(
    interface = "org.freedesktop.Notifications",
    default_service = "org.freedesktop.Notifications",
    default_path = "/org/freedesktop/Notifications"
)]
trait Desktop {
    #[allow(clippy::too_many_arguments, reason = "the specification's")]
    fn notify(
        &self,
        app_name: &str,
        replaces_id: u32,
        app_icon: &str,
        summary: &str,
        body: &str,
        actions: &[&str],
        hints: HashMap<&str, OwnedVariant>,
        expire_timeout: i32,
    ) -> zbus::Result<u32>;

    fn get_capabilities(&self) -> zbus::Result<Vec<String>>;
}

/// What a notification says.
#[derive(Debug, Clone)]
pub struct Text {
    /// A later one of the same episode takes the place of an earlier one.
    pub episode: Option<String>,
    pub title: String,
    pub body: String,
}

pub struct Board {
    desktop: DesktopProxy<'static>,
    /// Whether bodies are read as markup.
    markup: bool,
    shown: Mutex<Shown>,
}

/// By the numbers that the desktop gives.
#[derive(Debug, Default)]
struct Shown {
    episodes: HashMap<String, u32>,
    leads: HashMap<u32, Lead>,
}

/// Where a notification leads.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lead {
    /// The window opens at this project.
    pub project: Option<String>,
    /// A button starts this tunnel anew.
    pub tunnel: Option<String>,
    /// A button does this with this resource of the project.
    pub offer: Option<(NoticeOffer, String)>,
}

#[derive(Debug, PartialEq, Eq)]
enum Press {
    Show { project: Option<String> },
    RestartTunnel(String),
    Act(ActOnResource, &'static str),
}

const RESTART_TUNNEL: &str = "restart-tunnel";

impl Lead {
    /// Keys and labels, one after the other. `default` is a click on the notification itself.
    fn actions(&self) -> Vec<&'static str> {
        let mut actions = vec!["default", "Open", "show", "Open"];
        if self.tunnel.is_some() {
            actions.extend([RESTART_TUNNEL, "Restart tunnel"]);
        }
        if let Some((offer, _)) = &self.offer {
            actions.extend([offer.action(), offer.label()]);
        }
        actions
    }

    fn pressed(&self, key: &str) -> Press {
        match (&self.tunnel, &self.offer, &self.project) {
            (Some(tunnel), _, _) if key == RESTART_TUNNEL => Press::RestartTunnel(tunnel.clone()),
            (_, Some((offer, resource)), Some(project)) if key == offer.action() => {
                let (project, resource) = (project.clone(), resource.clone());
                let action = offer.action().to_owned();
                let act = ActOnResource { project, resource, action, ..ActOnResource::default() };
                Press::Act(act, offer.label())
            }
            _ => Press::Show { project: self.project.clone() },
        }
    }
}

impl Board {
    /// The app's board, opened when first needed.
    ///
    /// # Errors
    /// When there is no session bus, or nobody who shows notifications.
    pub async fn of(app: &AppHandle) -> zbus::Result<Arc<Self>> {
        static BOARD: OnceCell<Arc<Board>> = OnceCell::const_new();
        let open = || async {
            let board = Arc::new(Self::open().await?);
            let signals = board.desktop.inner().receive_all_signals().await?;
            tauri::async_runtime::spawn(listen(app.clone(), Arc::clone(&board), signals));
            Ok(board)
        };
        BOARD.get_or_try_init(open).await.cloned()
    }

    /// One that hears nothing, for an app that is about to end.
    ///
    /// # Errors
    /// As [`Board::of`].
    pub async fn open() -> zbus::Result<Self> {
        let desktop = DesktopProxy::new(&Connection::session().await?).await?;
        let markup = desktop.get_capabilities().await?.iter().any(|name| name == "body-markup");
        Ok(Self { desktop, markup, shown: Mutex::default() })
    }

    /// Shows a text; a click on it, or on its first button, opens the window.
    ///
    /// # Errors
    /// When nobody shows it.
    pub async fn show(&self, text: &Text, lead: Lead) -> zbus::Result<()> {
        let body = if self.markup { escaped(&text.body) } else { text.body.clone() };
        let actions = lead.actions();
        let mut shown = self.shown.lock().await;
        let before = text.episode.as_ref().and_then(|episode| shown.episodes.get(episode)).copied();
        let send = self.desktop.notify(
            "KInfra",
            before.unwrap_or_default(),
            ICON,
            &text.title,
            &body,
            &actions,
            HashMap::new(),
            DEFAULT_TIME,
        );
        let number = send.await?;
        shown.leads.insert(number, lead);
        if let Some(episode) = &text.episode {
            shown.episodes.insert(episode.clone(), number);
        }
        Ok(())
    }
}

async fn listen(app: AppHandle, board: Arc<Board>, mut signals: SignalStream<'static>) {
    while let Some(signal) = signals.next().await {
        match heard(&board, &signal).await {
            Some(Press::Show { project }) => window::show(&app, project.map(Place::Project).as_ref()),
            Some(Press::RestartTunnel(tunnel)) => tray::restart_tunnel(&app, tunnel),
            Some(Press::Act(act, label)) => tray::act(&app, act, label),
            None => {}
        }
    }
}

/// What was pressed. Other programs' notifications have other numbers.
async fn heard(board: &Board, signal: &Message) -> Option<Press> {
    let header = signal.header();
    let body = signal.body();
    match header.member()?.as_str() {
        "ActionInvoked" => {
            let (number, key): (u32, String) = body.deserialize().ok()?;
            board.shown.lock().await.leads.get(&number).map(|lead| lead.pressed(&key))
        }
        "NotificationClosed" => {
            let (number, _reason): (u32, u32) = body.deserialize().ok()?;
            let mut shown = board.shown.lock().await;
            shown.leads.remove(&number);
            shown.episodes.retain(|_, known| *known != number);
            None
        }
        _ => None,
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tunnel_s_notification_has_a_button_that_restarts_it() {
        let lead =
            Lead { project: Some("shop".into()), tunnel: Some("quick-shop-web".into()), ..Lead::default() };
        assert_eq!(lead.actions(), ["default", "Open", "show", "Open", "restart-tunnel", "Restart tunnel"]);
        assert_eq!(lead.pressed("restart-tunnel"), Press::RestartTunnel("quick-shop-web".into()));
        let show = || Press::Show { project: Some("shop".into()) };
        assert_eq!((lead.pressed("show"), lead.pressed("default")), (show(), show()));
        let lead = Lead { tunnel: None, ..lead };
        assert_eq!(lead.actions(), ["default", "Open", "show", "Open"]);
        assert_eq!(lead.pressed("restart-tunnel"), show());
    }

    #[test]
    fn the_notification_of_a_pause_has_a_button_that_does_what_is_offered() {
        let lead = |offer| Lead {
            project: Some("shop".into()),
            offer: Some((offer, "db".into())),
            ..Lead::default()
        };
        let act = |action: &str| ActOnResource {
            project: "shop".into(),
            resource: "db".into(),
            action: action.into(),
            ..ActOnResource::default()
        };
        let paused = lead(NoticeOffer::Resume);
        assert_eq!(paused.actions(), ["default", "Open", "show", "Open", "resume", "Resume"]);
        assert_eq!(paused.pressed("resume"), Press::Act(act("resume"), "Resume"));
        assert_eq!(paused.pressed("default"), Press::Show { project: Some("shop".into()) });
        let unused = lead(NoticeOffer::KeepRunning);
        assert_eq!(unused.actions()[4..], ["keep-running", "Keep running"]);
        assert_eq!(unused.pressed("keep-running"), Press::Act(act("keep-running"), "Keep running"));
        assert_eq!(unused.pressed("resume"), Press::Show { project: Some("shop".into()) });
    }

    #[test]
    fn nothing_in_a_text_is_markup() {
        assert_eq!(escaped("a < b && <i>"), "a &lt; b &amp;&amp; &lt;i&gt;");
    }
}
