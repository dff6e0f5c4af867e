use std::sync::Arc;
use std::time::Duration;

use kinfra_rpc::Problem;
use reqwest::Url;

use super::super::cloud::{Account, Cloud, OnStop};
use super::vendor::Render;
use super::{ABOUT, TYPE};
use crate::resource_manager::remote::Client;
use crate::resource_manager::{Adapter, Given, PortDeclared, Settings, TextDeclared};
use crate::schema::{Fields, Placed};

#[derive(Debug)]
pub(super) struct RenderSettings {
    pub account: Account,
    pub service: Option<Placed<String>>,
    pub owner: Option<Placed<String>>,
}

/// What it offers by name.
pub const OUTPUTS: [&str; 6] = ["url", "host", "port", "service_id", "deploy_id", "state"];

impl RenderSettings {
    pub fn declare(fields: &mut Fields<'_>) -> Self {
        let mut account = Account::declare(fields, &ABOUT);
        account.declare_pauses(fields, "`leave`");
        Self {
            account,
            service: fields.required("service", "The service's id or name.", "shop"),
            owner: fields
                .optional("owner", "The workspace, by its id, where several have a service of that name."),
        }
    }

    fn on_stop(&self) -> OnStop {
        self.account.on_stop.unwrap_or(OnStop::Leave)
    }

    pub fn run_by(
        &self,
        given: &Given<'_>,
        client: Client,
        base: Url,
    ) -> Result<Arc<Cloud<Render>>, Problem> {
        let render = Render::new(self, given, client, base)?;
        Ok(Cloud::new(render, given, TYPE.capabilities, self.on_stop()))
    }
}

impl Settings for RenderSettings {
    fn ports(&self) -> Vec<PortDeclared> {
        vec![]
    }

    fn texts(&self) -> Vec<TextDeclared<'_>> {
        let own = [&self.service, &self.owner].into_iter().flatten();
        let own = own.map(|text| TextDeclared { text: &text.value, at: text.at, may_hold_secrets: false });
        self.account.texts().into_iter().chain(own).collect()
    }

    fn what(&self) -> Option<String> {
        Some(self.service.as_ref()?.value.clone())
    }

    fn outputs(&self) -> Vec<String> {
        OUTPUTS.map(str::to_owned).into()
    }

    fn inspects(&self) -> bool {
        true
    }

    fn auto_pause(&self) -> Option<Duration> {
        self.account.auto_pause
    }

    fn adapter(&self, given: Given<'_>) -> Result<Arc<dyn Adapter>, Problem> {
        let (client, base) = self.account.client(&given)?;
        Ok(self.run_by(&given, client, base)?)
    }
}
