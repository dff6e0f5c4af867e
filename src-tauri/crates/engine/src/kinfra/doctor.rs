//! What is right and wrong with this machine, for KInfra. Looking is one thing, judging another: that is pure.

use kinfra_rpc::{Examination, Failure, Finding, Level, ListPorts, PortClaim, PortList, PortRange, PortUse};

use super::catalog::Catalog;
use super::names::{self, Names};
use crate::process::reserved_ports;

const SYSCTL: &str = "net.ipv4.ip_local_reserved_ports";
const SYSCTL_FILE: &str = "/etc/sysctl.d/60-kinfra-ports.conf";

impl Catalog {
    pub(super) async fn examine(&self) -> Result<Examination, Failure> {
        let ports = self.list_ports(&ListPorts::default()).await?;
        // One whose configuration can't be read asks for no names.
        let named = self.projects().await?.into_iter();
        let named: Vec<Names> =
            named.filter_map(|(stored, spec)| Some(Names::of(&stored, &spec.ok()?))).collect();
        let mut findings = vec![taken(&ports), ephemeral(&ports, &reserved_ports())];
        findings.extend(names::examine(&named).await);
        Ok(Examination { findings })
    }
}

/// Claimed ports that somebody else is on.
fn taken(ports: &PortList) -> Finding {
    let taken: Vec<&PortClaim> = ports.claims.iter().filter(|claim| claim.in_use == PortUse::Taken).collect();
    let line = |claim: &&PortClaim| {
        let PortClaim { port, node, project, holder, .. } = claim;
        let holder = holder.as_ref().map_or_else(|| "somebody".to_owned(), ToString::to_string);
        format!("{port} of {node} in {project}: {holder}")
    };
    let finding = Finding { id: "ports.taken".to_owned(), ..Finding::default() };
    match taken.len() {
        0 => Finding {
            title: format!("{}: nobody else is on one", count(ports.claims.len(), "claimed port")),
            ..finding
        },
        number => Finding {
            level: Level::Bad,
            title: format!("{} held by other programs", count(number, "claimed port")),
            details: taken.iter().map(line).collect(),
            steps: taken.iter().map(|claim| format!("kinfra ports who {}", claim.port)).collect(),
            ..finding
        },
    }
}

/// Claimed ports on which an outgoing connection may sit when their service wants to start.
fn ephemeral(ports: &PortList, reserved: &[PortRange]) -> Finding {
    let is_safe = |port: u16| reserved.iter().any(|range| range.contains(port));
    let finding = Finding { id: "ports.ephemeral".to_owned(), ..Finding::default() };
    let Some(range) = ports.ephemeral else {
        let title = "which ports the kernel gives to outgoing connections can't be told".to_owned();
        return Finding { level: Level::Note, title, ..finding };
    };
    let at_risk: Vec<&PortClaim> =
        ports.claims.iter().filter(|claim| range.contains(claim.port) && !is_safe(claim.port)).collect();
    if at_risk.is_empty() {
        let title = format!("no claimed port can be taken by an outgoing connection ({range})");
        return Finding { title, ..finding };
    }
    let mut all: Vec<String> = reserved.iter().map(ToString::to_string).collect();
    let before = all.join(",");
    all.extend(at_risk.iter().map(|claim| claim.port.to_string()));
    let all = all.join(",");
    Finding {
        level: Level::Note,
        title: format!(
            "an outgoing connection may sit on {}, within {range}, when the service starts",
            count(at_risk.len(), "claimed port")
        ),
        details: at_risk
            .iter()
            .map(|claim| format!("{} of {} in {}", claim.port, claim.node, claim.project))
            .collect(),
        steps: vec![
            format!("echo '{SYSCTL} = {all}' | sudo tee {SYSCTL_FILE}"),
            format!("sudo sysctl --load={SYSCTL_FILE}"),
        ],
        undo: vec![format!("sudo rm {SYSCTL_FILE}"), format!("sudo sysctl --write {SYSCTL}='{before}'")],
        ..finding
    }
}

fn count(number: usize, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}

#[cfg(test)]
mod tests {
    use kinfra_rpc::{PortHolder, PortOrigin, Protocol};

    use super::*;

    fn claim(port: u16, node: &str, in_use: PortUse) -> PortClaim {
        PortClaim {
            port,
            protocol: Protocol::Tcp,
            project: "shop".to_owned(),
            node: node.to_owned(),
            replica: 0,
            name: "http".to_owned(),
            main: true,
            origin: PortOrigin::User,
            this_time: None,
            listens_on: None,
            in_use,
            holder: None,
        }
    }

    fn list(claims: Vec<PortClaim>) -> PortList {
        let range = PortRange { first: 20_000, last: 28_999 };
        let ephemeral = PortRange::new(32_768, 60_999);
        PortList { claims, reserved: vec![], range, ephemeral }
    }

    fn shown(finding: &Finding) -> String {
        let lines = |name: &str, lines: &[String]| {
            lines.iter().map(|line| format!("\n  {name}: {line}")).collect::<String>()
        };
        let Finding { id, level, title, details, steps, undo } = finding;
        let (details, steps, undo) = (lines("is", details), lines("do", steps), lines("undo", undo));
        format!("{id} {level:?}: {title}{details}{steps}{undo}")
    }

    #[test]
    fn a_machine_without_trouble_is_good() {
        let ports = list(vec![claim(23_828, "api", PortUse::InUse), claim(3000, "web", PortUse::Free)]);
        insta::assert_snapshot!(shown(&taken(&ports)), @"ports.taken Good: 2 claimed ports: nobody else is on one");
        insta::assert_snapshot!(shown(&ephemeral(&ports, &[])), @"ports.ephemeral Good: no claimed port can be taken by an outgoing connection (32768-60999)");
    }

    #[test]
    fn what_is_in_the_way_is_named_with_steps_and_the_way_back() {
        let holder = PortHolder { pid: Some(4711), program: Some("java".into()), ..PortHolder::default() };
        let held = PortClaim { holder: Some(holder), ..claim(50_002, "api", PortUse::Taken) };
        let ports =
            list(vec![held, claim(50_003, "web", PortUse::Free), claim(50_010, "mail", PortUse::Free)]);
        let reserved = [PortRange { first: 50_010, last: 50_012 }];
        insta::assert_snapshot!(shown(&taken(&ports)), @r"
        ports.taken Bad: 1 claimed port held by other programs
          is: 50002 of api in shop: java (pid 4711)
          do: kinfra ports who 50002
        ");
        insta::assert_snapshot!(shown(&ephemeral(&ports, &reserved)), @r"
        ports.ephemeral Note: an outgoing connection may sit on 2 claimed ports, within 32768-60999, when the service starts
          is: 50002 of api in shop
          is: 50003 of web in shop
          do: echo 'net.ipv4.ip_local_reserved_ports = 50010-50012,50002,50003' | sudo tee /etc/sysctl.d/60-kinfra-ports.conf
          do: sudo sysctl --load=/etc/sysctl.d/60-kinfra-ports.conf
          undo: sudo rm /etc/sysctl.d/60-kinfra-ports.conf
          undo: sudo sysctl --write net.ipv4.ip_local_reserved_ports='50010-50012'
        ");
    }
}
