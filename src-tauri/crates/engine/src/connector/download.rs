//! Gets a cloudflared from its release, on the user's word: one pinned version, whose sum is known before.
//!
//! What was loaded is kept in a file beside until it is whole, so that a download that broke off goes on where it was.
//! Nothing is run, or named `cloudflared`, before its sum is right.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use kinfra_rpc::{ErrorCode, Problem};
use reqwest::header::RANGE;
use reqwest::{Client, StatusCode};
use sha2::{Digest, Sha256};

use super::program::Version;

/// Its behaviour is the one that this module builds on.
pub const VERSION: Version = Version([2026, 8, 2]);

/// Where releases are: below, `VERSION/NAME`.
pub const RELEASES: &str = "https://github.com/cloudflare/cloudflared/releases/download";

const CONNECT: Duration = Duration::from_secs(15);
/// Between two pieces.
const STALL: Duration = Duration::from_secs(30);

/// Far more than any cloudflared has, in bytes.
const MOST: u64 = 256 << 20;

/// A file of the release, and its SHA-256, as GitHub publishes it with the release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asset {
    pub name: String,
    pub sha256: String,
}

impl Asset {
    /// For the machine that this runs on. None where the release has no bare program for it.
    #[must_use]
    pub fn of_this_machine() -> Option<Self> {
        let (name, sha256) = match (std::env::consts::OS, std::env::consts::ARCH) {
            ("linux", "x86_64") => (
                "cloudflared-linux-amd64",
                "fcfb02b575a52ca1af2e3267af4e1517bcdeb30ac48c834c69abaed3c0576ad2",
            ),
            ("linux", "aarch64") => (
                "cloudflared-linux-arm64",
                "7747d94570fb390cf47dcb4f9555c193c6355cda9793f0d878d9049e5d6a7790",
            ),
            ("windows", "x86_64") => (
                "cloudflared-windows-amd64.exe",
                "c29eee2b121f5436a642eed69fd9767da7e7b8c510fa50aaa130337f931357b5",
            ),
            _ => return None,
        };
        Some(Self { name: name.to_owned(), sha256: sha256.to_owned() })
    }
}

/// Loads it into a folder, as `cloudflared`. `progress` hears how many bytes are there, and of how many as far as that
/// is known.
///
/// # Errors
/// When it can't be loaded or written, or is not what it should be.
pub async fn download(
    releases: &str,
    asset: &Asset,
    folder: &Path,
    progress: impl Fn(u64, Option<u64>),
) -> Result<PathBuf, Problem> {
    let (part, program) = (folder.join(format!("{}.part", asset.name)), folder.join("cloudflared"));
    let unwritten = |error: io::Error| {
        let message = format!("cannot write cloudflared to {}: {error}", part.display());
        Problem::new(ErrorCode::Io, message).hint("make room, and see that the folder is writable for you")
    };
    DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(unwritten)?;
    let url = format!("{releases}/{VERSION}/{}", asset.name);
    // A second round begins anew, where what was left of an earlier try was not what it seemed.
    for is_fresh in [false, true] {
        if is_fresh {
            fs::remove_file(&part).map_err(unwritten)?;
        }
        load(&url, &part, &progress).await?;
        let sum = sum_of(&part).map_err(unwritten)?;
        if sum == asset.sha256 {
            fs::set_permissions(&part, fs::Permissions::from_mode(0o755)).map_err(unwritten)?;
            fs::rename(&part, &program).map_err(unwritten)?;
            return Ok(program);
        }
        tracing::warn!(url, sum, "what was loaded is not what it should be");
    }
    fs::remove_file(&part).map_err(unwritten)?;
    let message = format!("what {url} gave is not cloudflared {VERSION}: its SHA-256 is another one");
    Err(Problem::new(ErrorCode::TunnelFailed, message)
        .hint("it was deleted; somebody may be between this machine and the release: install cloudflared in another way"))
}

async fn load(url: &str, part: &Path, progress: &impl Fn(u64, Option<u64>)) -> Result<(), Problem> {
    let failed = |reason: String| {
        Problem::new(ErrorCode::TunnelFailed, format!("cannot load {url}: {reason}"))
            .hint("try again: it goes on where it was; or install cloudflared from Cloudflare's packages")
    };
    let unwritten = |error: io::Error| failed(format!("writing it to {} fails: {error}", part.display()));
    // reqwest asks for the process's provider. There is one only (ring), so who sets it first doesn't matter.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut builder = Client::builder().connect_timeout(CONNECT).read_timeout(STALL);
    if url.starts_with("http:") {
        // No certificates are needed, nor need the system have any.
        builder = builder.tls_certs_only([]).no_proxy();
    }
    let client = builder.build().map_err(|error| failed(error.to_string()))?;
    let there = fs::metadata(part).map_or(0, |metadata| metadata.len());
    let mut request = client.get(url);
    if there > 0 {
        request = request.header(RANGE, format!("bytes={there}-"));
    }
    let mut answer = request.send().await.map_err(|error| failed(error.to_string()))?;
    let goes_on = match answer.status() {
        StatusCode::PARTIAL_CONTENT => true,
        // There is no more of it.
        StatusCode::RANGE_NOT_SATISFIABLE => return Ok(()),
        StatusCode::OK => false,
        status => return Err(failed(format!("the answer is {status}"))),
    };
    let mut open = OpenOptions::new();
    open.write(true).create(true).append(goes_on).truncate(!goes_on).mode(0o600);
    let mut file = open.open(part).map_err(unwritten)?;
    let mut done = if goes_on { there } else { 0 };
    let whole = answer.content_length().map(|left| done + left);
    progress(done, whole);
    while let Some(piece) = answer.chunk().await.map_err(|error| failed(error.to_string()))? {
        file.write_all(&piece).map_err(unwritten)?;
        done += piece.len() as u64;
        if done > MOST {
            return Err(failed("it is far too large".to_owned()));
        }
        progress(done, whole);
    }
    file.sync_all().map_err(unwritten)
}

fn sum_of(file: &Path) -> io::Result<String> {
    let (mut file, mut digest, mut buffer) = (fs::File::open(file)?, Sha256::new(), vec![0; 1 << 16]);
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect()),
            read => digest.update(&buffer[..read]),
        }
    }
}
