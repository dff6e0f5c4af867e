use std::collections::HashMap;

use kinfra_rpc::{ErrorCode, Problem, Protocol};

use crate::config::declaration::{ProjectFile, ServiceFile};
use crate::config::service_ports::DeclaredPort;
use crate::schema::tree::{Key, Position};
use crate::schema::{PortChoice, PortSetting, Printable, Reader};

/// One number is for one port, and a service writes its ports in one way.
pub(super) fn check(project: &ProjectFile, reader: &mut Reader) {
    let mut owners = HashMap::new();
    for (service, declared) in &project.services.0 {
        let Some(declared) = declared else { continue };
        check_keys(service, declared, reader);
        for port in declared.all_ports() {
            let Some((number, protocol, at)) = fixed(&port) else { continue };
            let (owner, owned) = *owners.entry((number, protocol)).or_insert((service, port));
            // A key written twice was reported when the file was read.
            if (&owner.text, owned.name) == (&service.text, port.name) {
                continue;
            }
            let number = match protocol {
                Protocol::Tcp => number.to_string(),
                Protocol::Udp => format!("{number}/udp"),
            };
            let (wants, has) = (shown(service, &port), shown(owner, &owned));
            let message = format!("{wants} takes port {number}, which {has} already has");
            let problem = Problem::new(ErrorCode::ConfigInvalidValue, message)
                .hint("give it another number, or `auto` to let KInfra choose");
            reader.report(at, problem);
        }
    }
}

fn fixed(port: &DeclaredPort<'_>) -> Option<(u16, Protocol, Position)> {
    match port.setting? {
        PortSetting { protocol, choice: PortChoice::Fixed(number) } => Some((*number, *protocol, port.at?)),
        _ => None,
    }
}

fn shown(service: &Key, port: &DeclaredPort<'_>) -> String {
    match port.named_at {
        Some(_) => format!("`{}` of `{}`", port.name, service.text),
        None => format!("`{}`", service.text),
    }
}

fn check_keys(service: &Key, declared: &ServiceFile, reader: &mut Reader) {
    let (Some(port), Some(_)) = (&declared.port, &declared.ports) else { return };
    let message = format!("`services.{}` has both `port` and `ports`", service.text);
    let hint = match &port.value.0 {
        None => "keep `ports`, or `port: none` if it serves nothing".to_owned(),
        Some(_) if declared.main_port().is_some_and(|main| main.name == "http") => {
            "keep `ports`, whose `http` is the main port".to_owned()
        }
        Some(setting) => {
            let written = match setting.printed() {
                serde_json::Value::String(word) => word,
                other => other.to_string(),
            };
            format!("keep `ports`, with `http: {written}` in it")
        }
    };
    reader.report(port.at, Problem::new(ErrorCode::ConfigInvalidValue, message).hint(hint));
}
