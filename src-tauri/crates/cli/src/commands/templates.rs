use kinfra_engine::templates::{Catalog, Template, catalog};
use kinfra_rpc::{ErrorCode, Problem};
use serde_json::{Value as Json, json};

use crate::exit_code::ExitCode;
use crate::render;
use crate::surroundings::Surroundings;
use crate::trouble::Trouble;

/// `kinfra templates`.
pub fn templates(surroundings: &Surroundings, name: Option<&str>) -> Result<ExitCode, Trouble> {
    let catalog = known(surroundings);
    let Some(name) = name else {
        let all: Vec<Json> = catalog.templates.iter().map(described).collect();
        surroundings.output.result(&all, |palette| render::templates(&catalog, *palette))?;
        return Ok(ExitCode::Done);
    };
    let Some(template) = catalog.templates.iter().find(|template| template.name == name) else {
        let problem = Problem::new(ErrorCode::InvalidRequest, format!("there is no template `{name}`"));
        return Err(problem.hint("`kinfra templates` lists them").into());
    };
    surroundings.output.result(&described(template), |palette| render::template(template, *palette))?;
    Ok(ExitCode::Done)
}

/// All templates. A file of the user's own that is none is told of, and in nobody's way.
pub fn known(surroundings: &Surroundings) -> Catalog {
    let catalog = catalog(Some(&surroundings.home.templates()));
    for problem in &catalog.problems {
        surroundings.output.note(&problem.to_string());
    }
    catalog
}

fn described(template: &Template) -> Json {
    let Template { name, meaning, sources, parameters, variants, file } = template;
    let variants = variants.iter().map(
        |variant| json!({ "name": variant.name, "verified": variant.is_verified, "programs": variant.programs }),
    );
    let parameters = parameters.iter().map(|parameter| {
        let secret = parameter.is_secret;
        json!({
            "name": parameter.name,
            "meaning": parameter.meaning,
            "default": render::shown_default(parameter),
            "pattern": parameter.pattern,
            "secret": secret,
        })
    });
    let mut described = json!({
        "name": name,
        "meaning": meaning,
        "variants": variants.collect::<Vec<_>>(),
        "parameters": parameters.collect::<Vec<_>>(),
        "sources": sources,
    });
    if let Some(file) = file {
        described["file"] = json!(file);
    }
    described
}
