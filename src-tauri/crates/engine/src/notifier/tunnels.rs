//! What is said of tunnels that are down or up again.

use std::collections::BTreeSet;

use kinfra_rpc::{NodeState, Notice, ProjectState, Snapshot, TunnelState};

use super::episodes::News;

/// A service that has a name through it.
#[derive(Clone, Copy)]
struct User<'a> {
    project: &'a ProjectState,
    node: &'a NodeState,
}

fn users<'a>(state: &'a Snapshot, tunnel: &str) -> Vec<User<'a>> {
    let uses = |node: &&NodeState| node.exposures.iter().any(|shown| shown.tunnel.as_deref() == Some(tunnel));
    let of =
        |project: &'a ProjectState| project.nodes.iter().filter(uses).map(move |node| User { project, node });
    state.projects.iter().flat_map(of).collect()
}

pub fn notice(news: &News, state: &Snapshot) -> Notice {
    let known = state.engine.tunnels.iter().filter(|tunnel| news.tunnels.contains(&tunnel.name));
    let tunnels: Vec<(&TunnelState, Vec<User<'_>>)> =
        known.map(|tunnel| (tunnel, users(state, &tunnel.name))).collect();
    let all: Vec<User<'_>> = tunnels.iter().flat_map(|(_, users)| users.iter().copied()).collect();
    let projects: BTreeSet<&str> = all.iter().map(|user| &*user.project.slug).collect();
    let (title, body) = match (&*tunnels, news.is_up) {
        ([(tunnel, users)], false) => down(tunnel, users),
        ([(tunnel, users)], true) => up(tunnel, users),
        (several, is_up) => {
            let way = if is_up { "up again" } else { "down" };
            let line = |(tunnel, users): &(&TunnelState, Vec<User<'_>>)| {
                let whose = names(users, projects.len() > 1).unwrap_or_else(|| tunnel.name.clone());
                if is_up { whose } else { format!("{whose}: {}", tunnel.reason) }
            };
            (
                format!("{} tunnels are {way}", several.len()),
                several.iter().map(line).collect::<Vec<_>>().join("\n"),
            )
        }
    };
    let only = match &*tunnels {
        [(tunnel, _)] if !news.is_up => Some(*tunnel),
        _ => None,
    };
    let project = if projects.len() == 1 { all.first().map(|user| user.project.slug.clone()) } else { None };
    let service = if all.len() == 1 { all.first().map(|user| user.node.name.clone()) } else { None };
    Notice {
        offer: None,
        id: format!("tunnel/{}", news.id),
        title,
        body,
        project: project.unwrap_or_default(),
        service,
        problem: only.and_then(|tunnel| tunnel.problem.clone()),
        tunnel: only.map(|tunnel| tunnel.name.clone()),
    }
}

/// `web`, `web and api`, `web and 2 more`; none where no service is known.
fn names(users: &[User<'_>], with_project: bool) -> Option<String> {
    let name = |user: &User<'_>| match with_project {
        true => format!("{}/{}", user.project.slug, user.node.name),
        false => user.node.name.clone(),
    };
    match users {
        [] => None,
        [one] => Some(name(one)),
        [one, other] => Some(format!("{} and {}", name(one), name(other))),
        [one, rest @ ..] => Some(format!("{} and {} more", name(one), rest.len())),
    }
}

fn down(tunnel: &TunnelState, users: &[User<'_>]) -> (String, String) {
    let title = match names(users, false) {
        Some(names) => format!("The tunnel of {names} is down"),
        None => format!("The tunnel {} is down", tunnel.name),
    };
    let hint = tunnel.problem.as_ref().and_then(|problem| problem.hint.as_ref());
    let hint = hint.map_or(String::new(), |hint| format!("\n{hint}"));
    (title, format!("{}.{hint}", tunnel.reason.trim_end_matches('.')))
}

fn up(tunnel: &TunnelState, users: &[User<'_>]) -> (String, String) {
    let verb = if users.len() == 1 { "is" } else { "are" };
    let title = match names(users, false) {
        Some(names) => format!("{names} {verb} public again"),
        None => format!("The tunnel {} is up again", tunnel.name),
    };
    // A quick tunnel that was started anew has another URL than before.
    let urls = match users {
        [user] => {
            let through =
                user.node.exposures.iter().filter(|shown| shown.tunnel.as_ref() == Some(&tunnel.name));
            through.filter_map(|shown| shown.url.clone()).collect()
        }
        _ => vec![],
    };
    (title, urls.join("\n"))
}

#[cfg(test)]
mod tests {
    use kinfra_rpc::{EngineState, ErrorCode, Exposure, Problem};

    use super::*;

    fn node(name: &str, through: &[&str]) -> NodeState {
        let exposure = |tunnel: &&str| Exposure {
            url: Some(format!("https://{name}.example.com")),
            tunnel: Some((*tunnel).to_owned()),
            ..Exposure::default()
        };
        NodeState {
            name: name.to_owned(),
            exposures: through.iter().map(exposure).collect(),
            ..NodeState::default()
        }
    }

    fn state() -> Snapshot {
        let project =
            |slug: &str, nodes| ProjectState { slug: slug.to_owned(), nodes, ..ProjectState::default() };
        let tunnel = |name: &str, reason: &str, problem| TunnelState {
            name: name.to_owned(),
            reason: reason.to_owned(),
            problem,
            ..TunnelState::default()
        };
        let problem = Problem::new(ErrorCode::TunnelFailed, "there is no cloudflared in PATH");
        let problem = problem.hint("install cloudflared");
        let tunnels = vec![
            tunnel("account", "no connection with Cloudflare", None),
            tunnel("quick-blog-web", "there is no cloudflared in PATH", Some(problem)),
            tunnel("quick-shop-web", "cloudflared exited with code 1", None),
            tunnel("unknown", "no connection with Cloudflare", None),
        ];
        Snapshot {
            engine: EngineState { tunnels, ..EngineState::default() },
            projects: vec![
                project(
                    "shop",
                    vec![node("web", &["quick-shop-web"]), node("api", &["account"]), node("db", &[])],
                ),
                project("blog", vec![node("web", &["quick-blog-web"]), node("docs", &["account"])]),
                project("lab", vec![node("notebook", &["account"])]),
            ],
            ..Snapshot::default()
        }
    }

    fn told(is_up: bool, tunnels: &[&str]) -> String {
        let tunnels: Vec<String> = tunnels.iter().map(|name| (*name).to_owned()).collect();
        let Notice { title, body, project, service, tunnel, .. } =
            notice(&News { id: "a".into(), is_up, tunnels }, &state());
        let (service, tunnel) = (service.unwrap_or_default(), tunnel.unwrap_or_default());
        format!("{title}\n{body}\n({project}/{service}, {tunnel})\n")
    }

    #[test]
    fn what_is_said_of_tunnels() {
        let all = [
            told(false, &["quick-shop-web"]),
            told(false, &["quick-blog-web"]),
            told(false, &["account"]),
            told(false, &["unknown"]),
            told(false, &["quick-shop-web", "quick-blog-web"]),
            told(true, &["quick-shop-web"]),
            told(true, &["account"]),
            told(true, &["unknown"]),
            told(true, &["quick-shop-web", "account"]),
        ];
        insta::assert_snapshot!(all.join("--\n"), @"
        The tunnel of web is down
        cloudflared exited with code 1.
        (shop/web, quick-shop-web)
        --
        The tunnel of web is down
        there is no cloudflared in PATH.
        install cloudflared
        (blog/web, quick-blog-web)
        --
        The tunnel of api and 2 more is down
        no connection with Cloudflare.
        (/, account)
        --
        The tunnel unknown is down
        no connection with Cloudflare.
        (/, unknown)
        --
        2 tunnels are down
        blog/web: there is no cloudflared in PATH
        shop/web: cloudflared exited with code 1
        (/, )
        --
        web is public again
        https://web.example.com
        (shop/web, )
        --
        api and 2 more are public again

        (/, )
        --
        The tunnel unknown is up again

        (/, )
        --
        2 tunnels are up again
        shop/api and 2 more
        shop/web
        (/, )
        ");
    }
}
