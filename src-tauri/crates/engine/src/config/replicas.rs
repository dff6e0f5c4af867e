//! From a service to the nodes that run it. Pure.

use kinfra_rpc::replica_name;

use super::slug::slug;
use super::spec::{ReplicaSpec, ServiceSpec};

/// All with the same settings; the first is the service itself.
pub(super) fn replicas(service: ServiceSpec, count: u32) -> impl Iterator<Item = ServiceSpec> {
    let of = service.name.clone();
    let replica = move |number| {
        let name = replica_name(&of, number);
        let replica = ReplicaSpec { of: of.clone(), number };
        ServiceSpec { slug: slug(&name), name, replica, ..service.clone() }
    };
    (1..=count.max(1)).map(replica)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Format, ProjectSpec, parse};

    fn spec(text: &str) -> ProjectSpec {
        parse("/shop/kinfra.yaml".as_ref(), text, Format::Yaml).unwrap()
    }

    #[test]
    fn a_service_becomes_its_replicas_in_the_place_where_it_stands() {
        let text = "services:
  db: {run: serve}
  web: {run: serve, replicas: 3, port: [3000, 3001], env: {A: x}, depends_on: [db], route: /}
  last: {run: serve, replicas: 1}";
        let spec = spec(text);
        let shown: Vec<String> = spec
            .services
            .iter()
            .map(|node| format!("{} is {} of {}", node.name, node.replica.number, node.replica.of))
            .collect();
        insta::assert_snapshot!(shown.join("\n"), @r"
        db is 1 of db
        web is 1 of web
        web.2 is 2 of web
        web.3 is 3 of web
        last is 1 of last
        ");
        let [_, web, second, ..] = spec.services.as_slice() else { panic!("five nodes") };
        let named = |node: &ServiceSpec| ServiceSpec {
            name: node.name.clone(),
            slug: node.slug.clone(),
            replica: node.replica.clone(),
            ..ServiceSpec::clone(web)
        };
        assert_eq!(**second, named(second), "all else is the same");
        assert_eq!(spec.main_service().map(|service| &*service.name), Some("web"));
    }

    #[test]
    fn that_another_one_comes_changes_none_of_those_that_are_there() {
        let with =
            |count: u32| spec(&format!("services: {{web: {{run: serve, replicas: {count}}}}}")).services;
        assert_eq!(with(1), spec("services: {web: {run: serve}}").services);
        assert_eq!(with(3)[..2], with(2)[..]);
        let fingerprints: Vec<_> = with(3).iter().map(|service| service.fingerprint()).collect();
        assert!(fingerprints.iter().all(|other| *other == fingerprints[0]));
    }

    #[test]
    fn the_main_service_is_one_however_many_run_it() {
        let spec = spec("services: {front: {run: serve, replicas: 2}}");
        assert_eq!(spec.main_service().map(|service| &*service.name), Some("front"));
    }
}
