use std::path::Path;

use kinfra_engine::config::AddedResource;
use kinfra_engine::templates::{Catalog, NewResource, Parameter, Template, Variant};

use super::palette::{Colour, Palette};
use super::table::{Cell, table};

/// `kinfra templates`.
pub fn templates(catalog: &Catalog, palette: Palette) -> String {
    let heading = ["TEMPLATE", "VERIFIED", "WHAT IT IS"].map(Cell::heading).to_vec();
    let row = |template: &Template| {
        let verified: Vec<String> =
            template.variants.iter().map(|variant| format!("{}: {}", variant.name, yes(variant))).collect();
        let own = if template.file.is_some() { " (your own)" } else { "" };
        vec![
            Cell::painted(template.name.as_str(), Colour::Bold),
            Cell::new(verified.join(", ")),
            Cell::new(format!("{}{own}", template.meaning)),
        ]
    };
    let rows: Vec<_> = std::iter::once(heading).chain(catalog.templates.iter().map(row)).collect();
    format!(
        "{}\nVerified: a test of KInfra starts it. `kinfra templates NAME` shows its parameters, `kinfra add NAME` adds it.\n",
        table(&rows, palette)
    )
}

fn yes(variant: &Variant) -> &'static str {
    if variant.is_verified { "yes" } else { "no" }
}

/// What holds when nobody says it.
pub fn shown_default(parameter: &Parameter) -> &str {
    if parameter.default.starts_with("${self.generated.") { "made up" } else { &parameter.default }
}

/// `kinfra templates NAME`.
pub fn template(template: &Template, palette: Palette) -> String {
    let Template { name, meaning, sources, parameters, variants, file } = template;
    let heading = |text: &str| palette.paint(Colour::Grey, text);
    let mut out = format!("{}: {meaning}\n", palette.paint(Colour::Bold, name));
    if let Some(file) = file {
        out.push_str(&format!("{}\n", file.display()));
    }
    let rows: Vec<_> = variants.iter().map(variant_row).collect();
    out.push_str(&format!("\n{}\n{}", heading("VARIANTS"), indented(&table(&rows, palette))));
    if !parameters.is_empty() {
        let row = |parameter: &Parameter| {
            let kind = if parameter.is_secret { "; may be ${secret:NAME}" } else { "" };
            vec![
                Cell::new(parameter.name.as_str()),
                Cell::new(shown_default(parameter)),
                Cell::new(format!("{}{kind}", parameter.meaning)),
            ]
        };
        let rows: Vec<_> = parameters.iter().map(row).collect();
        out.push_str(&format!(
            "\n{}\n{}",
            heading("PARAMETERS, with what holds by default"),
            indented(&table(&rows, palette))
        ));
    }
    if !sources.is_empty() {
        out.push_str(&format!("\n{}\n{}", heading("SOURCES"), indented(&sources.join("\n"))));
    }
    out
}

fn variant_row(variant: &Variant) -> Vec<Cell> {
    let needs = match variant.programs.join(", ") {
        programs if programs.is_empty() => String::new(),
        programs => format!("needs {programs}"),
    };
    vec![Cell::new(variant.name.as_str()), Cell::new(format!("verified: {}", yes(variant))), Cell::new(needs)]
}

fn indented(text: &str) -> String {
    text.lines().map(|line| if line.is_empty() { "\n".to_owned() } else { format!("  {line}\n") }).collect()
}

/// `kinfra add TEMPLATE`.
pub fn added_resource(file: &Path, new: &NewResource, added: &AddedResource, palette: Palette) -> String {
    let name = &new.name;
    let reference = |output: &str| palette.paint(Colour::Bold, &format!("${{resources.{name}.{output}}}"));
    let others: Vec<&str> =
        added.outputs.iter().map(String::as_str).filter(|output| *output != "url").collect();
    let others = if others.is_empty() { String::new() } else { format!(" (and {})", others.join(", ")) };
    format!(
        "Added to {}:\n\n{}\nA service that needs it says `depends_on: [{name}]`, and finds it in {}{others}.\n\
         `kinfra up` starts it; where the project runs, `kinfra apply` does.\n",
        file.display(),
        indented(&added.lines),
        reference("url"),
    )
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use kinfra_engine::config::Edited;
    use kinfra_engine::templates::Engine;

    use super::*;

    const PLAIN: Palette = Palette::new(false);

    fn postgres() -> Template {
        let parameter = |name: &str, default: &str, meaning: &str, is_secret| Parameter {
            name: name.into(),
            meaning: meaning.into(),
            default: default.into(),
            pattern: ".*".into(),
            is_secret,
        };
        let variant = |name: &str, is_verified, programs: &[&str]| Variant {
            name: name.into(),
            is_verified,
            programs: programs.iter().map(|program| (*program).to_owned()).collect(),
        };
        Template {
            name: "postgres".into(),
            meaning: "a database".into(),
            sources: vec!["https://example.com/postgres".into()],
            parameters: vec![
                parameter("version", "18.6", "the tag", false),
                parameter("password", "${self.generated.password}", "its password", true),
            ],
            variants: vec![variant("docker", false, &[]), variant("system", true, &["postgresql"])],
            file: None,
        }
    }

    #[test]
    fn templates_are_listed_with_what_was_seen_to_work() {
        let own = Template {
            name: "search".into(),
            meaning: "finds".into(),
            file: Some("/me/search.yaml".into()),
            ..Template { variants: vec![], parameters: vec![], sources: vec![], ..postgres() }
        };
        let catalog = Catalog { templates: vec![postgres(), own], problems: vec![] };
        assert_snapshot!(templates(&catalog, PLAIN), @"
        TEMPLATE  VERIFIED                 WHAT IT IS
        postgres  docker: no, system: yes  a database
        search                             finds (your own)

        Verified: a test of KInfra starts it. `kinfra templates NAME` shows its parameters, `kinfra add NAME` adds it.
        ");
    }

    #[test]
    fn a_template_is_shown_with_its_parameters_and_its_sources() {
        assert_snapshot!(template(&postgres(), PLAIN), @"
        postgres: a database

        VARIANTS
          docker  verified: no
          system  verified: yes  needs postgresql

        PARAMETERS, with what holds by default
          version   18.6     the tag
          password  made up  its password; may be ${secret:NAME}

        SOURCES
          https://example.com/postgres
        ");
    }

    #[test]
    fn what_was_added_is_shown_with_how_to_use_it() {
        let new = NewResource {
            name: "db".into(),
            template: "postgres".into(),
            file: None,
            variant: Some("system".into()),
            parameters: vec![],
            engine: Engine::Avoided,
        };
        let file = "/shop/kinfra.yaml".into();
        let added = AddedResource {
            edited: Edited { file, text: String::new() },
            lines: "resources:\n  db:\n    template: postgres\n    variant: system\n".into(),
            outputs: vec!["user".into(), "url".into()],
        };
        assert_snapshot!(added_resource("/shop/kinfra.yaml".as_ref(), &new, &added, PLAIN), @"
        Added to /shop/kinfra.yaml:

          resources:
            db:
              template: postgres
              variant: system

        A service that needs it says `depends_on: [db]`, and finds it in ${resources.db.url} (and user).
        `kinfra up` starts it; where the project runs, `kinfra apply` does.
        ");
    }
}
