//! The variables by which a service learns of ports: its own, and those of what it depends on.

use std::collections::{BTreeMap, BTreeSet};

use super::instance::InstanceFacts;
use crate::config::{Dependency, EnvironmentSpec, ReplicaSpec, ServiceSpec, port_variable, variable};

const LOOPBACK: &str = "127.0.0.1";

/// `PORT` and `HOST`, `PORT_METRICS` for a port named metrics, and `REPLICA` where it is one of several.
pub fn own_ports(spec: &ServiceSpec, facts: &InstanceFacts) -> Vec<(String, String)> {
    let ReplicaSpec { of, number } = &spec.replica;
    let mut given = vec![];
    if facts.replicas.contains_key(of) {
        given.push(("REPLICA".to_owned(), number.to_string()));
    }
    let Some((main, others)) = facts.ports.get(&spec.name).and_then(|ports| ports.split_first()) else {
        return given;
    };
    given.push(("PORT".to_owned(), main.port.to_string()));
    given.push(("HOST".to_owned(), LOOPBACK.to_owned()));
    given.extend(others.iter().map(|port| (port_variable(&port.name), port.port.to_string())));
    given
}

/// `API_PORT`, `API_URL` and `API_PORT_METRICS`, for each service that this one depends on.
pub fn ports_of_dependencies(spec: &ServiceSpec, facts: &InstanceFacts) -> Vec<(String, String)> {
    spec.depends_on.iter().flat_map(|dependency| ports_of(&dependency.service, facts)).collect()
}

/// `DB_URL` and whatever else the resources offer that this one depends on, as references to it.
pub fn outputs_of_dependencies(spec: &ServiceSpec, facts: &InstanceFacts) -> EnvironmentSpec {
    let of = |resource: &str| {
        let outputs = [&facts.outputs, &facts.told].into_iter().filter_map(|outputs| outputs.get(resource));
        let is_one = facts.outputs.contains_key(resource);
        let usual = ["host", "port", "url"].into_iter().filter(|_| is_one && facts.port(resource).is_some());
        let named = outputs.flat_map(BTreeMap::keys).map(String::as_str);
        usual.chain(named).map(str::to_owned).collect::<BTreeSet<_>>()
    };
    let variables = spec.depends_on.iter().flat_map(|Dependency { service, .. }| {
        let name = variable(service);
        let output = move |output: String| {
            let reference = format!("${{resources.{service}.{output}}}");
            (format!("{name}_{}", variable(&output)), reference)
        };
        of(service).into_iter().map(output)
    });
    EnvironmentSpec { variables: variables.collect(), ..EnvironmentSpec::default() }
}

/// What others are told of one service.
pub fn ports_of(service: &str, facts: &InstanceFacts) -> Vec<(String, String)> {
    let Some((main, others)) = facts.ports.get(service).and_then(|ports| ports.split_first()) else {
        return vec![];
    };
    let name = variable(service);
    let mut given = vec![(format!("{name}_PORT"), main.port.to_string())];
    given.extend(facts.service_url(service).map(|url| (format!("{name}_URL"), url)));
    let others = others.iter();
    given.extend(others.map(|port| (format!("{name}_{}", port_variable(&port.name)), port.port.to_string())));
    given
}

#[cfg(test)]
mod tests {
    use kinfra_rpc::{PortOrigin, Protocol};

    use std::sync::Arc;

    use super::*;
    use crate::config::{Format, parse};
    use crate::port_registry::NodePort;

    #[test]
    fn a_service_learns_of_its_own_ports_and_of_those_that_it_depends_on() {
        let text = "services:\n  my-api: {run: serve}\n  web: {run: serve, depends_on: [my-api]}\n";
        let spec = parse("/shop/kinfra.yaml".as_ref(), text, Format::Yaml).unwrap();
        let port = |name: &str, port| NodePort {
            name: name.to_owned(),
            protocol: if name == "dns" { Protocol::Udp } else { Protocol::Tcp },
            port,
            origin: PortOrigin::Hash,
        };
        let ports = [
            ("my-api".to_owned(), vec![port("http", 8000), port("metrics", 8001), port("dns", 8002)]),
            ("web".to_owned(), vec![port("http", 8003)]),
        ];
        let facts = InstanceFacts { ports: ports.into(), ..InstanceFacts::default() };
        let shown = |given: Vec<(String, String)>| {
            given.into_iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("\n")
        };
        insta::assert_snapshot!(shown(own_ports(&spec.services[0], &facts)), @r"
        PORT=8000
        HOST=127.0.0.1
        PORT_METRICS=8001
        PORT_DNS=8002
        ");
        insta::assert_snapshot!(shown(ports_of_dependencies(&spec.services[1], &facts)), @r"
        MY_API_PORT=8000
        MY_API_URL=http://127.0.0.1:8000
        MY_API_PORT_METRICS=8001
        MY_API_PORT_DNS=8002
        ");
    }

    #[test]
    fn a_replica_learns_of_its_number_and_of_itself_and_others_of_the_service() {
        let text = "services:
  api: {run: serve, replicas: 2}
  web: {run: serve, depends_on: [api]}";
        let spec = parse("/shop/kinfra.yaml".as_ref(), text, Format::Yaml).unwrap();
        let port = |port| {
            vec![NodePort { name: "http".into(), port, protocol: Protocol::Tcp, origin: PortOrigin::Hash }]
        };
        let [first, second, web] = spec.services.as_slice() else { panic!("three nodes") };
        let ports = [first, second, web].map(|node| node.name.clone()).into_iter().zip([1, 2, 3].map(port));
        let facts = |proxy_port| {
            Arc::new(InstanceFacts {
                ports: ports.clone().collect(),
                replicas: [("api".to_owned(), vec!["api".to_owned(), "api.2".to_owned()])].into(),
                labels: [("api".to_owned(), "api".to_owned())].into(),
                slug: "shop".to_owned(),
                proxy_port,
                ..InstanceFacts::default()
            })
        };
        let shown = |given: Vec<(String, String)>| {
            given.into_iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" ")
        };
        let known = facts(Some(7080));
        assert_eq!(shown(own_ports(first, &known)), "REPLICA=1 PORT=1 HOST=127.0.0.1");
        assert_eq!(shown(own_ports(second, &known)), "REPLICA=2 PORT=2 HOST=127.0.0.1");
        assert_eq!(shown(own_ports(web, &known)), "PORT=3 HOST=127.0.0.1");
        let balanced = "API_PORT=1 API_URL=http://api.shop.localhost:7080";
        assert_eq!(shown(ports_of_dependencies(web, &known)), balanced);
        let without_proxy = shown(ports_of_dependencies(web, &facts(None)));
        assert_eq!(without_proxy, "API_PORT=1 API_URL=http://127.0.0.1:1");
        let own = known.seen_by(&second.replica);
        assert_eq!(own.port("api"), Some(2), "what it says of its service is said of itself");
        assert_eq!(own.service_url("api").as_deref(), Some("http://127.0.0.1:2"));
        assert_eq!(shown(own_ports(second, &own)), "REPLICA=2 PORT=2 HOST=127.0.0.1");
        assert_eq!(own.local_url("api").as_deref(), Some("http://api.shop.localhost:7080"));
    }
}
