//! A resource is added to a project's file, and nothing else in it changes.

use std::fs;
use std::path::PathBuf;

use insta::assert_snapshot;
use tempfile::TempDir;

use super::shown;
use crate::config::{AddedResource, load_file, with_resource};
use crate::templates::{Engine, NewResource};

fn new(name: &str, parameters: &[(&str, &str)]) -> NewResource {
    NewResource {
        name: name.to_owned(),
        template: "redis".to_owned(),
        file: None,
        variant: Some("system".to_owned()),
        parameters: parameters.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
        engine: Engine::Fine,
    }
}

struct Shop {
    folder: TempDir,
    file: PathBuf,
}

impl Shop {
    fn with(name: &str, text: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(name);
        fs::write(&file, text).unwrap();
        Self { folder, file }
    }

    fn add(&self, new: &NewResource) -> Result<AddedResource, String> {
        let before = fs::read_to_string(&self.file).unwrap();
        let added = with_resource(&self.file, new);
        assert_eq!(fs::read_to_string(&self.file).unwrap(), before, "nothing is written by this");
        added.map_err(|problems| shown(problems).replace(self.folder.path().to_str().unwrap(), "/shop"))
    }
}

fn added(name: &str, text: &str) -> String {
    let shop = Shop::with(name, text);
    let added = shop.add(&new("cache", &[])).unwrap_or_else(|problem| panic!("{text:?}: {problem}"));
    fs::write(&shop.file, &added.edited.text).unwrap();
    let spec = load_file(&shop.file).unwrap();
    let cache = spec.services.iter().find(|service| service.name == "cache").unwrap();
    assert_eq!(cache.resource.as_ref().unwrap().template.as_deref(), Some("redis"));
    added.edited.text
}

#[test]
fn the_lines_stand_where_resources_do_and_every_other_byte_stays() {
    for (name, before, after) in [
        (
            "kinfra.yaml",
            "# mine\nservices:\n  api: {run: serve} # é\n",
            "# mine\nservices:\n  api: {run: serve} # é\n\nresources:\n  cache:\n    template: redis\n    variant: system\n",
        ),
        (
            "kinfra.yaml",
            "resources:\n    # the first\n    a: {type: command, run: serve}\n    # at the end\n\n# what runs\nservices:\n  api: {run: serve}",
            "resources:\n    # the first\n    a: {type: command, run: serve}\n    # at the end\n    cache:\n      template: redis\n      variant: system\n\n# what runs\nservices:\n  api: {run: serve}",
        ),
        (
            "kinfra.yaml",
            "services: {api: {run: serve}}\nresources:\n  a:\n    type: command\n    run: |+\n      serve\n\n",
            "services: {api: {run: serve}}\nresources:\n  a:\n    type: command\n    run: |+\n      serve\n\n  cache:\n    template: redis\n    variant: system\n",
        ),
        (
            "kinfra.yml",
            "\u{feff}resources: # none yet\r\nservices:\r\n  api: {run: serve}",
            "\u{feff}resources: # none yet\r\n  cache:\r\n    template: redis\r\n    variant: system\r\nservices:\r\n  api: {run: serve}",
        ),
        (
            "kinfra.yaml",
            "services: {api: {run: serve}}\nresources: {}\n",
            "services: {api: {run: serve}}\nresources: {\"cache\": {\"template\": \"redis\", \"variant\": \"system\"}}\n",
        ),
        (
            "kinfra.yaml",
            "{services: {api: {run: serve}}}\n",
            "{\"resources\": {\"cache\": {\"template\": \"redis\", \"variant\": \"system\"}}, services: {api: {run: serve}}}\n",
        ),
        ("kinfra.yaml", "", "resources:\n  cache:\n    template: redis\n    variant: system\n"),
        (
            "kinfra.yaml",
            "# nothing yet",
            "# nothing yet\n\nresources:\n  cache:\n    template: redis\n    variant: system\n",
        ),
        (
            "kinfra.yaml",
            "project: shop\n",
            "project: shop\n\nresources:\n  cache:\n    template: redis\n    variant: system\n",
        ),
        (
            "kinfra.json",
            "{\n  \"services\": {\"api\": {\"run\": \"serve\"}}\n}\n",
            "{\n  \"resources\": {\"cache\": {\"template\": \"redis\", \"variant\": \"system\"}},\n  \"services\": {\"api\": {\"run\": \"serve\"}}\n}\n",
        ),
        (
            "kinfra.json",
            "{\"resources\": {\"a\": {\"type\": \"command\", \"run\": \"serve\"}}}",
            "{\"resources\": {\"cache\": {\"template\": \"redis\", \"variant\": \"system\"}, \"a\": {\"type\": \"command\", \"run\": \"serve\"}}}",
        ),
        (
            "kinfra.toml",
            "# mine\n[services.api]\nrun = 'serve' # é",
            "# mine\n[services.api]\nrun = 'serve' # é\n\n[resources.cache]\ntemplate = \"redis\"\nvariant = \"system\"\n",
        ),
    ] {
        assert_eq!(added(name, before), after, "{before:?}");
    }
}

#[test]
fn what_it_offers_is_told_and_its_parameters_are_written_as_they_are_meant() {
    let shop = Shop::with("kinfra.yaml", "services: {api: {run: serve}}\n");
    let said = [("version", "7.10"), ("port", "6380"), ("password", "${secret:mine}")];
    let added = shop.add(&new("my cache", &said)).unwrap();
    assert_eq!(added.outputs, ["password", "url"]);
    assert_snapshot!(added.lines, @r#"
    resources:
      my cache:
        template: redis
        variant: system
        version: "7.10"
        port: 6380
        password: ${secret:mine}
    "#);
}

#[test]
fn what_can_not_be_added_is_refused_and_says_why() {
    let plain = "services: {api: {run: serve}}\n";
    let mut refused = vec![];
    for (text, new) in [
        (plain, new("api", &[])),
        (plain, new("a/b", &[])),
        (plain, new("cache", &[("port", "99999")])),
        (plain, new("cache", &[("memory", "much")])),
        ("resources: {cache: {type: command, run: serve}}\n", new("cache", &[])),
        ("services: {api: {run: serve}, \n", new("cache", &[])),
        ("services: {api: {rum: serve}}\n", new("cache", &[])),
        // Nothing may follow the end of a document.
        ("services: {api: {run: serve}}\n...\n", new("cache", &[])),
        ("services: {api: {run: serve}}\nresources: ~\n", new("cache", &[])),
        ("a: &all {a: {type: command, run: serve}}\nresources: *all\n", new("cache", &[])),
    ] {
        refused.push(Shop::with("kinfra.yaml", text).add(&new).expect_err(text));
    }
    assert_snapshot!(refused.join("\n"), @"
    `api` is a service (line 1) and a resource
      hint: rename one of them
    the name of the service `a/b` holds `/`, which names can't
    `resources.cache.ports.redis` is `99999`, but must be a number from 1 to 65535, a list of such numbers, or `auto`; for UDP `53/udp` or `auto/udp`
    `${resources.cache.host}`: `cache` has no output `host`
      hint: known: password, url, data
    `${resources.cache.port}`: `cache` has no output `port`
      hint: known: password, url, data
    `resources.cache.memory` is `much`, but must be how much its data may take: it must match [1-9][0-9]*(kb|mb|gb)
    /shop/kinfra.yaml has a resource `cache` already
      hint: give this one another name: `kinfra add redis NAME`
    /shop/kinfra.yaml:1:11: not valid YAML: unclosed bracket '{'
      hint: look at the indentation, colons and quotes here and in the line above
    /shop/kinfra.yaml:1:17: `services.api.run` is missing
      hint: for example `run: npm run dev`
    /shop/kinfra.yaml:1:18: unknown key `rum` in `services.api`
      hint: did you mean `run`?
    cache can't be added to /shop/kinfra.yaml without changing more
      hint: write it there yourself:
    resources:
      cache:
        template: redis
        variant: system
    cache can't be added to /shop/kinfra.yaml without changing more
      hint: write it there yourself:
    resources:
      cache:
        template: redis
        variant: system
    cache can't be added to /shop/kinfra.yaml without changing more
      hint: write it there yourself:
    resources:
      cache:
        template: redis
        variant: system
    ");
}

const OWN: &str = "
meaning: a search of our own
parameters:
  size: {meaning: how much, default: '10', pattern: '[0-9]+'}
variants:
  plain:
    resource:
      type: command
      ports: {http: auto}
      env: {SIZE: '${parameter.size}', YES: 'on', TEXT: 'a: b # c', DATA: '${self.data}'}
      run: |
        set -e

          exec search --port $PORT --token-of '${self.name}'
      health: {http: /ready, start_period: 10s}
      stop: {grace: 5s}
      outputs: {token: '${self.generated.token}', list: '[1, 2]', url: 'http://${self.host}:${self.port}'}
";

#[test]
fn a_template_of_the_users_own_is_written_out_so_that_no_project_depends_on_it() {
    for name in ["kinfra.yaml", "kinfra.json", "kinfra.toml"] {
        let text = match name {
            "kinfra.yaml" => "services: {api: {run: serve}}\n",
            "kinfra.json" => "{\"services\": {\"api\": {\"run\": \"serve\"}}}",
            _ => "[services.api]\nrun = 'serve'\n",
        };
        let shop = Shop::with(name, text);
        let template = shop.folder.path().join("own.yaml");
        fs::write(&template, OWN).unwrap();
        let own = NewResource {
            template: "own".to_owned(),
            file: Some(template.clone()),
            variant: None,
            ..new("search", &[("size", "20")])
        };
        let added = shop.add(&own).unwrap();
        fs::write(&shop.file, &added.edited.text).unwrap();
        fs::remove_file(&template).unwrap();
        let spec = load_file(&shop.file).unwrap();
        let search = spec.services.iter().find(|service| service.name == "search").unwrap();
        let variables: Vec<_> =
            search.environment.variables.iter().map(|(key, value)| format!("{key}={value}")).collect();
        let sorted = |mut all: Vec<String>| {
            all.sort();
            all
        };
        assert_eq!(
            sorted(variables),
            ["DATA=${resources.search.data}", "SIZE=20", "TEXT=a: b # c", "YES=on"],
            "{name}"
        );
        assert_eq!(added.outputs.len(), 3);
        if name == "kinfra.yaml" {
            let lines = added.lines.replace(&crate::config::slug("own"), "own");
            let project = spec.slug.clone();
            assert_snapshot!(lines.replace(&project, "PROJECT"), @r#"
            resources:
              search:
                type: command
                ports:
                  http: auto
                env:
                  SIZE: "20"
                  "YES": "on"
                  TEXT: "a: b # c"
                  DATA: ${resources.search.data}
                run: |
                  set -e

                    exec search --port $PORT --token-of 'search'
                health:
                  http: /ready
                  start_period: 10s
                stop:
                  grace: 5s
                outputs:
                  token: ${secret:PROJECT/search/token}
                  list: "[1, 2]"
                  url: http://${resources.search.host}:${resources.search.port}
                generated: ["PROJECT/search/token"]
            "#);
        }
        let wrong = NewResource { parameters: vec![("size".into(), "much".into())], ..own };
        fs::write(&template, OWN).unwrap();
        fs::write(&shop.file, text).unwrap();
        let refused = shop.add(&wrong).unwrap_err();
        assert!(refused.contains("`size` is `much`, but must be how much"), "{refused}");
    }
}
