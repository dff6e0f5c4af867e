use kinfra_rpc::NodeState;

use crate::output::Output;
use crate::render::{LiveBlock, change_lines, counts_down};
use crate::surroundings::now;

/// Shows how services change, on stderr: in place on a terminal of our own, else line by line.
pub struct Display<'a> {
    output: &'a Output,
    shown: Vec<NodeState>,
    live: Option<LiveBlock>,
}

impl<'a> Display<'a> {
    /// For a command that shows nothing else meanwhile.
    pub fn in_place(output: &'a Output) -> Self {
        Self { output, shown: vec![], live: output.live.then(LiveBlock::default) }
    }

    /// For one that prints log lines between.
    pub fn line_by_line(output: &'a Output) -> Self {
        Self { output, shown: vec![], live: None }
    }

    /// Whether what is on show changes by itself as time passes, and is drawn anew.
    pub fn counts_down(&self) -> bool {
        self.live.is_some() && self.shown.iter().any(counts_down)
    }

    pub fn show(&mut self, nodes: &[&NodeState]) {
        let palette = self.output.note_palette;
        let now = now();
        // A terminal that doesn't tell its size is taken for the smallest usual one.
        let (columns, rows) = self.output.size().unwrap_or((80, 24));
        // What has scrolled off can't be drawn over.
        match self.live.as_mut().filter(|_| nodes.len() < rows) {
            Some(block) => self.output.note_raw(&block.draw(nodes, now, columns, palette)),
            None => {
                let lines = change_lines(&self.shown, nodes, now, palette);
                // At once: many change together.
                if !lines.is_empty() {
                    self.output.note(&lines.join("\n"));
                }
            }
        }
        self.remember(nodes);
    }

    /// Of many that are shown few have changed.
    fn remember(&mut self, nodes: &[&NodeState]) {
        self.shown.truncate(nodes.len());
        for (index, node) in nodes.iter().enumerate() {
            match self.shown.get_mut(index) {
                Some(known) if known == *node => {}
                Some(known) => known.clone_from(node),
                None => self.shown.push((*node).clone()),
            }
        }
    }
}
