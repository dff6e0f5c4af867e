//! How cloudflared is run: as a service like any other, with a configuration of our own.
//!
//! What can be said by the environment is said there: an older cloudflared passes over what it does not know, where an
//! unknown flag makes it print its help and end as if all were well.

use std::fs::{self, DirBuilder};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use kinfra_rpc::{ErrorCode, Forwarding, Problem};

use crate::config::{
    Backoff, CloudflareSettings, EnvironmentSpec, HealthSpec, ReplicaSpec, RestartPolicy, RestartSpec, Run,
    ServiceSpec, ServiceType, StopSpec,
};
use crate::home::Home;

const SIGTERM: i32 = 15;

/// Requests under way may take as long before a tunnel ends; cloudflared ends as soon as there are none.
const GRACE: Duration = Duration::from_secs(10);

/// Beyond its own grace: for its metrics server, which takes half a second.
const GRACE_OF_ALL: Duration = Duration::from_secs(12);

/// What a tunnel is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Start {
    Quick,
    /// One of an account; its token is held under this name.
    Named {
        token: String,
    },
}

/// Where a tunnel leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The proxy's public listener.
    pub socket: PathBuf,
}

impl Origin {
    /// As cloudflared takes it.
    #[must_use]
    pub fn service(&self) -> String {
        format!("unix:{}", self.socket.display())
    }
}

/// What it speaks with the edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    Quic,
    Http2,
}

/// As what it is run; writes the file that it reads.
///
/// # Errors
/// When that can't be written.
pub fn spec(
    name: &str,
    start: &Start,
    (program, transport): (&Path, Transport),
    options: &CloudflareSettings,
    home: &Home,
) -> Result<ServiceSpec, Problem> {
    let folder = folder(home);
    let file = folder.join(format!("{name}.yml"));
    let origin = Origin { socket: home.public_socket() };
    write(&folder, &file, &configuration(&origin)).map_err(|error| {
        let message = format!("cannot write cloudflared's configuration to {}: {error}", file.display());
        Problem::new(ErrorCode::Io, message).hint("its folder must be writable for you alone")
    })?;
    let words = arguments(start, (program, transport), &file, options);
    let run = Run::Program(words.iter().map(|word| literal(word)).collect());
    let environment = EnvironmentSpec { variables: variables(start), ..EnvironmentSpec::default() };
    Ok(ServiceSpec { run, environment, ..unstarted(name, home) })
}

/// All that is known of it before it is to be started.
#[must_use]
pub fn unstarted(name: &str, home: &Home) -> ServiceSpec {
    let backoff = Backoff { initial: Duration::ZERO, longest: Duration::from_secs(30) };
    ServiceSpec {
        name: name.to_owned(),
        slug: name.to_owned(),
        replica: ReplicaSpec { of: name.to_owned(), number: 1 },
        kind: ServiceType::Service,
        run: Run::Program(vec![]),
        dir: folder(home),
        project_environment: EnvironmentSpec::default(),
        environment: EnvironmentSpec::default(),
        secret_files: vec![],
        ports: vec![],
        route: None,
        domains: vec![],
        public: vec![],
        forwarding: Forwarding::default(),
        depends_on: vec![],
        profiles: vec![],
        manual: true,
        health: HealthSpec::default(),
        // Whether it is worth while is judged by more than its exit code.
        restart: RestartSpec { policy: RestartPolicy::Always, max: u32::MAX, backoff },
        stop: StopSpec { signal: SIGTERM, grace: GRACE_OF_ALL },
        watch: None,
        log_bytes: None,
        mcp: None,
        resource: None,
        secrets_of_resources: vec![],
    }
}

fn folder(home: &Home) -> PathBuf {
    home.runtime.join("tunnels")
}

fn arguments(
    start: &Start,
    (program, transport): (&Path, Transport),
    file: &Path,
    options: &CloudflareSettings,
) -> Vec<String> {
    let mut words = vec![program.display().to_string(), "tunnel".to_owned()];
    let mut flag = |name: &str, value: String| words.extend([format!("--{name}"), value]);
    // A file of the user's own would be read otherwise, and obeyed.
    flag("config", file.display().to_string());
    // It tells by its log which port it got.
    flag("metrics", "127.0.0.1:0".to_owned());
    flag("loglevel", "info".to_owned());
    let transport = match transport {
        Transport::Quic => "quic",
        Transport::Http2 => "http2",
    };
    flag("protocol", transport.to_owned());
    flag("grace-period", format!("{}s", GRACE.as_secs()));
    for edge in &options.edge {
        flag("edge", edge.clone());
    }
    if let Some(authority) = &options.authority {
        flag("cacert", authority.display().to_string());
    }
    if let (Start::Quick, Some(service)) = (start, &options.quick_service) {
        flag("quick-service", service.clone());
    }
    words.push("--no-autoupdate".to_owned());
    match start {
        // Asks for a quick tunnel; where it leads says the configuration.
        Start::Quick => words.extend(["--url".to_owned(), "http://127.0.0.1".to_owned()]),
        Start::Named { .. } => words.push("run".to_owned()),
    }
    words
}

fn variables(start: &Start) -> Vec<(String, String)> {
    let mut variables = vec![
        ("TUNNEL_LOG_OUTPUT".to_owned(), "json".to_owned()),
        ("TUNNEL_NO_PRECHECKS".to_owned(), "true".to_owned()),
    ];
    if let Start::Named { token } = start {
        variables.push(("TUNNEL_TOKEN".to_owned(), format!("${{secret:{token}}}")));
    }
    variables
}

/// Of a named tunnel Cloudflare tells the rules, some milliseconds after the first connection. Who is sent through that
/// before is answered by the proxy, not by cloudflared's 503 for want of rules.
fn configuration(origin: &Origin) -> String {
    // JSON is YAML, and knows how to quote.
    let rule = serde_json::json!({ "ingress": [{ "service": origin.service() }] });
    format!("# Written by KInfra, which reads nothing here.\n{rule}\n")
}

fn write(folder: &Path, file: &Path, text: &str) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    if fs::read_to_string(file).is_ok_and(|known| known == text) {
        return Ok(());
    }
    let mut open = fs::OpenOptions::new();
    open.write(true).create(true).truncate(true).mode(0o600).open(file)?.write_all(text.as_bytes())
}

/// A word in which nothing is a reference.
fn literal(word: &str) -> String {
    word.replace('$', "$$")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(start: &Start, transport: Transport, options: &CloudflareSettings) -> String {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path(), 1000);
        let program = (Path::new("/opt/$x/cloudflared"), transport);
        let spec = spec("tunnel", start, program, options, &home).unwrap();
        let Run::Program(words) = spec.run else { panic!("it is no program") };
        let file = fs::read_to_string(home.runtime.join("tunnels/tunnel.yml")).unwrap();
        let text = format!("{}\n{:?}\n{file}", words.join(" "), spec.environment.variables);
        text.replace(folder.path().to_str().unwrap(), "HOME")
    }

    #[test]
    fn no_secret_is_on_the_command_line_and_no_file_of_the_users_is_read() {
        let options = CloudflareSettings {
            quick_service: Some("http://127.0.0.1:1".into()),
            edge: vec!["127.0.0.1:2".into()],
            ..CloudflareSettings::default()
        };
        let named = Start::Named { token: "@tunnel/main".into() };
        insta::assert_snapshot!(shown(&Start::Quick, Transport::Http2, &options), @r#"
        /opt/$$x/cloudflared tunnel --config HOME/run/tunnels/tunnel.yml --metrics 127.0.0.1:0 --loglevel info --protocol http2 --grace-period 10s --edge 127.0.0.1:2 --quick-service http://127.0.0.1:1 --no-autoupdate --url http://127.0.0.1
        [("TUNNEL_LOG_OUTPUT", "json"), ("TUNNEL_NO_PRECHECKS", "true")]
        # Written by KInfra, which reads nothing here.
        {"ingress":[{"service":"unix:HOME/run/public.sock"}]}
        "#);
        insta::assert_snapshot!(shown(&named, Transport::Quic, &CloudflareSettings::default()), @r#"
        /opt/$$x/cloudflared tunnel --config HOME/run/tunnels/tunnel.yml --metrics 127.0.0.1:0 --loglevel info --protocol quic --grace-period 10s --no-autoupdate run
        [("TUNNEL_LOG_OUTPUT", "json"), ("TUNNEL_NO_PRECHECKS", "true"), ("TUNNEL_TOKEN", "${secret:@tunnel/main}")]
        # Written by KInfra, which reads nothing here.
        {"ingress":[{"service":"unix:HOME/run/public.sock"}]}
        "#);
    }
}
