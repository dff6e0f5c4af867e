//! The Docker engine's API with nothing in between: one connection for each request.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::thread;

use kinfra_tests::docker::Docker;
use serde_json::{Value, json};

#[derive(Debug, Clone)]
pub struct Api {
    socket: PathBuf,
}

impl Api {
    pub fn of(docker: &Docker) -> Self {
        Self { socket: docker.socket() }
    }

    /// What it answers, which must be no refusal.
    #[track_caller]
    pub fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> Value {
        let mut answer = self.open(method, path, body);
        let mut text = String::new();
        answer.read_to_string(&mut text).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap();
        assert!(status.starts_with('2') || status == "304", "{method} {path}: {text}");
        serde_json::from_str(body).unwrap_or_default()
    }

    /// The lines of JSON that it answers, as they come.
    pub fn follow(&self, path: &str) -> impl Iterator<Item = Value> + use<> {
        let answer = self.open("GET", path, None);
        let lines = answer.lines().map_while(Result::ok);
        lines.filter_map(|line| serde_json::from_str::<Value>(&line).ok())
    }

    /// By the old version of HTTP, an answer is never cut into pieces, and ends with its connection.
    fn open(&self, method: &str, path: &str, body: Option<&Value>) -> BufReader<UnixStream> {
        let mut stream = UnixStream::connect(&self.socket).unwrap();
        let body = body.map(Value::to_string).unwrap_or_default();
        let length = body.len();
        let request = format!(
            "{method} {path} HTTP/1.0\r\nHost: docker\r\nContent-Type: application/json\r\nContent-Length: \
             {length}\r\n\r\n{body}"
        );
        stream.write_all(request.as_bytes()).unwrap();
        BufReader::new(stream)
    }

    /// What makes the same container as this one once more, on this network; without the marks that KInfra finds its own
    /// by.
    pub fn recipe(&self, container: &str, network: &str) -> Value {
        let mut said = self.ask("GET", &format!("/containers/{container}/json"), None);
        let mut body = said["Config"].take();
        body["Labels"] = json!({});
        body["HostConfig"] = said["HostConfig"].take();
        body["HostConfig"]["NetworkMode"] = json!(network);
        body["NetworkingConfig"] = json!({"EndpointsConfig": {network: {"Aliases": ["it"]}}});
        body
    }

    pub fn create_and_start(&self, name: &str, recipe: &Value) {
        self.ask("POST", &format!("/containers/create?name={name}"), Some(recipe));
        self.start(name);
    }

    pub fn start(&self, name: &str) {
        self.ask("POST", &format!("/containers/{name}/start"), None);
    }

    pub fn kill(&self, name: &str) {
        self.ask("POST", &format!("/containers/{name}/kill"), None);
    }

    pub fn remove(&self, name: &str) {
        self.ask("DELETE", &format!("/containers/{name}?force=true&v=true"), None);
    }

    /// All containers, and the networks that are of use to none then.
    pub fn clear(&self) {
        let all = self.ask("GET", "/containers/json?all=true", None);
        thread::scope(|scope| {
            for container in all.as_array().unwrap() {
                scope.spawn(|| self.remove(container["Id"].as_str().unwrap()));
            }
        });
        self.ask("POST", "/networks/prune", None);
    }
}
