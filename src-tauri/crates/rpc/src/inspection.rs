use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What a resource is where it runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct InspectResource {
    pub project: String,
    pub resource: String,
}

/// What is there, for people, and what can be done with it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct Inspection {
    /// Who runs it: `Neon`.
    pub vendor: String,
    pub sign_in: SignIn,
    pub facts: Vec<InspectedFact>,
    pub lists: Vec<InspectedList>,
    /// With the resource itself.
    pub actions: Vec<OfferedAction>,
}

/// With whose credential it is asked, as the vendor says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct SignIn {
    /// A name, an address, or the kind of the credential.
    pub who: String,
    /// What it may not do and would have to, each with what that is for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(as = "Option<Vec<String>>", optional)]
    pub missing: Vec<String>,
    /// What can't be told without doing it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(as = "Option<Vec<String>>", optional)]
    pub unproven: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct InspectedFact {
    pub name: String,
    pub value: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub url: Option<String>,
}

/// Several things of a kind: branches, deployments, parts and their health.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct InspectedList {
    pub title: String,
    pub items: Vec<InspectedItem>,
    /// Why it is not known, where it isn't.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub problem: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct InspectedItem {
    pub name: String,
    /// The vendor's word for how it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub state: Option<String>,
    pub tone: Tone,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub detail: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub url: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(as = "Option<Vec<OfferedAction>>", optional)]
    pub actions: Vec<OfferedAction>,
}

/// What a state means.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export, export_to = "rpc.ts")]
pub enum Tone {
    Good,
    Changing,
    Bad,
    /// Neither: paused, asleep, replaced by a later one.
    #[default]
    Quiet,
}

/// Something that can be done with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct OfferedAction {
    /// As it is asked for: `pause`, `create-branch`.
    pub action: String,
    /// With what of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub target: Option<String>,
    /// As a button says it.
    pub label: String,
    /// What has to be typed for it: `Name of the branch`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub input: Option<String>,
    /// What it takes away, or from whom: a question that its user has to answer first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub confirm: Option<String>,
}

/// Does one of the things that were offered.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct ActOnResource {
    pub project: String,
    pub resource: String,
    pub action: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub target: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub input: Option<String>,
    /// The question that its user said yes to. One that has to be confirmed and isn't, or not with these words, is
    /// answered with `not_confirmed`, and the question as the message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub confirmed: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct ActedOnResource {
    /// What was taken, and what comes of it: `The branch preview is being created.`
    pub text: String,
}

impl OfferedAction {
    pub fn new(action: impl Into<String>, label: impl Into<String>) -> Self {
        Self { action: action.into(), target: None, label: label.into(), input: None, confirm: None }
    }

    #[must_use]
    pub fn on(self, target: impl Into<String>) -> Self {
        Self { target: Some(target.into()), ..self }
    }

    #[must_use]
    pub fn asks(self, input: impl Into<String>) -> Self {
        Self { input: Some(input.into()), ..self }
    }

    #[must_use]
    pub fn confirmed_by(self, question: impl Into<String>) -> Self {
        Self { confirm: Some(question.into()), ..self }
    }
}

impl InspectedFact {
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { name: name.into(), value: value.into(), url: None }
    }
}
