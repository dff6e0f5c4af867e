use kinfra_rpc::{ErrorCode, NodeState, Problem, TakeSnapshot};

use crate::arguments::Url;
use crate::exit_code::ExitCode;
use crate::selection::{select, service};
use crate::surroundings::Surroundings;
use crate::trouble::Trouble;

/// `kinfra url`: prints the URL and nothing else, for `curl $(kinfra url web)`.
pub async fn url(surroundings: &Surroundings, arguments: &Url) -> Result<ExitCode, Trouble> {
    let snapshot = surroundings.connect().await?.call(TakeSnapshot {}).await?;
    let project = select(&snapshot, surroundings.project.as_deref(), &surroundings.folder)?;
    let mut node = service(project, &arguments.service)?;
    if !arguments.direct {
        // Only the service has these, however many run it.
        node = project.nodes.iter().find(|first| first.name == node.service()).unwrap_or(node);
    }
    let url = choose(node, arguments)?;
    surroundings.output.result(&serde_json::json!({ "url": url }), |_| format!("{url}\n"))?;
    Ok(ExitCode::Done)
}

#[derive(Debug, Clone, Copy)]
enum Way {
    Local,
    Direct,
    Public,
}

fn choose<'a>(node: &'a NodeState, arguments: &Url) -> Result<&'a str, Problem> {
    let (url, way) = match (arguments.direct, arguments.public) {
        (true, _) => (&node.direct_url, Way::Direct),
        (_, true) => (&node.public_url, Way::Public),
        (false, false) => (&node.url, Way::Local),
    };
    url.as_deref().ok_or_else(|| no_url(&node.name, way))
}

fn no_url(name: &str, way: Way) -> Problem {
    let (message, hint) = match way {
        Way::Local => (
            format!("{name} has no URL through the proxy"),
            "it has no port, or the proxy doesn't listen: see `kinfra status`",
        ),
        Way::Direct => (
            format!("{name} has no URL of its own"),
            "it has no port, or was never started: see `kinfra status`",
        ),
        Way::Public => (
            format!("{name} has no public URL"),
            "share it first: kinfra share SERVICE; kinfra tunnels shows what is public",
        ),
    };
    Problem::new(ErrorCode::NotHealthy, message).hint(hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_way_to_a_service_has_its_url_or_says_why_not() {
        let node = NodeState {
            name: "web".to_owned(),
            url: Some("http://web.shop.localhost:7080".to_owned()),
            direct_url: Some("http://127.0.0.1:20113".to_owned()),
            ..NodeState::default()
        };
        let asked = |direct, public| Url { service: "web".to_owned(), direct, public };
        assert_eq!(choose(&node, &asked(false, false)).unwrap(), "http://web.shop.localhost:7080");
        assert_eq!(choose(&node, &asked(true, false)).unwrap(), "http://127.0.0.1:20113");
        let problem = choose(&node, &asked(false, true)).unwrap_err();
        assert_eq!(
            problem.to_string(),
            "web has no public URL\n  hint: share it first: kinfra share SERVICE; kinfra tunnels shows what is public"
        );
    }
}
