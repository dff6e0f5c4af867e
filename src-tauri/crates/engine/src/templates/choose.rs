//! From what somebody wants to what a project's file is to say. Pure.

use std::path::PathBuf;

use kinfra_rpc::{ErrorCode, Problem};

use super::catalog::{Catalog, Template};
use crate::schema::nearest;

/// The variant that needs no container.
const SYSTEM: &str = "system";
const DOCKER: &str = "docker";

/// As a command names it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    pub template: String,
    /// What it is to be called; none: as its template.
    pub name: Option<String>,
    pub variant: Option<String>,
    pub parameters: Vec<(String, String)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewResource {
    pub name: String,
    pub template: String,
    /// Of a template of the user's own: it is written out in full, so that no project depends on it.
    pub file: Option<PathBuf>,
    /// None: the template's first.
    pub variant: Option<String>,
    pub parameters: Vec<(String, String)>,
    pub engine: Engine,
}

/// What it means for the new resource whether a Docker engine may be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    Fine,
    /// None is there, so the variant was chosen that needs none.
    Avoided,
    /// None is there, and it needs one.
    Missing,
}

/// # Errors
/// When there is no such template, or it doesn't know such a variant or parameter.
pub fn choose(catalog: &Catalog, wanted: Wanted, has_engine: bool) -> Result<NewResource, Problem> {
    let Wanted { template: asked, name, variant, parameters } = wanted;
    let names = || catalog.templates.iter().map(|template| template.name.as_str());
    let Some(template) = catalog.templates.iter().find(|template| template.name == asked) else {
        let problem = Problem::new(ErrorCode::InvalidRequest, format!("there is no template `{asked}`"));
        return Err(problem.hint(match nearest(&asked, names()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "`kinfra templates` lists them".to_owned(),
        }));
    };
    for (index, (parameter, _)) in parameters.iter().enumerate() {
        known_parameter(template, parameter)?;
        if parameters[..index].iter().any(|(other, _)| other == parameter) {
            let message = format!("`{parameter}` is given twice");
            return Err(Problem::new(ErrorCode::InvalidRequest, message).hint("leave one of them out"));
        }
    }
    let (variant, engine) = chosen_variant(template, variant, has_engine)?;
    Ok(NewResource {
        name: name.unwrap_or_else(|| template.name.clone()),
        template: template.name.clone(),
        file: template.file.clone(),
        variant,
        parameters,
        engine,
    })
}

fn known_parameter(template: &Template, asked: &str) -> Result<(), Problem> {
    let names = || template.parameters.iter().map(|parameter| parameter.name.as_str());
    if names().any(|name| name == asked) {
        return Ok(());
    }
    let message = format!("the template {} has no parameter `{asked}`", template.name);
    let hint = match (nearest(asked, names()), template.parameters.is_empty()) {
        (Some(near), _) => format!("did you mean `{near}`?"),
        (None, true) => "it has none".to_owned(),
        (None, false) => format!("known: {}", names().collect::<Vec<_>>().join(", ")),
    };
    Err(Problem::new(ErrorCode::InvalidRequest, message).hint(hint))
}

fn chosen_variant(
    template: &Template,
    asked: Option<String>,
    has_engine: bool,
) -> Result<(Option<String>, Engine), Problem> {
    let names = || template.variants.iter().map(|variant| variant.name.as_str());
    let without_engine = |variant: Option<&str>| match variant {
        Some(DOCKER) if !has_engine => Engine::Missing,
        _ => Engine::Fine,
    };
    match asked {
        Some(asked) if names().any(|name| name == asked) => {
            let engine = without_engine(Some(&asked));
            Ok((Some(asked), engine))
        }
        Some(asked) => {
            let message = format!("the template {} has no variant `{asked}`", template.name);
            let known = names().collect::<Vec<_>>().join(", ");
            Err(Problem::new(ErrorCode::InvalidRequest, message).hint(format!("known: {known}")))
        }
        None if !has_engine && names().next() == Some(DOCKER) && names().any(|name| name == SYSTEM) => {
            Ok((Some(SYSTEM.to_owned()), Engine::Avoided))
        }
        None => Ok((None, without_engine(names().next()))),
    }
}
