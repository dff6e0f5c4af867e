use kinfra_rpc::TunnelStatus;

use crate::connector::judge::{Act, Judge, Look, Process, Verdict};
use crate::connector::log_lines::Told;
use crate::connector::metrics::{Counters, Ready};

/// One tunnel under a clock of its own, looked at four times a second.
struct Stage {
    judge: Judge,
    now: u64,
    look: Look,
    /// Each change of what is said, and each act, with its time in milliseconds.
    told: String,
    last: Option<(TunnelStatus, String)>,
}

impl Stage {
    fn new(is_quick: bool) -> Self {
        let look = Look { process: Process::Running { pid: 7 }, ..Look::default() };
        Self { judge: Judge::new(is_quick), now: 1_000_000, look, told: String::new(), last: None }
    }

    fn connected(mut self, connections: u32, protocol: &str) -> Self {
        let registered =
            Told::Registered { protocol: Some(protocol.into()), address: Some("198.41.200.1".into()) };
        self.look.told = vec![registered];
        self.ready(connections)
    }

    fn ready(mut self, connections: u32) -> Self {
        self.look.ready = Some(Ready { ready_connections: connections, connector_id: "c1".into() });
        self
    }

    fn says(mut self, told: Told) -> Self {
        self.look.told = vec![told];
        self
    }

    fn process(mut self, process: Process) -> Self {
        self.look.process = process;
        self.look.ready = None;
        self
    }

    fn edge(mut self, is_reached: Option<bool>) -> Self {
        self.look.edge = is_reached;
        self
    }

    /// `hears`: whether bytes come from the edge meanwhile; `refused` is added to that counter with each look.
    fn pass(mut self, milliseconds: u64, hears: bool, refused: u64) -> Self {
        let end = self.now + milliseconds;
        while self.now < end {
            let before = self.look.counters.unwrap_or_default();
            let received = before.received.unwrap_or_default() + u64::from(hears) * 40;
            let refused = before.refused + refused;
            self.look.counters = Some(Counters { received: Some(received), refused, configuration: 1 });
            let (Verdict { status, reason, .. }, act) = self.judge.look(self.now, &self.look);
            let at = self.now - 1_000_000;
            let said = Some((status, reason.clone()));
            if self.last != said {
                self.told += &format!("{at} {}: {reason}\n", status.word());
                self.last = said;
            }
            match act {
                Some(Act::Restart) => self.told += &format!("{at} restart\n"),
                Some(Act::OverHttp2) => self.told += &format!("{at} over HTTP/2\n"),
                Some(Act::ProbeEdge) | None => {}
            }
            self.look.told.clear();
            self.now += 250;
        }
        self
    }
}

#[test]
fn a_start_says_how_far_it_is() {
    let stage = Stage::new(false).pass(500, true, 0).connected(1, "quic").pass(1_000, true, 0);
    let stage = stage.ready(4).pass(1_000, true, 0).ready(3).pass(500, true, 0).ready(4).pass(500, true, 0);
    insta::assert_snapshot!(stage.told, @"
    0 connecting: connecting with Cloudflare
    500 healthy: 1 of 4 connections so far
    1500 healthy: 4 connections
    2500 degraded: 3 of 4 connections left
    3000 healthy: 4 connections
    ");
}

#[test]
fn where_the_edge_has_few_addresses_no_more_connections_are_expected() {
    let stage = Stage::new(false).says(Told::AtMost(1)).pass(500, true, 0).connected(1, "quic");
    insta::assert_snapshot!(stage.pass(1_000, true, 0).told, @"
    0 connecting: connecting with Cloudflare
    500 healthy: 1 connection
    ");
}

#[test]
fn http2_is_taken_where_the_edge_can_be_reached_and_quic_can_not() {
    let no_quic = || Told::NoQuic("no answer from Cloudflare's edge".into());
    for is_quick in [true, false] {
        let mut stage = Stage::new(is_quick).pass(5_000, false, 0).says(no_quic()).ready(0);
        stage.look.may_fall_back = true;
        // In an outage it waits as it is.
        let stage = stage.edge(Some(false)).pass(1_000, false, 0).edge(Some(true)).pass(500, false, 0);
        insta::allow_duplicates!(insta::assert_snapshot!(stage.told, @"
        0 connecting: connecting with Cloudflare
        5000 connecting: no answer from Cloudflare's edge
        6000 over HTTP/2
        "));
    }
    // That the one before it was connected says nothing of it.
    let stage =
        Stage::new(false).connected(4, "quic").pass(500, true, 0).process(Process::Running { pid: 8 });
    let mut stage = stage.says(no_quic()).ready(0);
    stage.look.may_fall_back = true;
    insta::assert_snapshot!(stage.edge(Some(true)).pass(500, false, 0).told, @"
    0 healthy: 4 connections
    500 connecting: no answer from Cloudflare's edge
    500 over HTTP/2
    ");
    // What was connected by QUIC is not: it may be an outage, and a quick tunnel would have another name.
    let mut stage = Stage::new(true).connected(1, "quic").pass(500, true, 0).says(no_quic()).ready(0);
    stage.look.may_fall_back = true;
    insta::assert_snapshot!(stage.edge(Some(true)).pass(5_000, false, 0).told, @"
    0 healthy: 1 connection
    500 down: no answer from Cloudflare's edge
    ");
}

#[test]
fn silence_on_quic_is_noticed_after_two_seconds_and_on_http2_it_can_not_be() {
    let silent =
        |protocol| Stage::new(false).connected(4, protocol).pass(1_000, true, 0).pass(4_000, false, 0);
    insta::assert_snapshot!(silent("quic").told, @"
    0 healthy: 4 connections
    2500 down: no sign of life from Cloudflare for two seconds
    4500 down: no sign of life from Cloudflare
    ");
    // The last sign of life was heard 250 ms before the end of the first second.
    let slow = Stage::new(false).connected(4, "quic").pass(1_000, true, 0).pass(750, false, 0);
    assert!(!slow.judge.is_suspicious(slow.now));
    assert!(slow.judge.is_suspicious(slow.now + 250));
    assert_eq!(silent("http2").told, "0 healthy: 4 connections, by HTTP/2, which passes no WebSockets\n");
}

#[test]
fn it_waits_for_the_network_and_then_not_for_cloudflareds_own_way_back() {
    let stage = Stage::new(false).connected(4, "quic").pass(1_000, true, 0);
    let stage = stage.says(Told::Trouble("no answer from Cloudflare's edge".into())).ready(0);
    let stage = stage.pass(3_000, false, 0).edge(Some(false)).pass(20_000, false, 0);
    let stage = stage.edge(Some(true)).pass(20_000, false, 0);
    insta::assert_snapshot!(stage.told, @"
    0 healthy: 4 connections
    1000 down: no answer from Cloudflare's edge
    4000 down: this machine can't reach Cloudflare: waiting for the network
    24000 down: no answer from Cloudflare's edge
    24000 restart
    25000 restart
    27000 restart
    32000 restart
    42000 restart
    ");
}

#[test]
fn a_quick_tunnel_keeps_its_name_and_is_not_started_anew() {
    let stage = Stage::new(true).connected(1, "quic").pass(1_000, true, 0).ready(0).edge(Some(true));
    let stage = stage.pass(60_000, false, 0).connected(1, "quic").pass(500, true, 0);
    insta::assert_snapshot!(stage.told, @"
    0 healthy: 1 connection
    1000 down: no connection with Cloudflare
    61000 healthy: 1 connection
    ");
}

#[test]
fn what_cloudflare_refuses_is_not_started_anew() {
    let refused = Told::Refused("Unauthorized: Tunnel not found".into());
    let stage = Stage::new(false).connected(4, "http2").pass(500, true, 0).says(refused).ready(0);
    insta::assert_snapshot!(stage.edge(Some(true)).pass(60_000, false, 0).told, @"
    0 healthy: 4 connections, by HTTP/2, which passes no WebSockets
    500 unauthorised: Cloudflare refuses the tunnel: Unauthorized: Tunnel not found
    ");
    // On QUIC a counter alone tells.
    let stage = Stage::new(false).connected(4, "quic").pass(500, true, 0).ready(0).pass(500, false, 1);
    insta::assert_snapshot!(stage.edge(Some(true)).pass(60_000, false, 0).told, @"
    0 healthy: 4 connections
    500 unauthorised: Cloudflare refuses the tunnel
    ");
}

#[test]
fn a_process_that_ends_or_can_not_be_started_says_why() {
    let ended = Process::Ended { text: "exited with code 1".into() };
    let stage =
        Stage::new(false).says(Told::Fatal("Cloudflare's names can't be resolved".into())).pass(250, true, 0);
    let stage = stage.process(ended).pass(250, true, 0).process(Process::Starting).pass(250, true, 0);
    insta::assert_snapshot!(stage.process(Process::Stopped).pass(250, true, 0).told, @"
    0 connecting: Cloudflare's names can't be resolved
    250 down: cloudflared exited with code 1: Cloudflare's names can't be resolved
    500 connecting: starting cloudflared
    750 off: not running
    ");
}

#[test]
fn a_start_that_never_gets_through_is_told() {
    let stage = Stage::new(false).ready(0).edge(Some(false)).pass(20_000, false, 0);
    insta::assert_snapshot!(stage.told, @"
    0 connecting: connecting with Cloudflare
    15000 down: this machine can't reach Cloudflare: waiting for the network
    ");
}
