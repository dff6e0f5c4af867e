//! What KInfra brings along is configuration like any other, and has no problem.

use std::collections::BTreeSet;

use super::shown;
use crate::config::{Format, ServiceSpec, parse};
use crate::templates::catalog;

fn it(template: &str, variant: &str) -> ServiceSpec {
    let text = format!(
        "resources:\n  it: {{template: {template}, variant: {variant}}}\nservices:\n  api: {{run: serve, port: none, depends_on: [it], env: {{URL: '${{resources.it.url}}', PORT_OF_IT: '${{resources.it.port}}'}}}}\n"
    );
    let read = parse("/shop/kinfra.yaml".as_ref(), &text, Format::Yaml);
    let spec = read.unwrap_or_else(|problems| panic!("{template}, {variant}: {}", shown(problems)));
    spec.services.iter().find(|service| service.name == "it").unwrap().as_ref().clone()
}

#[test]
fn each_template_is_a_resource_with_a_url_a_port_and_a_probe() {
    for template in catalog(None).templates {
        for variant in &template.variants {
            let it = it(&template.name, &variant.name);
            let resource = it.resource.as_ref().unwrap();
            assert!(it.health.readiness.is_some(), "{}", template.name);
            let is_docker = resource.kind == "docker";
            assert_eq!(is_docker, variant.name == "docker", "{}", template.name);
            assert_eq!(variant.programs.is_empty(), is_docker, "{}: what must be installed", template.name);
            let secrets: BTreeSet<_> = it.secrets();
            assert!(resource.generated.iter().all(|made| secrets.contains(made)), "{secrets:?}");
        }
    }
}

#[test]
fn the_variants_of_a_template_offer_the_same() {
    for template in catalog(None).templates {
        let offered = |variant: &str| it(&template.name, variant).resource.unwrap().outputs;
        let mut all = template.variants.iter().map(|variant| offered(&variant.name));
        let first = all.next().unwrap();
        assert!(all.all(|other| other == first), "{}", template.name);
    }
}

#[test]
fn what_a_command_of_a_resource_leaves_to_its_shell_is_no_fault() {
    let text = "
services: {}
resources:
  db: {type: command, run: 'exec ${SERVER:-serve} ${x%/*}', ports: {db: auto}}
  flag: {type: command, start: 'touch ${FLAG:-flag}', end: 'rm ${FLAG:-flag}', status: 'test -e ${FLAG:-flag}'}
";
    assert_eq!(super::spec(text).services.len(), 2);
    let wrong = "resources: {flag: {type: command, start: 'echo ${resources.no.url} ${secret:x}'}}";
    insta::assert_snapshot!(super::faults(wrong), @"
    /shop/kinfra.yaml:1:42: `${resources.no.url}`: there is no resource `no`
    /shop/kinfra.yaml:1:42: `${secret:x}` may stand in `env` only: a command line can be read by others
      hint: set a variable to `${secret:x}` and use that
    ");
}
