//! The server that tells how it is. It has a thread and a runtime of its own, so that it answers whatever the rest waits
//! for.

use std::fmt::Write as _;
use std::io::{Read, Result, Write};
use std::net::{TcpListener, TcpStream};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::runtime::Builder;

use crate::orchestrator::Orchestrator;
use crate::status::Status;

/// What it knows of all the rest.
#[derive(Debug)]
pub struct Told {
    pub status: Arc<Status>,
    pub orchestrator: Arc<Orchestrator>,
    pub tunnel: String,
    pub connector: String,
    /// Of a quick tunnel.
    pub hostname: String,
}

/// Where it listens, unless told otherwise: the first of these that is free, else anywhere.
const PORTS: std::ops::RangeInclusive<u16> = 20241..=20245;

pub fn listen(address: Option<&str>) -> Result<TcpListener> {
    match address {
        Some(address) => TcpListener::bind(
            address
                .strip_prefix("localhost:")
                .map_or_else(|| address.to_owned(), |port| format!("127.0.0.1:{port}")),
        ),
        None => {
            let mut tried = PORTS.filter_map(|port| TcpListener::bind(("127.0.0.1", port)).ok());
            tried.next().map_or_else(|| TcpListener::bind("127.0.0.1:0"), Ok)
        }
    }
}

pub fn serve(listener: TcpListener, told: Told) -> Result<()> {
    listener.set_nonblocking(true)?;
    let runtime = Builder::new_current_thread().enable_all().build()?;
    thread::spawn(move || {
        runtime.block_on(async {
            let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { return };
            let told = Arc::new(told);
            while let Ok((stream, _)) = listener.accept().await {
                let told = Arc::clone(&told);
                tokio::spawn(async move {
                    let service = service_fn(|request: Request<_>| {
                        let response = answer(&told, request.uri().path());
                        async move { Ok::<_, std::convert::Infallible>(response) }
                    });
                    // Whoever asks may leave at any time.
                    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
                });
            }
        });
    });
    Ok(())
}

fn answer(told: &Told, path: &str) -> Response<Full<Bytes>> {
    let (status, kind, body) = match path {
        "/ready" => ready_body(told),
        "/healthcheck" => (200, "text/plain; charset=utf-8", "OK\n".to_owned()),
        "/config" => (200, "application/json", told.orchestrator.shown().to_string()),
        "/quicktunnel" => (200, "application/json", json!({"hostname": told.hostname}).to_string()),
        "/diag/tunnel" => (200, "application/json", diagnosis(told).to_string()),
        "/metrics" => (200, "text/plain; version=0.0.4; charset=utf-8", metrics(told)),
        _ => (404, "text/plain; charset=utf-8", "404 page not found\n".to_owned()),
    };
    let response = Response::builder().status(status).header("content-type", kind);
    response.body(Full::new(Bytes::from(body))).unwrap_or_default()
}

fn ready_body(told: &Told) -> (u16, &'static str, String) {
    let is_ending = told.status.is_ending.load(Ordering::Relaxed);
    let connections = if is_ending { 0 } else { told.status.connected() };
    let status = if connections == 0 { 503 } else { 200 };
    let body = format!(
        "{{\"status\":{status},\"readyConnections\":{connections},\"connectorId\":\"{}\"}}",
        told.connector
    );
    (status, "text/plain; charset=utf-8", body)
}

fn diagnosis(told: &Told) -> Value {
    let slots = told.status.slots().into_iter().filter(|slot| slot.is_connected);
    let connections = slots.map(|slot| {
        let mut shown = json!({"isConnected": true, "edgeAddress": slot.address});
        // What is 0 there is not said: HTTP/2, and the first connection.
        if slot.protocol == "quic" {
            shown["protocol"] = 1.into();
        }
        if slot.index > 0 {
            shown["index"] = slot.index.into();
        }
        shown
    });
    json!({
        "tunnelID": told.tunnel,
        "connectorID": told.connector,
        "connections": connections.collect::<Vec<_>>(),
        "icmp_sources": ["127.0.0.1"],
    })
}

fn metrics(told: &Told) -> String {
    let status = &told.status;
    let number = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    let mut text = String::new();
    let mut line = |name: &str, value: u64| {
        // Writing to a string does not fail.
        let _ = writeln!(text, "{name} {value}");
    };
    line("build_info{goversion=\"go1.26.2\",type=\"\",version=\"2026.8.2\"}", 1);
    line("cloudflared_config_local_config_pushes", number(&status.pushes));
    line("cloudflared_config_local_config_pushes_errors", number(&status.push_errors));
    // Loops, not connections.
    line("cloudflared_tunnel_ha_connections", number(&status.loops));
    line("cloudflared_tunnel_request_errors", number(&status.request_errors));
    for (code, count) in &*status.responses.lock().unwrap_or_else(std::sync::PoisonError::into_inner) {
        line(&format!("cloudflared_tunnel_response_by_code{{status_code=\"{code}\"}}"), *count);
    }
    line("cloudflared_tunnel_total_requests", number(&status.requests));
    line(
        "cloudflared_tunnel_tunnel_register_success{rpcName=\"registerConnection\"}",
        number(&status.registered),
    );
    if number(&status.refused) > 0 {
        let name =
            "cloudflared_tunnel_tunnel_register_fail{error=\"server_error\",rpcName=\"registerConnection\"}";
        line(name, number(&status.refused));
    }
    for slot in status.slots() {
        let (index, place) = (slot.index, &slot.location);
        // It stays 1 when the connection is gone.
        let name = format!(
            "cloudflared_tunnel_server_locations{{connection_id=\"{index}\",edge_location=\"{place}\"}}"
        );
        line(&name, 1);
        if slot.protocol == "quic" {
            line(&format!("quic_client_receive_bytes{{conn_index=\"{index}\"}}"), number(&slot.received));
        }
    }
    // Unlike in `/config` it is 0 here as long as nothing was sent.
    let version = told.orchestrator.version().max(0);
    let _ = writeln!(text, "cloudflared_orchestration_config_version {version}");
    if !told.hostname.is_empty() {
        let host = &told.hostname;
        let _ =
            writeln!(text, "cloudflared_tunnel_user_hostnames_counts{{userHostname=\"https://{host}\"}} 1");
    }
    text
}

/// `tunnel --metrics ADDR ready`: says nothing when it is.
pub fn ready(address: Option<&str>) -> ExitCode {
    let ask = || -> Result<String> {
        let mut stream = TcpStream::connect(address.unwrap_or("127.0.0.1:20241"))?;
        stream.write_all(b"GET /ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    };
    match ask() {
        Ok(answer) if answer.starts_with("HTTP/1.1 200") => return ExitCode::SUCCESS,
        Ok(answer) => eprintln!("{}", answer.split("\r\n\r\n").nth(1).unwrap_or_default()),
        Err(error) => eprintln!("{error}"),
    }
    ExitCode::FAILURE
}
