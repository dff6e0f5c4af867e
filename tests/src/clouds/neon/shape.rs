//! All of it as JSON, field by field as the API has it.

use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use super::state::{PROXY, REGION};
use super::{Branch, Database, Endpoint, Neon, Operation, Phase, Project, Role};
use crate::clouds::shared::rfc3339;

impl Project {
    pub(super) fn listed(&self) -> Value {
        let created = rfc3339(self.created);
        json!({
            "id": self.id, "name": self.name, "org_id": self.organization, "org_name": "Example",
            "region_id": REGION, "platform_id": "aws", "proxy_host": PROXY, "pg_version": 17, "provisioner": "k8s-neonvm",
            "store_passwords": self.store_passwords, "active_time": 0, "cpu_used_sec": 0, "owner_id": self.organization,
            "branch_logical_size_limit": 512, "branch_logical_size_limit_bytes": 536_870_912_u64,
            "creation_source": "console", "created_at": created, "updated_at": created,
        })
    }

    pub(super) fn whole(&self) -> Value {
        let mut value = self.listed();
        let end = rfc3339(self.created + Duration::from_hours(30 * 24));
        for field in [
            "active_time_seconds",
            "compute_time_seconds",
            "written_data_bytes",
            "data_transfer_bytes",
            "data_storage_bytes_hour",
        ] {
            value[field] = json!(0);
        }
        value["history_retention_seconds"] = json!(86_400);
        value["consumption_period_start"] = json!(rfc3339(self.created));
        value["consumption_period_end"] = json!(end);
        value["quota_reset_at"] = json!(end);
        if let Some(fields) = value.as_object_mut() {
            fields.remove("active_time");
            fields.remove("org_name");
        }
        value
    }
}

impl Branch {
    pub(super) fn tell(&self) -> Value {
        let mut value = json!({
            "id": self.id, "project_id": self.project, "name": self.name, "current_state": self.state,
            "default": self.is_default, "primary": self.is_default, "protected": self.is_protected,
            "creation_source": "console", "init_source": "parent-data", "created_at": rfc3339(self.created),
            "updated_at": rfc3339(self.changed), "state_changed_at": rfc3339(self.changed), "cpu_used_sec": 0,
            "active_time_seconds": 0, "compute_time_seconds": 0, "written_data_bytes": 0, "data_transfer_bytes": 0,
        });
        if self.state != "ready" {
            value["pending_state"] = json!("ready");
        }
        if let Some(parent) = &self.parent {
            value["parent_id"] = json!(parent);
            value["parent_lsn"] = json!("0/1DE2850");
        }
        if let Some(reset) = self.reset {
            value["last_reset_at"] = json!(rfc3339(reset));
        }
        if let Some(expires) = &self.expires {
            value["expires_at"] = json!(expires);
        }
        value
    }
}

impl Endpoint {
    pub(super) fn tell(&self) -> Value {
        let mut value = json!({
            "id": self.id, "project_id": self.project, "branch_id": self.branch, "host": self.host(), "proxy_host": PROXY,
            "region_id": REGION, "type": if self.is_read_write { "read_write" } else { "read_only" },
            "current_state": self.phase.word(), "disabled": self.is_disabled, "autoscaling_limit_min_cu": 0.25,
            "autoscaling_limit_max_cu": 2, "pooler_enabled": false, "pooler_mode": "transaction",
            "passwordless_access": true, "settings": {}, "suspend_timeout_seconds": self.suspend_timeout,
            "provisioner": "k8s-neonvm", "creation_source": "console", "created_at": rfc3339(self.created),
            "updated_at": rfc3339(self.last_active), "last_active": rfc3339(self.last_active),
        });
        if let Some(pending) = self.pending {
            value["pending_state"] = json!(pending.word());
        }
        value
    }
}

impl Phase {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Init => "init",
            Self::Active => "active",
            Self::Idle => "idle",
        }
    }
}

impl Operation {
    pub(super) fn tell(&self, now: SystemTime) -> Value {
        let taken = self.ends.min(now).duration_since(self.begins).unwrap_or_default();
        let mut value = json!({
            "id": self.id, "project_id": self.project, "action": self.action, "status": self.status.word(),
            "failures_count": u8::from(self.status == super::Status::Failed), "created_at": rfc3339(self.created),
            "updated_at": rfc3339(self.ends.min(now).max(self.created)),
            "total_duration_ms": u64::try_from(taken.as_millis()).unwrap_or_default(),
        });
        if let Some(branch) = &self.branch {
            value["branch_id"] = json!(branch);
        }
        if let Some(endpoint) = &self.endpoint {
            value["endpoint_id"] = json!(endpoint);
        }
        if self.status == super::Status::Failed {
            value["error"] = json!("internal error");
        }
        value
    }
}

impl Neon {
    fn since(&self, branch: &str) -> String {
        let branch = self.branches.iter().find(|other| other.id == branch);
        rfc3339(branch.map_or(SystemTime::UNIX_EPOCH, |branch| branch.created))
    }

    pub(super) fn tell_database(&self, database: &Database) -> Value {
        let since = self.since(&database.branch);
        json!({
            "id": database.id, "branch_id": database.branch, "name": database.name, "owner_name": database.owner,
            "created_at": since, "updated_at": since,
        })
    }

    /// Without its password, as lists have it.
    pub(super) fn tell_role(&self, role: &Role) -> Value {
        let since = self.since(&role.branch);
        json!({"branch_id": role.branch, "name": role.name, "protected": false, "created_at": since, "updated_at": since})
    }

    pub(super) fn databases_of(&self, branch: &str) -> Vec<Value> {
        let there = self.databases.iter().filter(|database| database.branch == branch);
        there.map(|database| self.tell_database(database)).collect()
    }

    pub(super) fn roles_of(&self, branch: &str) -> Vec<Value> {
        let there = self.roles.iter().filter(|role| role.branch == branch);
        there.map(|role| self.tell_role(role)).collect()
    }

    pub(super) fn endpoints_of(&self, branch: &str) -> Vec<Value> {
        self.endpoints.iter().filter(|endpoint| endpoint.branch == branch).map(Endpoint::tell).collect()
    }
}

pub(super) fn operations(planned: &[Operation], now: SystemTime) -> Vec<Value> {
    planned.iter().map(|operation| operation.tell(now)).collect()
}
