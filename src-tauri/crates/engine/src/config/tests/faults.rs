//! The text of every error that a person can meet in a file.

use insta::assert_snapshot;

use super::faults;

#[test]
fn broken_yaml_names_the_place() {
    assert_snapshot!(faults("services:\n  web\n    run: x\n"), @"
    /shop/kinfra.yaml:3:8: not valid YAML: mapping values are not allowed in this context
      hint: look at the indentation, colons and quotes here and in the line above
    ");
    assert_snapshot!(faults("services:\n\tweb: {}\n"), @"
    /shop/kinfra.yaml:2:2: not valid YAML: tabs disallowed within this context (block indentation)
      hint: look at the indentation, colons and quotes here and in the line above
    ");
    assert_snapshot!(faults("services: {}\n---\nservices: {}\n"), @"
    /shop/kinfra.yaml:3:1: not valid YAML: a second document begins here, after a `---`, but only one is read
      hint: look at the indentation, colons and quotes here and in the line above
    ");
}

#[test]
fn an_empty_file_says_what_is_missing() {
    assert_snapshot!(faults("# nothing yet\n"), @"
    /shop/kinfra.yaml:2:1: the file is empty
      hint: a project has at least `services:` with a name and its `run:`
    ");
    assert_snapshot!(faults("project: shop\n"), @"
    /shop/kinfra.yaml:1:1: `services` is missing
      hint: for example `services: {web: {run: npm run dev}}`
    ");
    assert_snapshot!(faults("services: {web: {port: 80}}\n"), @"
    /shop/kinfra.yaml:1:17: `services.web.run` is missing
      hint: for example `run: npm run dev`
    ");
}

#[test]
fn an_unknown_key_names_the_nearest_known_one() {
    assert_snapshot!(faults("services:\n  web:\n    run: x\n    prot: 80\n"), @"
    /shop/kinfra.yaml:4:5: unknown key `prot` in `services.web`
      hint: did you mean `port`?
    ");
}

#[test]
fn a_key_of_another_tool_names_ours() {
    assert_snapshot!(faults("services: {web: {command: x, run: x, healthcheck: {}, working_dir: x}}\n"), @"
    /shop/kinfra.yaml:1:18: unknown key `command` in `services.web`
      hint: did you mean `run`?
    /shop/kinfra.yaml:1:38: unknown key `healthcheck` in `services.web`
      hint: did you mean `health`?
    /shop/kinfra.yaml:1:55: unknown key `working_dir` in `services.web`
      hint: did you mean `dir`?
    ");
}

#[test]
fn an_unknown_key_that_is_near_to_none_names_all() {
    assert_snapshot!(faults("services: {web: {run: x, stop: {color: red}}}\n"), @"
    /shop/kinfra.yaml:1:33: unknown key `color` in `services.web.stop`
      hint: known here: `signal`, `grace`
    ");
}

#[test]
fn a_key_that_stands_twice_names_both_places() {
    assert_snapshot!(faults("services:\n  web: {run: x}\n  api: {run: x}\n  web: {run: y, prot: 1}\n"), @"
    /shop/kinfra.yaml:4:3: the key `web` stands here a second time; the first is in line 2
      hint: rename or remove one of them
    /shop/kinfra.yaml:4:17: unknown key `prot` in `services.web`
      hint: did you mean `port`?
    ");
}

#[test]
fn a_value_of_the_wrong_kind_says_what_would_be_right() {
    assert_snapshot!(faults("
project: 7
services:
  list: [a]
  port: {run: x, port: 70000}
  flag: {run: x, port: true}
  run: {run: {a: b}}
  empty: {run: [], env_file: {}}
  wait: {run: x, stop: {grace: 10 minutes, signal: SIGNAL}}
  policy: {run: x, restart: sometimes}
  number: {run: x, restart: {max: -1, backoff: {initial: 25h}}}
  probe: {run: x, health: {interval: 0, success_threshold: 0, http: [a]}}
  names: {run: x, depends_on: run}
  condition: {run: x, depends_on: {run: ready}}
  variables: {run: x, env: {LIST: [], NOTHING: }}
  list-of-variables: {run: x, env: [A=b]}
"), @r#"
    /shop/kinfra.yaml:2:10: `project` is `7`, but must be a text; put it in quotes
    /shop/kinfra.yaml:4:9: `services.list` is a list, but must be a map of settings
    /shop/kinfra.yaml:5:24: `services.port.port` is `70000`, but must be a number from 1 to 65535, a list of such numbers, `auto` or `none`; for UDP `53/udp` or `auto/udp`
    /shop/kinfra.yaml:6:24: `services.flag.port` is `true`, but must be a number from 1 to 65535, a list of such numbers, `auto` or `none`; for UDP `53/udp` or `auto/udp`
    /shop/kinfra.yaml:7:14: `services.run.run` is a map, but must be a text for the shell, or a list of a program and its arguments
    /shop/kinfra.yaml:8:16: `services.empty.run` is an empty list, but must be a list that begins with a program
    /shop/kinfra.yaml:8:30: `services.empty.env_file` is a map, but must be a text
    /shop/kinfra.yaml:9:32: `services.wait.stop.grace` is `10 minutes`, but must be a time up to 24h, such as `500ms`, `10s`, `2m`, or a number of seconds
    /shop/kinfra.yaml:9:52: `services.wait.stop.signal` is `SIGNAL`, but must be a signal such as `SIGTERM`, `SIGINT` or `SIGQUIT`, or its number
    /shop/kinfra.yaml:10:29: `services.policy.restart` is `sometimes`, but must be `always`, `on-failure` or `never`
    /shop/kinfra.yaml:11:35: `services.number.restart.max` is `-1`, but must be a whole number from 0
    /shop/kinfra.yaml:11:58: `services.number.restart.backoff.initial` is `25h`, but must be a time up to 24h, such as `500ms`, `10s`, `2m`, or a number of seconds
    /shop/kinfra.yaml:12:38: `services.probe.health.interval` is `0`, but must be at least `10ms`
    /shop/kinfra.yaml:12:60: `services.probe.health.success_threshold` is `0`, but must be a whole number from 1
    /shop/kinfra.yaml:12:69: `services.probe.health.http` is a list, but must be a text
    /shop/kinfra.yaml:13:31: `services.names.depends_on` is `run`, but must be a list of services, or a map from services to `started`, `healthy` or `completed`
    /shop/kinfra.yaml:14:41: `services.condition.depends_on.run` is `ready`, but must be `started`, `healthy` or `completed`
    /shop/kinfra.yaml:15:35: `services.variables.env.LIST` is an empty list, but must be a text, a number, `true` or `false`
    /shop/kinfra.yaml:15:46: `services.variables.env.NOTHING` is nothing, but must be a text; an empty one is written `""`
    /shop/kinfra.yaml:16:36: `services.list-of-variables.env` is a list, but must be a map: `name: …` for each
    "#);
}

#[test]
fn an_unknown_dependency_names_the_nearest_service() {
    assert_snapshot!(faults("services:\n  web: {run: x, depends_on: [apj]}\n  api: {run: x}\n"), @"
    /shop/kinfra.yaml:2:30: `web` depends on `apj`, but there is no such service
      hint: did you mean `api`?
    ");
    assert_snapshot!(faults("services:\n  web: {run: x, depends_on: {queue: started}}\n  api: {run: x}\n"), @"
    /shop/kinfra.yaml:2:30: `web` depends on `queue`, but there is no such service
      hint: known: api
    ");
    assert_snapshot!(faults("services:\n  web: {run: x, depends_on: [queue]}\n"), @"
    /shop/kinfra.yaml:2:30: `web` depends on `queue`, but there is no such service
      hint: there is no other service in this file
    ");
}

#[test]
fn an_unknown_reference_says_what_there_is() {
    assert_snapshot!(faults("
services:
  web:
    run: serve --api ${services.apj.url} --db ${resources.db.url}
    env:
      PORT_OF_API: ${services.api.prot}
      JOB: ${services.job.url}
      WRONG: ${HOME:-/root}
      FINE: ${HOME} ${secret:token} ${project.name} ${instance.slug} $${x}
      HELD: ${secret:@tunnel/main}
  api: {run: x}
  job: {run: x, port: none}
"), @"
    /shop/kinfra.yaml:4:10: `${services.apj.url}`: there is no service `apj`
      hint: did you mean `api`?
    /shop/kinfra.yaml:4:10: `${resources.db.url}`: there is no resource `db`
      hint: declare it under `resources:`
    /shop/kinfra.yaml:6:20: `${services.api.prot}`: there is no attribute `prot`
      hint: did you mean `port`?
    /shop/kinfra.yaml:7:12: `${services.job.url}`: `job` has no port, so nothing answers there
      hint: give `job` a port, or take the reference away
    /shop/kinfra.yaml:8:14: `${HOME:-/root}` refers to nothing that KInfra knows
      hint: known: `${services.NAME.url}`, `${secret:NAME}`, `${project.name}`, `${instance.slug}` and `${VARIABLE}`; a dollar sign itself is written `$$`
    /shop/kinfra.yaml:10:13: `${secret:@tunnel/main}` names no secret: that one is KInfra's own
      hint: write a name such as `${secret:shop/database}`
    ");
}

#[test]
fn where_a_secret_comes_from_is_never_the_secret_itself() {
    let text = "
secrets:
  fine: op://vault/item/field
  also: 'cmd: pass show db'
  value: hunter2hunter2
  pin: 12345
  short: op://vault/item
  empty: 'cmd: '
  '@tunnel/x': env:X
services:
  web:
    run: x
    env: {A: a}
    secret_files: {A: fine, B/C: fine, D: 'no name', KINFRA_RUN: fine}
";
    assert_snapshot!(faults(text), @r"
    /shop/kinfra.yaml:5:10: `secrets.value` must say where the secret comes from: `op://vault/item/field`, `cmd:COMMAND` or `env:VARIABLE`
      hint: a value itself never stands in a file: kinfra secret set NAME puts it into the keyring
    /shop/kinfra.yaml:6:8: `secrets.pin` must say where the secret comes from: `op://vault/item/field`, `cmd:COMMAND` or `env:VARIABLE`
      hint: a value itself never stands in a file: kinfra secret set NAME puts it into the keyring
    /shop/kinfra.yaml:7:10: `secrets.short` must say where the secret comes from: `op://vault/item/field`, `cmd:COMMAND` or `env:VARIABLE`
      hint: a value itself never stands in a file: kinfra secret set NAME puts it into the keyring
    /shop/kinfra.yaml:8:10: `secrets.empty` must say where the secret comes from: `op://vault/item/field`, `cmd:COMMAND` or `env:VARIABLE`
      hint: a value itself never stands in a file: kinfra secret set NAME puts it into the keyring
    /shop/kinfra.yaml:9:3: `@tunnel/x` can't be the name of a secret: it does not begin with a letter
      hint: a name is like shop/database or STRIPE_KEY
    /shop/kinfra.yaml:14:20: the variable `A` stands in `env` as well
    /shop/kinfra.yaml:14:29: the variable `B/C` has a name that no file can have
    /shop/kinfra.yaml:14:43: `no name` can't be the name of a secret: it holds something else than letters, digits, `.`, `_`, `-` and `/`
      hint: a name is like shop/database or STRIPE_KEY
    /shop/kinfra.yaml:14:54: the variable `KINFRA_RUN` is KInfra's own mark on its processes; choose another name
    ");
}

#[test]
fn a_secret_belongs_to_no_command_line() {
    assert_snapshot!(faults("services: {web: {run: 'serve --token ${secret:token}'}}\n"), @"
    /shop/kinfra.yaml:1:23: `${secret:token}` may stand in `env` only: a command line can be read by others
      hint: set a variable to `${secret:token}` and use that
    ");
}

#[test]
fn a_cycle_is_named_in_order() {
    assert_snapshot!(faults("
services:
  a: {run: x, depends_on: [b]}
  b: {run: x, depends_on: {c: started}}
  c: {run: x, depends_on: [a]}
  d: {run: x, depends_on: [a, d]}
"), @"
    /shop/kinfra.yaml:3:28: these services wait for each other: a → b → c → a
      hint: each arrow is a `depends_on`; take one of them away
    /shop/kinfra.yaml:6:31: `d` depends on itself
    ");
}

#[test]
fn two_names_that_become_one_are_both_named() {
    assert_snapshot!(faults("services:\n  My API: {run: x}\n  my-api: {run: x}\n"), @"
    /shop/kinfra.yaml:3:3: the services `My API` (line 2) and `my-api` would both be `my-api` in host names
      hint: rename one of them
    ");
}

#[test]
fn a_name_that_cannot_be_one_says_why() {
    assert_snapshot!(faults("project: ' '\nservices: {'a/b': {run: x}, c: {run: x, env: {KINFRA_RUN: 1, 'A=B': 2}}}\n"), @"
    /shop/kinfra.yaml:1:10: the project's name is empty
    /shop/kinfra.yaml:2:12: the name of the service `a/b` holds `/`, which names can't
    /shop/kinfra.yaml:2:47: the variable `KINFRA_RUN` is KInfra's own mark on its processes; choose another name
    /shop/kinfra.yaml:2:62: the variable `A=B` has a name that no process can be given
    ");
}

#[test]
fn a_port_that_two_services_want_names_both() {
    assert_snapshot!(faults("services:\n  web: {run: x, port: 3000}\n  api: {run: x, port: 3000}\n"), @"
    /shop/kinfra.yaml:3:23: `api` takes port 3000, which `web` already has
      hint: give it another number, or `auto` to let KInfra choose
    ");
}

#[test]
fn a_probe_must_fit_its_service() {
    assert_snapshot!(faults("
services:
  both: {run: x, health: {http: /, command: x}}
  none: {run: x, port: none, health: {tcp: true}}
  full: {run: x, health: {http: 'http://localhost/'}}
"), @"
    /shop/kinfra.yaml:3:26: `services.both.health` has `http` and `command`, but one probe is one of them
    /shop/kinfra.yaml:4:38: `services.none.health` asks the service's port, but its `port` is `none`
      hint: probe it by `command` or `log`, or give it a port
    /shop/kinfra.yaml:5:33: `services.full.health.http` is `http://localhost/`, but must be a path
      hint: a path such as `/health`; the port is the service's own
    ");
}

#[test]
fn every_fault_of_a_probe_has_its_place() {
    insta::assert_snapshot!(faults("
services:
  pattern: {run: x, health: {log: 'ready (', http: {path: /, status: 99, body: '[', headers: {'a b': x}}}}
  live: {run: x, health: {liveness: {log: ready}, startup: {http: health}}}
  named: {run: x, ports: {http: auto, dns: auto/udp}, health: {port: htp, liveness: {port: dns}}}
  words: {run: x, health: {listener: mine, http: {url: /, status: [200, 300-200]}}}
  fine: {run: x, port: none, health: {startup: {log: ready}, liveness: {command: x}}}
"), @r"
    /shop/kinfra.yaml:3:35: `services.pattern.health.log` is no regular expression: unclosed group
      hint: `(`, `[`, `*`, `.` and the like mean themselves after a `\`
    /shop/kinfra.yaml:3:70: `services.pattern.health.http.status` is `99`, but must be a status such as `204`, or a range of them such as `200-299`
    /shop/kinfra.yaml:3:80: `services.pattern.health.http.body` is no regular expression: unclosed character class
      hint: `(`, `[`, `*`, `.` and the like mean themselves after a `\`
    /shop/kinfra.yaml:3:95: `services.pattern.health.http`: `a b` can't be the name of a header
      hint: a name is made of letters, digits and `-`
    /shop/kinfra.yaml:4:43: `services.live.health.liveness.log`: that a line was printed once says nothing about now
      hint: ask by `http`, `tcp` or `command`
    /shop/kinfra.yaml:4:67: `services.live.health.startup.http` is `health`, but must be a path
      hint: a path such as `/health`; the port is the service's own
    /shop/kinfra.yaml:5:70: `services.named.health.port` is `htp`, but the service has no such port
      hint: did you mean `http`?
    /shop/kinfra.yaml:5:85: `services.named.health.liveness` asks the service's port, but `dns` is a UDP port, which takes no connections
      hint: probe it by `command` or `log`, or name a TCP one
    /shop/kinfra.yaml:6:38: `services.words.health.listener` is `mine`, but must be `own` or `any`
    /shop/kinfra.yaml:6:50: `services.words.health.http.path` is missing
      hint: for example `path: /health`
    /shop/kinfra.yaml:6:51: unknown key `url` in `services.words.health.http`
      hint: did you mean `path`?
    /shop/kinfra.yaml:6:73: `services.words.health.http.status` is `300-200`, but must be a status such as `204`, or a range of them such as `200-299`
    ");
}

#[test]
fn a_task_has_nothing_that_only_a_service_can_have() {
    insta::assert_snapshot!(faults("
services:
  migrate: {type: task, run: x, health: {command: x}, restart: always}
  seed: {type: tsak, run: x}
  api: {run: x, depends_on: {migrate: healthy}}
  fine: {run: x, depends_on: {migrate: completed, seed: started}}
"), @"
    /shop/kinfra.yaml:3:41: `services.migrate` is a task, which has no `health`: it is done when it ends with exit code 0
      hint: take `health` away, or `type: task`
    /shop/kinfra.yaml:3:64: `services.migrate` is a task, so `restart: always` would run it for ever
      hint: use `on-failure` to try again, or `never`, the default of a task
    /shop/kinfra.yaml:4:16: `services.seed.type` is `tsak`, but must be `service`, `task` or `mcp`
    /shop/kinfra.yaml:5:30: `api` waits for `migrate` to be healthy, but a task is never that
      hint: write `migrate: completed`, which is what a list means for a task as well
    ");
}

#[test]
fn profiles_and_groups_name_what_is_there() {
    insta::assert_snapshot!(faults("
profiles: [dev, tset]
parallel: 0
groups:
  api: [db]
  back: [db, apii]
  a/b: db
services:
  db: {run: x, profiles: test}
  api: {run: x, profiles: [dev], manual: maybe}
"), @r"
    /shop/kinfra.yaml:2:17: `profiles` names `tset`, which no service has
      hint: did you mean `test`?
    /shop/kinfra.yaml:3:11: `parallel` is `0`, but must be a whole number from 1
    /shop/kinfra.yaml:5:3: `api` is the name of a group and of a service
      hint: rename one of them
    /shop/kinfra.yaml:6:14: the group `back` names `apii`, but there is no such service
      hint: did you mean `api`?
    /shop/kinfra.yaml:7:3: the name of the group `a/b` holds `/`, which names can't
    /shop/kinfra.yaml:10:42: `services.api.manual` is `maybe`, but must be `true` or `false`
    ");
}

#[test]
fn what_is_watched_has_its_faults_told() {
    insta::assert_snapshot!(faults("
services:
  one: {run: x, on_change: restart}
  two: {run: x, watch: {path: src}, on_change: {signal: HOP}}
  three: {run: x, watch: [1, {}], on_change: stop}
  fine: {run: x, watch: src, on_change: {signal: HUP}}
"), @r"
    /shop/kinfra.yaml:3:28: `services.one` has `on_change`, but watches nothing
      hint: add `watch` with the paths, such as `watch: src`
    /shop/kinfra.yaml:4:25: unknown key `path` in `services.two.watch`
      hint: did you mean `paths`?
    /shop/kinfra.yaml:4:57: `services.two.on_change.signal` is `HOP`, but must be a signal such as `SIGTERM`, `SIGINT` or `SIGQUIT`, or its number
    /shop/kinfra.yaml:5:27: `services.three.watch` is `1`, but must be a text; put it in quotes
    /shop/kinfra.yaml:5:30: `services.three.watch` is a map, but must be a text
    /shop/kinfra.yaml:5:46: `services.three.on_change` is `stop`, but must be `restart`, or a map such as `{signal: HUP}`
    ");
}
