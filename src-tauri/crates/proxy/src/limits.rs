use std::time::Duration;

/// How long the proxy waits for whom, and how much of what it takes. Nothing here bounds the size or the duration of a
/// body.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// For a client's first byte, and for the whole head of each further request; so also for how long an idle
    /// client connection is kept. 75 s is nginx's `keepalive_timeout`.
    pub client_head: Duration,
    /// For a service to accept a connection. On loopback only a full backlog takes time; 5 s outlasts the kernel's
    /// first two repetitions of a dropped SYN (1 s and 3 s).
    pub connect: Duration,
    /// For a service to say whether it wants a body that its client holds back (`Expect: 100-continue`): then it is sent
    /// the body, as by curl.
    pub expectation: Duration,
    /// For how long a client that has closed its half of the connection is answered while nothing moves: it may just as
    /// well have left.
    pub half_closed: Duration,
    /// For how long the rest of a request's body is read for nobody, once it is answered: a connection that is closed
    /// with unread bytes is reset, and the reset overtakes the answer. 30 s is nginx's `lingering_time`.
    pub drained: Duration,
    /// For the head of a service's response, counted from the last byte of the request. Long, because in
    /// development a first request compiles the page and a breakpoint holds the whole program.
    pub response_head: Duration,
    /// For how long an unused connection to a service is kept. Below the shortest keep-alive of the usual
    /// development servers (gunicorn 2 s, Node and uvicorn 5 s), so that it is seldom the service that closes.
    pub pool_idle: Duration,
    /// How many unused connections to one service a worker keeps; more are closed at once.
    pub pool_size: usize,
    /// Between two comments on a quiet event stream: tells whether the visitor is still there.
    pub event_comment: Duration,
    /// All headers of a request together, in bytes, and those of a response: browsers, nginx and Node stop at 16 to
    /// 80 KiB.
    pub headers: usize,
    /// Client connections that one worker has at a time; more are closed at once. Each takes a descriptor, and a
    /// second one while it is answered: two workers stay below the usual hard limit of 524,288.
    pub connections: usize,
    /// How many requests to one service are held at a time until it answers; more get the page. None of a held
    /// request's body is read, so that it takes no more memory than its head.
    pub held: usize,
    /// How many are held of all services together.
    pub held_in_all: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            client_head: Duration::from_secs(75),
            connect: Duration::from_secs(5),
            expectation: Duration::from_secs(1),
            half_closed: Duration::from_secs(5),
            drained: Duration::from_secs(30),
            response_head: Duration::from_secs(300),
            pool_idle: Duration::from_millis(1500),
            pool_size: 512,
            event_comment: Duration::from_secs(15),
            headers: 64 * 1024,
            connections: 65_536,
            held: 100,
            held_in_all: 1000,
        }
    }
}
