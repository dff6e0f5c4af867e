use std::io;

use tar::{Builder, Header};

use super::spec::File;

/// The files as an engine takes them: an archive that is unpacked at the root of a container. Whoever runs within may
/// read them; on this machine they are nowhere.
///
/// # Errors
/// When a path is too long for an archive.
pub fn archive(files: &[File]) -> io::Result<Vec<u8>> {
    let mut archive = Builder::new(vec![]);
    for File { target, content } in files {
        let mut header = Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        header.set_mtime(now());
        archive.append_data(&mut header, target.trim_start_matches('/'), content.as_bytes())?;
    }
    archive.into_inner()
}

fn now() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn each_file_is_where_it_is_wanted() {
        let files = [("/etc/nats.conf", "port: 4222"), ("/run/secrets/token", "secret")];
        let files =
            files.map(|(target, content)| File { target: target.to_owned(), content: content.to_owned() });
        let packed = archive(&files).unwrap();
        let mut unpacked = vec![];
        for entry in tar::Archive::new(packed.as_slice()).entries().unwrap() {
            let mut entry = entry.unwrap();
            let mut content = String::new();
            entry.read_to_string(&mut content).unwrap();
            unpacked.push(format!("{} {content}", entry.path().unwrap().display()));
        }
        assert_eq!(unpacked, ["etc/nats.conf port: 4222", "run/secrets/token secret"]);
    }
}
