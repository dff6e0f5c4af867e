use clap::Args;
use kinfra_engine::templates::Wanted;
use kinfra_rpc::{ErrorCode, Problem};

#[derive(Debug, Args)]
pub struct Add {
    /// A template of a resource, or the folder that holds kinfra.yaml, or one inside it [default: the present one]
    #[arg(value_name = "TEMPLATE or FOLDER")]
    pub what: Option<String>,

    /// What the resource is to be called [default: as its template], and the template's parameters
    #[arg(value_name = "NAME and KEY=VALUE")]
    pub more: Vec<String>,

    /// Which of the ways that the template knows
    #[arg(long, value_name = "VARIANT", requires = "what")]
    pub variant: Option<String>,
}

impl Add {
    /// Whether nothing else than a resource can be meant.
    pub fn is_of_resource(&self) -> bool {
        !self.more.is_empty() || self.variant.is_some()
    }

    /// # Errors
    /// When there is a second name.
    pub fn wanted(&self) -> Result<Wanted, Problem> {
        let mut wanted = Wanted {
            template: self.what.clone().unwrap_or_default(),
            variant: self.variant.clone(),
            ..Wanted::default()
        };
        for word in &self.more {
            match (word.split_once('='), &wanted.name) {
                (Some((key, value)), _) => wanted.parameters.push((key.to_owned(), value.to_owned())),
                (None, None) => wanted.name = Some(word.clone()),
                (None, Some(name)) => {
                    let message = format!("a resource has one name, and here are `{name}` and `{word}`");
                    return Err(Problem::new(ErrorCode::InvalidRequest, message)
                        .hint("a parameter is written KEY=VALUE; what belongs together goes in quotes"));
                }
            }
        }
        Ok(wanted)
    }
}
