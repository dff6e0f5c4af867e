use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use tracing::warn;

use crate::host::is_never_public;
use crate::route::Place;
use crate::{Audience, Route};

/// Which host and path lead where, for each of the two kinds of visitors. Immutable: other hosts are a new table,
/// swapped in whole. Where a route leads changes with every start and end of its service, so that is the route's own
/// and costs no new table.
#[derive(Debug, Clone)]
pub struct RouteTable {
    /// For whoever is on this machine.
    pub local: Hosts,
    /// For whoever comes through a tunnel: only what is published now, and never `localhost`, a name below it or an
    /// address.
    pub public: Hosts,
}

impl Default for RouteTable {
    fn default() -> Self {
        Self { local: Hosts::default(), public: Hosts { is_public: true, ..Hosts::default() } }
    }
}

impl RouteTable {
    pub(crate) const fn of(&self, audience: Audience) -> &Hosts {
        match audience {
            Audience::Local => &self.local,
            Audience::Public => &self.public,
        }
    }

    /// Takes out of the public side what is never there, whoever made it.
    pub(crate) fn keep_in_bounds(&mut self) {
        self.public.is_public = true;
        self.public.known.retain(|host, _| may_be_public(host));
    }

    /// Tells those who wait for a route of the table `before` where to look now.
    pub(crate) fn take_over(&self, before: &Self) {
        for (before, present) in [(&before.local, &self.local), (&before.public, &self.public)] {
            let by_id: HashMap<&str, &Arc<Route>> =
                present.routes().map(|route| (&*route.id, route)).collect();
            let kept: HashSet<*const Route> = present.routes().map(Arc::as_ptr).collect();
            for route in before.routes().filter(|route| !kept.contains(&Arc::as_ptr(route))) {
                let taken = by_id.get(&*route.id).map(|by| Place::Taken(Arc::downgrade(by)));
                route.is_placed(taken.unwrap_or(Place::Gone));
            }
        }
        // It may have been out of the table for a while, or have come to the other side.
        for route in self.local.routes().chain(self.public.routes()) {
            if !route.place().is_kept() {
                route.is_placed(Place::Kept);
            }
        }
    }
}

fn may_be_public(host: &str) -> bool {
    let is_never = is_never_public(host);
    if is_never {
        warn!(host, "not published: it is a name of this machine, or no name");
    }
    !is_never
}

#[derive(Debug, Clone, Default)]
pub struct Hosts {
    /// By lower-case host name without a port; the longest prefix first.
    known: BTreeMap<String, Vec<Mount>>,
    /// Some of them stand for every name below the rest: `*.example.com`.
    has_patterns: bool,
    /// Those for visitors from outside.
    is_public: bool,
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
    /// Has all paths below `prefix` of `host` lead to `route`. Of two routes in one place the first one stays. On the
    /// public side of a table nothing leads from a name of this machine, or from an address.
    pub fn mount(&mut self, host: &str, prefix: &str, strip: bool, route: Arc<Route>) {
        if self.is_public && !may_be_public(&host.to_ascii_lowercase()) {
            return;
        }
        self.has_patterns |= host.starts_with("*.");
        let mounts = self.known.entry(host.to_ascii_lowercase()).or_default();
        let prefix = prefix.trim_end_matches('/');
        if mounts.iter().all(|mount| &*mount.prefix != prefix) {
            let place = mounts.partition_point(|mount| mount.prefix.len() >= prefix.len());
            mounts.insert(place, Mount { prefix: prefix.into(), strip, route });
        }
    }

    /// The mounts of a host, or else of the longest pattern that it fits; none if it isn't known.
    pub(crate) fn of(&self, host: &str) -> Option<&[Mount]> {
        let known =
            self.known.get(host).or_else(|| if self.has_patterns { self.of_pattern(host) } else { None });
        known.map(Vec::as_slice)
    }

    /// `*.example.com` fits `a.example.com` and `a.b.example.com`, and not `example.com`.
    fn of_pattern(&self, host: &str) -> Option<&Vec<Mount>> {
        let mut below = host.split_once('.')?.1;
        loop {
            if let Some(mounts) = self.known.get(&format!("*.{below}")) {
                return Some(mounts);
            }
            below = below.split_once('.')?.1;
        }
    }

    fn routes(&self) -> impl Iterator<Item = &Arc<Route>> {
        self.known.values().flatten().map(Mount::route)
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
    fn a_name_comes_before_a_pattern_and_a_longer_pattern_before_a_shorter_one() {
        let hosts = hosts(&[("*.shop.test", "/"), ("*.api.shop.test", "/"), ("x.shop.test", "/y")]);
        let found = |host: &str, path: &str| hosts.find(host, path).map(|mount| mount.route().id.to_string());
        assert_eq!(found("a.shop.test", "/").as_deref(), Some("*.shop.test/"));
        assert_eq!(found("a.b.shop.test", "/").as_deref(), Some("*.shop.test/"));
        assert_eq!(found("a.api.shop.test", "/").as_deref(), Some("*.api.shop.test/"));
        assert_eq!(found("x.shop.test", "/y").as_deref(), Some("x.shop.test/y"));
        // As in a zone of DNS, a name that is there is no longer the pattern's.
        assert_eq!(found("x.shop.test", "/"), None);
        assert_eq!(found("shop.test", "/"), None);
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
