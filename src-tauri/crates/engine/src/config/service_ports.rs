//! The ports of one service, whichever of `port` and `ports` it writes them with.

use kinfra_rpc::Protocol;

use super::declaration::ServiceFile;
use super::spec::ServiceType;
use crate::schema::PortSetting;
use crate::schema::tree::Position;

/// What a port is called that has no name; of several it is the main one.
const UNNAMED: &str = "http";

#[derive(Debug, Clone, Copy)]
pub(super) struct DeclaredPort<'f> {
    pub name: &'f str,
    /// None: it is written with `port`, or not at all.
    pub named_at: Option<Position>,
    /// None: it has a problem, which was reported.
    pub setting: Option<&'f PortSetting>,
    /// Where the setting stands; none for the default.
    pub at: Option<Position>,
}

impl DeclaredPort<'_> {
    /// A port with a problem may be of any protocol.
    pub fn is_udp(&self) -> bool {
        self.setting.is_some_and(|setting| setting.protocol == Protocol::Udp)
    }
}

impl ServiceFile {
    /// The main one first, then in the order of the file. Empty when the service serves nothing.
    pub fn all_ports(&self) -> Vec<DeclaredPort<'_>> {
        let unnamed = |setting, at| DeclaredPort { name: UNNAMED, named_at: None, setting, at };
        match (&self.ports, &self.port) {
            (Some(ports), _) => main_first(ports.value.0.0.iter().map(|(key, port)| DeclaredPort {
                name: &key.text,
                named_at: Some(key.at),
                setting: port.as_ref().map(|port| &port.value),
                at: port.as_ref().map(|port| port.at),
            })),
            (None, Some(port)) => {
                port.value.0.iter().map(|setting| unnamed(Some(setting), Some(port.at))).collect()
            }
            // A task mostly serves nobody.
            (None, None) if matches!(self.kind.0, ServiceType::Task | ServiceType::Resource) => vec![],
            (None, None) => vec![unnamed(Some(&PortSetting::AUTO), None)],
        }
    }

    /// What `PORT` is.
    pub fn main_port(&self) -> Option<DeclaredPort<'_>> {
        self.all_ports().into_iter().next()
    }

    /// Whether it says so: one whose ports can't be read may have any.
    pub fn serves_nothing(&self) -> bool {
        self.ports.is_none() && self.all_ports().is_empty()
    }
}

/// The main port is the one named `http`, else the first TCP one, else the first.
fn main_first<'f>(ports: impl Iterator<Item = DeclaredPort<'f>>) -> Vec<DeclaredPort<'f>> {
    let mut ports: Vec<_> = ports.collect();
    let named = ports.iter().position(|port| port.name == UNNAMED);
    if let Some(main) = named.or_else(|| ports.iter().position(|port| !port.is_udp())) {
        ports[..=main].rotate_right(1);
    }
    ports
}
