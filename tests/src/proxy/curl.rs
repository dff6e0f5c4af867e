use std::fs::read;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

/// A curl under way. It gives up after two minutes by itself.
#[derive(Debug)]
pub(crate) struct Curl {
    child: Child,
    folder: TempDir,
    what: String,
}

/// What curl got.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// As curl writes it: `1.1`, or `2`.
    pub(crate) version: String,
    /// Of the last answer, names in lower case, in order; trailers follow, for curl knows no difference.
    pub(crate) headers: Vec<(String, String)>,
    /// The statuses of all heads that came, those in between too.
    pub(crate) heads: Vec<u16>,
    pub(crate) body: Vec<u8>,
    /// What the last head says behind its status.
    pub(crate) reason: String,
    /// How many bytes of a body were sent.
    pub(crate) sent: u64,
    /// How many bytes of a body came, before they were unpacked.
    pub(crate) received: u64,
    /// How many connections it needed.
    pub(crate) connects: u32,
}

/// Said by each hop for itself (RFC 9110, 7.6.1).
const OF_A_HOP: [&str; 4] = ["connection", "keep-alive", "transfer-encoding", "date"];

impl Curl {
    #[track_caller]
    pub(crate) fn start(url: &str, options: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new("curl");
        // Without a file of settings, a proxy from the environment, or a picture of its progress.
        command.args([
            "--disable",
            "--noproxy",
            "*",
            "--silent",
            "--show-error",
            "--max-time",
            "120",
            "--no-buffer",
        ]);
        command.args([
            "--write-out",
            "%{http_code} %{http_version} %{size_upload} %{size_download} %{num_connects}\n",
        ]);
        command.arg("--dump-header").arg(folder.path().join("heads"));
        if !options.contains(&"--output") {
            command.arg("--output").arg(folder.path().join("body"));
        }
        command.args(options).arg(url).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Self { child: command.spawn().unwrap(), folder, what: format!("curl {options:?} {url}") }
    }

    pub(crate) fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// What has come so far.
    pub(crate) fn body(&self) -> Vec<u8> {
        read(self.body_path()).unwrap_or_default()
    }

    /// The code with which it ends; what they mean is in its manual.
    pub(crate) fn code(&mut self) -> i32 {
        self.child.wait().unwrap().code().unwrap()
    }

    /// The status that it got, however it ends; 0 for none.
    pub(crate) fn status(self) -> u16 {
        let told = self.child.wait_with_output().unwrap().stdout;
        String::from_utf8(told).unwrap().split(' ').next().unwrap().parse().unwrap()
    }

    /// As a person who closes the window.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    #[track_caller]
    pub(crate) fn end(self) -> Answer {
        let body = self.body_path();
        let Self { child, folder, what } = self;
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{what}: {}", String::from_utf8_lossy(&output.stderr));
        let told = String::from_utf8(output.stdout).unwrap();
        // A line for each request.
        let told: Vec<&str> = told.lines().last().unwrap().split(' ').collect();
        // A value may be of any bytes.
        let heads = read(folder.path().join("heads")).unwrap();
        let heads = String::from_utf8_lossy(&heads);
        let (statuses, headers) = parse(&heads);
        let last = heads.lines().rfind(|line| line.starts_with("HTTP/")).unwrap();
        let reason = last.splitn(3, ' ').nth(2).unwrap_or_default().to_owned();
        Answer {
            status: told[0].parse().unwrap(),
            version: told[1].to_owned(),
            headers,
            heads: statuses,
            reason,
            body: read(body).unwrap_or_default(),
            sent: told[2].parse().unwrap(),
            received: told[3].parse().unwrap(),
            connects: told[4].parse().unwrap(),
        }
    }

    fn body_path(&self) -> PathBuf {
        self.folder.path().join("body")
    }
}

impl Answer {
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    #[track_caller]
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error} in {self:?}"))
    }

    pub(crate) fn all(&self, name: &str) -> Vec<&str> {
        self.headers.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str()).collect()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.all(name).first().copied()
    }

    /// Everything that must come through as it was sent.
    pub(crate) fn end_to_end(&self) -> (u16, Vec<(&str, &str)>, &[u8]) {
        let headers = self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        (self.status, headers.filter(|(name, _)| !OF_A_HOP.contains(name)).collect(), &self.body)
    }
}

fn parse(heads: &str) -> (Vec<u16>, Vec<(String, String)>) {
    let (mut statuses, mut headers) = (vec![], vec![]);
    for line in heads.lines() {
        if line.starts_with("HTTP/") {
            statuses.push(line.split(' ').nth(1).unwrap().parse().unwrap());
            headers.clear();
        } else if let Some((name, value)) = line.split_once(':') {
            headers.push((name.to_lowercase(), value.trim().to_owned()));
        }
    }
    (statuses, headers)
}
