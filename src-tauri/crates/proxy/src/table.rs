use std::collections::HashMap;
use std::sync::Arc;

use crate::Route;

/// Which host and path lead where, for each of the two kinds of visitors. Immutable: other hosts are a new table,
/// swapped in whole. Where a route leads changes with every start and end of its service, so that is the route's own
/// and costs no new table.
#[derive(Debug, Clone, Default)]
pub struct RouteTable {
    /// For whoever is on this machine.
    pub local: Hosts,
    /// For whoever comes through a tunnel: only what is published now.
    pub public: Hosts,
}

#[derive(Debug, Clone, Default)]
pub struct Hosts {
    /// By lower-case host name without a port; the longest prefix first.
    known: HashMap<String, Vec<Mount>>,
}

/// A route at a place: a host and all paths below a prefix.
#[derive(Debug, Clone)]
pub struct Mount {
    /// Without a slash at its end, so empty for all paths.
    prefix: Arc<str>,
    /// Whether the service is asked without the prefix.
    strip: bool,
    route: Arc<Route>,
}

impl Hosts {
    /// Has all paths below `prefix` of `host` lead to `route`. Of two routes in one place the first one stays.
    pub fn mount(&mut self, host: &str, prefix: &str, strip: bool, route: Arc<Route>) {
        let mounts = self.known.entry(host.to_ascii_lowercase()).or_default();
        let prefix = prefix.trim_end_matches('/');
        if mounts.iter().all(|mount| &*mount.prefix != prefix) {
            let place = mounts.partition_point(|mount| mount.prefix.len() >= prefix.len());
            mounts.insert(place, Mount { prefix: prefix.into(), strip, route });
        }
    }

    /// The mounts of a host; none if it isn't known.
    pub(crate) fn of(&self, host: &str) -> Option<&[Mount]> {
        self.known.get(host).map(Vec::as_slice)
    }

    /// How many hosts are known.
    #[must_use]
    pub fn len(&self) -> usize {
        self.known.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// The route that a request of this host and path takes.
    #[must_use]
    pub fn find(&self, host: &str, path: &str) -> Option<&Mount> {
        self.of(host)?.iter().find(|mount| mount.takes(path))
    }
}

impl Mount {
    fn takes(&self, path: &str) -> bool {
        path.strip_prefix(&*self.prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            // `OPTIONS *` is about the whole server.
            || self.prefix.is_empty()
    }

    #[must_use]
    pub fn route(&self) -> &Arc<Route> {
        &self.route
    }

    /// What the service is not to see of the path; none where it sees all.
    pub(crate) fn stripped(&self) -> Option<&str> {
        (self.strip && !self.prefix.is_empty()).then_some(&*self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Target;

    fn hosts(mounts: &[(&str, &str)]) -> Hosts {
        let mut hosts = Hosts::default();
        for (host, prefix) in mounts {
            let route = Arc::new(Route::new(format!("{host}{prefix}"), Target::DOWN));
            hosts.mount(host, prefix, false, route);
        }
        hosts
    }

    #[test]
    fn the_longest_prefix_of_whole_segments_wins() {
        let hosts = hosts(&[("Shop", "/"), ("shop", "/api/v2/"), ("shop", "/api"), ("shop", "/apiary")]);
        for (path, expected) in [
            ("/", "Shop/"),
            ("*", "Shop/"),
            ("/apis", "Shop/"),
            ("/api", "shop/api"),
            ("/api/", "shop/api"),
            ("/api/v20", "shop/api"),
            ("/api/v2", "shop/api/v2/"),
            ("/api/v2/x/", "shop/api/v2/"),
            ("/apiary/x", "shop/apiary"),
            ("/API", "Shop/"),
        ] {
            assert_eq!(&*hosts.find("shop", path).unwrap().route.id, expected, "{path}");
        }
        assert!(hosts.find("other", "/").is_none());
    }

    #[test]
    fn what_is_below_no_prefix_has_no_route_and_the_first_of_two_stays() {
        let mut hosts = hosts(&[("shop", "/api")]);
        assert!(hosts.find("shop", "/").is_none());
        assert!(hosts.find("shop", "/apiary").is_none());
        hosts.mount("shop", "/api/", true, Arc::new(Route::new("second", Target::DOWN)));
        let mount = hosts.find("shop", "/api").unwrap();
        assert_eq!((&*mount.route.id, mount.stripped()), ("shop/api", None));
    }
}
