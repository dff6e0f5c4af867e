use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::{Arc, Mutex};

use sha2::{Digest, Sha256};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;

use crate::connector::download::{Asset, download};

/// A release on loopback: the file, how many bytes of it each answer gives before it breaks off, and what was asked.
async fn release(file: Vec<u8>, breaks: Vec<usize>) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let asked = Arc::new(Mutex::new(vec![]));
    let told = Arc::clone(&asked);
    tokio::spawn(async move {
        for breaks in breaks.into_iter().chain(std::iter::repeat(usize::MAX)) {
            let (mut stream, _) = listener.accept().await.unwrap();
            let (reader, mut writer) = stream.split();
            let mut lines = BufReader::new(reader).lines();
            let mut range = None;
            while let Some(line) = lines.next_line().await.unwrap().filter(|line| !line.is_empty()) {
                if let Some(from) = line.to_lowercase().strip_prefix("range: bytes=") {
                    range = from.trim_end_matches('-').parse::<usize>().ok();
                }
            }
            told.lock().unwrap().push(range.map_or("whole".to_owned(), |from| format!("from {from}")));
            let from = range.unwrap_or(0);
            if from >= file.len() {
                let head =
                    "HTTP/1.1 416 Range Not Satisfiable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
                writer.write_all(head.as_bytes()).await.unwrap();
                continue;
            }
            let status = if range.is_some() { "206 Partial Content" } else { "200 OK" };
            let left = &file[from..];
            let head =
                format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", left.len());
            writer.write_all(head.as_bytes()).await.unwrap();
            writer.write_all(&left[..breaks.min(left.len())]).await.unwrap();
        }
    });
    (url, asked)
}

fn asset(file: &[u8]) -> Asset {
    let sha256 = Sha256::digest(file).iter().map(|byte| format!("{byte:02x}")).collect();
    Asset { name: "cloudflared-linux-amd64".into(), sha256 }
}

#[tokio::test]
async fn a_download_that_broke_off_goes_on_where_it_was() {
    let file: Vec<u8> = (0..200_000_u32).flat_map(u32::to_le_bytes).collect();
    let (url, asked) = release(file.clone(), vec![300_000]).await;
    let folder = tempfile::tempdir().unwrap();
    let seen = Mutex::new(vec![]);
    let progress = |done, whole| seen.lock().unwrap().push((done, whole));
    let broken = download(&url, &asset(&file), folder.path(), progress).await.unwrap_err();
    assert!(broken.to_string().contains("it goes on where it was"), "{broken}");
    assert!(!folder.path().join("cloudflared").exists());
    let program = download(&url, &asset(&file), folder.path(), progress).await.unwrap();
    assert_eq!(fs::read(&program).unwrap(), file);
    assert_eq!(fs::metadata(&program).unwrap().permissions().mode() & 0o777, 0o755);
    assert_eq!(*asked.lock().unwrap(), ["whole", "from 300000"]);
    assert_eq!(seen.lock().unwrap().last(), Some(&(800_000, Some(800_000))));
}

#[tokio::test]
async fn what_is_not_what_it_should_be_is_never_kept() {
    let (url, asked) = release(b"something else".to_vec(), vec![]).await;
    let folder = tempfile::tempdir().unwrap();
    // What is left of an earlier try is not believed either.
    fs::write(folder.path().join("cloudflared-linux-amd64.part"), b"some").unwrap();
    let refused = download(&url, &asset(b"cloudflared"), folder.path(), |_, _| {}).await.unwrap_err();
    let text = refused.to_string().replace(&url, "URL");
    insta::assert_snapshot!(text, @"
    what URL/2026.8.2/cloudflared-linux-amd64 gave is not cloudflared 2026.8.2: its SHA-256 is another one
      hint: it was deleted; somebody may be between this machine and the release: install cloudflared in another way
    ");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    assert_eq!(*asked.lock().unwrap(), ["from 4", "whole"]);
}

#[test]
fn the_release_is_pinned_for_the_machines_that_have_a_bare_program() {
    let asset = Asset::of_this_machine().unwrap();
    assert!(asset.name.starts_with("cloudflared-") && asset.sha256.len() == 64, "{asset:?}");
}
