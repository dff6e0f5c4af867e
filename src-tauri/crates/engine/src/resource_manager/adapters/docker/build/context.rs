//! The folder that an image is built from, as an archive, without what `.dockerignore` names.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use ignore::gitignore::{Gitignore, GitignoreBuilder};
use tokio::sync::mpsc::Sender;

/// One write of an archive is a block of 512 bytes: they are sent together.
const PIECE: usize = 64 * 1024;

type Piece = io::Result<Bytes>;

/// Blocks. Ends early where nobody takes the pieces any more.
///
/// # Errors
/// When a file can't be read.
pub fn pack(context: &Path, dockerfile: &str, sender: &Sender<Piece>) -> io::Result<()> {
    let packed =
        write(context, dockerfile, Pieces { waiting: Vec::with_capacity(PIECE), sender: sender.clone() });
    if let Err(error) = &packed
        && error.kind() != io::ErrorKind::BrokenPipe
    {
        // The engine must not take half an archive for a whole one.
        let _ = sender.blocking_send(Err(io::Error::other(error.to_string())));
    }
    packed.or_else(|error| if error.kind() == io::ErrorKind::BrokenPipe { Ok(()) } else { Err(error) })
}

fn write(context: &Path, dockerfile: &str, pieces: Pieces) -> io::Result<()> {
    let ignored = Ignored::read(context, dockerfile)?;
    let mut archive = tar::Builder::new(pieces);
    archive.follow_symlinks(false);
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        let mut entries = fs::read_dir(context.join(&folder))
            .map_err(|error| told(&context.join(&folder), &error))?
            .collect::<io::Result<Vec<_>>>()?;
        // An archive of the same folder is the same one.
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let path = folder.join(entry.file_name());
            let kind = entry.file_type()?;
            let skipped = ignored.ignores(&path, kind.is_dir());
            if kind.is_dir() {
                // Something in it may be taken all the same.
                if !skipped || ignored.has_exceptions {
                    folders.push(path.clone());
                }
            }
            if !skipped && (kind.is_dir() || kind.is_file() || kind.is_symlink()) {
                let own = context.join(&path);
                archive.append_path_with_name(&own, &path).map_err(|error| match error.kind() {
                    io::ErrorKind::BrokenPipe => error,
                    _ => told(&own, &error),
                })?;
            }
        }
    }
    archive.into_inner()?.flush()
}

fn told(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{} can't be read: {error}", path.display()))
}

struct Ignored {
    patterns: Gitignore,
    has_exceptions: bool,
    /// The engine needs it, whatever is said of it.
    dockerfile: PathBuf,
}

impl Ignored {
    fn read(context: &Path, dockerfile: &str) -> io::Result<Self> {
        let own = context.join(format!("{dockerfile}.dockerignore"));
        let file = if own.is_file() { own } else { context.join(".dockerignore") };
        let text = match fs::read_to_string(&file) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(told(&file, &error)),
        };
        let mut patterns = GitignoreBuilder::new("");
        let mut has_exceptions = false;
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let (not, pattern) = line.strip_prefix('!').map_or(("", line), |rest| ("!", rest.trim_start()));
            has_exceptions |= !not.is_empty();
            // Git's patterns without a slash hold in every folder; Docker's begin at the top.
            let pattern = pattern.trim_start_matches("./").trim_matches('/');
            if let Err(error) = patterns.add_line(None, &format!("{not}/{pattern}")) {
                let message = format!("{} can't be understood: `{line}`: {error}", file.display());
                return Err(io::Error::new(io::ErrorKind::InvalidData, message));
            }
        }
        let patterns = patterns.build().map_err(io::Error::other)?;
        Ok(Self { patterns, has_exceptions, dockerfile: Path::new(dockerfile).components().collect() })
    }

    fn ignores(&self, path: &Path, is_folder: bool) -> bool {
        self.patterns.matched_path_or_any_parents(path, is_folder).is_ignore()
            && !self.dockerfile.starts_with(path)
    }
}

struct Pieces {
    waiting: Vec<u8>,
    sender: Sender<Piece>,
}

impl Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.waiting.extend_from_slice(bytes);
        if self.waiting.len() >= PIECE {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let piece = std::mem::replace(&mut self.waiting, Vec::with_capacity(PIECE));
        let gone = |_| io::Error::from(io::ErrorKind::BrokenPipe);
        self.sender.blocking_send(Ok(piece.into())).map_err(gone)
    }
}
