//! What went through the proxy: the requests that were answered last, and figures of each service.

use std::time::Duration;

use kinfra_proxy::{Audience, Figures, Record, Trouble};
use kinfra_rpc::{
    ErrorCode, Failure, Latency, MeasureTraffic, Problem, ReadRequests, RequestPage, RequestRecord,
    RequestTrouble, ServiceTraffic, TrafficList,
};
use tokio::time::timeout_at;

use super::engine::Engine;
use super::logs::deadline;
use crate::proxy_server::{parts, route_id};

/// As many as the proxy keeps.
const MOST: usize = 1000;

impl Engine {
    pub(super) async fn read_requests(&self, request: &ReadRequests) -> Result<RequestPage, Failure> {
        let wanted = self.wanted(request)?;
        let passes = |record: &Record| {
            let is_wanted = wanted.as_ref().is_none_or(|wanted| wanted.hold(record.route.as_deref()));
            is_wanted && (!request.failed || has_failed(record))
        };
        let limit = usize::try_from(request.limit).unwrap_or(MOST).clamp(1, MOST);
        let deadline = deadline(request.wait_ms);
        let journal = self.proxy.journal();
        // A cursor from before the engine was started anew is none of this journal's.
        let mut after = if request.after > journal.newest() { 0 } else { request.after };
        loop {
            let (records, cursor) = journal.after(after, limit, passes);
            if !records.is_empty() || timeout_at(deadline, journal.later_than(cursor)).await.is_err() {
                let now = self.services.clock.wall_now();
                let requests = records.into_iter().map(|record| shown(record, now)).collect();
                return Ok(RequestPage { requests, cursor });
            }
            after = cursor;
        }
    }

    pub(super) fn measure_traffic(&self, measure: &MeasureTraffic) -> Result<TrafficList, Failure> {
        let project = self.project(&measure.project)?;
        // A route is one, however many it leads to.
        let services = match measure.services.is_empty() {
            true => project.all_services(),
            false => project.services_of(&measure.services)?,
        };
        let services = services.into_iter().filter_map(|name| {
            let figures = self.proxy.figures(&measure.project, &name)?;
            Some(traffic(name, &figures))
        });
        Ok(TrafficList { services: services.collect() })
    }

    /// Whose requests are wanted; none: all.
    fn wanted(&self, request: &ReadRequests) -> Result<Option<Wanted>, Failure> {
        let Some(slug) = &request.project else {
            return match request.services.first() {
                None => Ok(None),
                Some(service) => {
                    let message =
                        format!("requests of the service {service} are asked for without a project");
                    Err(Problem::new(ErrorCode::InvalidRequest, message).hint("name its project").into())
                }
            };
        };
        let project = self.project(slug)?;
        let services = project.services_of(&request.services)?;
        let routes = services.iter().map(|service| route_id(slug, service)).collect();
        Ok(Some(Wanted { project: slug.clone(), routes }))
    }
}

struct Wanted {
    project: String,
    /// Empty: all of the project.
    routes: Vec<String>,
}

impl Wanted {
    fn hold(&self, route: Option<&str>) -> bool {
        route.is_some_and(|route| match self.routes.is_empty() {
            true => parts(route).is_some_and(|(project, _)| project == self.project),
            false => self.routes.iter().any(|wanted| wanted == route),
        })
    }
}

/// As [`ReadRequests::failed`] has it.
fn has_failed(record: &Record) -> bool {
    record.status.as_u16() >= 400 || record.trouble == Some(Trouble::Reset)
}

fn shown(record: Record, now: u64) -> RequestRecord {
    let (project, service) = record.route.as_deref().and_then(parts).unzip();
    let ago = u64::try_from(record.begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    RequestRecord {
        number: record.number,
        at: now.saturating_sub(ago),
        duration_us: micros(record.duration),
        project: project.map(str::to_owned),
        service: service.map(str::to_owned),
        public: record.audience == Audience::Public,
        method: record.method.to_string(),
        host: record.host.to_string(),
        path: record.path.into(),
        status: record.status.as_u16(),
        received: record.received,
        sent: record.sent,
        trouble: record.trouble.map(trouble),
    }
}

const fn trouble(trouble: Trouble) -> RequestTrouble {
    match trouble {
        Trouble::UnknownHost => RequestTrouble::UnknownHost,
        Trouble::UnknownPath => RequestTrouble::UnknownPath,
        Trouble::NotServing => RequestTrouble::NotServing,
        Trouble::Maintenance => RequestTrouble::Maintenance,
        Trouble::Refused => RequestTrouble::Refused,
        Trouble::TimedOut => RequestTrouble::TimedOut,
        Trouble::Reset => RequestTrouble::Reset,
        Trouble::Protocol => RequestTrouble::Protocol,
    }
}

fn traffic(service: String, figures: &Figures) -> ServiceTraffic {
    let latency = figures.latency.map(|latency| Latency {
        median_us: micros(latency.median),
        p95_us: micros(latency.p95),
        p99_us: micros(latency.p99),
    });
    let Figures { requests, errors, received, sent, .. } = *figures;
    ServiceTraffic { service, requests, errors, received, sent, latency }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
