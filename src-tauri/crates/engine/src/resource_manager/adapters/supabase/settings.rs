use std::sync::Arc;

use kinfra_rpc::Problem;

use super::super::cloud::{Account, Cloud, OnStop, is_own, project_and_branch};
use super::vendor::Supabase;
use super::{ABOUT, TYPE, outputs};
use crate::resource_manager::{Adapter, Given, PortDeclared, Settings, TextDeclared};
use crate::schema::{Fields, Placed};

#[derive(Debug)]
pub(super) struct SupabaseSettings {
    pub account: Account,
    pub project: Option<Placed<String>>,
    pub branch: Option<Placed<String>>,
    pub password: Option<Placed<String>>,
}

impl SupabaseSettings {
    pub fn declare(fields: &mut Fields<'_>) -> Self {
        let mut account = Account::declare(fields, &ABOUT);
        account.declare_pauses(fields, "`leave`");
        Self {
            account,
            project: fields.required("project", "The project's ref.", "abcdefghijklmnopqrst"),
            branch: fields.optional(
                "branch",
                "The branch by its name, or `instance` for one of this instance's own. Default: the project itself.",
            ),
            password: fields.optional(
                "password",
                "The database's password, a reference to a secret. Default: a branch's own; that of a project is told by nobody.",
            ),
        }
    }

    pub fn is_own(&self) -> bool {
        is_own(self.branch.as_ref())
    }

    /// Others may use it, and to restore it takes minutes.
    pub fn on_stop(&self) -> OnStop {
        self.account.on_stop.unwrap_or(OnStop::Leave)
    }
}

impl Settings for SupabaseSettings {
    fn ports(&self) -> Vec<PortDeclared> {
        vec![]
    }

    fn texts(&self) -> Vec<TextDeclared<'_>> {
        let open = [&self.project, &self.branch].into_iter().flatten().map(|text| (text, false));
        let all = open.chain(self.password.iter().map(|text| (text, true)));
        let own = all.map(|(text, may_hold_secrets)| TextDeclared {
            text: &text.value,
            at: text.at,
            may_hold_secrets,
        });
        self.account.texts().into_iter().chain(own).collect()
    }

    fn what(&self) -> Option<String> {
        Some(project_and_branch(&self.project.as_ref()?.value, self.branch.as_ref()))
    }

    fn outputs(&self) -> Vec<String> {
        let has_password = self.password.is_some() || self.branch.is_some();
        let all = outputs::OUTPUTS.iter().filter(|name| has_password || **name != outputs::PASSWORD);
        all.map(|name| (*name).to_owned()).collect()
    }

    fn inspects(&self) -> bool {
        true
    }

    fn auto_pause(&self) -> Option<std::time::Duration> {
        self.account.auto_pause
    }

    fn adapter(&self, given: Given<'_>) -> Result<Arc<dyn Adapter>, Problem> {
        let (client, base) = self.account.client(&given)?;
        let supabase = Supabase::new(self, &given, client, base)?;
        Ok(Cloud::new(supabase, &given, TYPE.capabilities, self.on_stop()))
    }
}
