//! What one client is to be told and has not taken yet.
//!
//! Theory of operation: a client may stay connected and never read. What is held for it is bounded, by number and by
//! size; over that bound the client is parted with: what was held is let go, its stream ends, and it can open another
//! one. Waiting for it instead would keep everybody else of its session waiting, and dropping single messages
//! would leave it to guess which. An answer is always taken: it is the last of its stream, and messages have a size
//! of their own that they don't exceed.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// More than servers tell in one go; a client that reads takes each at once.
pub const MOST_MESSAGES: usize = 4096;

/// One that is larger is taken if nothing else is held.
pub const MOST_BYTES: usize = 16 << 20;

/// Why a message was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// The client has left.
    Gone,
    /// It didn't read, and is parted with by this.
    Full,
}

/// The session's end.
pub struct Teller(Arc<Queue>);

/// The client's end.
pub struct Told(Arc<Queue>);

#[derive(Default)]
struct Queue {
    held: Mutex<Held>,
    changed: Notify,
}

#[derive(Default)]
struct Held {
    messages: Kept,
    /// Nothing is added any more.
    is_over: bool,
}

/// Messages, and how much of them there is.
#[derive(Default)]
pub struct Kept {
    messages: VecDeque<String>,
    bytes: usize,
}

pub fn queue() -> (Teller, Told) {
    let queue = Arc::<Queue>::default();
    (Teller(Arc::clone(&queue)), Told(queue))
}

impl Kept {
    /// Whether one more of this size would be within the bounds, of which this is the number.
    pub fn has_room(&self, bytes: usize, most: usize) -> bool {
        self.messages.is_empty() || (self.messages.len() < most && self.bytes + bytes <= MOST_BYTES)
    }

    pub fn push(&mut self, message: String) {
        self.bytes += message.len();
        self.messages.push_back(message);
    }

    pub fn pop(&mut self) -> Option<String> {
        let message = self.messages.pop_front()?;
        self.bytes -= message.len();
        Some(message)
    }
}

impl Teller {
    /// # Errors
    /// When it was not taken.
    pub fn tell(&self, message: &str) -> Result<(), Refused> {
        let mut held = self.0.lock();
        if held.is_over {
            return Err(Refused::Gone);
        }
        if !held.messages.has_room(message.len(), MOST_MESSAGES) {
            *held = Held { is_over: true, ..Held::default() };
            drop(held);
            self.0.changed.notify_one();
            return Err(Refused::Full);
        }
        held.messages.push(message.to_owned());
        drop(held);
        self.0.changed.notify_one();
        Ok(())
    }

    /// The answer, after which there is nothing more. Whoever has left needs none.
    pub fn answer(self, message: String) {
        let mut held = self.0.lock();
        if !held.is_over {
            held.messages.push(message);
        }
    }

    pub fn is_closed(&self) -> bool {
        self.0.lock().is_over
    }
}

impl Drop for Teller {
    fn drop(&mut self) {
        self.0.lock().is_over = true;
        self.0.changed.notify_one();
    }
}

impl Told {
    /// The next one; none when that was the last.
    pub async fn next(&mut self) -> Option<String> {
        loop {
            {
                let mut held = self.0.lock();
                if let Some(message) = held.messages.pop() {
                    return Some(message);
                }
                if held.is_over {
                    return None;
                }
            }
            self.0.changed.notified().await;
        }
    }
}

impl Drop for Told {
    fn drop(&mut self) {
        *self.0.lock() = Held { is_over: true, ..Held::default() };
    }
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_told_comes_in_order_and_the_answer_last() {
        let (teller, mut told) = queue();
        teller.tell("one").unwrap();
        teller.tell("two").unwrap();
        assert_eq!(told.next().await.as_deref(), Some("one"));
        teller.answer("answer".to_owned());
        assert_eq!(told.next().await.as_deref(), Some("two"));
        assert_eq!(told.next().await.as_deref(), Some("answer"));
        assert_eq!(told.next().await, None);
        let (teller, told) = queue();
        drop(told);
        assert_eq!((teller.tell("one"), teller.is_closed()), (Err(Refused::Gone), true));
    }

    #[tokio::test]
    async fn who_never_reads_is_parted_with_by_number_and_by_size() {
        let (teller, mut told) = queue();
        for _ in 0..MOST_MESSAGES {
            teller.tell("x").unwrap();
        }
        assert_eq!((teller.tell("x"), teller.tell("x")), (Err(Refused::Full), Err(Refused::Gone)));
        assert_eq!(told.next().await, None, "what was held is let go");

        let (teller, mut told) = queue();
        let large = "x".repeat(MOST_BYTES + 1);
        teller.tell(&large).unwrap();
        assert_eq!(told.next().await.map(|told| told.len()), Some(large.len()), "alone it is taken");
        teller.tell("x").unwrap();
        assert_eq!(teller.tell(&large[1..]), Err(Refused::Full));

        let (teller, mut told) = queue();
        teller.tell("x").unwrap();
        teller.answer(large);
        assert_eq!(told.next().await.as_deref(), Some("x"));
        assert!(told.next().await.is_some(), "an answer is always taken");
    }
}
