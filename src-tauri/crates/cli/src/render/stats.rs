use kinfra_rpc::{NodeState, NodeUsage};

use super::palette::{Colour, Palette};
use super::state::mark;
use super::table::{Cell, table};

/// The answer to `kinfra stats`: what has no process has dashes, and several are summed up.
pub fn stats(nodes: &[NodeState], usages: &[NodeUsage], palette: Palette) -> String {
    let mut rows = vec![vec![
        Cell::new(" "),
        Cell::heading("SERVICE"),
        Cell::heading_right("CPU"),
        Cell::heading_right("MEMORY"),
        Cell::heading_right("DESCRIPTORS"),
        Cell::heading_right("PROCESSES"),
        Cell::heading_right("THREADS"),
    ]];
    rows.extend(nodes.iter().map(|node| {
        let mark = mark(node);
        let usage = usages.iter().find(|usage| usage.node == node.name);
        row(Cell::painted(mark.shape, mark.colour), Cell::new(&node.name), usage)
    }));
    if usages.len() > 1 {
        rows.push(row(Cell::new(" "), Cell::painted("together", Colour::Grey), Some(&together(usages))));
    }
    table(&rows, palette)
}

fn row(mark: Cell, name: Cell, usage: Option<&NodeUsage>) -> Vec<Cell> {
    vec![
        mark,
        name,
        Cell::number(usage.map(|usage| format!("{:.1} %", usage.cpu_percent))),
        Cell::number(usage.map(|usage| bytes(usage.memory_bytes))),
        Cell::number(usage.map(|usage| usage.descriptors)),
        Cell::number(usage.map(|usage| usage.processes)),
        Cell::number(usage.map(|usage| usage.threads)),
    ]
}

fn together(usages: &[NodeUsage]) -> NodeUsage {
    NodeUsage {
        node: String::new(),
        cpu_percent: usages.iter().map(|usage| usage.cpu_percent).sum(),
        memory_bytes: usages.iter().map(|usage| usage.memory_bytes).sum(),
        descriptors: usages.iter().map(|usage| usage.descriptors).sum(),
        processes: usages.iter().map(|usage| usage.processes).sum(),
        threads: usages.iter().map(|usage| usage.threads).sum(),
    }
}

/// `812 KiB`, `34.5 MiB`, `1.2 GiB`.
fn bytes(bytes: u64) -> String {
    const KIBI: u64 = 1 << 10;
    // Shown with one decimal: what is lost of a large number is not seen.
    #[allow(clippy::cast_precision_loss)]
    let of = |unit: u64| bytes as f64 / unit as f64;
    match bytes {
        ..0x10_0000 => format!("{} KiB", bytes / KIBI),
        0x10_0000..0x4000_0000 => format!("{:.1} MiB", of(KIBI * KIBI)),
        _ => format!("{:.1} GiB", of(KIBI * KIBI * KIBI)),
    }
}

/// A text on a terminal that the next one is drawn over.
#[derive(Debug, Default)]
pub struct Drawn {
    lines: usize,
}

impl Drawn {
    /// What to write so that a terminal of so many rows shows this text instead of the one before. What doesn't fit
    /// is left out: what has scrolled off could not be drawn over.
    pub fn over(&mut self, text: &str, rows: usize) -> String {
        let room = rows.saturating_sub(1).max(1);
        let all: Vec<&str> = text.lines().collect();
        let (shown, left_out) = match all.len() > room {
            true => (room - 1, all.len() - (room - 1)),
            false => (all.len(), 0),
        };
        let mut lines: Vec<String> = all.iter().take(shown).map(|line| (*line).to_owned()).collect();
        if left_out > 0 {
            lines.push(format!("… {left_out} more"));
        }
        let up = if self.lines > 0 { format!("\x1b[{}A", self.lines) } else { String::new() };
        self.lines = lines.len();
        let drawn: String = lines.iter().map(|line| format!("\r{line}\x1b[K\n")).collect();
        // A line that wrapped would count as two: wrapping is off meanwhile.
        format!("{up}\x1b[?7l{drawn}\x1b[J\x1b[?7h")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_shown_in_the_unit_that_reads_best() {
        assert_eq!(bytes(0), "0 KiB");
        assert_eq!(bytes(1_048_575), "1023 KiB");
        assert_eq!(bytes(1 << 20), "1.0 MiB");
        assert_eq!(bytes(104_857_600 + 524_288), "100.5 MiB");
        assert_eq!(bytes(3 << 29), "1.5 GiB");
    }

    #[test]
    fn each_text_is_drawn_over_the_one_before_and_never_higher_than_the_terminal() {
        let mut drawn = Drawn::default();
        assert_eq!(drawn.over("a\nb\n", 24), "\x1b[?7l\ra\x1b[K\n\rb\x1b[K\n\x1b[J\x1b[?7h");
        let next = drawn.over("a\nb\nc\nd\n", 4);
        assert_eq!(next, "\x1b[2A\x1b[?7l\ra\x1b[K\n\rb\x1b[K\n\r… 2 more\x1b[K\n\x1b[J\x1b[?7h");
        assert!(drawn.over("a\n", 4).starts_with("\x1b[3A"));
    }
}
