use std::collections::HashMap;
use std::path::{Path, PathBuf};

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

const GITIGNORE: &str = ".gitignore";

/// Which files of a tree nobody wants to hear of: by patterns of one's own, and as Git ignores them.
#[derive(Debug)]
pub struct Ignored {
    own: Gitignore,
    /// Where Git's own folder is, or the root itself: nothing above it counts.
    top: PathBuf,
    /// By folder; none where it has no such file.
    found: HashMap<PathBuf, Option<Gitignore>>,
}

impl Ignored {
    /// `patterns` are written as in a `.gitignore` in `root`. One that can't be understood counts for nothing.
    pub fn new(root: &Path, patterns: &[String]) -> Self {
        let mut own = GitignoreBuilder::new(root);
        for pattern in patterns {
            if let Err(error) = own.add_line(None, pattern) {
                tracing::warn!(pattern, %error, "a pattern of files to be ignored can't be understood");
            }
        }
        let top = root.ancestors().find(|folder| folder.join(".git").exists()).unwrap_or(root);
        Self {
            own: own.build().unwrap_or_else(|_| Gitignore::empty()),
            top: top.to_owned(),
            found: HashMap::new(),
        }
    }

    /// A `.gitignore` was written: it is read again when it is needed.
    pub fn forget(&mut self, folder: &Path) {
        self.found.remove(folder);
    }

    /// Whether a file is ignored, or a folder that it is in.
    pub fn ignores(&mut self, path: &Path, is_folder: bool) -> bool {
        let above = path.ancestors().skip(1).take_while(|folder| folder.starts_with(&self.top));
        let folders: Vec<PathBuf> = above.filter(|folder| *folder != self.top).map(Path::to_owned).collect();
        folders.iter().rev().any(|folder| self.ignores_itself(folder, true))
            || self.ignores_itself(path, is_folder)
    }

    fn ignores_itself(&mut self, path: &Path, is_folder: bool) -> bool {
        if path.file_name().is_some_and(|name| name == ".git") {
            return true;
        }
        match self.own.matched(path, is_folder) {
            Match::Ignore(_) => return true,
            Match::Whitelist(_) => return false,
            Match::None => {}
        }
        // The innermost that says something decides.
        for folder in path.ancestors().skip(1).take_while(|folder| folder.starts_with(&self.top)) {
            let known = self.found.entry(folder.to_owned()).or_insert_with(|| read(folder));
            match known.as_ref().map_or(Match::None, |gitignore| gitignore.matched(path, is_folder)) {
                Match::Ignore(_) => return true,
                Match::Whitelist(_) => return false,
                Match::None => {}
            }
        }
        false
    }
}

fn read(folder: &Path) -> Option<Gitignore> {
    let file = folder.join(GITIGNORE);
    // What is wrong in it costs only the lines that are.
    file.is_file().then(|| Gitignore::new(file).0)
}
