//! What an earlier migration gave, and a later one hands on.

use super::plans::{REGISTRY, entry, manager, registry};
use super::*;

fn zen() -> Launcher {
    one("server_mcp_http.py", &["zen", "zen-mcp-server"], 8_000)
}

/// Python's own, by project and service.
fn pythons(left: &Left) -> Vec<(String, String, u16)> {
    let claims = left.known.claims.iter();
    let its = claims.filter(|claim| left.known.of_python(claim, GENERATED.as_ref()).is_some());
    its.map(|claim| (claim.key.instance.clone(), claim.key.node.clone(), claim.port)).collect()
}

fn port_in(left: &Left, folder: &str, service: &str) -> Option<u16> {
    let slug = &left.known.project(&Path::new(HOME).join(folder))?.slug;
    Some(left.known.claim(slug, service)?.port)
}

/// As the window does it at first start.
fn all_pythons(left: Left) -> Left {
    let step = left.named(&[]);
    let planning = step.planning();
    Left { known: step.done(&planning).known, ..left }
}

fn full() -> Left {
    let entries = [entry("byteport-api", 8_005, ""), entry("my worker", 8_002, "")];
    Left::default()
        .launcher("zen", zen())
        .launcher("BytePort", byteport())
        .file(REGISTRY, &registry(&entries))
        .file(".kinfra_smart_infra/zen_config.json", &manager("zen", 8_123, ""))
}

#[test]
fn pythons_project_of_which_nothing_is_left_is_gone_and_its_name_is_the_folders() {
    let left = all_pythons(full());
    assert_eq!(pythons(&left).len(), 3);
    let planning = left.planning();
    assert!(planning.plan.pending);
    let detail = planning.plan.projects.iter().flat_map(|project| &project.services);
    let detail: Vec<_> = detail.filter_map(|service| service.detail.as_deref()).collect();
    assert!(
        detail.contains(&"server of zen in calls of Python, with 8123, is this server from now on"),
        "{detail:?}"
    );
    let left = left.done(&planning);
    assert_eq!(port_in(&left, "zen", "server"), Some(8_123));
    assert_eq!(port_in(&left, "BytePort", "api"), Some(8_005));
    assert_eq!(pythons(&left), [("python".to_owned(), "my worker".to_owned(), 8_002)]);
    assert_eq!(left.known.project(&Path::new(HOME).join("zen")).unwrap().slug, "zen");
    assert!(!left.plan().pending);
}

#[test]
fn what_runs_in_calls_of_python_is_to_be_stopped_first_and_the_others_are_moved_over() {
    let mut left = all_pythons(full());
    left.known.busy.insert(("zen".to_owned(), "server".to_owned()));
    let planning = left.planning();
    let project = |name: &str| planning.plan.projects.iter().find(|project| project.name == name).unwrap();
    let why = project("zen").obstacle.as_ref().unwrap();
    assert!(why.contains("kinfra down server --project zen"), "{why}");
    assert_eq!(project("BytePort").obstacle, None);
    let left = left.done(&planning);
    assert_eq!((port_in(&left, "zen", "server"), port_in(&left, "BytePort", "api")), (None, Some(8_005)));
    assert!(pythons(&left).contains(&("zen".to_owned(), "server".to_owned(), 8_123)));
}

#[test]
fn a_name_that_python_was_given_without_a_migration_is_given_up_as_well() {
    // By the package itself, which asked for the old port; and by it once more, when that was busy.
    for (port, origin) in [(8_123, PortOrigin::User), (9_897, PortOrigin::Hash)] {
        let mut left = full();
        let folder = Path::new(GENERATED).join("zen");
        let draft = Draft {
            services: vec![DraftService {
                name: "server".into(),
                port: Some(8_123),
                ..DraftService::default()
            }],
            ..Draft::generated("zen")
        };
        let text = python::text(&draft, None).unwrap().unwrap();
        left.known.configurations.insert(folder.clone(), configuration(&folder, &text));
        left.known.projects.push(StoredProject { name: "zen".into(), slug: "zen".into(), folder });
        let left = left.claim("zen", "server", port, origin);
        let planning = left.planning();
        let left = left.done(&planning);
        assert_eq!(port_in(&left, "zen", "server"), Some(8_123));
        assert!(pythons(&left).iter().all(|(project, ..)| project == "python"), "{:?}", pythons(&left));
    }
    // But one that somebody chose since for a name of its own stays.
    let mut left = full();
    let folder = Path::new(GENERATED).join("python");
    left.known.projects.push(StoredProject { name: "python".into(), slug: "python".into(), folder });
    let left = left.claim("python", "mine", 8_123, PortOrigin::User);
    let plan = left.plan();
    let server = plan.projects.iter().find(|project| project.name == "zen").unwrap().services[0].clone();
    assert_eq!((server.step, server.detail.as_deref()), (PortStep::Conflict, Some("it is mine's of python")));
}

#[test]
fn what_was_only_a_default_gives_way_to_who_had_it() {
    let left = Left::default()
        .launcher("zen", zen())
        .file("hooks/.tunnel_config.json", "{\"service\": \"hooks\", \"local_port\": 8000}");
    // Both together: it is whose it was, whoever is named first.
    for folders in [["zen", "hooks"], ["hooks", "zen"]] {
        let step = left.named(&folders);
        let planning = step.planning();
        let after = step.done(&planning);
        assert_eq!(
            (port_in(&after, "hooks", "hooks"), port_in(&after, "zen", "server")),
            (Some(8_000), None)
        );
    }
    // One after the other: the first could not know.
    let step = left.named(&["zen"]);
    let planning = step.planning();
    let after = step.done(&planning);
    assert_eq!(port_in(&after, "zen", "server"), Some(8_000));
    let step = Left { known: after.known, ..left.named(&["hooks"]) };
    let planning = step.planning();
    assert!(shown(&planning.plan).contains("server of zen gives it up, which had it only by default"));
    let after = step.done(&planning);
    assert_eq!((port_in(&after, "hooks", "hooks"), port_in(&after, "zen", "server")), (Some(8_000), None));
    // Once somebody has it for sure, nobody else gets it.
    let step = Left { known: after.known, ..left.named(&["zen", "hooks"]) };
    assert!(!step.plan().pending, "{}", shown(&step.plan()));
}

#[test]
fn what_was_given_by_a_bare_name_gives_way_to_the_folder_that_noted_it() {
    let left = Left::default()
        .launcher("BytePort", byteport())
        .launcher("zen", zen())
        .file(REGISTRY, &registry(&[entry("api", 8_000, "")]))
        .file("hooks/.tunnel_config.json", "{\"service\": \"api\", \"local_port\": 8000}");
    let had = |left: &Left| (port_in(left, "hooks", "api"), port_in(left, "BytePort", "api"));
    let orders: [&[&[&str]]; 7] = [
        &[&["BytePort", "hooks"]],
        &[&["hooks", "BytePort"]],
        &[&["BytePort"], &["hooks"]],
        &[&["hooks"], &["BytePort"]],
        // As the window does it, and with what has nothing to do with it between.
        &[&[], &["BytePort"], &["hooks"]],
        &[&["BytePort"], &[], &["zen"], &["hooks"]],
        &[&["zen"], &["hooks"], &["BytePort"]],
    ];
    for steps in orders {
        let mut known = left.known.clone();
        for folders in steps {
            let step = Left { known, ..left.named(folders) };
            let planning = step.planning();
            known = step.done(&planning).known;
        }
        let after = Left { known, ..left.named(&steps.concat()) };
        assert_eq!(had(&after), (Some(8_000), None), "{steps:?}");
        assert_eq!(pythons(&after), [], "{steps:?}");
        assert!(!after.plan().pending, "{steps:?}: {}", shown(&after.plan()));
    }
    // Until the folder is known to have it, it stays, whatever else is moved over.
    let step = left.named(&["BytePort"]);
    let planning = step.planning();
    let mut known = step.done(&planning).known;
    for folders in [&[][..], &["zen"]] {
        let step = Left { known, ..left.named(folders) };
        let planning = step.planning();
        let after = step.done(&planning);
        assert_eq!(port_in(&after, "BytePort", "api"), Some(8_000));
        assert_eq!(pythons(&after), []);
        known = after.known;
    }
}

#[test]
fn what_others_of_pythons_need_is_not_taken_from_them() {
    let mut left = all_pythons(full());
    let folder = Path::new(GENERATED).join("python");
    let text = left.known.configurations[&folder].text.clone();
    let (before, worker) = text.split_once("\"my worker\"").unwrap();
    let worker =
        worker.replacen("\"manual\": true", "\"depends_on\": [\n        \"byteport-api\"\n      ]", 1);
    let text = format!("{before}\"my worker\"{worker}");
    left.known.configurations.insert(folder.clone(), configuration(&folder, &text));
    let plan = left.plan();
    let byteport = plan.projects.iter().find(|project| project.name == "BytePort").unwrap();
    let why = byteport.obstacle.as_deref();
    assert_eq!(
        why,
        Some("byteport-api of python has 8005 and can't give it up: my worker depends on byteport-api there")
    );
}
