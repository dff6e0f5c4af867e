//! A body of any size passes through whole, and the engine keeps none of it.

use std::fs::{File, write};
use std::time::Duration;

use serde_json::json;
use sha2::{Digest, Sha256};

use super::curl::{Answer, Curl};
use super::served::Served;
use crate::tools::Tool;
use crate::{TestProject, wait_until};

/// How to ask, and how many bytes may be on their way in the proxy's own buffers. hyper lets a window of HTTP/2 grow to
/// 16 MiB where the service reads slower than the client sends, and fills it with pieces that are less than full.
const VERSIONS: [(&str, u64); 2] = [("--http1.1", 8 * MIB), ("--http2-prior-knowledge", 40 * MIB)];

const MIB: u64 = 1 << 20;

#[test]
fn bodies_of_256_mib_pass_through_a_flat_engine() {
    pass("bodies_of_256_mib_pass_through_a_flat_engine", 256 * MIB);
}

#[test]
#[ignore = "deep"]
fn bodies_of_1_gib_pass_through_a_flat_engine() {
    pass("bodies_of_1_gib_pass_through_a_flat_engine", 1024 * MIB);
}

#[test]
fn a_body_arrives_byte_for_byte() {
    let Some(web) = Served::server("a_body_arrives_byte_for_byte", "http.cjs", &[Tool::Curl]) else { return };
    // Of no length that is a buffer's, and nowhere the same.
    let bytes: Vec<u8> =
        (0..3_000_001_u32).map(|index| (index ^ (index >> 8) ^ (index >> 15)) as u8).collect();
    let file = web.project.home.path().join("upload");
    write(&file, &bytes).unwrap();
    let upload = format!("@{}", file.display());
    let digest: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    for option in ["--http1.0", "--http1.1", "--http2-prior-knowledge", "--http2"] {
        let sent = web.curl("/digest", &[option, "--data-binary", &upload]);
        assert_eq!(sent.json(), digest.as_str(), "{option}");
        let back = web.curl("/mirror", &[option, "--data-binary", &upload]);
        assert!(back.body == bytes, "{option}: {} bytes came back", back.body.len());
    }
}

fn pass(test: &str, bytes: u64) {
    let Some(web) = Served::server(test, "http.cjs", &[Tool::Curl]) else { return };
    let file = web.project.home.path().join("upload");
    // A file with nothing in it takes no room on the disk.
    File::create(&file).unwrap().set_len(bytes).unwrap();
    let upload = format!("@{}", file.display());
    for (option, kept) in VERSIONS {
        for path in ["/sized", "/chunked"] {
            let path = format!("{path}?bytes={bytes}");
            let answer = flat(&web, kept, &path, &[option, "--output", "/dev/null"]);
            assert_eq!((answer.status, answer.received), (200, bytes), "{option} {path}");
            let (length, chunked) = (answer.header("content-length"), answer.header("transfer-encoding"));
            match path.starts_with("/sized") {
                true => assert_eq!((length, chunked), (Some(&*bytes.to_string()), None), "{option}"),
                false => assert_eq!((length, chunked.is_some()), (None, option == "--http1.1"), "{option}"),
            }
        }
        for chunked in [&[][..], &["--header", "Transfer-Encoding: chunked"]] {
            // curl reads it piece by piece; by --data-binary it would have all of it in its memory.
            let from = ["--request", "POST", "--upload-file", &upload[1..]];
            let answer = flat(&web, kept, "/upload", &[&[option], &from[..], chunked].concat());
            let length = chunked.is_empty().then(|| bytes.to_string());
            assert_eq!(answer.json(), json!({"received": bytes, "length": length}), "{option} {chunked:?}");
        }
    }
}

/// What curl got, while the engine's memory grew by less than `kept`.
#[track_caller]
fn flat(web: &Served, kept: u64, path: &str, options: &[&str]) -> Answer {
    let before = own_memory(&web.project);
    let mut most = before;
    let mut curl = Curl::start(&web.url(path), options);
    wait_until("curl to end", Duration::from_secs(130), || {
        most = most.max(own_memory(&web.project));
        !curl.is_running()
    });
    let grown = most.saturating_sub(before);
    assert!(grown < kept, "{path} {options:?}: the engine grew by {} MiB", grown / MIB);
    curl.end()
}

/// Bytes that the engine shares with nobody.
fn own_memory(project: &TestProject) -> u64 {
    project.home.engine().unwrap().memory("smaps_rollup", "Anonymous")
}
