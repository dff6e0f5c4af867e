use std::collections::BTreeMap;
use std::sync::Arc;

use kinfra_rpc::{ErrorCode, Problem};

use super::spec::{ProjectSpec, ReplicaSpec, ServiceSpec};
use crate::schema::nearest;

/// Which services are meant when a person names some, or none. Pure.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// The nodes.
    services: Vec<Selectable>,
    groups: BTreeMap<String, Vec<String>>,
    /// Asked for when nobody names a profile.
    profiles: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Selectable {
    name: String,
    /// The service, and which one of those that run it.
    replica: ReplicaSpec,
    profiles: Vec<String>,
    manual: bool,
}

impl Selection {
    #[must_use]
    pub fn new(spec: &ProjectSpec) -> Self {
        let service = |service: &Arc<ServiceSpec>| Selectable {
            name: service.name.clone(),
            replica: service.replica.clone(),
            profiles: service.profiles.clone(),
            manual: service.manual,
        };
        Self {
            services: spec.services.iter().map(service).collect(),
            groups: spec.groups.iter().cloned().collect(),
            profiles: spec.profiles.clone(),
        }
    }

    /// The services that a start of the whole project means, in the order of the file.
    ///
    /// # Errors
    /// For a profile that no service has.
    pub fn whole(&self, profiles: &[String]) -> Result<Vec<String>, Vec<Problem>> {
        let known =
            |profile: &&String| self.services.iter().any(|service| service.profiles.contains(profile));
        let unknown: Vec<Problem> = profiles
            .iter()
            .filter(|profile| !known(profile))
            .map(|profile| self.no_profile(profile))
            .collect();
        if !unknown.is_empty() {
            return Err(unknown);
        }
        let asked = if profiles.is_empty() { &self.profiles } else { profiles };
        let is_meant = |service: &&Selectable| {
            !service.manual
                && (service.profiles.is_empty()
                    || service.profiles.iter().any(|profile| asked.contains(profile)))
        };
        Ok(self.services.iter().filter(is_meant).map(|service| service.name.clone()).collect())
    }

    /// Whether a start of the whole project leaves it out when nobody names a profile.
    #[must_use]
    pub fn is_optional(&self, name: &str) -> bool {
        let listed = self.services.iter().any(|service| service.name == name);
        listed && !self.whole(&[]).is_ok_and(|whole| whole.iter().any(|service| service == name))
    }

    /// Whether that is the name of a service, whose nodes it then stands for.
    #[must_use]
    pub fn is_service(&self, name: &str) -> bool {
        self.services.iter().any(|node| node.replica.of == name)
    }

    /// The nodes of a service; of one that has several, one by its number; nothing for any other name.
    fn nodes_of(&self, name: &str) -> Vec<String> {
        let of = |name: &str| self.services.iter().filter(|node| node.replica.of == name).collect::<Vec<_>>();
        let all = of(name);
        if let (true, Some((service, "1"))) = (all.is_empty(), name.rsplit_once('.')) {
            let all = of(service);
            return all
                .first()
                .filter(|_| all.len() > 1)
                .map(|first| first.name.clone())
                .into_iter()
                .collect();
        }
        all.into_iter().map(|node| node.name.clone()).collect()
    }

    /// Names of services, replicas and groups, as nodes.
    ///
    /// # Errors
    /// For names that are neither.
    pub fn named(
        &self,
        names: &[String],
        known: &[&str],
        project: &str,
    ) -> Result<Vec<String>, Vec<Problem>> {
        let mut problems = vec![];
        let mut services: Vec<String> = vec![];
        for name in names {
            let nodes = self.nodes_of(name);
            match self.groups.get(name) {
                Some(members) => services.extend(members.iter().flat_map(|member| self.nodes_of(member))),
                None if !nodes.is_empty() => services.extend(nodes),
                // Of a service with several, the second and those after it are called by their own names.
                None if known.contains(&name.as_str()) => services.push(name.clone()),
                None => problems.push(self.unknown(name, known, project)),
            }
        }
        if problems.is_empty() { Ok(services) } else { Err(problems) }
    }

    fn unknown(&self, name: &str, known: &[&str], project: &str) -> Problem {
        let problem =
            Problem::new(ErrorCode::UnknownService, format!("no service of {project} is named {name}"));
        let known = format!("known: {}", known.join(", "));
        if self.groups.is_empty() {
            return problem.hint(known);
        }
        let groups: Vec<&str> = self.groups.keys().map(String::as_str).collect();
        problem.hint(format!("{known}; groups: {}", groups.join(", ")))
    }

    fn no_profile(&self, profile: &str) -> Problem {
        let mut known: Vec<&str> =
            self.services.iter().flat_map(|service| service.profiles.iter().map(String::as_str)).collect();
        known.sort_unstable();
        known.dedup();
        let problem =
            Problem::new(ErrorCode::InvalidRequest, format!("no service has the profile {profile}"));
        match (nearest(profile, known.iter().copied()), known.as_slice()) {
            (Some(near), _) => problem.hint(format!("did you mean {near}?")),
            (None, []) => problem.hint("a service gets one by `profiles: [NAME]` in the configuration"),
            (None, known) => problem.hint(format!("known: {}", known.join(", "))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Format, parse};

    fn selection() -> Selection {
        let text = "
groups: {back: [api, db]}
profiles: [dev]
services:
  db: {run: serve}
  api: {run: serve, depends_on: [db]}
  mail: {run: serve, profiles: [dev]}
  load: {run: serve, profiles: [load, bench]}
  console: {run: serve, manual: true}
";
        Selection::new(&parse("/shop/kinfra.yaml".as_ref(), text, Format::Yaml).unwrap())
    }

    fn texts(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn a_start_of_the_whole_leaves_out_what_is_manual_or_of_another_profile() {
        let selection = selection();
        assert_eq!(selection.whole(&[]).unwrap(), ["db", "api", "mail"]);
        assert_eq!(selection.whole(&texts(&["bench"])).unwrap(), ["db", "api", "load"]);
        assert!(selection.is_optional("load") && selection.is_optional("console"));
        assert!(!selection.is_optional("mail") && !selection.is_optional("no-such"));
    }

    #[test]
    fn a_group_stands_for_its_services() {
        let named = selection().named(&texts(&["back", "console"]), &["db", "api", "console"], "shop");
        assert_eq!(named.unwrap(), ["api", "db", "console"]);
    }

    #[test]
    fn a_service_with_several_replicas_stands_for_all_and_a_number_for_one() {
        let text = "
groups: {front: [web]}
services:
  db: {run: serve}
  web: {run: serve, replicas: 3}
";
        let selection = Selection::new(&parse("/shop/kinfra.yaml".as_ref(), text, Format::Yaml).unwrap());
        let known = ["db", "web", "web.2", "web.3"];
        let named = |name: &str| selection.named(&texts(&[name]), &known, "shop");
        for all in ["web", "front"] {
            assert_eq!(named(all).unwrap(), ["web", "web.2", "web.3"]);
        }
        assert_eq!(named("web.1").unwrap(), ["web"]);
        assert_eq!(named("web.3").unwrap(), ["web.3"]);
        assert_eq!(selection.whole(&[]).unwrap(), ["db", "web", "web.2", "web.3"]);
        assert!(named("db.1").is_err() && named("web.4").is_err());
    }

    #[test]
    fn unknown_names_are_told_with_the_known_ones() {
        let mut problems = selection().named(&texts(&["front"]), &["db", "api"], "shop").unwrap_err();
        problems.extend(selection().whole(&texts(&["lod", "x"])).unwrap_err());
        let shown: Vec<String> = problems.iter().map(Problem::to_string).collect();
        insta::assert_snapshot!(shown.join("\n"), @r"
        no service of shop is named front
          hint: known: db, api; groups: back
        no service has the profile lod
          hint: did you mean load?
        no service has the profile x
          hint: known: bench, dev, load
        ");
    }
}
