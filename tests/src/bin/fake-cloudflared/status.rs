//! What its metrics server tells, and everybody else writes down.

use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Arc, Mutex, PoisonError};

#[derive(Debug, Default)]
pub struct Status {
    pub connections: Mutex<Vec<Slot>>,
    /// It was told to end: nobody is to send it anything more.
    pub is_ending: AtomicBool,
    pub requests: AtomicU64,
    pub request_errors: AtomicU64,
    pub registered: AtomicU64,
    pub refused: AtomicU64,
    pub pushes: AtomicU64,
    pub push_errors: AtomicU64,
    /// How many loops keep up a connection, whether they have one or not.
    pub loops: AtomicU64,
    pub responses: Mutex<std::collections::BTreeMap<u16, u64>>,
}

/// One of the connections that it is to have.
#[derive(Debug, Clone)]
pub struct Slot {
    pub index: u8,
    pub is_connected: bool,
    pub protocol: &'static str,
    pub address: String,
    pub location: String,
    /// Bytes that the edge has sent by it, as QUIC.
    pub received: Arc<AtomicU64>,
}

impl Status {
    /// How many connections can be used.
    pub fn connected(&self) -> usize {
        self.slots().iter().filter(|slot| slot.is_connected).count()
    }

    pub fn slots(&self) -> Vec<Slot> {
        self.connections.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn connect(&self, slot: Slot) {
        let mut slots = self.connections.lock().unwrap_or_else(PoisonError::into_inner);
        slots.retain(|known| known.index != slot.index);
        slots.push(slot);
        slots.sort_by_key(|slot| slot.index);
    }

    pub fn disconnect(&self, index: u8) {
        let mut slots = self.connections.lock().unwrap_or_else(PoisonError::into_inner);
        for slot in slots.iter_mut().filter(|slot| slot.index == index) {
            slot.is_connected = false;
        }
    }
}
