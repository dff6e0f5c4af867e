//! What a token is and may do, by what Cloudflare says of it.

use kinfra_engine::cloudflare::{
    ApiToken, CloudflareError, Permission, TokenKind, TokenReport, Trouble, create_link, examine,
};

use super::world::World;
use crate::cloudflare::{Permission as May, Standing, Token};

fn report(world: &World, make: impl FnOnce(&str) -> Token) -> Result<TokenReport, CloudflareError> {
    let token = world.cloudflare.add_token(make);
    let api = world.client().with(ApiToken::parse(&token).ok().unwrap());
    world.runtime.block_on(examine(&api, None))
}

#[test]
fn a_token_that_may_everything_is_told_with_its_accounts_and_zones() {
    let world = World::new();
    world.cloudflare.state().requests.forget();
    for (kind, make) in
        [(TokenKind::User, Token::of_a_user as fn(&str) -> Token), (TokenKind::Account, Token::of_an_account)]
    {
        let report = report(&world, make).unwrap();
        assert_eq!((report.kind, report.is_active()), (kind, true));
        let accounts: Vec<&str> = report.accounts.iter().map(|account| account.name.as_str()).collect();
        assert_eq!(accounts, ["Example"]);
        let zones: Vec<&str> = report.zones.iter().map(|zone| zone.name.as_str()).collect();
        assert_eq!(zones, ["example.com", "example.org"]);
        assert_eq!((report.missing, report.notes), (vec![], vec![]));
        assert_eq!(report.unproven, [Permission::DnsEdit], "reading doesn't prove that it may write");
        assert_eq!(report.create_link, create_link(kind == TokenKind::Account));
    }
    assert_eq!(world.writes(), Vec::<String>::new());
}

#[test]
fn what_a_token_may_not_do_is_named_as_the_dashboard_names_it() {
    let world = World::new();
    for (may, missing, unproven) in [
        (
            &[May::DnsEdit, May::ZoneRead][..],
            &["Account / Cloudflare Tunnel / Edit"][..],
            &["Zone / DNS / Edit"][..],
        ),
        (
            &[May::TunnelRead, May::DnsEdit, May::ZoneRead],
            &["Account / Cloudflare Tunnel / Edit"],
            &["Zone / DNS / Edit"],
        ),
        (&[May::TunnelEdit, May::ZoneRead], &["Zone / DNS / Edit"], &[]),
        (&[May::TunnelEdit, May::DnsEdit], &["Zone / Zone / Read"], &["Zone / DNS / Edit"]),
        (&[May::ZoneRead], &["Account / Cloudflare Tunnel / Edit", "Zone / DNS / Edit"], &[]),
    ] {
        let report = report(&world, |account| Token::of_a_user(account).may(may)).unwrap();
        let names =
            |permissions: &[Permission]| permissions.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(
            (names(&report.missing), names(&report.unproven)),
            (
                missing.iter().map(|name| (*name).to_owned()).collect(),
                unproven.iter().map(|name| (*name).to_owned()).collect()
            ),
            "{may:?}"
        );
    }
}

#[test]
fn an_account_without_a_tunnel_leaves_it_open_whether_tunnels_may_be_changed() {
    let world = World::new();
    world.cloudflare.state().tunnels.clear();
    let report = report(&world, Token::of_a_user).unwrap();
    assert_eq!(
        (report.missing, report.unproven),
        (vec![], vec![Permission::TunnelEdit, Permission::DnsEdit])
    );
}

#[test]
fn a_token_that_is_over_or_unknown_says_so() {
    let world = World::new();
    for (standing, status) in [(Standing::Disabled, "disabled"), (Standing::Expired, "expired")] {
        let report = report(&world, |account| Token::of_a_user(account).stands(standing)).unwrap();
        assert_eq!((report.is_active(), report.status.status.as_str()), (false, status));
    }
    let error = report(&world, |account| Token::of_a_user(account).stands(Standing::Revoked)).unwrap_err();
    assert!(matches!(error.trouble, Trouble::Unauthorised { .. }), "{error}");
    let error =
        report(&world, |account| Token::of_an_account(account).stands(Standing::Revoked)).unwrap_err();
    assert!(matches!(error.trouble, Trouble::Unauthorised { .. }), "{error}");
}

#[test]
fn zones_of_several_accounts_are_told_with_their_account() {
    let world = World::new();
    let other = world.cloudflare.state().add_account("Other");
    world.cloudflare.state().add_zone("example.dev", "pending");
    world.cloudflare.state().zones.last_mut().unwrap().account.clone_from(&other);
    let report = report(&world, |account| {
        let mut token = Token::of_a_user(account);
        token.accounts.insert(other.clone());
        token
    })
    .unwrap();
    assert_eq!(report.accounts.len(), 2);
    let zone = report.zones.iter().find(|zone| zone.name == "example.dev").unwrap();
    assert_eq!((zone.account.id.as_str(), zone.status.as_str()), (other.as_str(), "pending"));
}
