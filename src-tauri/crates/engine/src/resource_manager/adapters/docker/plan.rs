//! From what is there to what is to be there. Nothing here removes a volume, and no step does.

use kinfra_rpc::{ErrorCode, Problem};

use super::settings::Pull;
use super::spec::{Image, Spec};
use crate::resource_manager::{Observed, Part, Settled, Step};

/// Where the image comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    Registry(Pull),
    /// The engine keeps each step of a build, and says within a moment that nothing has changed.
    Build,
}

/// What of the settings a plan depends on.
#[derive(Debug, Clone)]
pub struct Wanted {
    pub source: Source,
    /// By their keys.
    pub volumes: Vec<String>,
}

impl Wanted {
    pub fn of(spec: &Spec) -> Self {
        let source = match spec.image {
            Image::Named { pull, .. } => Source::Registry(pull),
            Image::Built(_) => Source::Build,
        };
        Self { source, volumes: spec.volumes.iter().map(|volume| volume.key.clone()).collect() }
    }
}

/// # Errors
/// When what has its name is not KInfra's.
pub fn plan(wanted: &Wanted, observed: &Observed) -> Result<Vec<Step>, Problem> {
    if let Some(foreign) = &observed.foreign {
        let message = format!("{foreign} is there already, and was not made by this KInfra");
        return Err(Problem::new(ErrorCode::ResourceFailed, message)
            .hint("rename or remove it, or give the resource another name"));
    }
    let is_there = match observed.settled {
        Settled::Running if !observed.outdated => return Ok(vec![]),
        Settled::Running | Settled::Paused | Settled::Down(_) => true,
        Settled::Absent | Settled::Unknown => false,
    };
    let has = |part: &Part| observed.parts.contains(part);
    let volumes: Vec<_> =
        wanted.volumes.iter().filter(|key| !has(&Part::Volume((*key).clone()))).cloned().collect();
    // A container doesn't find again what was taken from under it.
    let stays = is_there && !observed.outdated && has(&Part::Network) && volumes.is_empty();
    let mut steps = vec![];
    match wanted.source {
        Source::Build => steps.push(Step::Build),
        Source::Registry(Pull::Always) => steps.push(Step::Pull),
        Source::Registry(Pull::Missing) if !stays && !has(&Part::Image) => steps.push(Step::Pull),
        Source::Registry(Pull::Missing | Pull::Never) => {}
    }
    if !has(&Part::Network) {
        steps.push(Step::MakeNetwork);
    }
    steps.extend(volumes.into_iter().map(Step::MakeVolume));
    if !stays {
        steps.extend(is_there.then_some(Step::Remove));
        steps.push(Step::Create);
    }
    steps.push(Step::Start);
    Ok(steps)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use kinfra_rpc::Exit;
    use proptest::prelude::*;

    use super::*;

    fn wanted() -> Wanted {
        Wanted { source: Source::Registry(Pull::Missing), volumes: vec!["data".to_owned()] }
    }

    fn everything() -> BTreeSet<Part> {
        BTreeSet::from([Part::Image, Part::Network, Part::Volume("data".to_owned())])
    }

    fn observed(settled: Settled, outdated: bool, parts: BTreeSet<Part>) -> Observed {
        Observed { settled, outdated, parts, ..Observed::default() }
    }

    #[test]
    fn what_is_absent_is_made_from_the_ground_up() {
        let steps = plan(&wanted(), &Observed::default()).unwrap();
        let volume = Step::MakeVolume("data".to_owned());
        assert_eq!(steps, [Step::Pull, Step::MakeNetwork, volume, Step::Create, Step::Start]);
        let steps = plan(&wanted(), &observed(Settled::Absent, false, everything())).unwrap();
        assert_eq!(steps, [Step::Create, Step::Start]);
    }

    #[test]
    fn what_is_down_with_the_same_settings_is_only_started() {
        let down = observed(Settled::Down(Some(Exit::default())), false, everything());
        assert_eq!(plan(&wanted(), &down).unwrap(), [Step::Start]);
        let without_image = BTreeSet::from([Part::Network, Part::Volume("data".to_owned())]);
        let down = observed(Settled::Down(None), false, without_image);
        assert_eq!(plan(&wanted(), &down).unwrap(), [Step::Start]);
    }

    #[test]
    fn other_settings_make_a_new_container_and_keep_its_volumes() {
        for settled in [Settled::Down(None), Settled::Running] {
            let steps = plan(&wanted(), &observed(settled, true, everything())).unwrap();
            assert_eq!(steps, [Step::Remove, Step::Create, Step::Start]);
        }
    }

    #[test]
    fn an_image_is_asked_for_as_the_settings_say() {
        let down = observed(Settled::Down(None), false, everything());
        let first = |source| plan(&Wanted { source, ..wanted() }, &down).unwrap()[0].clone();
        assert_eq!(first(Source::Registry(Pull::Always)), Step::Pull);
        assert_eq!(first(Source::Registry(Pull::Never)), Step::Start);
        assert_eq!(first(Source::Build), Step::Build);
        let never = Wanted { source: Source::Registry(Pull::Never), ..wanted() };
        assert!(!plan(&never, &Observed::default()).unwrap().contains(&Step::Pull));
    }

    #[test]
    fn what_has_the_name_and_is_not_ours_is_told() {
        let taken = Observed {
            settled: Settled::Running,
            foreign: Some("the container kinfra-shop-db".to_owned()),
            ..Observed::default()
        };
        insta::assert_snapshot!(plan(&wanted(), &taken).unwrap_err(), @r"
        the container kinfra-shop-db is there already, and was not made by this KInfra
          hint: rename or remove it, or give the resource another name
        ");
    }

    fn any_observed() -> impl Strategy<Value = Observed> {
        let settled = prop_oneof![
            Just(Settled::Absent),
            Just(Settled::Down(None)),
            Just(Settled::Down(Some(Exit::default()))),
            Just(Settled::Running),
            Just(Settled::Unknown),
        ];
        let part = prop_oneof![Just(Part::Image), Just(Part::Network), "[a-c]".prop_map(Part::Volume),];
        (settled, any::<bool>(), prop::collection::btree_set(part, 0..5)).prop_map(
            |(settled, outdated, parts)| Observed { settled, outdated, foreign: None, pid: None, parts },
        )
    }

    fn any_wanted() -> impl Strategy<Value = Wanted> {
        let source = prop_oneof![
            Just(Source::Build),
            Just(Source::Registry(Pull::Missing)),
            Just(Source::Registry(Pull::Always)),
            Just(Source::Registry(Pull::Never)),
        ];
        let volumes = prop::collection::btree_set("[a-c]", 0..3).prop_map(|keys| keys.into_iter().collect());
        (source, volumes).prop_map(|(source, volumes)| Wanted { source, volumes })
    }

    /// What the steps make of what is there, as an engine would.
    fn apply(steps: &[Step], mut there: Observed) -> Result<Observed, String> {
        for step in steps {
            let exists = !matches!(there.settled, Settled::Absent | Settled::Unknown);
            match step {
                Step::Pull | Step::Build => drop(there.parts.insert(Part::Image)),
                Step::MakeNetwork => drop(there.parts.insert(Part::Network)),
                Step::MakeVolume(key) => drop(there.parts.insert(Part::Volume(key.clone()))),
                Step::Remove if exists => there.settled = Settled::Absent,
                Step::Create if !exists => (there.settled, there.outdated) = (Settled::Down(None), false),
                Step::Start if exists => there.settled = Settled::Running,
                impossible => return Err(format!("{impossible:?} in {there:?}")),
            }
        }
        Ok(there)
    }

    proptest! {
        #[test]
        fn a_plan_leads_to_a_container_in_order_and_takes_no_volume_away(
            wanted in any_wanted(),
            before in any_observed(),
        ) {
            let steps = plan(&wanted, &before).unwrap();
            let after = apply(&steps, before.clone()).map_err(TestCaseError::fail)?;
            prop_assert_eq!(after.settled, Settled::Running);
            prop_assert!(!after.outdated);
            let is_volume = |part: &&Part| matches!(part, Part::Volume(_));
            prop_assert!(before.parts.iter().filter(is_volume).all(|part| after.parts.contains(part)));
            prop_assert_eq!(plan(&wanted, &after).unwrap(), vec![]);
        }

        #[test]
        fn what_is_foreign_is_never_touched(wanted in any_wanted(), before in any_observed()) {
            let foreign = Observed { foreign: Some("the container x".to_owned()), ..before };
            prop_assert!(plan(&wanted, &foreign).is_err());
        }
    }
}
