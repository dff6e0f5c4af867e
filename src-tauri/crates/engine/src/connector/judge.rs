//! Says how a tunnel is, from what can be seen of its cloudflared, and when it is to be started anew. Pure.
//!
//! Theory of operation: `/ready` tells within milliseconds of a connection that was closed, and seconds too late of one
//! that just fell silent; on QUIC, cloudflared and edge speak with each other every second, so silence shows in its
//! counters. Why it is so is said by its log, or by no one: a refusal over QUIC shows in a counter alone. Its own way
//! back can take minutes, where a new process needs a quarter of a second: so once the edge can be reached again, it is
//! started anew. A quick tunnel is not: it would have another name. Neither is one that Cloudflare refuses.
//!
//! The choice of the transport is not left to cloudflared: where its first dial fails, be it for an outage, it goes over
//! to HTTP/2 and stays there, or that takes minutes; and for a quick tunnel it does what DNS says, or takes HTTP/2. But
//! QUIC tells of silence, and HTTP/2 passes no WebSockets to a socket. So it is QUIC, unless the edge can be reached and
//! QUIC can't.

use kinfra_rpc::{Problem, TunnelStatus};

use super::log_lines::Told;
use super::metrics::{Counters, Ready};
use crate::clock::Moment;

/// Both ends of a healthy QUIC connection hear of each other every 1.13 s at the latest, even if idle (measured with
/// four connections). A whole number of looks, so that none is waited for in vain: a loss is told within 2.5 s.
const SILENCE: u64 = 1_750;

/// From here on each look reads the counters: what was heard just now is not to be missed.
const SUSPICION: u64 = 1_250;

/// How long cloudflared's own way back is waited for: some losses heal within a second.
const OWN_RETURN: u64 = 2_000;

/// A start that takes longer is told as a failure. Healthy ones take a quarter of a second; an offline one dies by
/// itself after up to 40 s.
const START: u64 = 15_000;

/// Between two restarts in one outage.
const RESTARTS: [u64; 6] = [0, 1_000, 2_000, 5_000, 10_000, 30_000];

/// After so long in health, the next outage begins anew.
const CALM: u64 = 60_000;

/// Over HTTP/2 cloudflared answers each WebSocket 502 that is for a socket: it finds no host in the request's URL.
const ON_HTTP2: &str = "by HTTP/2, which passes no WebSockets";

/// What can be seen of the process.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Process {
    #[default]
    Stopped,
    /// It is to be there in a moment.
    Starting,
    Running {
        pid: u32,
    },
    /// It ended, and is started again by itself.
    Ended {
        text: String,
    },
    /// It can't be started.
    Failed(Problem),
}

/// One look at everything.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Look {
    pub process: Process,
    /// None: its metrics server does not answer.
    pub ready: Option<Ready>,
    /// None: not asked this time.
    pub counters: Option<Counters>,
    /// What it has said since the last look.
    pub told: Vec<Told>,
    /// Whether the edge could be reached, if that was tried since the last look.
    pub edge: Option<bool>,
    /// Whether it runs by QUIC and may be run by HTTP/2 instead.
    pub may_fall_back: bool,
}

/// What a person should know.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Verdict {
    pub status: TunnelStatus,
    pub reason: String,
    pub connections: u32,
    pub connector: Option<String>,
    pub protocol: Option<String>,
    pub problem: Option<Problem>,
}

/// What is to be done about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// Try whether the edge can be reached.
    ProbeEdge,
    Restart,
    /// Run it by HTTP/2, until the next restart.
    OverHttp2,
}

#[derive(Debug)]
pub struct Judge {
    /// How many connections it makes.
    expected: u32,
    may_restart: bool,
    run: Run,
    /// Restarts in this outage, and when the last one was.
    restarts: usize,
    restarted_at: Moment,
    healthy_since: Option<Moment>,
}

/// What is known of the present process.
#[derive(Debug, Default)]
struct Run {
    pid: u32,
    begun: Moment,
    /// The most connections that it ever had.
    most: u32,
    lost_at: Option<Moment>,
    received: Option<(u64, Moment)>,
    /// What the counter said when the process was first seen, or healthy last.
    refused: Option<u64>,
    is_refused: bool,
    refusal: Option<String>,
    trouble: Option<String>,
    protocol: Option<String>,
    address: Option<String>,
    edge: Option<bool>,
    was_registered: bool,
    /// QUIC does not get through, and never did.
    no_quic: bool,
    /// How many connections it can make, where that is fewer than it wanted.
    at_most: Option<u32>,
}

impl Judge {
    /// Of a quick tunnel, or of one with four connections.
    #[must_use]
    pub fn new(is_quick: bool) -> Self {
        Self {
            expected: if is_quick { 1 } else { 4 },
            may_restart: !is_quick,
            run: Run::default(),
            restarts: 0,
            restarted_at: 0,
            healthy_since: None,
        }
    }

    /// The address of the edge that it was connected with last.
    #[must_use]
    pub fn edge_address(&self) -> Option<&str> {
        self.run.address.as_deref()
    }

    #[must_use]
    pub fn knows_protocol(&self) -> bool {
        self.run.protocol.is_some()
    }

    /// Whether it is about to be called silent.
    #[must_use]
    pub fn is_suspicious(&self, now: Moment) -> bool {
        self.silent_for(now, 1).is_some_and(|silent| silent >= SUSPICION)
    }

    pub fn look(&mut self, now: Moment, look: &Look) -> (Verdict, Option<Act>) {
        let is_another = match &look.process {
            Process::Running { pid } => *pid != self.run.pid,
            Process::Starting => true,
            Process::Stopped | Process::Ended { .. } | Process::Failed(_) => false,
        };
        if is_another && self.run.pid != 0 {
            // What the one before it said is not about it, but for where the edge is.
            self.run = Run { address: self.run.address.take(), ..Run::default() };
        }
        for told in &look.told {
            self.hear(told);
        }
        match &look.process {
            Process::Stopped => {
                self.run = Run::default();
                (self.verdict(TunnelStatus::Off, "not running"), None)
            }
            Process::Starting => (self.verdict(TunnelStatus::Connecting, "starting cloudflared"), None),
            Process::Failed(problem) => {
                let verdict = self.verdict(TunnelStatus::Down, &problem.message);
                (Verdict { problem: Some(problem.clone()), ..verdict }, None)
            }
            Process::Ended { text } => {
                let reason = match self.run.trouble.take() {
                    Some(trouble) => format!("cloudflared {text}: {trouble}"),
                    None => format!("cloudflared {text}"),
                };
                self.run.trouble = None;
                (self.verdict(TunnelStatus::Down, &reason), None)
            }
            Process::Running { pid } => self.running(now, *pid, look),
        }
    }

    fn hear(&mut self, told: &Told) {
        let run = &mut self.run;
        match told {
            Told::Registered { protocol, address } => {
                run.protocol.clone_from(protocol);
                run.address = address.clone().or(run.address.take());
                (run.refusal, run.trouble, run.is_refused) = (None, None, false);
                (run.was_registered, run.no_quic) = (true, false);
            }
            Told::NoQuic(text) => {
                run.trouble = Some(text.clone());
                run.no_quic = !run.was_registered;
            }
            Told::AtMost(connections) => run.at_most = Some(*connections),
            Told::Refused(text) => (run.refusal, run.is_refused) = (Some(text.clone()), true),
            Told::Trouble(text) | Told::Fatal(text) => run.trouble = Some(text.clone()),
        }
    }

    fn running(&mut self, now: Moment, pid: u32, look: &Look) -> (Verdict, Option<Act>) {
        if self.run.pid != pid {
            // What was said before it was seen is about it.
            let said = std::mem::take(&mut self.run);
            let Run { refusal, trouble, protocol, address, at_most, was_registered, no_quic, .. } = said;
            self.run =
                Run { pid, begun: now, refusal, trouble, protocol, address, at_most, ..Run::default() };
            (self.run.was_registered, self.run.no_quic) = (was_registered, no_quic);
        }
        if look.edge.is_some() {
            self.run.edge = look.edge;
        }
        let connections = look.ready.as_ref().map_or(0, |ready| ready.ready_connections);
        self.count(now, connections, look.counters);
        let silent = self.silent_for(now, connections).filter(|silent| *silent >= SILENCE);
        let verdict = if connections > 0 && silent.is_none() {
            self.connected(now, connections)
        } else {
            let lost_at = *self.run.lost_at.get_or_insert(now);
            self.healthy_since = None;
            self.disconnected(now, lost_at, silent)
        };
        let connector = look.ready.as_ref().map(|ready| ready.connector_id.clone());
        let act = self.act(now, &verdict, look.may_fall_back);
        (Verdict { connector: connector.filter(|id| !id.is_empty()), ..verdict }, act)
    }

    fn count(&mut self, now: Moment, connections: u32, counters: Option<Counters>) {
        let Some(counters) = counters else { return };
        let known = *self.run.refused.get_or_insert(counters.refused);
        if connections == 0 && counters.refused > known {
            self.run.is_refused = true;
        }
        self.run.refused = Some(counters.refused);
        match (counters.received, self.run.received) {
            (Some(bytes), Some((known, _))) if bytes == known => {}
            (Some(bytes), _) => self.run.received = Some((bytes, now)),
            (None, _) => self.run.received = None,
        }
    }

    /// For how long nothing came from the edge; none where that can't be seen.
    fn silent_for(&self, now: Moment, connections: u32) -> Option<u64> {
        let is_quic = self.run.protocol.as_deref() == Some("quic");
        let (_, since) = self.run.received.filter(|_| is_quic && connections > 0)?;
        Some(now.saturating_sub(since))
    }

    fn connected(&mut self, now: Moment, connections: u32) -> Verdict {
        let run = &mut self.run;
        (run.lost_at, run.edge, run.is_refused) = (None, None, false);
        run.most = run.most.max(connections);
        let since = *self.healthy_since.get_or_insert(now);
        if now.saturating_sub(since) >= CALM {
            self.restarts = 0;
        }
        let (most, at_most) = (run.most, run.at_most);
        let is_http2 = run.protocol.as_deref() == Some("http2");
        let expected = at_most.map_or(self.expected, |most| most.min(self.expected));
        let plural = if expected == 1 { "" } else { "s" };
        if connections < most {
            let reason = format!("{connections} of {expected} connection{plural} left");
            return self.verdict_with(TunnelStatus::Degraded, &reason, connections);
        }
        let reason = match connections < expected {
            true => format!("{connections} of {expected} connection{plural} so far"),
            false => format!("{connections} connection{plural}"),
        };
        let reason = if is_http2 { format!("{reason}, {ON_HTTP2}") } else { reason };
        self.verdict_with(TunnelStatus::Healthy, &reason, connections)
    }

    fn disconnected(&self, now: Moment, lost_at: Moment, silent: Option<u64>) -> Verdict {
        let run = &self.run;
        if run.is_refused && silent.is_none() {
            let reason = match &run.refusal {
                Some(text) => format!("Cloudflare refuses the tunnel: {text}"),
                None => "Cloudflare refuses the tunnel".to_owned(),
            };
            return self.verdict(TunnelStatus::Unauthorised, &reason);
        }
        if run.most == 0 && now.saturating_sub(run.begun) < START {
            let reason = run.trouble.as_deref().unwrap_or("connecting with Cloudflare");
            return self.verdict(TunnelStatus::Connecting, reason);
        }
        let reason = if run.edge == Some(false) {
            "this machine can't reach Cloudflare: waiting for the network".to_owned()
        } else if silent.is_some() && now.saturating_sub(lost_at) < OWN_RETURN {
            "no sign of life from Cloudflare for two seconds".to_owned()
        } else {
            let trouble = run.trouble.as_deref();
            let silent = || {
                if silent.is_some() {
                    "no sign of life from Cloudflare"
                } else {
                    "no connection with Cloudflare"
                }
            };
            trouble.unwrap_or_else(silent).to_owned()
        };
        self.verdict(TunnelStatus::Down, &reason)
    }

    /// Waits for the network, and then not for cloudflared's own backoff.
    fn act(&mut self, now: Moment, verdict: &Verdict, may_fall_back: bool) -> Option<Act> {
        let lost_at = self.run.lost_at?;
        if may_fall_back && self.run.no_quic && self.run.most == 0 {
            // Nobody knows its name yet, so that a quick tunnel may be started anew, too.
            let is_blocked = self.run.edge == Some(true);
            self.run.no_quic = !is_blocked;
            return Some(if is_blocked { Act::OverHttp2 } else { Act::ProbeEdge });
        }
        if verdict.status != TunnelStatus::Down || now.saturating_sub(lost_at) < OWN_RETURN {
            return None;
        }
        let pause = RESTARTS[self.restarts.min(RESTARTS.len() - 1)];
        if !self.may_restart || self.run.edge != Some(true) || now < self.restarted_at + pause {
            return Some(Act::ProbeEdge);
        }
        self.restarts += 1;
        self.restarted_at = now;
        // What is known of the edge is of the moment before.
        self.run.edge = None;
        Some(Act::Restart)
    }

    fn verdict(&self, status: TunnelStatus, reason: &str) -> Verdict {
        self.verdict_with(status, reason, 0)
    }

    fn verdict_with(&self, status: TunnelStatus, reason: &str, connections: u32) -> Verdict {
        let protocol = self.run.protocol.clone();
        Verdict { status, reason: reason.to_owned(), connections, protocol, ..Verdict::default() }
    }
}
