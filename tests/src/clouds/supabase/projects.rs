use serde_json::{Value, json};

use super::{Project, Supabase};
use crate::clouds::shared::{Asked, Reply, rfc3339};

impl Project {
    pub(super) fn tell(&self) -> Value {
        json!({
            "id": self.reference, "ref": self.reference, "name": self.name, "organization_id": self.organization,
            "organization_slug": self.organization, "region": self.region, "status": self.status,
            "created_at": rfc3339(self.created),
            "database": {"host": self.host(), "version": "17.4.1.054", "postgres_engine": "17", "release_channel": "ga"},
        })
    }
}

impl Supabase {
    /// What is narrowed to projects tells of their organizations as well: a guess.
    pub(super) fn list_organizations(&self, asked: &Asked<'_>) -> Reply {
        let is_seen = |slug: &str| {
            let mut theirs = self.projects.iter().filter(|project| project.organization == slug);
            asked.token.does_reach(slug) || theirs.any(|project| asked.token.does_reach(&project.reference))
        };
        let there = self.organizations.iter().filter(|organization| is_seen(&organization.slug));
        let tell = |organization: &super::Organization| json!({"id": organization.slug, "slug": organization.slug, "name": organization.name});
        Reply::json(200, &Value::Array(there.map(tell).collect()))
    }

    /// What is behind branches is not among them: a guess.
    pub(super) fn list_projects(&self, asked: &Asked<'_>) -> Reply {
        let is_seen = |project: &&Project| {
            let is_reached =
                asked.token.does_reach(&project.reference) || asked.token.does_reach(&project.organization);
            is_reached && project.branch_of.is_none()
        };
        Reply::json(200, &Value::Array(self.projects.iter().filter(is_seen).map(Project::tell).collect()))
    }
}
