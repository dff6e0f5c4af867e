//! Workspaces with projects, of which each has environments and services. A service runs in an environment by its newest
//! deployment; that has a course, which is settled when it begins, and stands for its status. Whether it runs is apart
//! from that: what is stopped still says `SUCCESS`.

use std::time::{Duration, SystemTime};

use crate::clouds::course::Course;
use crate::clouds::shared::random;

#[derive(Debug, Clone)]
pub struct Railway {
    pub workspaces: Vec<Workspace>,
    pub projects: Vec<Project>,
    pub services: Vec<Service>,
    /// The oldest one first.
    pub deployments: Vec<Deployment>,
    pub plan: Plan,
    pub(super) now: SystemTime,
}

#[derive(Debug, Clone)]
pub struct Workspace {
    pub id: String,
    pub name: String,
}

#[derive(Debug, Clone)]
pub struct Project {
    pub id: String,
    pub name: String,
    pub workspace: String,
    pub environments: Vec<Environment>,
    pub created: SystemTime,
    /// It stays in lists.
    pub deleted: Option<SystemTime>,
}

#[derive(Debug, Clone)]
pub struct Environment {
    pub id: String,
    pub name: String,
}

#[derive(Debug, Clone)]
pub struct Service {
    pub id: String,
    pub name: String,
    pub project: String,
    /// None: it is not reached from outside.
    pub domain: Option<String>,
    pub repo: Option<String>,
    pub created: SystemTime,
}

#[derive(Debug, Clone)]
pub struct Deployment {
    pub id: String,
    pub service: String,
    pub environment: String,
    pub course: Course,
    /// `running` or `stopped`, once it is there.
    pub run: Course,
    pub commit: String,
    pub reason: &'static str,
}

/// What comes of deployments that begin from now on.
#[derive(Debug, Clone)]
pub struct Plan {
    pub initializing: Duration,
    pub building: Duration,
    pub deploying: Duration,
    /// `SUCCESS`, `FAILED`, `CRASHED`, `SKIPPED`, `NEEDS_APPROVAL` or `WAITING`.
    pub outcome: &'static str,
    pub stopping: Duration,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            initializing: Duration::from_millis(100),
            building: Duration::from_millis(200),
            deploying: Duration::from_millis(200),
            outcome: "SUCCESS",
            stopping: Duration::from_millis(100),
        }
    }
}

pub(super) const IN_PROGRESS: [&str; 6] =
    ["QUEUED", "WAITING", "NEEDS_APPROVAL", "INITIALIZING", "BUILDING", "DEPLOYING"];

impl Railway {
    pub(super) fn initial(now: SystemTime) -> Self {
        let workspaces = vec![
            Workspace { id: random::uuid(), name: "Acme".to_owned() },
            Workspace { id: random::uuid(), name: "Ada's Projects".to_owned() },
        ];
        let shop = Project::new("shop", &workspaces[0].id, now);
        let notes = Project::new("notes", &workspaces[1].id, now);
        let environment = shop.environments[0].id.clone();
        let services = vec![
            Service::new("web", &shop.id, Some("web-production.up.railway.app"), now),
            Service::new("worker", &shop.id, None, now),
        ];
        let first = |service: &Service| {
            let mut one = Deployment::new(&service.id, &environment, "deploy", Course::from(now, "SUCCESS"));
            one.run = Course::from(now, "running");
            one
        };
        let deployments = services.iter().map(first).collect();
        Self { workspaces, projects: vec![shop, notes], services, deployments, plan: Plan::default(), now }
    }

    /// What succeeds takes the place of what was there before.
    pub(super) fn settle_at(&mut self, now: SystemTime) {
        self.now = now;
        let removing = self.plan.stopping;
        let ends: Vec<(String, String, usize, SystemTime)> = self
            .deployments
            .iter()
            .enumerate()
            .filter_map(|(place, one)| {
                Some((one.service.clone(), one.environment.clone(), place, one.course.since("SUCCESS", now)?))
            })
            .collect();
        for (service, environment, place, since) in ends {
            for one in &mut self.deployments[..place] {
                let is_there = matches!(one.course.at(now), "SUCCESS" | "SLEEPING" | "CRASHED");
                if is_there && one.service == service && one.environment == environment {
                    one.course.turn(since, "REMOVING");
                    one.course = one.course.clone().then(removing, "REMOVED");
                }
            }
        }
    }

    #[must_use]
    pub fn service(&self, name: &str) -> Option<&Service> {
        self.services.iter().find(|service| service.id == name || service.name == name)
    }

    #[must_use]
    pub fn deployment(&self, id: &str) -> Option<&Deployment> {
        self.deployments.iter().find(|one| one.id == id)
    }

    #[must_use]
    pub fn latest(&self, service: &str, environment: &str) -> Option<&Deployment> {
        self.deployments.iter().rev().find(|one| one.service == service && one.environment == environment)
    }

    /// Gives its id. What is on its way already is given up for it.
    pub(super) fn begin(
        &mut self,
        service: &str,
        environment: &str,
        reason: &'static str,
        commit: Option<&str>,
        builds: bool,
    ) -> String {
        let (now, plan) = (self.now, self.plan.clone());
        for one in
            self.deployments.iter_mut().filter(|one| one.service == service && one.environment == environment)
        {
            if IN_PROGRESS.contains(&one.course.at(now)) {
                one.course.turn(now, "REMOVED");
            }
        }
        let mut course = Course::from(now, "INITIALIZING");
        let mut run = Course::from(now, "stopped");
        match plan.outcome {
            "SKIPPED" | "NEEDS_APPROVAL" | "WAITING" => course = Course::from(now, plan.outcome),
            outcome => {
                let mut left = plan.initializing;
                if builds {
                    course = course.then(left, "BUILDING");
                    left = plan.building;
                }
                if outcome == "FAILED" {
                    course = course.then(left, "FAILED");
                } else {
                    course = course.then(left, "DEPLOYING").then(plan.deploying, "SUCCESS");
                    run = run.then(course.ends().duration_since(now).unwrap_or_default(), "running");
                    if outcome == "CRASHED" {
                        course = course.then(plan.deploying, "CRASHED");
                        run = run.then(plan.deploying, "stopped");
                    }
                }
            }
        }
        let mut one = Deployment::new(service, environment, reason, course);
        one.run = run;
        if let Some(commit) = commit {
            commit.clone_into(&mut one.commit);
        }
        let id = one.id.clone();
        self.deployments.push(one);
        id
    }
}

impl Project {
    /// With one environment, `production`.
    #[must_use]
    pub fn new(name: &str, workspace: &str, now: SystemTime) -> Self {
        let production = Environment { id: random::uuid(), name: "production".to_owned() };
        Self {
            id: random::uuid(),
            name: name.to_owned(),
            workspace: workspace.to_owned(),
            environments: vec![production],
            created: now,
            deleted: None,
        }
    }
}

impl Service {
    #[must_use]
    pub fn new(name: &str, project: &str, domain: Option<&str>, now: SystemTime) -> Self {
        Self {
            id: random::uuid(),
            name: name.to_owned(),
            project: project.to_owned(),
            domain: domain.map(ToOwned::to_owned),
            repo: Some(format!("acme/{name}")),
            created: now,
        }
    }
}

impl Deployment {
    #[must_use]
    pub fn new(service: &str, environment: &str, reason: &'static str, course: Course) -> Self {
        let run = Course::from(course.began(), "stopped");
        Self {
            id: random::uuid(),
            service: service.to_owned(),
            environment: environment.to_owned(),
            course,
            run,
            commit: random::hex32(),
            reason,
        }
    }
}
