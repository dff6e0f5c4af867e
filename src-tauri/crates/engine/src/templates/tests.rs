use std::path::Path;

use super::builtin::builtin;
use super::file::{parse, whole};
use super::{Surroundings, expand};
use crate::schema::Reader;
use crate::schema::tree::{Format, Node, Value, read};

fn expanded(text: &str) -> Result<String, String> {
    let (tree, faults) = read(text, Format::Yaml);
    assert!(faults.is_empty(), "{faults:?}");
    let mut node = tree.unwrap();
    let mut reader = Reader::new(Path::new("/shop/kinfra.yaml"));
    expand("db", &mut node, &Surroundings { project: "shop", folder: Path::new("/shop") }, &mut reader);
    let problems = reader.into_problems();
    if problems.is_empty() {
        return Ok(lines(&node, 0));
    }
    let shown = problems.iter().map(|problem| {
        let hint = problem.hint.as_ref().map_or_else(String::new, |hint| format!(" ({hint})"));
        format!("{}{hint}\n", problem.message)
    });
    Err(shown.collect())
}

fn lines(node: &Node, depth: usize) -> String {
    let indent = "  ".repeat(depth);
    match &node.value {
        Value::Map(entries) => entries
            .iter()
            .map(|(key, node)| match &node.value {
                Value::Map(_) => format!("{indent}{}:\n{}", key.text, lines(node, depth + 1)),
                _ => format!("{indent}{}: {}\n", key.text, lines(node, 0)),
            })
            .collect(),
        Value::List(items) => {
            format!("[{}]", items.iter().map(|item| lines(item, 0)).collect::<Vec<_>>().join(", "))
        }
        Value::Text(text) => text.clone(),
        Value::Number(number) => number.text.clone(),
        Value::Bool(value) => value.to_string(),
        Value::Null => String::new(),
    }
}

#[test]
fn each_template_can_be_read_and_its_defaults_fit_their_patterns() {
    for (name, text) in builtin() {
        let template = parse(Path::new(&format!("{name}.yaml")), text)
            .unwrap_or_else(|problems| panic!("{problems:#?}"));
        assert!(!template.sources.is_empty(), "{name} says nowhere where its facts come from");
        for parameter in &template.parameters {
            let fits = whole(&parameter.pattern).unwrap().is_match(&parameter.default);
            assert!(fits || parameter.default.starts_with("${self."), "{name}: {parameter:?}");
        }
        for (variant, _) in &template.variants {
            let resource = expanded(&format!("{{template: {name}, variant: {variant}}}"));
            let resource = resource.unwrap_or_else(|problems| panic!("{name}, {variant}: {problems}"));
            assert!(
                !resource.contains("${parameter.") && !resource.contains("${self."),
                "{name}: {resource}"
            );
        }
    }
}

#[test]
fn what_is_written_is_laid_over_its_template() {
    let written = "{template: postgres, user: me, port: 5433, env: {POSTGRES_DB: other, MORE: 1}, shm: 1g, manual: true}";
    insta::assert_snapshot!(expanded(written).unwrap(), @"
    type: docker
    image: postgres:18.6
    ports:
      postgres:
        container: 5432
        host: 5433
    volumes:
      data: /var/lib/postgresql
    shm: 1g
    env:
      POSTGRES_USER: me
      POSTGRES_DB: other
      POSTGRES_PASSWORD: ${resources.db.password}
      MORE: 1
    health:
      command: [pg_isready, -q, -h, 127.0.0.1, -U, me, -d, app]
      start_period: 120s
    stop:
      grace: 30s
    outputs:
      user: me
      database: app
      password: ${secret:shop/db/password}
      url: postgres://${resources.db.user}:${resources.db.password}@${resources.db.host}:${resources.db.port}/${resources.db.database}
    template: postgres
    manual: true
    generated: [shop/db/password]
    ");
}

#[test]
fn what_a_template_does_not_take_is_said_with_what_it_takes() {
    insta::assert_snapshot!(expanded("{template: postgers}").unwrap_err(), @"there is no template `postgers` (did you mean `postgres`?)");
    insta::assert_snapshot!(expanded("{template: postgres, variant: podman}").unwrap_err(), @"`variant` is `podman`, but must be `docker` or `system`, of the template postgres");
    insta::assert_snapshot!(expanded("{template: postgres, user: \"a b\", password: \"x'y\"}").unwrap_err(), @"
    `user` is `a b`, but must be the name of its superuser: it must match [a-z_][a-z0-9_]{0,62}
    `password` is `x'y`, but must be its password; it holds from the first start on: it must match [A-Za-z0-9._~-]+
    ");
    insta::assert_snapshot!(expanded("{template: ./none.yaml}").unwrap_err(), @"the template /shop/./none.yaml can't be read: No such file or directory (os error 2)");
}

#[test]
fn what_is_wanted_is_looked_up_and_needs_no_engine_where_none_is() {
    use super::{Engine, NewResource, Wanted, catalog, choose};
    let catalog = catalog(None);
    let want = |template: &str, variant: Option<&str>, parameters: &[(&str, &str)], has_engine| {
        let pair = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
        let wanted = Wanted {
            template: template.to_owned(),
            name: None,
            variant: variant.map(str::to_owned),
            parameters: parameters.iter().map(pair).collect(),
        };
        choose(&catalog, wanted, has_engine)
    };
    let chosen = |template, variant, has_engine| {
        let NewResource { variant, engine, .. } = want(template, variant, &[], has_engine).unwrap();
        (variant, engine)
    };
    let system = || Some("system".to_owned());
    assert_eq!(chosen("postgres", None, true), (None, Engine::Fine));
    assert_eq!(chosen("postgres", None, false), (system(), Engine::Avoided));
    assert_eq!(chosen("postgres", Some("system"), false), (system(), Engine::Fine));
    assert_eq!(chosen("postgres", Some("docker"), false), (Some("docker".to_owned()), Engine::Missing));
    assert_eq!(chosen("mysql", None, false), (None, Engine::Missing));
    for (template, variant, parameters, refused) in [
        ("postgers", None, &[][..], "there is no template `postgers`\n  hint: did you mean `postgres`?"),
        ("nothing", None, &[], "there is no template `nothing`\n  hint: `kinfra templates` lists them"),
        (
            "nats",
            Some("podman"),
            &[],
            "the template nats has no variant `podman`\n  hint: known: docker, system",
        ),
        (
            "mailpit",
            None,
            &[("prot", "1")],
            "the template mailpit has no parameter `prot`\n  hint: did you mean `port`?",
        ),
        (
            "mailpit",
            None,
            &[("x", "1")],
            "the template mailpit has no parameter `x`\n  hint: known: version, messages, port",
        ),
        (
            "mailpit",
            None,
            &[("port", "1"), ("port", "2")],
            "`port` is given twice\n  hint: leave one of them out",
        ),
    ] {
        assert_eq!(want(template, variant, parameters, true).unwrap_err().to_string(), refused);
    }
}

#[test]
fn a_template_without_a_type_says_so_itself() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("own.yaml");
    std::fs::write(&file, "meaning: x\nvariants: {plain: {resource: {run: serve}}}\n").unwrap();
    let path = file.display().to_string();
    let refused = expanded(&format!("{{template: {path}}}")).unwrap_err();
    let said = "the template OWN says no `type` of its resource (write one into its variant, such as `type: docker`)\n";
    assert_eq!(refused.replace(&path, "OWN"), said);
    assert!(expanded(&format!("{{template: {path}, type: command}}")).is_ok());
}
