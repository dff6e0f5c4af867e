//! What can be wrong with `replicas`.

use insta::assert_snapshot;

use super::{faults, spec};

#[test]
fn replicas_are_a_number_from_one_to_sixteen() {
    for wrong in ["0", "17", "-1", "1.5", "two", "'3'", "[3]", "true"] {
        let told = faults(&format!("services: {{web: {{run: x, replicas: {wrong}}}}}"));
        assert!(told.contains("`services.web.replicas`"), "{wrong}: {told}");
        assert!(told.contains("a whole number from 1 to 16"), "{wrong}: {told}");
    }
    assert_eq!(spec("services: {web: {run: x, replicas: 16}}").services.len(), 16);
}

#[test]
fn a_number_as_port_is_not_enough_for_several() {
    assert_snapshot!(faults("services:\n  web: {run: x, replicas: 3, port: 3000}\n"), @r"
    /shop/kinfra.yaml:2:36: the port of `services.web` is 3000, but each of its 3 replicas needs a port of its own
      hint: write `auto`, or a list of numbers that are taken first, such as `[3000, 3001]`
    ");
    assert_snapshot!(faults("services:\n  web: {run: x, replicas: 2, ports: {http: auto, dns: 53/udp}}\n"), @r"
    /shop/kinfra.yaml:2:55: the port `dns` of `services.web` is 53, but each of its 2 replicas needs a port of its own
      hint: write `auto`, or a list of numbers that are taken first, such as `[53, 54]`
    ");
    for right in ["port: [3000, 3001]", "port: none", "port: auto/udp", "ports: {http: auto, admin: [1, 2]}"]
    {
        assert_eq!(spec(&format!("services: {{web: {{run: x, replicas: 2, {right}}}}}")).services.len(), 2);
    }
    assert_eq!(spec("services: {web: {run: x, replicas: 1, port: 3000}}").services.len(), 1);
}

#[test]
fn a_task_has_no_replicas() {
    assert_snapshot!(faults("services:\n  seed: {type: task, run: x, replicas: 2}\n"), @r"
    /shop/kinfra.yaml:2:40: `services.seed` is a task, which is done once: it has no `replicas`
      hint: take `replicas` away, or `type: task`
    ");
    assert_eq!(spec("services: {seed: {type: task, run: x, replicas: 1}}").services.len(), 1);
}

#[test]
fn nothing_else_is_called_like_a_replica() {
    let text = "
groups: {web.1: [api]}
services:
  api: {run: x}
  web: {run: x, replicas: 2}
  web.2: {run: x}
  web.3: {run: x}
";
    assert_snapshot!(faults(text), @r"
    /shop/kinfra.yaml:2:10: the group `web.1` is called like replica 1 of `web`
      hint: rename one of them
    /shop/kinfra.yaml:6:3: the service `web.2` is called like replica 2 of `web`
      hint: rename one of them
    ");
}

#[test]
fn a_word_of_another_tool_leads_to_it() {
    assert_snapshot!(faults("services: {web: {run: x, scale: 3}}"), @r"
    /shop/kinfra.yaml:1:26: unknown key `scale` in `services.web`
      hint: did you mean `replicas`?
    ");
}
