use std::sync::Arc;

use kinfra_rpc::Problem;

use super::super::cloud::{Account, Cloud, OnStop, is_own, project_and_branch};
use super::vendor::Neon;
use super::{ABOUT, TYPE};
use crate::resource_manager::{Adapter, Given, PortDeclared, Settings, TextDeclared};
use crate::schema::{Fields, Placed};

#[derive(Debug)]
pub(super) struct NeonSettings {
    pub account: Account,
    pub project: Option<Placed<String>>,
    pub branch: Option<Placed<String>>,
    pub from: Option<Placed<String>>,
    pub database: Option<Placed<String>>,
    pub role: Option<Placed<String>>,
}

impl NeonSettings {
    pub fn declare(fields: &mut Fields<'_>) -> Self {
        let mut account = Account::declare(fields, &ABOUT);
        account.declare_pauses(fields, "`pause` with `branch: instance`, else `leave`");
        Self {
            account,
            project: fields.required("project", "The project's id.", "cold-sun-12345678"),
            branch: fields.optional(
                "branch",
                "The branch by its name, or `instance` for one of this instance's own. Default: the project's default branch.",
            ),
            from: fields.optional(
                "from",
                "What `branch: instance` is made of. Default: the project's default branch.",
            ),
            database: fields.optional("database", "The database. Default: the first of the branch."),
            role: fields.optional("role", "Who connects. Default: the owner of the database."),
        }
    }

    pub fn is_own(&self) -> bool {
        is_own(self.branch.as_ref())
    }

    pub fn on_stop(&self) -> OnStop {
        let usual = if self.is_own() { OnStop::Pause } else { OnStop::Leave };
        self.account.on_stop.unwrap_or(usual)
    }
}

impl Settings for NeonSettings {
    fn ports(&self) -> Vec<PortDeclared> {
        vec![]
    }

    fn texts(&self) -> Vec<TextDeclared<'_>> {
        let own = [&self.project, &self.branch, &self.from, &self.database, &self.role];
        let own = own.into_iter().flatten();
        let own = own.map(|text| TextDeclared { text: &text.value, at: text.at, may_hold_secrets: false });
        self.account.texts().into_iter().chain(own).collect()
    }

    fn what(&self) -> Option<String> {
        Some(project_and_branch(&self.project.as_ref()?.value, self.branch.as_ref()))
    }

    fn outputs(&self) -> Vec<String> {
        super::uri::OUTPUTS.map(str::to_owned).into()
    }

    fn inspects(&self) -> bool {
        true
    }

    fn auto_pause(&self) -> Option<std::time::Duration> {
        self.account.auto_pause
    }

    fn adapter(&self, given: Given<'_>) -> Result<Arc<dyn Adapter>, Problem> {
        let (client, base) = self.account.client(&given)?;
        let neon = Neon::new(self, &given, client, base)?;
        Ok(Cloud::new(neon, &given, TYPE.capabilities, self.on_stop()))
    }
}
