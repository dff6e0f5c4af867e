use kinfra_rpc::{ErrorCode, Problem};

use crate::config::declaration::{HttpFile, ProbeFile, ProjectFile, ServiceFile};
use crate::config::service_ports::DeclaredPort;
use crate::schema::tree::Position;
use crate::schema::{Placed, Reader, nearest};

/// Each probe is of one kind, and has what it asks.
pub(super) fn check(project: &ProjectFile, reader: &mut Reader) {
    for (key, service) in &project.services.0 {
        let Some(service) = service else { continue };
        let Some(health) = &service.health else { continue };
        let has_others = health.value.startup.is_some() || health.value.liveness.is_some();
        for (name, probe) in health.value.named() {
            let path = match name {
                Some(name) => format!("services.{}.health.{name}", key.text),
                None => format!("services.{}.health", key.text),
            };
            let beside = [("startup", &health.value.startup), ("liveness", &health.value.liveness)];
            let own =
                beside.into_iter().find(|(key, _)| Some(*key) == name).and_then(|(_, probe)| probe.as_ref());
            let at = own.map_or(health.at, |probe| probe.at);
            let checked = Checked { service, probe, path: &path, at };
            checked.kind(name, name.is_none() && has_others, reader);
            checked.port(reader);
            checked.request(reader);
        }
    }
}

struct Checked<'f> {
    service: &'f ServiceFile,
    probe: &'f ProbeFile,
    path: &'f str,
    at: Position,
}

impl Checked<'_> {
    fn report(&self, at: Position, message: String, hint: impl Into<String>, reader: &mut Reader) {
        reader.report(at, Problem::new(ErrorCode::ConfigInvalidValue, message).hint(hint));
    }

    fn kind(&self, name: Option<&str>, may_say_nothing: bool, reader: &mut Reader) {
        let Self { service, probe, path, at } = *self;
        let kinds = probe.kinds();
        if kinds.len() > 1 {
            let given: Vec<_> = kinds.iter().map(|kind| format!("`{kind}`")).collect();
            let message = format!("`{path}` has {}, but one probe is one of them", given.join(" and "));
            reader.report(at, Problem::new(ErrorCode::ConfigInvalidValue, message));
        }
        if let (Some("liveness"), Some(log)) = (name, &probe.log) {
            let message = format!("`{path}.log`: that a line was printed once says nothing about now");
            self.report(log.at, message, "ask by `http`, `tcp` or `command`", reader);
        }
        let asks_port = !kinds.contains(&"command") && !kinds.contains(&"log");
        let says_nothing = may_say_nothing && kinds.is_empty();
        if asks_port
            && !says_nothing
            && let Some((fault, remedy)) = service.unreachable(probe)
        {
            let message = format!("`{path}` asks the service's port, but {fault}");
            self.report(at, message, format!("probe it by `command` or `log`, or {remedy}"), reader);
        }
    }

    fn port(&self, reader: &mut Reader) {
        let Some(port) = &self.probe.port else { return };
        let ports = self.service.all_ports();
        let names = || ports.iter().map(|port| port.name);
        // Ports that can't be read may have any name.
        if ports.is_empty() || names().any(|name| name == port.value) {
            return;
        }
        let message = format!("`{}.port` is `{}`, but the service has no such port", self.path, port.value);
        let hint = match nearest(&port.value, names()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("known: {}", names().collect::<Vec<_>>().join(", ")),
        };
        self.report(port.at, message, hint, reader);
    }

    fn request(&self, reader: &mut Reader) {
        let Some(http) = &self.probe.http else { return };
        let HttpFile { path, send, headers, .. } = &http.value.0;
        if let Some(Placed { value, at }) = path.as_ref().filter(|path| !path.value.starts_with('/')) {
            let message = format!("`{}.http` is `{value}`, but must be a path", self.path);
            self.report(*at, message, "a path such as `/health`; the port is the service's own", reader);
        }
        let names = send.0.iter().map(|(key, _)| key).chain(headers.0.iter().map(|(key, _)| key));
        for key in names.filter(|key| http::HeaderName::try_from(&key.text).is_err()) {
            let message = format!("`{}.http`: `{}` can't be the name of a header", self.path, key.text);
            self.report(key.at, message, "a name is made of letters, digits and `-`", reader);
        }
    }
}

impl ServiceFile {
    /// Why a probe can't connect to its port, and what would let it.
    pub(in crate::config) fn unreachable(&self, probe: &ProbeFile) -> Option<(String, &'static str)> {
        if self.serves_nothing() {
            return Some(("its `port` is `none`".into(), "give it a port"));
        }
        if let Some(named) = &probe.port {
            let ports = self.all_ports();
            ports.iter().find(|port| port.name == named.value).filter(|port| port.is_udp())?;
            return Some((
                format!("`{}` is a UDP port, which takes no connections", named.value),
                "name a TCP one",
            ));
        }
        let main = self.main_port().filter(DeclaredPort::is_udp)?;
        Some(match main.named_at {
            Some(_) => (
                format!("the main one, `{}`, is a UDP port, which takes no connections", main.name),
                "give it a TCP port named `http`",
            ),
            None => {
                ("that is a UDP port, which takes no connections".into(), "give it `ports` with a TCP one")
            }
        })
    }
}
