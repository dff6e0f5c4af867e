use std::path::{Path, PathBuf};

use super::ignored::Ignored;

/// Which files somebody wants to hear of.
#[derive(Debug)]
pub enum Scope {
    /// These alone, whether they exist or not.
    Files(Vec<PathBuf>),
    /// All below a folder that are not ignored.
    Tree(Box<Tree>),
}

#[derive(Debug)]
pub struct Tree {
    /// Files and folders; what is below one of them counts.
    paths: Vec<PathBuf>,
    ignored: Ignored,
}

impl Scope {
    /// All below these paths, but not what the patterns name, which are written as in a `.gitignore` in `root`, nor
    /// what Git ignores. The paths are absolute.
    #[must_use]
    pub fn tree(root: &Path, paths: Vec<PathBuf>, patterns: &[String]) -> Self {
        Self::Tree(Box::new(Tree { paths, ignored: Ignored::new(root, patterns) }))
    }

    /// The folders in which files are to be watched, as they are now.
    pub(super) fn folders(&mut self) -> Vec<PathBuf> {
        match self {
            Self::Files(files) => {
                let mut folders: Vec<PathBuf> =
                    files.iter().filter_map(|file| Some(file.parent()?.to_owned())).collect();
                folders.dedup();
                folders
            }
            Self::Tree(tree) => {
                let mut folders = Vec::new();
                for path in tree.paths.clone() {
                    if path.is_dir() {
                        tree.add_folders(&path, &mut folders);
                    } else if let Some(parent) = path.parent() {
                        folders.push(parent.to_owned());
                    }
                }
                folders
            }
        }
    }

    /// The folders below one that has just come, itself included; none where it is nobody's business.
    pub(super) fn folders_of_new(&mut self, folder: &Path) -> Vec<PathBuf> {
        let mut folders = Vec::new();
        if let Self::Tree(tree) = self
            && tree.paths.iter().any(|path| folder.starts_with(path))
        {
            tree.add_folders(folder, &mut folders);
        }
        folders
    }

    /// Whether a change of this path counts.
    pub(super) fn takes(&mut self, path: &Path) -> bool {
        match self {
            Self::Files(files) => files.iter().any(|file| file == path),
            Self::Tree(tree) => {
                if path.ends_with(".gitignore")
                    && let Some(folder) = path.parent()
                {
                    tree.ignored.forget(folder);
                }
                // That a folder has changed says only that something in it has, which is told by itself.
                tree.paths.iter().any(|own| path.starts_with(own))
                    && !path.is_dir()
                    && !tree.ignored.ignores(path, false)
            }
        }
    }
}

impl Tree {
    /// No recursion into what is ignored: that may be more than all else. Links aren't followed.
    fn add_folders(&mut self, folder: &Path, found: &mut Vec<PathBuf>) {
        if self.ignored.ignores(folder, true) {
            return;
        }
        found.push(folder.to_owned());
        let Ok(entries) = std::fs::read_dir(folder) else { return };
        for entry in entries.flatten() {
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                self.add_folders(&entry.path(), found);
            }
        }
    }
}
