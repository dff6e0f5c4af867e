/// What a line of the menu is to whoever draws it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Line,
    Submenu,
    Separator,
}

/// What a click asks for. Whoever carries it out looks the line up again first: some desktops deliver clicks on
/// lines that are disabled or were gone when the finger came down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    Start {
        project: String,
    },
    Stop {
        project: String,
    },
    Restart {
        project: String,
    },
    OpenUrl {
        url: String,
    },
    CopyUrl {
        url: String,
    },
    OpenWindow,
    /// The window, at this project.
    OpenProject {
        project: String,
    },
    /// The window, at this resource.
    OpenResource {
        project: String,
        resource: String,
    },
    AddProject,
    /// Pauses a resource where it runs, or has it go on.
    Pause {
        project: String,
        resource: String,
        on: bool,
    },
    /// Another port for good, or for this time.
    MovePort {
        project: String,
        service: String,
        this_time: bool,
    },
    /// Leaves the port to whoever is on it.
    AdoptPort {
        project: String,
        service: String,
    },
    /// Begins or ends that a service's visitors are shown the page of maintenance.
    Maintain {
        project: String,
        service: String,
        on: bool,
    },
    /// Opens a service to everybody who knows its link.
    Share {
        project: String,
        service: String,
    },
    /// Ends that.
    Unshare {
        project: String,
        service: String,
    },
    /// Ends it for everything of every project.
    UnshareAll,
    RestartTunnel {
        tunnel: String,
    },
    UseProxyPort {
        port: u16,
    },
    Quit,
    /// Kills what is still being stopped.
    QuitNow,
}

/// One line, and for a submenu what opens from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Stable as long as the line means the same, and unique in the whole menu: `project/shop/start`. It begins with
    /// its submenu's, so a line never moves from one submenu to another.
    pub key: String,
    /// As a person reads it: nothing in it marks a keyboard shortcut.
    pub label: String,
    pub enabled: bool,
    pub kind: Kind,
    pub action: Option<Action>,
    pub children: Vec<Item>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Menu {
    pub items: Vec<Item>,
}

impl Item {
    #[must_use]
    pub fn line(key: impl Into<String>, label: impl Into<String>, action: Action) -> Self {
        Self {
            key: key.into(),
            label: label.into(),
            enabled: true,
            kind: Kind::Line,
            action: Some(action),
            children: vec![],
        }
    }

    /// A line that only tells something.
    #[must_use]
    pub fn text(key: impl Into<String>, label: impl Into<String>) -> Self {
        Self {
            key: key.into(),
            label: label.into(),
            enabled: false,
            kind: Kind::Line,
            action: None,
            children: vec![],
        }
    }

    #[must_use]
    pub fn submenu(key: impl Into<String>, label: impl Into<String>, children: Vec<Item>) -> Self {
        Self {
            key: key.into(),
            label: label.into(),
            enabled: true,
            kind: Kind::Submenu,
            action: None,
            children,
        }
    }

    #[must_use]
    pub fn separator(key: impl Into<String>) -> Self {
        Self {
            key: key.into(),
            label: String::new(),
            enabled: false,
            kind: Kind::Separator,
            action: None,
            children: vec![],
        }
    }

    #[must_use]
    pub fn enabled_if(mut self, enabled: bool) -> Self {
        self.enabled = enabled;
        self
    }
}

impl Menu {
    /// The line with this key, however deep it is.
    #[must_use]
    pub fn find(&self, key: &str) -> Option<&Item> {
        find(&self.items, key)
    }

    /// What a click on the line with this key asks for now; nothing when it is gone or disabled.
    #[must_use]
    pub fn clicked(&self, key: &str) -> Option<&Action> {
        self.find(key).filter(|item| item.enabled)?.action.as_ref()
    }
}

fn find<'a>(items: &'a [Item], key: &str) -> Option<&'a Item> {
    items.iter().find_map(|item| if item.key == key { Some(item) } else { find(&item.children, key) })
}
