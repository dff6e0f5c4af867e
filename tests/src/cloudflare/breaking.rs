//! What happens to the edge.

use super::Cloudflare;
use super::edge::Mood;

impl Cloudflare {
    /// Closes all connections, and refuses new ones.
    pub fn lose_cleanly(&self) {
        self.edge_of_tests().become_(Mood::Lost);
    }

    /// Keeps all connections, and says nothing over them: what an unplugged cable is to those at its ends.
    pub fn freeze(&self) {
        self.edge_of_tests().become_(Mood::Frozen);
    }

    /// Ends either. What was frozen and still is there goes on.
    pub fn come_back(&self) {
        self.edge_of_tests().become_(Mood::Well);
    }

    /// Closes one connection, by the id that the state has it under.
    pub fn kill(&self, connection: &str) {
        self.edge_of_tests().kill(connection);
    }

    /// Refuses whoever registers from now on, with these words; with none, no more.
    ///
    /// # Panics
    /// When a task has panicked that did the same.
    pub fn refuse_registrations(&self, text: Option<&str>) {
        *self.edge_of_tests().refusal.lock().unwrap() = text.map(str::to_owned);
    }

    /// Lets no QUIC through, as a network that blocks UDP: those who try are not answered. Those who are in stay.
    ///
    /// # Panics
    /// As [`Cloudflare::refuse_registrations`].
    pub fn block_quic(&self, is_blocked: bool) {
        *self.edge_of_tests().is_quic_blocked.lock().unwrap() = is_blocked;
    }
}
