//! Moving over from KInfra 1.0, with the real command: a user's folder as that version left it, moved over, again, and back.

mod adopted;
mod connectors;
mod killed;
mod moved;
mod odd;
mod old_home;
mod orders;
mod unified;
