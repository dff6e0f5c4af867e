//! What is public of one node, from what its configuration says, what its user wants, and whether it is to run. Pure.

use super::wishes::Wish;
use crate::config::{PublicPlace, PublicSpec, WhenStopped};

/// What is to be of one public name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decided {
    /// None: a name of Cloudflare's own.
    pub place: Option<PublicPlace>,
    /// Whoever comes by it, through whichever tunnel, is led to the node or to a page about it.
    pub is_routed: bool,
    /// It is to have a tunnel of KInfra's.
    pub is_tunnelled: bool,
    pub ends_at: Option<u64>,
    /// Why it is not shared, where it isn't.
    pub off: &'static str,
}

/// `taken`: the names that belong to another service. Times are in milliseconds since 1970.
pub fn decide(
    public: &[PublicSpec],
    wishes: &[Wish],
    is_wanted: bool,
    taken: impl Fn(&PublicPlace) -> bool,
    now: u64,
) -> Vec<Decided> {
    let wish = |place: &Option<PublicPlace>| wishes.iter().find(|wish| wish.place == *place);
    let declared = public.iter().map(|public| {
        let is_taken = public.place.as_ref().is_some_and(&taken);
        one(public, wish(&public.place), is_wanted, is_taken, now)
    });
    let is_declared = public.iter().any(|public| public.place.is_none());
    let for_the_moment = wish(&None).filter(|_| !is_declared).map(|wish| {
        let public = PublicSpec { place: None, lasts: None, when_stopped: WhenStopped::Withdraw };
        one(&public, Some(wish), is_wanted, false, now)
    });
    declared.chain(for_the_moment).collect()
}

fn one(public: &PublicSpec, wish: Option<&Wish>, is_wanted: bool, is_taken: bool, now: u64) -> Decided {
    let is_over = |wish: &Wish| wish.ends_at.is_some_and(|ends_at| ends_at <= now);
    let is_withdrawn = !is_wanted && public.when_stopped == WhenStopped::Withdraw;
    let off = match wish {
        _ if is_taken => "the name belongs to another service",
        Some(wish) if !wish.is_on => "not shared",
        Some(wish) if is_over(wish) => "its time is over",
        _ if is_withdrawn => "shared while the service runs",
        // What comes by a tunnel of the user's own is led there all the same.
        None => "shared with the first start",
        Some(_) => "",
    };
    let is_tunnelled = off.is_empty();
    let ends_at = wish.filter(|_| is_tunnelled).and_then(|wish| wish.ends_at);
    let is_routed = is_tunnelled || wish.is_none() && !is_taken && !is_withdrawn;
    Decided { place: public.place.clone(), is_routed, is_tunnelled, ends_at, off }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::wishes::{begin, complete, end, share, unshare};
    use super::*;

    fn place(host: &str) -> Option<PublicPlace> {
        (host != "quick").then(|| PublicPlace { host: host.to_owned(), path: "/".to_owned() })
    }

    fn spec(host: &str, lasts: Option<u64>, when_stopped: WhenStopped) -> PublicSpec {
        PublicSpec { place: place(host), lasts: lasts.map(Duration::from_secs), when_stopped }
    }

    fn shown(public: &[PublicSpec], wishes: &[Wish], is_wanted: bool, now: u64) -> String {
        let decided = decide(public, wishes, is_wanted, |place| place.host.starts_with("taken"), now);
        let line = |decided: Decided| {
            let host = decided.place.map_or("quick".to_owned(), |place| place.host);
            let how = match (decided.is_routed, decided.is_tunnelled) {
                (true, true) => "public".to_owned(),
                (true, false) => format!("routed: {}", decided.off),
                (false, false) => format!("off: {}", decided.off),
                (false, true) => "tunnelled without a route".to_owned(),
            };
            let until = decided.ends_at.map_or(String::new(), |at| format!(" until {at}"));
            format!("{host} {how}{until}\n")
        };
        decided.into_iter().map(line).collect()
    }

    #[test]
    fn a_name_is_public_from_the_first_start_on_until_its_user_ends_it() {
        use WhenStopped::{Park, Withdraw};
        let public =
            [spec("shop.test", None, Park), spec("api.test", None, Withdraw), spec("taken.test", None, Park)];
        let mut wishes = vec![];
        let mut told = vec![shown(&public, &wishes, false, 0)];
        wishes = begin(&public, &wishes, 1_000);
        told.push(shown(&public, &wishes, true, 1_000));
        wishes = end(&public, &wishes);
        told.push(shown(&public, &wishes, false, 2_000));
        wishes = unshare(&public);
        told.push(shown(&public, &wishes, true, 3_000));
        wishes = begin(&public, &wishes, 4_000);
        told.push(shown(&public, &wishes, true, 4_000));
        wishes = share(&public, Some(60), 5_000);
        told.push(shown(&public, &wishes, true, 5_000));
        told.push(shown(&public, &wishes, true, 65_000));
        insta::assert_snapshot!(told.join("--\n"), @"
        shop.test routed: shared with the first start
        api.test off: shared while the service runs
        taken.test off: the name belongs to another service
        --
        shop.test public
        api.test public
        taken.test off: the name belongs to another service
        --
        shop.test public
        api.test off: shared while the service runs
        taken.test off: the name belongs to another service
        --
        shop.test off: not shared
        api.test off: not shared
        taken.test off: the name belongs to another service
        --
        shop.test off: not shared
        api.test off: not shared
        taken.test off: the name belongs to another service
        --
        shop.test public until 65000
        api.test public until 65000
        taken.test off: the name belongs to another service
        --
        shop.test off: its time is over
        api.test off: its time is over
        taken.test off: the name belongs to another service
        ");
    }

    #[test]
    fn what_a_configuration_shares_beside_is_public_at_once_where_the_service_runs() {
        let one = [spec("shop.test", Some(60), WhenStopped::Park)];
        let wishes = begin(&one, &[], 0);
        let two = [one[0].clone(), spec("new.test", None, WhenStopped::Park)];
        let wishes = complete(&two, &wishes, 5_000);
        assert_eq!(shown(&two, &wishes, true, 5_000), "shop.test public until 60000\nnew.test public\n");
        let ended = complete(&two, &unshare(&two), 6_000);
        assert_eq!(shown(&two, &ended, true, 6_000), "shop.test off: not shared\nnew.test off: not shared\n");
    }

    #[test]
    fn what_is_shared_for_the_moment_ends_with_the_service() {
        let wishes = share(&[], Some(7_200), 0);
        assert_eq!(shown(&[], &wishes, true, 1_000), "quick public until 7200000\n");
        assert_eq!(shown(&[], &wishes, false, 1_000), "quick off: shared while the service runs\n");
        assert_eq!(end(&[], &wishes), []);
        assert_eq!(unshare(&[]), []);
    }

    #[test]
    fn a_time_begins_anew_with_each_start() {
        let public = [spec("quick", Some(60), WhenStopped::Withdraw)];
        let wishes = begin(&public, &[], 0);
        assert_eq!(shown(&public, &wishes, true, 1_000), "quick public until 60000\n");
        assert_eq!(shown(&public, &wishes, true, 60_000), "quick off: its time is over\n");
        let wishes = begin(&public, &wishes, 70_000);
        assert_eq!(shown(&public, &wishes, true, 70_000), "quick public until 130000\n");
    }
}
