//! What others use, told to lead the same hosts to the same ports: no log of requests, connections kept on both
//! sides, nothing kept on disk, all else by default.

use std::path::PathBuf;
use std::process::Command;

use crate::cpus;
use crate::tools::{Packaged, Tool, find};
use crate::world::{Ports, World};

/// As many as the clients that are ever there at once, and some.
pub const CONNECTIONS: u32 = 12_000;

/// # Errors
/// When it isn't installed.
pub fn command(tool: Tool, world: &World) -> Result<Command, String> {
    let ports = world.ports;
    match tool {
        Tool::Nginx => {
            let text = nginx(world, ports.nginx, &nginx_proxy(ports));
            let file = world.write("nginx.conf", &text);
            Ok(run(&find("nginx")?, &["-e", "stderr", "-c"], &file, world))
        }
        Tool::Haproxy => {
            let file = world.write("haproxy.cfg", &haproxy(ports));
            Ok(run(&find("haproxy")?, &["-db", "-f"], &file, world))
        }
        Tool::Caddy => {
            let file = world.write("Caddyfile", &caddy(ports));
            let arguments = ["run", "--adapter", "caddyfile", "--config"];
            let mut command = run(&find("caddy")?, &arguments, &file, world);
            command
                .env("HOME", world.folder())
                .env("XDG_DATA_HOME", world.folder())
                .env("XDG_CONFIG_HOME", world.folder());
            Ok(command)
        }
        Tool::Ours | Tool::Direct => Err("it is there already".to_owned()),
    }
}

fn run(packaged: &Packaged, arguments: &[&str], file: &PathBuf, world: &World) -> Command {
    let mut command = world.command(cpus::on(cpus::PROXY, &packaged.program));
    command.args(arguments).arg(file).env("LD_LIBRARY_PATH", &packaged.libraries);
    command
}

/// One worker with this in its `http`.
pub fn nginx(world: &World, port: u16, http: &str) -> String {
    let folder = world.folder().display();
    let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|what| format!("{what}_temp_path {folder}/nginx-{port}-{what};"));
    let user = if rustix::process::getuid().is_root() { "user root;" } else { "" };
    format!(
        "{user} daemon off; worker_processes 1; pid {folder}/nginx-{port}.pid;\n\
         events {{ worker_connections {CONNECTIONS}; }}\n\
         http {{\n{}\naccess_log off; keepalive_requests 1000000000; client_max_body_size 0; {http}\n}}\n",
        temporary.join("\n")
    )
}

fn nginx_proxy(ports: Ports) -> String {
    let mut text = "map $http_upgrade $connection_upgrade { default upgrade; '' ''; }\n\
                    proxy_http_version 1.1; proxy_set_header Host $host; proxy_set_header Upgrade $http_upgrade;\n\
                    proxy_set_header Connection $connection_upgrade; proxy_request_buffering off;\n\
                    proxy_max_temp_file_size 0;\n"
        .to_owned();
    for (host, port) in ports.routes() {
        let name = format!("to_{port}");
        text += &format!(
            "upstream {name} {{ server 127.0.0.1:{port}; keepalive 1024; keepalive_requests 1000000000; }}\n\
             server {{ listen 127.0.0.1:{}; server_name {host}; location / {{ proxy_pass http://{name}; }} }}\n",
            ports.nginx
        );
    }
    text
}

fn haproxy(ports: Ports) -> String {
    let mut text = format!(
        "global\n  maxconn {CONNECTIONS}\n  nbthread 1\n  no strict-limits\n\
         defaults\n  mode http\n  timeout connect 5s\n  timeout client 75s\n  timeout server 300s\n  timeout tunnel 1h\n  \
         option forwardfor\n  http-reuse always\n\
         frontend all\n  bind 127.0.0.1:{}\n",
        ports.haproxy
    );
    for (host, port) in ports.routes() {
        text += &format!("  use_backend to_{port} if {{ hdr(host) -i {host} }}\n");
    }
    for (_, port) in ports.routes() {
        text += &format!("backend to_{port}\n  server one 127.0.0.1:{port} pool-max-conn 1024\n");
    }
    text
}

fn caddy(ports: Ports) -> String {
    let mut text = "{\n  admin off\n  auto_https off\n}\n".to_owned();
    for (host, port) in ports.routes() {
        text += &format!(
            "http://{host}:{} {{\n  bind 127.0.0.1\n  reverse_proxy 127.0.0.1:{port} {{\n    transport http {{\n      \
             keepalive_idle_conns_per_host 1024\n    }}\n  }}\n}}\n",
            ports.caddy
        );
    }
    text
}
