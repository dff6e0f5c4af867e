use std::sync::Arc;

use kinfra_rpc::{Problem, Protocol};
use serde_json::{Value as Json, json};

use super::adapter::SystemDaemon;
use super::daemons::{Daemons, Scope};
use super::mark::Mark;
use crate::resource_manager::{Adapter, Given, PortDeclared, Settings, TextDeclared};
use crate::schema::tree::{Key, Node};
use crate::schema::{
    Entries, Fields, Placed, PortChoice, PortSetting, Printable, Reader, Shape, Words, single,
};

#[derive(Debug)]
pub(super) struct SystemDaemonSettings {
    pub unit: Option<Placed<UnitName>>,
    pub scope: Scope,
    pub ports: Entries<Placed<OwnPort>>,
}

impl SystemDaemonSettings {
    pub fn declare(fields: &mut Fields<'_>) -> Self {
        let Words(scope) = fields.or(
            "scope",
            "`system` for a daemon of the machine's, `user` for one of yours.",
            Words(Scope::System),
        );
        Self {
            unit: fields.required("unit", "Its name in systemd.", "postgresql.service"),
            scope,
            ports: fields
                .optional("ports", "The ports that it listens on by its own settings, by name.")
                .unwrap_or_default(),
        }
    }
}

/// A unit's name, with its ending.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct UnitName(pub String);

impl Shape for UnitName {
    fn schema() -> Json {
        json!({ "type": "string", "pattern": r"^[A-Za-z0-9:_.\\@-]+$" })
    }

    fn decode(node: &Node, reader: &mut Reader) -> Option<Self> {
        let name = String::decode(node, reader)?;
        match unit_name(&name) {
            Some(name) => Some(Self(name)),
            None => reader.unexpected(node, "the name of a service of systemd, such as `postgresql.service`"),
        }
    }
}

/// As systemd completes it. What is no service (a timer, a mount) runs nothing that could be watched.
fn unit_name(name: &str) -> Option<String> {
    const KINDS: [&str; 10] = [
        ".socket",
        ".target",
        ".timer",
        ".mount",
        ".automount",
        ".path",
        ".slice",
        ".scope",
        ".device",
        ".swap",
    ];
    let is_name = !name.is_empty()
        && name.len() < 200
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || br":-_.\@".contains(&byte));
    if !is_name || KINDS.iter().any(|kind| name.ends_with(kind)) {
        return None;
    }
    Some(if name.ends_with(".service") { name.to_owned() } else { format!("{name}.service") })
}

/// A port that is the daemon's own choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct OwnPort(pub u16);

impl Shape for OwnPort {
    fn schema() -> Json {
        json!({ "type": "integer", "minimum": 1, "maximum": u16::MAX })
    }

    fn decode(node: &Node, reader: &mut Reader) -> Option<Self> {
        let port = single(node).map(Self);
        port.or_else(|| reader.unexpected(node, "the number of the port that the daemon's own settings say"))
    }
}

impl Settings for SystemDaemonSettings {
    fn ports(&self) -> Vec<PortDeclared> {
        let port = |(key, port): &(Key, Option<Placed<OwnPort>>)| {
            let choice = PortChoice::Fixed(port.as_ref()?.value.0);
            let setting = PortSetting { protocol: Protocol::Tcp, choice };
            Some(PortDeclared { name: key.text.clone(), at: key.at, setting })
        };
        self.ports.0.iter().filter_map(port).collect()
    }

    fn texts(&self) -> Vec<TextDeclared<'_>> {
        vec![]
    }

    fn adapter(&self, given: Given<'_>) -> Result<Arc<dyn Adapter>, Problem> {
        let unit = self.unit.as_ref().map_or_else(String::new, |unit| unit.value.0.clone());
        #[cfg(target_os = "linux")]
        let daemons = super::systemd::Systemd::new(Arc::clone(&given.outside), self.scope, unit.clone());
        #[cfg(not(target_os = "linux"))]
        let daemons = super::elsewhere::Elsewhere;
        let mark = Mark::of(&given.outside.environment, &given.place, self.scope, &unit);
        Ok(Arc::new(self.with(unit, Arc::new(daemons), mark)))
    }
}

impl SystemDaemonSettings {
    pub fn with(&self, unit: String, daemons: Arc<dyn Daemons>, mark: Mark) -> SystemDaemon {
        SystemDaemon::new(unit, self.scope, !self.ports.0.is_empty(), daemons, mark)
    }
}

impl Printable for Scope {
    fn printed(&self) -> Json {
        Words(*self).printed()
    }
}

#[cfg(test)]
mod name_tests {
    use super::unit_name;

    #[test]
    fn a_unit_is_a_service_and_has_its_ending() {
        assert_eq!(unit_name("postgresql").unwrap(), "postgresql.service");
        assert_eq!(unit_name("getty@tty1.service").unwrap(), "getty@tty1.service");
        assert_eq!(unit_name("org.x.y").unwrap(), "org.x.y.service");
        for wrong in ["", "a/b", "a b", "../x", "apt.timer", "a\nb", "ä"] {
            assert_eq!(unit_name(wrong), None, "{wrong:?}");
        }
    }
}
