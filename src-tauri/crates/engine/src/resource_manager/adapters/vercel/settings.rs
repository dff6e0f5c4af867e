use std::sync::Arc;

use kinfra_rpc::Problem;
use reqwest::Url;

use super::super::cloud::{Account, Cloud, OnStop};
use super::vendor::Vercel;
use super::{ABOUT, TYPE};
use crate::resource_manager::remote::Client;
use crate::resource_manager::{Adapter, Given, PortDeclared, Settings, TextDeclared};
use crate::schema::{Fields, Placed, Word, Words};

#[derive(Debug)]
pub(super) struct VercelSettings {
    pub account: Account,
    pub project: Option<Placed<String>>,
    pub team: Option<Placed<String>>,
    pub target: Target,
    pub branch: Option<Placed<String>>,
    pub deploys: bool,
}

/// Which of a project's deployments are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    Production,
    Preview,
}

impl Word for Target {
    const WORDS: &'static [(&'static str, Self)] =
        &[("production", Self::Production), ("preview", Self::Preview)];
}

/// When it is deployed without its user's word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Deploy {
    Never,
    OnStart,
}

impl Word for Deploy {
    const WORDS: &'static [(&'static str, Self)] = &[("never", Self::Never), ("on_start", Self::OnStart)];
}

/// What it offers by name.
pub const OUTPUTS: [&str; 4] = ["url", "deployment_url", "deployment_id", "state"];

impl VercelSettings {
    pub fn declare(fields: &mut Fields<'_>) -> Self {
        Self {
            account: Account::declare(fields, &ABOUT),
            project: fields.required("project", "The project's name or id.", "shop"),
            team: fields.optional(
                "team",
                "The team that the project is of, by its slug or id. Default: the token's own account.",
            ),
            target: fields
                .optional(
                    "target",
                    "Which deployments are meant: `production` or `preview`. Default: `production`.",
                )
                .map_or(Target::Production, |Words(target)| target),
            branch: fields.optional(
                "branch",
                "The branch of git that is deployed. Default: the production's branch, or any for previews.",
            ),
            deploys: fields
                .optional(
                    "deploy",
                    "`on_start` deploys from git with each start; `never` uses what is there. Default: `never`.",
                )
                .is_some_and(|Words(deploy): Words<Deploy>| deploy == Deploy::OnStart),
        }
    }

    pub fn run_by(
        &self,
        given: &Given<'_>,
        client: Client,
        base: Url,
    ) -> Result<Arc<Cloud<Vercel>>, Problem> {
        let vercel = Vercel::new(self, given, client, base)?;
        Ok(Cloud::new(vercel, given, TYPE.capabilities, OnStop::Leave))
    }
}

impl Settings for VercelSettings {
    fn ports(&self) -> Vec<PortDeclared> {
        vec![]
    }

    fn texts(&self) -> Vec<TextDeclared<'_>> {
        let own = [&self.project, &self.team, &self.branch].into_iter().flatten();
        let own = own.map(|text| TextDeclared { text: &text.value, at: text.at, may_hold_secrets: false });
        self.account.texts().into_iter().chain(own).collect()
    }

    fn what(&self) -> Option<String> {
        let (project, target) = (&self.project.as_ref()?.value, self.target.word());
        Some(match &self.branch {
            Some(branch) => format!("{project}, {target} of {}", branch.value),
            None => format!("{project}, {target}"),
        })
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
