use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use super::state::{Plan, Railway};

/// What somebody else does, or the service itself.
pub(super) fn control(cloud: &mut Railway, order: &Value, now: SystemTime) -> Result<Value, String> {
    let time = |field: &str, before: Duration| order[field].as_u64().map_or(before, Duration::from_millis);
    match order["do"].as_str().unwrap_or_default() {
        "plan" => {
            let ends = ["SUCCESS", "FAILED", "CRASHED", "SKIPPED", "NEEDS_APPROVAL", "WAITING"];
            let outcome = order["outcome"].as_str().unwrap_or("SUCCESS");
            let outcome = ends.into_iter().find(|end| *end == outcome);
            cloud.plan = Plan {
                initializing: time("initializing_ms", cloud.plan.initializing),
                building: time("building_ms", cloud.plan.building),
                deploying: time("deploying_ms", cloud.plan.deploying),
                stopping: time("stopping_ms", cloud.plan.stopping),
                outcome: outcome.ok_or_else(|| format!("\"outcome\" is one of {ends:?}"))?,
            };
            Ok(json!({}))
        }
        what @ ("push" | "sleep" | "wake" | "crash") => {
            let name = order["service"].as_str().ok_or("the order lacks \"service\", a text")?;
            let service = cloud.service(name).ok_or("there is no such service")?.clone();
            let project = cloud.projects.iter().find(|project| project.id == service.project);
            let environment = project.and_then(|project| project.environments.first()).ok_or("it has no environment")?;
            let environment = environment.id.clone();
            if what == "push" {
                return Ok(json!({"id": cloud.begin(&service.id, &environment, "deploy", None, true)}));
            }
            let latest = cloud.latest(&service.id, &environment).ok_or("it has no deployment")?.id.clone();
            for one in cloud.deployments.iter_mut().filter(|one| one.id == latest) {
                one.course.turn(now, match what {
                    "sleep" => "SLEEPING",
                    "wake" => "SUCCESS",
                    _ => "CRASHED",
                });
            }
            Ok(json!({"id": latest}))
        }
        _ => Err("\"do\" is plan (initializing_ms, building_ms, deploying_ms, stopping_ms, outcome), push, sleep, wake or \
                  crash (service)"
            .to_owned()),
    }
}
