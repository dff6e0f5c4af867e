//! Resources that a cloud runs, as their users know them: by the `kinfra` command, against stand-ins with state.

mod disuse;
mod neon;
mod pauses;
mod railway;
mod render;
mod stage;
mod supabase;
mod vercel;
