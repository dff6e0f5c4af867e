//! The tokens of accounts: another one in the place of one that was revoked, and an account that is to be forgotten.

use std::io::Write;
use std::process::Stdio;
use std::time::Duration;

use kinfra_rpc::{NodeState, TunnelStatus};

use crate::cloudflare::{Shared, Token};
use crate::project::Printed;
use crate::secrets::session::Session;
use crate::wait_until;

const SOON: Duration = Duration::from_secs(40);

const SERVED: &str = "project: shop
services:
  web:
    run: [MISBEHAVE, serve]
    public: shop.example.com
";

fn is_up(node: &NodeState) -> bool {
    !node.exposures.is_empty() && node.exposures.iter().all(|it| it.status == TunnelStatus::Healthy)
}

#[track_caller]
fn add(session: &Session, shop: &Shared, token: &str) {
    let mut command = shop.command(&["accounts", "add", "main"]);
    session.adopt(&mut command).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(token.as_bytes()).unwrap();
    let printed: Printed = child.wait_with_output().unwrap().into();
    assert_eq!(printed.code, Some(0), "{printed:#?}");
}

#[test]
fn another_token_takes_the_place_of_one_that_was_revoked_without_a_restart() {
    let Some(session) =
        Session::start("another_token_takes_the_place_of_one_that_was_revoked_without_a_restart")
    else {
        return;
    };
    let shop = Shared::new(SERVED);
    session.succeed(&shop, &["up", "-d"]);
    let first = shop.cloudflare.token();
    add(&session, &shop, &first);
    shop.wait_for_node("web", "public", is_up);
    shop.cloudflare.state().revoke(&first);
    let second = shop.cloudflare.add_token(Token::of_a_user);
    add(&session, &shop, &second);
    let file = shop.folder().join("kinfra.yaml");
    let text = std::fs::read_to_string(&file).unwrap();
    let more = text.replace("public: shop.example.com", "public: [shop.example.com, new.example.com]");
    std::fs::write(&file, more).unwrap();
    session.succeed(&shop, &["apply"]);
    shop.wait_for_node("web", "public by both names", |node| node.exposures.len() == 2 && is_up(node));
    assert_eq!(shop.cloudflare.visit("new.example.com", "/").unwrap().status, 200);
    assert_eq!(session.lookup("cloudflare/main").as_deref(), Some(&*second));
}

#[test]
fn an_account_is_forgotten_when_nothing_is_public_by_it_any_more() {
    let shop = Shared::with_account(SERVED);
    shop.wait_for_node("web", "public", is_up);
    let refused = shop.kinfra(&["accounts", "remove", "main"]);
    assert_ne!(refused.code, Some(0), "{refused:#?}");
    assert!(refused.stderr.contains("shop.example.com is public by it, for shop/web"), "{refused:#?}");
    assert!(refused.stderr.contains("kinfra unshare"), "{refused:#?}");
    shop.succeed(&["unshare"]);
    // Whatever is on its way to be taken away is awaited.
    shop.succeed(&["accounts", "remove", "main"]);
    assert!(shop.cloudflare.state().record("shop.example.com").is_none());
    wait_until("the tunnel to be stopped", SOON, || shop.cloudflareds().is_empty());
    assert!(shop.succeed(&["accounts"]).contains("no account"), "{}", shop.succeed(&["accounts"]));
}
