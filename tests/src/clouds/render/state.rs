//! Services of workspaces and their deploys. How long a deploy takes and how it ends is settled when it begins; what goes
//! live takes the place of what was live before, and a deploy that begins while another is on its way ends that one, or
//! waits for it where the workspace wants so.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use crate::clouds::course::Course;
use crate::clouds::shared::random;

#[derive(Debug, Clone)]
pub struct Render {
    pub workspaces: Vec<Workspace>,
    pub services: Vec<Service>,
    /// The oldest one first.
    pub deploys: Vec<Deploy>,
    pub plan: Plan,
    /// When each service was asked for something that is limited for each.
    pub(super) asked: BTreeMap<String, Vec<SystemTime>>,
    pub(super) now: SystemTime,
}

#[derive(Debug, Clone)]
pub struct Workspace {
    pub id: String,
    pub name: String,
    pub is_team: bool,
}

#[derive(Debug, Clone)]
pub struct Service {
    pub id: String,
    pub name: String,
    /// `web_service`, `static_site`, `private_service`, `background_worker` or `cron_job`.
    pub kind: String,
    pub workspace: String,
    /// `not_suspended` or `suspended`.
    pub suspension: Course,
    /// Who has suspended it, if it is: `user`, `billing`, `admin`…
    pub suspender: String,
    pub created: SystemTime,
}

#[derive(Debug, Clone)]
pub struct Deploy {
    pub id: String,
    pub service: String,
    pub course: Course,
    pub trigger: &'static str,
    pub commit: String,
}

/// What comes of what is asked for from now on.
#[derive(Debug, Clone)]
pub struct Plan {
    pub created: Duration,
    pub building: Duration,
    pub updating: Duration,
    /// `live`, `build_failed`, `update_failed` or `pre_deploy_failed`.
    pub outcome: &'static str,
    /// A deploy waits for the one before it, and is answered with 202 and no word of it.
    pub does_wait: bool,
    /// How long it takes to suspend a service, and to resume it.
    pub suspending: Duration,
    /// How often within a minute one service is deployed, suspended or resumed.
    pub limit: usize,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            created: Duration::from_millis(100),
            building: Duration::from_millis(200),
            updating: Duration::from_millis(100),
            outcome: "live",
            does_wait: false,
            suspending: Duration::from_millis(100),
            limit: 10,
        }
    }
}

pub(super) const IN_PROGRESS: [&str; 5] =
    ["created", "queued", "build_in_progress", "pre_deploy_in_progress", "update_in_progress"];

impl Render {
    pub(super) fn initial(now: SystemTime) -> Self {
        let workspaces = vec![
            Workspace { id: id("tea-"), name: "Acme".to_owned(), is_team: true },
            Workspace { id: id("tea-"), name: "Ada's workspace".to_owned(), is_team: false },
        ];
        let services: Vec<Service> =
            [("web_service", "api"), ("background_worker", "jobs"), ("cron_job", "nightly")]
                .into_iter()
                .map(|(kind, name)| Service::new(kind, name, &workspaces[0].id, now))
                .collect();
        let first = |service: &Service| Deploy::new(&service.id, "new_commit", Course::from(now, "live"));
        let deploys = services.iter().map(first).collect();
        Self { workspaces, services, deploys, plan: Plan::default(), asked: BTreeMap::new(), now }
    }

    /// One deploy of a service is live: the one that became so last.
    pub(super) fn settle_at(&mut self, now: SystemTime) {
        self.now = now;
        for service in &self.services {
            let live =
                |one: &Deploy| (one.service == service.id).then(|| one.course.since("live", now)).flatten();
            let last = self.deploys.iter().filter_map(live).max();
            for one in self.deploys.iter_mut().filter(|one| one.course.at(now) == "live") {
                if let Some(next) = last.filter(|last| live(one).is_some_and(|since| since < *last)) {
                    one.course.turn(next, "deactivated");
                }
            }
        }
    }

    #[must_use]
    pub fn service(&self, name: &str) -> Option<&Service> {
        self.services.iter().find(|service| service.id == name || service.name == name)
    }

    /// Those of a service, the newest first.
    pub fn deploys_of(&self, service: &str) -> impl Iterator<Item = &Deploy> {
        self.deploys.iter().rev().filter(move |one| one.service == service)
    }

    /// What is on its way to a service.
    pub(super) fn running(&self, service: &str) -> Option<&Deploy> {
        self.deploys_of(service).find(|one| IN_PROGRESS.contains(&one.course.at(self.now)))
    }

    /// Gives its id.
    pub(super) fn begin(
        &mut self,
        service: &str,
        trigger: &'static str,
        commit: Option<&str>,
        builds: bool,
    ) -> String {
        let (now, plan) = (self.now, self.plan.clone());
        let running = self.running(service).map(|one| one.id.clone());
        let mut course = Course::from(now, "created");
        match running {
            Some(running) if plan.does_wait => {
                let end =
                    self.deploys.iter().find(|one| one.id == running).map_or(now, |one| one.course.ends());
                course =
                    Course::from(now, "queued").then(end.duration_since(now).unwrap_or_default(), "created");
            }
            Some(_) => {
                let others = self.deploys.iter_mut().filter(|one| one.service == service);
                for one in others.filter(|one| IN_PROGRESS.contains(&one.course.at(now))) {
                    one.course.turn(now, "canceled");
                }
            }
            None => {}
        }
        if builds {
            course = course.then(plan.created, "build_in_progress");
            course = course.then(
                plan.building,
                if plan.outcome == "build_failed" { "build_failed" } else { "update_in_progress" },
            );
        } else {
            course = course.then(plan.created, "update_in_progress");
        }
        if plan.outcome != "build_failed" {
            course = course.then(plan.updating, plan.outcome);
        }
        let mut one = Deploy::new(service, trigger, course);
        if let Some(commit) = commit {
            commit.clone_into(&mut one.commit);
        }
        let id = one.id.clone();
        self.deploys.push(one);
        id
    }
}

impl Service {
    #[must_use]
    pub fn new(kind: &str, name: &str, workspace: &str, now: SystemTime) -> Self {
        Self {
            id: id(if kind == "cron_job" { "crn-" } else { "srv-" }),
            name: name.to_owned(),
            kind: kind.to_owned(),
            workspace: workspace.to_owned(),
            suspension: Course::from(now, "not_suspended"),
            suspender: "user".to_owned(),
            created: now,
        }
    }
}

impl Deploy {
    #[must_use]
    pub fn new(service: &str, trigger: &'static str, course: Course) -> Self {
        Self { id: id("dep-"), service: service.to_owned(), course, trigger, commit: random::hex32() }
    }
}

fn id(prefix: &str) -> String {
    format!("{prefix}{}", &random::hex32()[..20])
}
