//! What a tunnel is run with, and what Cloudflare is asked with, is found where it is needed and nowhere else.

use std::time::Duration;

use kinfra_rpc::TunnelStatus;

use crate::cloudflare::Shared;
use crate::secrets::search::{files_with, processes_with};
use crate::wait_until;

const SOON: Duration = Duration::from_secs(30);

#[test]
fn no_token_is_in_a_file_on_a_command_line_or_with_anybody_else() {
    let shop = Shared::with_account(
        "project: shop\nservices:\n  web:\n    run: [MISBEHAVE, serve]\n    public: shop.example.com\n  api:\n    run: [MISBEHAVE, serve]\n",
    );
    shop.wait_for_node("web", "public", |node| node.exposures[0].status == TunnelStatus::Healthy);
    shop.succeed(&["share", "api"]);
    // Something goes wrong, and is told.
    shop.cloudflare.lose_cleanly();
    shop.wait_for_node("web", "down", |node| node.exposures[0].status == TunnelStatus::Down);
    shop.cloudflare.come_back();
    shop.wait_for_node("web", "public", |node| node.exposures[0].status == TunnelStatus::Healthy);

    let (api, tunnel) = (shop.cloudflare.token(), shop.tunnel_token());
    let connector = shop.tunnels().iter().find(|it| it.name.starts_with("account-")).and_then(|it| it.pid);
    assert_eq!(processes_with("environ", &tunnel), Vec::from_iter(connector), "cloudflared alone");
    for token in [&api, &tunnel] {
        assert_eq!(files_with(shop.home.path(), token), [""; 0].map(std::path::PathBuf::from));
        assert_eq!(processes_with("cmdline", token), [0_u32; 0]);
    }
    // The engine was started with it, as it has no keyring.
    let engine = shop.home.engine().unwrap().pid;
    assert_eq!(processes_with("environ", &api), [engine]);
    for look in
        [&["status", "--json"][..], &["tunnels", "--json"], &["accounts", "--json"], &["events", "--json"]]
    {
        let shown = shop.kinfra(look).stdout;
        assert!(!shown.contains(&api) && !shown.contains(&tunnel), "{look:?}");
    }
    shop.succeed(&["unshare", "--all"]);
    wait_until("the tunnels to be gone", SOON, || shop.cloudflareds().is_empty());
    assert_eq!(processes_with("environ", &tunnel), [0_u32; 0]);
}
