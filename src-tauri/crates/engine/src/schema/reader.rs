use std::path::{Path, PathBuf};

use kinfra_rpc::{ErrorCode, Place, Problem};

use crate::schema::tree::{Node, Position};

/// Collects the problems of one file while it is decoded, and knows where in the tree that is.
#[derive(Debug)]
pub(crate) struct Reader {
    file: PathBuf,
    path: Vec<String>,
    problems: Vec<Problem>,
}

impl Reader {
    pub fn new(file: &Path) -> Self {
        Self { file: file.to_owned(), path: Vec::new(), problems: Vec::new() }
    }

    /// Does something one level deeper, at this key.
    pub fn within<T>(&mut self, key: &str, action: impl FnOnce(&mut Self) -> T) -> T {
        self.path.push(key.to_owned());
        let result = action(self);
        self.path.pop();
        result
    }

    /// The keys from the top to here, as people write them: `services.web.port`.
    pub fn path(&self) -> String {
        self.path.join(".")
    }

    pub fn place(&self, at: Position) -> Place {
        Place { file: self.file.clone(), line: at.line, column: at.column }
    }

    pub fn report(&mut self, at: Position, problem: Problem) {
        let place = self.place(at);
        self.problems.push(problem.at(place));
    }

    /// Reports a problem of another file, or one that already knows its place.
    pub fn report_elsewhere(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    /// Reports that this value is not what the key takes. Always none, so that decoders can return it.
    pub fn unexpected<T>(&mut self, node: &Node, right: &str) -> Option<T> {
        self.report(node.at, self.mismatch(node, right));
        None
    }

    /// The same, for a hint to be added and then to be reported.
    pub fn mismatch(&self, node: &Node, right: &str) -> Problem {
        let subject = match self.path() {
            path if path.is_empty() => "the file".to_owned(),
            path => format!("`{path}`"),
        };
        let message = format!("{subject} is {}, but must be {right}", node.shown());
        Problem::new(ErrorCode::ConfigInvalidValue, message)
    }

    /// In the order of the file's lines.
    pub fn into_problems(mut self) -> Vec<Problem> {
        self.problems.sort_by_key(|problem| {
            problem.place.as_ref().map(|place| (place.file != self.file, place.line, place.column))
        });
        self.problems
    }
}
