//! Names that lead nowhere are to a visitor as if DNS did not know them: no connection. There is no DNS here, so the
//! connection is closed when it has said by TLS whom it looks for. A name deeper than the zone's certificate reaches fails
//! in the same moment, by an alert, as it does in a browser.

use std::sync::Arc;

use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use rustls::server::Acceptor;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::LazyConfigAcceptor;

use super::certificates::without_certificate;
use super::forward::answer;
use super::route::{is_certified, route};
use crate::cloudflare::server::Shared;

pub(in crate::cloudflare) async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(meet(stream, Arc::clone(&shared)));
    }
}

async fn meet(stream: TcpStream, shared: Arc<Shared>) {
    // What a visitor does wrong is the visitor's business.
    let Ok(hello) = LazyConfigAcceptor::new(Acceptor::default(), stream).await else { return };
    let Some(host) = hello.client_hello().server_name().map(str::to_lowercase) else { return };
    let (is_known, is_certified) = {
        let state = shared.state();
        (route(&state, &host).is_some(), is_certified(&state, &host))
    };
    if !is_known {
        return;
    }
    let server = if is_certified { shared.authority.server(&host) } else { without_certificate() };
    let Ok(stream) = hello.into_stream(server).await else { return };
    let service = service_fn(|request| answer(Arc::clone(&shared), request));
    let builder = auto::Builder::new(TokioExecutor::new());
    let _ = builder.serve_connection_with_upgrades(TokioIo::new(stream), service).await;
}
