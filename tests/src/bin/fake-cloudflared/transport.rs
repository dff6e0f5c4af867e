use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http2::Builder;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};

use crate::counted::Counted;
use crate::proxy::answer;
use crate::supervisor::{Protocol, World};

/// How often QUIC asks whether the edge is there, and how long it waits for an answer.
const PING: Duration = Duration::from_secs(1);
const IDLE: Duration = Duration::from_secs(5);

/// Serves what comes by a connection, until it is gone or, when all is to end, until what was under way is done. Gives
/// what QUIC would say.
pub async fn serve(stream: Counted, protocol: Protocol, world: &Arc<World>, index: u8) -> &'static str {
    let mut builder = Builder::new(TokioExecutor::new());
    builder.timer(TokioTimer::new());
    if protocol == Protocol::Quic {
        builder.keep_alive_interval(Some(PING)).keep_alive_timeout(IDLE);
    }
    let service = service_fn(|request| answer(Arc::clone(world), (index, protocol), request));
    let mut connection = std::pin::pin!(builder.serve_connection(TokioIo::new(stream), service));
    let mut ending = world.ending.clone();
    let asked_to_end = async {
        let _ = ending.wait_for(|ending| *ending).await;
    };
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = asked_to_end => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    match ended {
        Err(error) if error.is_timeout() => "timeout: no recent network activity",
        _ => "Application error 0x0 (remote)",
    }
}
