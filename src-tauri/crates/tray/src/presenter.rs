//! Theory of operation: the presenter remembers what the tray shows, so that each state becomes the few steps from
//! there. It never draws: a host, on whatever thread its toolkit wants, is handed each change exactly once and in
//! order. Clicks are looked up here, in what is shown at that moment.

use kinfra_rpc::{ProjectState, Snapshot};

use crate::compose::{Engine, menu};
use crate::diff::{Step, diff};
use crate::icon::{Icon, icon};
use crate::menu::{Action, Menu};
use crate::words::{project_line, short, short_name};

/// What has to be drawn anew.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Change {
    pub steps: Vec<Step>,
    pub icon: Option<Icon>,
    pub tooltip: Option<String>,
}

/// Whoever draws the tray. Steps come in the order in which they have to be done.
pub trait TrayHost {
    fn show(&mut self, change: &Change);
}

/// Begins with nothing shown: the first change holds the whole menu.
#[derive(Debug, Default)]
pub struct Presenter {
    menu: Menu,
    icon: Option<Icon>,
    tooltip: String,
}

impl Presenter {
    /// What to draw for this state; empty when it looks the same.
    pub fn follow(&mut self, state: &Snapshot, engine: Engine) -> Change {
        let menu = menu(state, engine);
        let steps = diff(&self.menu, &menu);
        self.menu = menu;
        let now = icon(state);
        let icon = (self.icon != Some(now)).then_some(now);
        self.icon = Some(now);
        let text = tooltip(state);
        let tooltip = (self.tooltip != text).then(|| text.clone());
        self.tooltip = text;
        Change { steps, icon, tooltip }
    }

    /// What a click on the line with this key asks for; nothing when it is gone or disabled by now.
    #[must_use]
    pub fn clicked(&self, key: &str) -> Option<Action> {
        self.menu.clicked(key).cloned()
    }
}

impl Change {
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty() && self.icon.is_none() && self.tooltip.is_none()
    }
}

/// One line per project, as many as a desktop shows without cutting them.
fn tooltip(state: &Snapshot) -> String {
    const MOST: usize = 5;
    let line =
        |project: &ProjectState| short(&format!("{} · {}", short_name(&project.name), project_line(project)));
    let mut lines = vec!["KInfra".to_owned()];
    lines.extend(state.projects.iter().take(MOST).map(line));
    if state.projects.len() > MOST {
        lines.push(format!("and {} more", state.projects.len() - MOST));
    }
    lines.join("\n")
}
