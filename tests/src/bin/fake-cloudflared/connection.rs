//! One connection, again and again.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Value, json};
use tokio::time::{sleep, sleep_until};

use crate::backoff::Own;
use crate::dial::{Dialled, Fault, dial};
use crate::status::Slot;
use crate::supervisor::{Protocol, World};
use crate::transport::serve;

/// Until it is to end.
pub async fn keep(world: Arc<World>, index: u8) {
    world.status.loops.fetch_add(1, Ordering::Relaxed);
    let mut ending = world.ending.clone();
    let mut keeper = Keeper {
        own: Own::new(world.options.retries),
        ended_by: String::new(),
        protocol: world.options.protocol,
        tried: 0,
        index,
        world,
    };
    // The first connection is made again at once, after its own wait, until something happens to it that is not
    // thought to pass.
    let mut waits_alone = index == 0;
    while !*ending.borrow() {
        let passes = keeper.once().await;
        if *ending.borrow() {
            return;
        }
        let (longest, wait) = keeper.own.next();
        let text = format!("Retrying connection in up to {}", in_go(longest.as_secs()));
        keeper.world.log.info(&text, &json!({"connIndex": index, "event": 0, "ip": keeper.address()}));
        waits_alone &= passes;
        let waited = async {
            sleep(wait).await;
            if !waits_alone {
                keeper.tell_terminated();
                sleep_until(keeper.world.backoff.next()).await;
            }
        };
        tokio::select! {
            () = waited => {}
            _ = ending.wait_for(|ending| *ending) => return,
        }
    }
}

struct Keeper {
    world: Arc<World>,
    index: u8,
    own: Own,
    protocol: Protocol,
    /// How many dials by this protocol have failed in a row.
    tried: u32,
    /// What it said of its last end.
    ended_by: String,
}

impl Keeper {
    /// One connection's life. Tells whether what ended it is thought to pass.
    async fn once(&mut self) -> bool {
        let world = Arc::clone(&self.world);
        let received = Arc::new(AtomicU64::new(0));
        match dial(&world, self.index, self.protocol, &received).await {
            Ok(dialled) => self.live(dialled, received).await,
            Err(Fault::Dial(text)) => {
                let message = match self.protocol {
                    Protocol::Quic => "Failed to dial a quic connection",
                    Protocol::Http2 => "Unable to establish connection with Cloudflare edge",
                };
                world.log.error(message, &self.fields(&text));
                match self.protocol {
                    Protocol::Quic => self.ended_by = text,
                    Protocol::Http2 => self.serve_error(&text),
                }
                self.tried += 1;
                // Where one was ever connected by QUIC, it does not go over any more.
                let is_enough =
                    self.tried > world.options.max_edge_addr_retries && !*world.was_connected.borrow();
                if is_enough && self.protocol == Protocol::Quic && world.options.may_fall_back {
                    world.log.info("Switching to fallback protocol http2", &self.fields(""));
                    self.protocol = Protocol::Http2;
                    self.own.reset();
                }
                true
            }
            Err(Fault::Refused(text)) => {
                world.status.refused.fetch_add(1, Ordering::Relaxed);
                if self.protocol == Protocol::Quic {
                    // The reason is lost here in the real one, too.
                    self.quic_ended("control stream");
                    return true;
                }
                world.log.error("failed to serve incoming request", &json!({"error": text}));
                world.log.error("Register tunnel error from server side", &self.fields(&text));
                if !*world.was_connected.borrow() && !text.starts_with("Unauthorized") {
                    world.die(&text);
                }
                self.ended_by = text;
                false
            }
        }
    }

    async fn live(&mut self, dialled: Dialled, received: Arc<AtomicU64>) -> bool {
        let world = Arc::clone(&self.world);
        world.status.registered.fetch_add(1, Ordering::Relaxed);
        world.status.connect(Slot {
            index: self.index,
            is_connected: true,
            protocol: self.protocol.name(),
            address: self.address(),
            location: dialled.location.clone(),
            received,
        });
        let fields = json!({
            "connIndex": self.index, "connection": dialled.id, "event": 0, "ip": self.address(),
            "location": dialled.location, "protocol": self.protocol.name(),
        });
        world.log.info("Registered tunnel connection", &fields);
        if !world.was_connected.send_replace(true)
            && let Some(path) = &world.options.pidfile
        {
            // Nobody is told of a file that can't be written, and it stays when this ends.
            let _ = std::fs::write(path, std::process::id().to_string());
        }
        self.own.reset();
        world.backoff.reset();
        let protocol = self.protocol;
        let ended = serve(dialled.stream, protocol, &world, self.index).await;
        world.status.disconnect(self.index);
        // What fell back is tried anew.
        self.protocol = world.options.protocol;
        self.tried = 0;
        if *world.ending.borrow() {
            world.log.info("Unregistered tunnel connection", &self.fields(""));
            return true;
        }
        match protocol {
            Protocol::Quic => {
                let text = format!("failed to accept QUIC stream: {ended}");
                world.log.error("failed to accept incoming stream requests", &self.fields(&text));
                self.quic_ended("accept stream listener");
            }
            Protocol::Http2 => {
                world.log.info("Lost connection with the edge", &json!({"connIndex": self.index}));
                self.serve_error("connection with edge closed");
            }
        }
        protocol == Protocol::Quic
    }

    fn serve_error(&mut self, text: &str) {
        self.by_what_is_left("Serve tunnel error", &self.fields(text));
        text.clone_into(&mut self.ended_by);
    }

    /// Which task of a QUIC connection ended first is what it goes on with; why is lost.
    fn quic_ended(&mut self, task: &str) {
        let text = format!("{task} encountered a failure while serving");
        self.world.log.error("failed to run the datagram handler", &self.fields("context canceled"));
        self.by_what_is_left("failed to serve tunnel connection", &self.fields(&text));
        self.serve_error(&text);
    }

    fn tell_terminated(&self) {
        let fields = json!({"connIndex": self.index, "error": self.ended_by});
        self.by_what_is_left("Connection terminated", &fields);
    }

    /// An error where no other connection is left.
    fn by_what_is_left(&self, message: &str, fields: &Value) {
        let log = &self.world.log;
        if self.world.status.connected() == 0 {
            log.error(message, fields);
        } else {
            log.warn(message, fields);
        }
    }

    fn fields(&self, error: &str) -> Value {
        let mut fields = json!({"connIndex": self.index, "event": 0, "ip": self.address()});
        if !error.is_empty() {
            fields["error"] = error.into();
        }
        fields
    }

    fn address(&self) -> String {
        let edges = &self.world.options.edges;
        edges[usize::from(self.index) % edges.len()].ip().to_string()
    }
}

/// As Go writes durations: `1m4s`.
fn in_go(seconds: u64) -> String {
    if seconds < 60 { format!("{seconds}s") } else { format!("{}m{}s", seconds / 60, seconds % 60) }
}
