use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::compat::read::tests::FILES;

pub const NAMES: [&str; 9] =
    ["api", "web", "zen", "atoms-mcp", "byteport-api", "my worker", "true", "größe", "server"];
const HOSTS: [&str; 4] = ["a.example.com", "*.example.com", "byte.example.com", "b.example.com"];

pub fn name() -> impl Strategy<Value = String> {
    prop_oneof![4 => proptest::sample::select(&NAMES[..]).prop_map(str::to_owned), 1 => any::<String>()]
}

/// Few, so that they meet.
pub fn port() -> impl Strategy<Value = u16> {
    prop_oneof![Just(50_002), Just(8_000), Just(8_001), 8_000..8_010_u16]
}

fn host() -> impl Strategy<Value = &'static str> {
    proptest::sample::select(&HOSTS[..])
}

type File = (String, String);

pub fn registry() -> impl Strategy<Value = File> {
    let entry = (name(), port(), proptest::option::of(host()), proptest::option::of(1..4_u32));
    proptest::collection::vec(entry, 0..8).prop_map(|entries| {
        let entries = entries.into_iter().map(|(name, port, host, pid)| {
            let tunnel = host.map(|host| format!("t-{host}"));
            (name, serde_json::json!({
                "assigned_port": port, "tunnel_hostname": host, "tunnel_id": tunnel, "pid": pid, "last_seen": 5.0
            }))
        });
        let services: serde_json::Map<_, _> = entries.collect();
        let whole = serde_json::json!({"version": "1.0", "services": services});
        (".kinfra/port_registry.json".to_owned(), whole.to_string())
    })
}

pub fn manager() -> impl Strategy<Value = File> {
    let project = proptest::sample::select(&["zen", "atoms_mcp", "pilot", "python"][..]);
    (project, port()).prop_map(|(project, port)| {
        let path = format!(".kinfra_smart_infra/{project}_config.json");
        (path, serde_json::json!({"project_name": project, "assigned_port": port}).to_string())
    })
}

pub fn config() -> impl Strategy<Value = File> {
    let rule = (host(), proptest::option::of("/[a-z]{1,3}"), port());
    proptest::collection::vec(rule, 1..5).prop_map(|rules| {
        let rules: Vec<_> = rules.into_iter().map(|(host, path, port)| {
            serde_json::json!({"hostname": host, "path": path, "service": format!("http://127.0.0.1:{port}")})
        }).collect();
        let path = ".cloudflared/config-byte.yml".to_owned();
        (path, serde_json::json!({"tunnel": "byte-unified", "ingress": rules}).to_string())
    })
}

fn settings() -> impl Strategy<Value = File> {
    (name(), port(), host(), 0.0..9.0_f64).prop_map(|(name, port, host, grace)| {
        let settings = serde_json::json!({
            "service": {"name": name}, "port": {"preferred": port, "range": [8000, 8010]},
            "tunnel": {"enabled": true, "domain": host}, "cleanup": {"grace_period": grace}
        });
        ("atoms/kinfra_config.yaml".to_owned(), settings.to_string())
    })
}

fn file() -> impl Strategy<Value = File> {
    prop_oneof![registry(), manager(), config(), settings()]
}

fn left() -> impl Strategy<Value = Left> {
    let claim = (proptest::sample::select(&["atoms", "else"][..]), port(), any::<bool>());
    let claims = proptest::collection::vec(claim, 0..3);
    (proptest::collection::vec(file(), 0..5), any::<[bool; 3]>(), claims).prop_map(
        |(files, [atoms, byte, own], claims)| {
            let mut left = Left::default();
            if atoms {
                left = left.launcher("atoms", one("start_server.py", &["atoms-mcp", "atoms"], 50_002));
            }
            if byte {
                left = left.launcher("BytePort", byteport());
            }
            if own {
                left = left
                    .project("atoms", "services:\n  server: {run: serve}\n  web: {run: serve, port: 8003}\n");
            }
            let mut seen = BTreeSet::new();
            for (path, text) in files.into_iter().filter(|(path, _)| seen.insert(path.clone())) {
                left = left.file(&path, &text);
            }
            let mut ports = BTreeSet::new();
            for (instance, port, is_users) in claims.into_iter().filter(|(_, port, _)| ports.insert(*port)) {
                let origin = if is_users { PortOrigin::User } else { PortOrigin::Hash };
                let node = if instance == "atoms" { "server" } else { "theirs" };
                left.known.claims.retain(|claim| claim.key.instance != instance);
                left = left.claim(instance, node, port, origin);
            }
            left
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases.min(128), ..ProptestConfig::default() })]

    #[test]
    fn no_port_is_given_twice_or_taken_from_its_user_and_moving_over_twice_is_moving_over_once(left in left()) {
        let planning = left.planning();
        let plan = planning.plan.clone();
        for project in plan.projects.iter().filter(|project| project.obstacle.is_some()) {
            // Nothing in here breaks a file.
            prop_assert!(false, "{}: {:?}", project.name, project.obstacle);
        }
        let is_users = |claim: &&Claim| claim.origin == PortOrigin::User;
        let chosen: Vec<Claim> = left.known.claims.iter().filter(is_users).cloned().collect();
        let (before, left) = (shown(&plan), left.done(&planning));
        let ports: BTreeSet<u16> = left.known.claims.iter().map(|claim| claim.port).collect();
        prop_assert_eq!(ports.len(), left.known.claims.len(), "{}", before);
        for claim in chosen {
            prop_assert!(left.known.claims.contains(&claim), "{before}\nhas taken {claim:?}");
        }
        let again = left.plan();
        prop_assert!(!again.pending, "{before}\nand then\n{}\n{left:?}", shown(&again));
        let left = left.after(&again);
        prop_assert_eq!(shown(&left.plan()), shown(&again));
    }

    #[test]
    fn whatever_the_files_hold_there_is_a_plan_and_it_is_done_once(
        changes in proptest::collection::vec((0..2_000_usize, any::<char>()), 0..6),
        cut in 1_000..4_000_usize,
        mutated in 0..FILES.len(),
        launched in any::<bool>(),
    ) {
        let mut left = Left::default();
        if launched {
            left = left.launcher("atoms", one("start_server.py", &["atoms-mcp", "atoms"], 50_002));
        }
        for (number, (path, text)) in FILES.iter().enumerate() {
            let mut characters: Vec<char> = text.chars().collect();
            if number == mutated {
                for (at, character) in &changes {
                    let at = at % characters.len();
                    characters[at] = *character;
                }
                characters.truncate(cut);
            }
            left = left.file(path.strip_prefix("/home/me/").unwrap(), &characters.into_iter().collect::<String>());
        }
        let plan = left.plan();
        let (before, left) = (shown(&plan), left.after(&plan));
        let again = left.plan();
        prop_assert!(!again.pending, "{before}\nand then\n{}", shown(&again));
    }
}
