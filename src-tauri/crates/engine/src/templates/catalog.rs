//! What templates there are, for whoever looks for one.

use std::path::{Path, PathBuf};

use kinfra_rpc::Problem;

use super::builtin::builtin;
use super::file::{Parameter, TemplateFile, parse};

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Catalog {
    /// By name; a user's own come first, in the place of those of the same name that KInfra brings along.
    pub templates: Vec<Template>,
    /// Of files that are no templates.
    pub problems: Vec<Problem>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    pub name: String,
    pub meaning: String,
    /// Where its facts come from.
    pub sources: Vec<String>,
    pub parameters: Vec<Parameter>,
    pub variants: Vec<Variant>,
    /// None: KInfra brings it along.
    pub file: Option<PathBuf>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variant {
    pub name: String,
    /// It was started by whoever wrote the template.
    pub is_verified: bool,
    /// What must be installed for it.
    pub programs: Vec<String>,
}

/// All that KInfra brings along, and those in a folder of the user's.
#[must_use]
pub fn catalog(folder: Option<&Path>) -> Catalog {
    let mut catalog = Catalog::default();
    for file in folder.map(files).unwrap_or_default() {
        let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&file);
        let problem = |error: std::io::Error| {
            let message = format!("the template {} can't be read: {error}", file.display());
            vec![Problem::new(kinfra_rpc::ErrorCode::Io, message)]
        };
        match text.map_err(problem).and_then(|text| parse(&file, &text)) {
            Ok(template) => catalog.templates.push(described(name, template, Some(file))),
            Err(problems) => catalog.problems.extend(problems),
        }
    }
    for (name, text) in builtin() {
        let is_known = catalog.templates.iter().any(|known| known.name == name);
        // A test reads each of them.
        if let (false, Ok(template)) = (is_known, parse(Path::new(name), text)) {
            catalog.templates.push(described(name.to_owned(), template, None));
        }
    }
    catalog.templates.sort_by(|one, other| one.name.cmp(&other.name));
    catalog
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries =
        std::fs::read_dir(folder).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path()));
    let is_template =
        |path: &PathBuf| path.extension().is_some_and(|known| known == "yaml" || known == "yml");
    let mut files: Vec<_> = entries.filter(is_template).collect();
    files.sort();
    files
}

fn described(name: String, template: TemplateFile, file: Option<PathBuf>) -> Template {
    let TemplateFile { meaning, sources, parameters, variants } = template;
    let variants = variants.into_iter().map(|(name, variant)| Variant {
        name,
        is_verified: variant.is_verified,
        programs: variant.programs,
    });
    Template { name, meaning, sources, parameters, variants: variants.collect(), file }
}
