//! Which zone a host name is in, and what is to be said of it there.

use super::types::Zone;

/// The zone of a host name: of those whose domain it ends with, the longest. A pattern (`*.example.com`) is in the
/// zone of what follows its star.
#[must_use]
pub fn zone_of<'a>(hostname: &str, zones: &'a [Zone]) -> Option<&'a Zone> {
    let hostname = hostname.trim_end_matches('.').to_ascii_lowercase();
    let is_in = |zone: &&Zone| {
        let domain = zone.name.to_ascii_lowercase();
        hostname == domain || hostname.strip_suffix(&domain).is_some_and(|rest| rest.ends_with('.'))
    };
    zones.iter().filter(is_in).max_by_key(|zone| zone.name.len())
}

/// That visitors of a host name will be shown a TLS error: the certificate that every zone has covers the domain and one
/// level below it (Cloudflare's documentation, *Universal SSL, limitations*).
#[must_use]
pub fn certificate_warning(hostname: &str, zone: &Zone) -> Option<String> {
    let rest = hostname.strip_suffix(&zone.name)?.strip_suffix('.')?;
    let (below, parent) = rest.split_once('.')?;
    Some(format!(
        "{hostname} is {} levels below {}: Cloudflare's free certificate covers one only, so browsers will refuse the \
         connection; order an advanced certificate for *.{parent}.{}, or use a name like {}.{}",
        rest.split('.').count(),
        zone.name,
        zone.name,
        if below == "*" { "*".to_owned() } else { rest.replace('.', "-") },
        zone.name,
    ))
}

/// That a zone doesn't serve what is entered in it.
#[must_use]
pub fn zone_warning(zone: &Zone) -> Option<String> {
    if zone.paused {
        return Some(format!(
            "the zone {} is paused at Cloudflare: its host names lead to no tunnel until it is resumed",
            zone.name
        ));
    }
    (!zone.status.is_empty() && zone.status != "active").then(|| {
        format!(
            "the zone {} is {} at Cloudflare: its host names lead nowhere until its name servers are Cloudflare's",
            zone.name, zone.status
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloudflare::ZoneAccount;

    fn zone(name: &str) -> Zone {
        let account = ZoneAccount::default();
        Zone { id: name.replace('.', ""), name: name.into(), status: "active".into(), paused: false, account }
    }

    #[test]
    fn the_zone_of_a_host_name_is_the_one_with_the_longest_suffix() {
        let zones = [zone("example.com"), zone("dev.example.com"), zone("example.co.uk"), zone("ample.com")];
        let named = |hostname| zone_of(hostname, &zones).map(|zone| zone.name.as_str());
        assert_eq!(named("example.com"), Some("example.com"));
        assert_eq!(named("app.example.com"), Some("example.com"));
        assert_eq!(named("app.dev.example.com"), Some("dev.example.com"));
        assert_eq!(named("*.dev.example.com"), Some("dev.example.com"));
        assert_eq!(named("*.example.com"), Some("example.com"));
        assert_eq!(named("APP.example.co.uk."), Some("example.co.uk"));
        assert_eq!(named("notexample.com"), None, "a suffix ends at a dot");
        assert_eq!(named("co.uk"), None);
    }

    #[test]
    fn a_host_name_two_levels_below_its_zone_warns_of_its_certificate() {
        let of = |hostname| certificate_warning(hostname, &zone("example.com"));
        for covered in ["example.com", "app.example.com", "*.example.com"] {
            assert_eq!(of(covered), None);
        }
        let deep = ["web.dev.example.com", "*.dev.example.com", "a.b.c.example.com"];
        let warnings: Vec<String> = deep.into_iter().filter_map(of).collect();
        insta::assert_snapshot!(warnings.join("\n"));
        assert_eq!(certificate_warning("web.dev.example.com", &zone("dev.example.com")), None);
    }

    #[test]
    fn a_zone_that_is_not_served_says_so() {
        assert_eq!(zone_warning(&zone("example.com")), None);
        let pending = Zone { status: "pending".into(), ..zone("example.com") };
        let paused = Zone { paused: true, ..zone("example.com") };
        let warnings: Vec<String> = [pending, paused].iter().filter_map(zone_warning).collect();
        insta::assert_snapshot!(warnings.join("\n"));
    }
}
