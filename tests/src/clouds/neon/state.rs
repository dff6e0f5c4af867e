use std::time::{Duration, SystemTime};

use super::Operation;
use crate::clouds::shared::random;

pub(super) const REGION: &str = "aws-eu-central-1";
pub(super) const PROXY: &str = "eu-central-1.aws.neon.tech";

#[derive(Debug, Clone)]
pub struct Project {
    pub id: String,
    pub name: String,
    pub organization: String,
    pub store_passwords: bool,
    /// Used up: its computes sleep and don't wake.
    pub is_over_quota: bool,
    /// The list can't tell of it for the moment.
    pub is_unavailable: bool,
    pub created: SystemTime,
}

#[derive(Debug, Clone)]
pub struct Branch {
    pub id: String,
    pub project: String,
    pub name: String,
    pub parent: Option<String>,
    pub is_default: bool,
    pub is_protected: bool,
    /// `init`, `resetting` or `ready`.
    pub state: &'static str,
    pub created: SystemTime,
    pub changed: SystemTime,
    pub reset: Option<SystemTime>,
    pub expires: Option<String>,
    /// What stands for all that is stored there.
    pub contents: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    Init,
    Active,
    Idle,
}

#[derive(Debug, Clone)]
pub struct Endpoint {
    pub id: String,
    pub project: String,
    pub branch: String,
    pub is_read_write: bool,
    pub phase: Phase,
    pub pending: Option<Phase>,
    pub is_disabled: bool,
    /// 0 is the default of five minutes, -1 never.
    pub suspend_timeout: i64,
    pub created: SystemTime,
    pub last_active: SystemTime,
}

#[derive(Debug, Clone)]
pub struct Database {
    pub id: u64,
    pub branch: String,
    pub name: String,
    pub owner: String,
}

#[derive(Debug, Clone)]
pub struct Role {
    pub branch: String,
    pub name: String,
    pub password: String,
}

#[derive(Debug, Clone)]
pub struct Neon {
    /// Ids of the user's organizations.
    pub organizations: Vec<String>,
    pub projects: Vec<Project>,
    pub branches: Vec<Branch>,
    pub endpoints: Vec<Endpoint>,
    pub databases: Vec<Database>,
    pub roles: Vec<Role>,
    /// Oldest first.
    pub operations: Vec<Operation>,
    /// How long each operation takes.
    pub takes: Duration,
    /// The next operation with this action fails.
    pub fails: Option<String>,
    /// Of one project.
    pub branch_limit: usize,
    pub(super) next_database: u64,
}

impl Neon {
    /// One organization with the project `shop`: its branch `main` has the database `neondb`, the role `neondb_owner`,
    /// and a compute that sleeps.
    pub(super) fn with_a_project(now: SystemTime) -> Self {
        let mut neon = Self {
            organizations: vec![name("org")],
            projects: Vec::new(),
            branches: Vec::new(),
            endpoints: Vec::new(),
            databases: Vec::new(),
            roles: Vec::new(),
            operations: Vec::new(),
            takes: Duration::from_millis(200),
            fails: None,
            branch_limit: 10,
            next_database: 1,
        };
        neon.add_project("shop", now);
        neon
    }

    /// As somebody makes one in the console; gives its id.
    pub fn add_project(&mut self, called: &str, now: SystemTime) -> String {
        let id = name("");
        self.projects.push(Project {
            id: id.clone(),
            name: called.to_owned(),
            organization: self.organizations[0].clone(),
            store_passwords: true,
            is_over_quota: false,
            is_unavailable: false,
            created: now,
        });
        let main = self.add_branch(&id, "main", None, now);
        main.is_default = true;
        main.state = "ready";
        let main = main.id.clone();
        self.add_database(&main, "neondb", "neondb_owner");
        self.roles.push(Role {
            branch: main.clone(),
            name: "neondb_owner".to_owned(),
            password: format!("npg_{}", &random::hex32()[..12]),
        });
        self.add_endpoint(&id, &main, true, now).phase = Phase::Idle;
        id
    }

    pub(super) fn add_branch(
        &mut self,
        project: &str,
        called: &str,
        parent: Option<&str>,
        now: SystemTime,
    ) -> &mut Branch {
        self.branches.push(Branch {
            id: name("br"),
            project: project.to_owned(),
            name: called.to_owned(),
            parent: parent.map(str::to_owned),
            is_default: false,
            is_protected: false,
            state: "init",
            created: now,
            changed: now,
            reset: None,
            expires: None,
            contents: String::new(),
        });
        self.branches.last_mut().unwrap()
    }

    pub(super) fn add_endpoint(
        &mut self,
        project: &str,
        branch: &str,
        is_read_write: bool,
        now: SystemTime,
    ) -> &mut Endpoint {
        self.endpoints.push(Endpoint {
            id: name("ep"),
            project: project.to_owned(),
            branch: branch.to_owned(),
            is_read_write,
            phase: Phase::Init,
            pending: None,
            is_disabled: false,
            suspend_timeout: 0,
            created: now,
            last_active: now,
        });
        self.endpoints.last_mut().unwrap()
    }

    pub(super) fn add_database(&mut self, branch: &str, called: &str, owner: &str) -> &mut Database {
        let id = self.next_database;
        self.next_database += 1;
        let (branch, name, owner) = (branch.to_owned(), called.to_owned(), owner.to_owned());
        self.databases.push(Database { id, branch, name, owner });
        self.databases.last_mut().unwrap()
    }

    /// By id or name.
    #[must_use]
    pub fn project(&self, which: &str) -> Option<&Project> {
        self.projects.iter().find(|project| project.id == which || project.name == which)
    }

    /// By id or name.
    #[must_use]
    pub fn branch(&self, which: &str) -> Option<&Branch> {
        self.branches.iter().find(|branch| branch.id == which || branch.name == which)
    }

    /// By id or name.
    ///
    /// # Panics
    /// When there is none.
    pub fn branch_mut(&mut self, which: &str) -> &mut Branch {
        let found = self.branches.iter_mut().find(|branch| branch.id == which || branch.name == which);
        found.unwrap_or_else(|| panic!("there is no branch {which}"))
    }

    /// The one to read and write by, by the branch's id or name.
    #[must_use]
    pub fn endpoint_of(&self, branch: &str) -> Option<&Endpoint> {
        let branch = &self.branch(branch)?.id;
        self.endpoints.iter().find(|endpoint| endpoint.branch == *branch && endpoint.is_read_write)
    }

    pub(super) fn endpoint_mut(&mut self, id: &str) -> Option<&mut Endpoint> {
        self.endpoints.iter_mut().find(|endpoint| endpoint.id == id)
    }

    /// With its computes, databases and roles, at once and without an operation: as if it had never been.
    pub fn remove_branch(&mut self, id: &str) {
        self.branches.retain(|branch| branch.id != id);
        self.endpoints.retain(|endpoint| endpoint.branch != id);
        self.databases.retain(|database| database.branch != id);
        self.roles.retain(|role| role.branch != id);
    }
}

impl Endpoint {
    #[must_use]
    pub fn host(&self) -> String {
        format!("{}.{PROXY}", self.id)
    }

    #[must_use]
    pub fn pooler_host(&self) -> String {
        format!("{}-pooler.{PROXY}", self.id)
    }

    /// None: it never sleeps.
    pub(super) fn sleeps_after(&self) -> Option<Duration> {
        match self.suspend_timeout {
            0 => Some(Duration::from_secs(300)),
            seconds => u64::try_from(seconds).ok().map(Duration::from_secs),
        }
    }
}

/// Two words and a number, as all ids there are.
pub(super) fn name(prefix: &str) -> String {
    let words = random::words();
    let words: Vec<&str> = words.split('-').take(2).collect();
    let number = 10_000_000 + random::number() % 90_000_000;
    let name = format!("{prefix}-{}-{number}", words.join("-"));
    name.trim_start_matches('-').to_owned()
}
