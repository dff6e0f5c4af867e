//! Whose projects there are, and which deployments of them. A deployment is settled when it is made: how long it is
//! queued and built, and what comes of it, is the plan at that moment. What is ready and meant for production gets the
//! project's domains, and so does what is promoted, a moment later.

use std::time::{Duration, SystemTime};

use serde_json::Value;

use crate::clouds::course::Course;
use crate::clouds::shared::random;

pub const USER: &str = "user_ada";

#[derive(Debug, Clone)]
pub struct Vercel {
    pub teams: Vec<Team>,
    pub projects: Vec<Project>,
    /// The oldest one first.
    pub deployments: Vec<Deployment>,
    pub plan: Plan,
    pub(super) now: SystemTime,
}

#[derive(Debug, Clone)]
pub struct Team {
    pub id: String,
    pub slug: String,
    pub name: String,
}

#[derive(Debug, Clone)]
pub struct Project {
    pub id: String,
    pub name: String,
    /// A team's id, or the user's.
    pub owner: String,
    pub git: Option<Git>,
    pub is_paused: bool,
    /// Since when which deployment has its domains.
    pub production: Option<(SystemTime, String)>,
    pub promotion: Option<Promotion>,
    pub created: SystemTime,
}

/// A repository of GitHub that it is connected with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Git {
    pub org: String,
    pub repo: String,
    pub repo_id: u64,
    pub production_branch: String,
}

/// The last request to give the domains to a deployment.
#[derive(Debug, Clone)]
pub struct Promotion {
    pub from: Option<String>,
    pub to: String,
    pub course: Course,
}

#[derive(Debug, Clone)]
pub struct Deployment {
    pub id: String,
    pub project: String,
    /// `production` or `staging`, or none of these.
    pub target: Option<String>,
    pub meta: Vec<(String, String)>,
    pub course: Course,
    /// Whether it ever had the project's domains.
    pub was_production: bool,
    pub source: &'static str,
    pub git: Option<(String, String)>,
    pub error: Option<(&'static str, String)>,
    /// What it was asked for with, to know it again.
    pub(super) asked: Value,
}

/// What comes of deployments that are made from now on.
#[derive(Debug, Clone)]
pub struct Plan {
    pub queued: Duration,
    pub building: Duration,
    /// `READY`, `ERROR` or `BLOCKED`.
    pub outcome: &'static str,
    /// How long domains take to be given to another deployment.
    pub promotion: Duration,
    /// Whether that fails.
    pub does_promotion_fail: bool,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            queued: Duration::from_millis(100),
            building: Duration::from_millis(300),
            outcome: "READY",
            promotion: Duration::from_millis(100),
            does_promotion_fail: false,
        }
    }
}

impl Vercel {
    pub(super) fn initial(now: SystemTime) -> Self {
        let team = Team { id: id("team_"), slug: "acme".to_owned(), name: "Acme".to_owned() };
        let git =
            Git { org: "acme".into(), repo: "shop".into(), repo_id: 4711, production_branch: "main".into() };
        let mut shop = Project::new("shop", &team.id, now);
        shop.git = Some(git);
        let mut cloud = Self {
            projects: vec![shop, Project::new("notes", USER, now)],
            teams: vec![team],
            deployments: Vec::new(),
            plan: Plan::default(),
            now,
        };
        for place in 0..cloud.projects.len() {
            let project = cloud.projects[place].id.clone();
            let course = Course::from(now, "READY");
            cloud.deployments.push(Deployment::new(&project, Some("production"), course));
        }
        cloud.settle_at(now);
        cloud
    }

    /// Gives domains where that is due: to what came last, be it built or promoted.
    pub(super) fn settle_at(&mut self, now: SystemTime) {
        self.now = now;
        for project in &mut self.projects {
            let mut claims: Vec<(SystemTime, String)> = project.production.clone().into_iter().collect();
            let built =
                self.deployments.iter().filter(|one| one.project == project.id && one.is_for_production());
            claims.extend(built.filter_map(|one| Some((one.course.since("READY", now)?, one.id.clone()))));
            let promoted = project.promotion.as_ref();
            claims
                .extend(promoted.and_then(|one| Some((one.course.since("succeeded", now)?, one.to.clone()))));
            project.production = claims.into_iter().max_by_key(|(since, _)| *since);
            if let Some((_, id)) = &project.production {
                self.deployments
                    .iter_mut()
                    .filter(|one| one.id == *id)
                    .for_each(|one| one.was_production = true);
            }
        }
    }

    /// By its id or its name.
    #[must_use]
    pub fn project(&self, name: &str) -> Option<&Project> {
        self.projects.iter().find(|project| project.id == name || project.name == name)
    }

    #[must_use]
    pub fn deployment(&self, id: &str) -> Option<&Deployment> {
        self.deployments.iter().find(|one| one.id == id)
    }

    /// What owners are called in addresses.
    pub(super) fn slug(&self, owner: &str) -> &str {
        self.teams.iter().find(|team| team.id == owner).map_or("ada", |team| &team.slug)
    }
}

impl Project {
    #[must_use]
    pub fn new(name: &str, owner: &str, now: SystemTime) -> Self {
        Self {
            id: id("prj_"),
            name: name.to_owned(),
            owner: owner.to_owned(),
            git: None,
            is_paused: false,
            production: None,
            promotion: None,
            created: now,
        }
    }
}

impl Deployment {
    #[must_use]
    pub fn new(project: &str, target: Option<&str>, course: Course) -> Self {
        Self {
            id: id("dpl_"),
            project: project.to_owned(),
            target: target.map(ToOwned::to_owned),
            meta: Vec::new(),
            course,
            was_production: false,
            source: "git",
            git: None,
            error: None,
            asked: Value::Null,
        }
    }

    #[must_use]
    pub fn is_for_production(&self) -> bool {
        self.target.as_deref() == Some("production")
    }
}

impl Project {
    #[must_use]
    pub fn has_domains(&self, deployment: &str) -> bool {
        self.production.as_ref().is_some_and(|(_, id)| id == deployment)
    }
}

fn id(prefix: &str) -> String {
    format!("{prefix}{}", &random::hex32()[..24])
}
