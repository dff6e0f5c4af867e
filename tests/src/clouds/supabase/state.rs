use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

use crate::clouds::shared::random;

#[derive(Debug, Clone)]
pub struct Organization {
    pub slug: String,
    pub name: String,
    /// Its projects can't be paused, and have branches.
    pub is_paid: bool,
    /// Nothing is restored there.
    pub is_restricted: bool,
}

/// A project, or what is behind a branch.
#[derive(Debug, Clone)]
pub struct Project {
    pub reference: String,
    pub name: String,
    /// Its slug.
    pub organization: String,
    pub region: &'static str,
    pub status: &'static str,
    /// What it becomes, and when. In this order.
    pub becomes: Vec<(SystemTime, &'static str)>,
    pub created: SystemTime,
    /// Of its database.
    pub password: String,
    /// Services that don't answer as they should.
    pub unhealthy: BTreeSet<String>,
    /// The reference of the project that it is a branch of.
    pub branch_of: Option<String>,
}

#[derive(Debug, Clone)]
pub struct Branch {
    pub id: String,
    pub name: String,
    /// Of the project behind it.
    pub reference: String,
    pub parent: String,
    pub git_branch: Option<String>,
    pub is_default: bool,
    pub is_persistent: bool,
    pub has_data: bool,
    pub status: &'static str,
    pub becomes: Vec<(SystemTime, &'static str)>,
    pub deleted_at: Option<SystemTime>,
    pub created: SystemTime,
    pub updated: SystemTime,
    /// What stands for all that was written there since its migrations.
    pub contents: String,
}

#[derive(Debug, Clone)]
pub struct Supabase {
    pub organizations: Vec<Organization>,
    pub projects: Vec<Project>,
    pub branches: Vec<Branch>,
    /// How long it takes to pause or restore a project, or to make a branch.
    pub takes: Duration,
    /// What the next `pause`, `restore` or `branch` ends with instead.
    pub fails: Option<(String, &'static str)>,
}

impl Supabase {
    /// The project `shop` of an organization that pays nothing, and `studio` of one that pays.
    pub(super) fn with_projects(now: SystemTime) -> Self {
        let organization = |name: &str, is_paid| Organization {
            slug: letters(),
            name: name.to_owned(),
            is_paid,
            is_restricted: false,
        };
        let mut supabase = Self {
            organizations: vec![organization("Example", false), organization("Studio", true)],
            projects: Vec::new(),
            branches: Vec::new(),
            takes: Duration::from_secs(120),
            fails: None,
        };
        let slugs: Vec<String> = supabase.organizations.iter().map(|one| one.slug.clone()).collect();
        supabase.add_project("shop", &slugs[0], now);
        supabase.add_project("studio", &slugs[1], now);
        supabase
    }

    /// As somebody makes one in the dashboard, and as it is then; gives its reference.
    pub fn add_project(&mut self, name: &str, organization: &str, now: SystemTime) -> String {
        let reference = letters();
        self.projects.push(Project {
            reference: reference.clone(),
            name: name.to_owned(),
            organization: organization.to_owned(),
            region: "eu-central-1",
            status: "ACTIVE_HEALTHY",
            becomes: Vec::new(),
            created: now,
            password: random::hex32(),
            unhealthy: BTreeSet::new(),
            branch_of: None,
        });
        reference
    }

    /// By reference or name.
    #[must_use]
    pub fn project(&self, which: &str) -> Option<&Project> {
        self.projects.iter().find(|project| project.reference == which || project.name == which)
    }

    /// By reference or name.
    ///
    /// # Panics
    /// When there is none.
    pub fn project_mut(&mut self, which: &str) -> &mut Project {
        let found =
            self.projects.iter_mut().find(|project| project.reference == which || project.name == which);
        found.unwrap_or_else(|| panic!("there is no project {which}"))
    }

    /// By id, name or the reference of the project behind it.
    #[must_use]
    pub fn branch(&self, which: &str) -> Option<&Branch> {
        let is_it = |branch: &&Branch| {
            [&branch.id, &branch.name, &branch.reference].iter().any(|name| **name == which)
        };
        self.branches.iter().find(is_it)
    }

    /// As [`Supabase::branch`], to change it.
    ///
    /// # Panics
    /// When there is none.
    pub fn branch_mut(&mut self, which: &str) -> &mut Branch {
        let id = self.branch(which).unwrap_or_else(|| panic!("there is no branch {which}")).id.clone();
        self.branches.iter_mut().find(|branch| branch.id == id).unwrap()
    }

    /// With the project behind it.
    pub fn remove_branch(&mut self, id: &str) {
        let Some(branch) = self.branch(id).cloned() else { return };
        self.branches.retain(|other| other.id != branch.id);
        if !branch.is_default {
            self.projects.retain(|project| project.reference != branch.reference);
        }
    }

    pub(super) fn organization_of(&self, project: &str) -> Option<&Organization> {
        let slug = &self.project(project)?.organization;
        self.organizations.iter().find(|organization| organization.slug == *slug)
    }

    /// The word that this ends with instead of what it should, once.
    pub(super) fn failure_of(&mut self, what: &str) -> Option<&'static str> {
        self.fails.take_if(|(kind, _)| kind == what).map(|(_, status)| status)
    }
}

impl Project {
    #[must_use]
    pub fn host(&self) -> String {
        format!("db.{}.supabase.co", self.reference)
    }

    #[must_use]
    pub fn pooler_host(&self) -> String {
        format!("aws-0-{}.pooler.supabase.com", self.region)
    }
}

/// 20 of them, as references are.
pub(super) fn letters() -> String {
    let letter = |number: u64| char::from(b'a' + u8::try_from(number % 26).unwrap_or_default());
    (0..20).map(|_| letter(random::number())).collect()
}
