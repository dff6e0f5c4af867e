use std::sync::Arc;

use kinfra_rpc::{ErrorCode, Problem};
use reqwest::Url;

use super::super::cloud::{Account, Cloud, OnStop, SentAs};
use super::vendor::Railway;
use super::{ABOUT, TYPE};
use crate::resource_manager::remote::{Client, Rate};
use crate::resource_manager::{Adapter, Given, PortDeclared, Settings, TextDeclared};
use crate::schema::{Fields, Placed, Word, Words};

#[derive(Debug)]
pub(super) struct RailwaySettings {
    pub account: Account,
    pub token_of: TokenOf,
    pub project: Option<Placed<String>>,
    pub environment: Option<Placed<String>>,
    pub service: Option<Placed<String>>,
    pub rate: Rate,
}

/// Whose token it is: they are sent in different ways.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenOf {
    Account,
    Project,
}

impl Word for TokenOf {
    const WORDS: &'static [(&'static str, Self)] = &[("account", Self::Account), ("project", Self::Project)];
}

/// What it offers by name.
pub const OUTPUTS: [&str; 7] =
    ["url", "host", "deployment_id", "state", "service_id", "environment_id", "project_id"];

impl RailwaySettings {
    pub fn declare(fields: &mut Fields<'_>) -> Self {
        let mut account = Account::declare(fields, &ABOUT);
        let token_of = fields
            .optional(
                "token_of",
                "Whose token it is: `account`, also for one of a workspace, or `project`. Default: `account`.",
            )
            .map_or(TokenOf::Account, |Words(token_of)| token_of);
        if token_of == TokenOf::Project {
            account.sent_as = SentAs::Header("project-access-token");
        }
        Self {
            account,
            token_of,
            project: fields.optional(
                "project",
                "The project's name or id. A token of a project has it with it; else it has to be named.",
            ),
            environment: fields.optional(
                "environment",
                "The environment's name or id. Default: the token's own, or the project's main one.",
            ),
            service: fields.required("service", "The service's name or id.", "web"),
            rate: fields
                .optional(
                    "rate",
                    "How often Railway may be asked with this token, as your plan has it. Default: `100/h`, the free plan's.",
                )
                .unwrap_or(ABOUT.rate),
        }
    }

    pub fn run_by(
        &self,
        given: &Given<'_>,
        client: Client,
        base: Url,
    ) -> Result<Arc<Cloud<Railway>>, Problem> {
        if self.token_of == TokenOf::Account && self.project.is_none() {
            let message = format!("{} does not say which project it is in", given.place.node);
            return Err(Problem::new(ErrorCode::ConfigInvalidValue, message)
                .hint("name it as `project`; only with `token_of: project` the token says it"));
        }
        let railway = Railway::new(self, given, client, base)?;
        Ok(Cloud::new(railway, given, TYPE.capabilities, OnStop::Leave))
    }
}

impl Settings for RailwaySettings {
    fn ports(&self) -> Vec<PortDeclared> {
        vec![]
    }

    fn texts(&self) -> Vec<TextDeclared<'_>> {
        let own = [&self.project, &self.environment, &self.service].into_iter().flatten();
        let own = own.map(|text| TextDeclared { text: &text.value, at: text.at, may_hold_secrets: false });
        self.account.texts().into_iter().chain(own).collect()
    }

    fn what(&self) -> Option<String> {
        let service = &self.service.as_ref()?.value;
        let all = [&self.project, &self.environment].into_iter().flatten().map(|text| &*text.value);
        Some(all.chain([&**service]).collect::<Vec<_>>().join(", "))
    }

    fn outputs(&self) -> Vec<String> {
        OUTPUTS.map(str::to_owned).into()
    }

    fn inspects(&self) -> bool {
        true
    }

    fn adapter(&self, given: Given<'_>) -> Result<Arc<dyn Adapter>, Problem> {
        let (client, base) = self.account.client(&given)?;
        Ok(self.run_by(&given, client, base)?)
    }
}
