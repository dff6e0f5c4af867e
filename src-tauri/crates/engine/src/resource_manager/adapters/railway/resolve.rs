//! From the names that a configuration has to the ids that Railway wants. Pure.

use super::api::{Edges, Ids, Named, Project};
use crate::resource_manager::remote::{Kind, Trouble};

/// One that is not deleted, by its id or its name.
pub fn project<'p>(all: &'p [Project], wanted: &str) -> Result<&'p Project, Trouble> {
    let there = || all.iter().filter(|project| project.deleted_at.is_none());
    if let Some(project) = there().find(|project| project.id == wanted) {
        return Ok(project);
    }
    let mut named = there().filter(|project| project.name == wanted);
    match (named.next(), named.next()) {
        (Some(project), None) => Ok(project),
        (Some(one), Some(other)) => {
            let why = format!("there are several projects {wanted}, such as {} and {}", one.id, other.id);
            Err(Trouble::new(Kind::Lasting, why).hint("name it by its id"))
        }
        (None, _) => {
            let names: Vec<_> = there().map(|project| &*project.name).collect();
            let why = format!("there is no project {wanted} that the token sees");
            Err(Trouble::new(Kind::Lasting, why).hint(there_is(&names)))
        }
    }
}

/// `usual` is the environment where none is named.
pub fn ids(
    project: &Project,
    environment: Option<&str>,
    usual: Option<&str>,
    service: &str,
) -> Result<Ids, Trouble> {
    let of = |kind: &str, all: &Edges<Named>, wanted: &str| -> Result<String, Trouble> {
        let all = || all.edges.iter().map(|edge| &edge.node);
        let found = all().find(|one| one.id == wanted).or_else(|| all().find(|one| one.name == wanted));
        found.map(|found| found.id.clone()).ok_or_else(|| {
            let names: Vec<_> = all().map(|one| &*one.name).collect();
            let why = format!("the project {} has no {kind} {wanted}", project.name);
            Trouble::new(Kind::Lasting, why).hint(there_is(&names))
        })
    };
    let only = || match &*project.environments.edges {
        [only] => Some(only.node.id.clone()),
        _ => None,
    };
    let environment = match environment {
        Some(wanted) => of("environment", &project.environments, wanted)?,
        None => usual.map(str::to_owned).or_else(only).ok_or_else(|| {
            let why = format!("it is not said which environment of {} is meant", project.name);
            Trouble::new(Kind::Lasting, why).hint("name it as `environment`")
        })?,
    };
    Ok(Ids { service: of("service", &project.services, service)?, environment, project: project.id.clone() })
}

fn there_is(names: &[&str]) -> String {
    match names.is_empty() {
        true => "there is none: see that the token is of the right account".to_owned(),
        false => format!("there is: {}", names.join(", ")),
    }
}

/// Ids are written so; whatever else there is, is a name.
pub fn is_id(text: &str) -> bool {
    let parts: Vec<_> = text.split('-').collect();
    let lengths = parts.iter().map(|part| part.len());
    lengths.eq([8, 4, 4, 4, 12]) && text.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit())
}
