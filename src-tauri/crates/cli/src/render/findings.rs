use kinfra_rpc::{Examination, Finding, Level};

use super::palette::{Colour, Palette};

/// The answer to `kinfra doctor`.
pub fn findings(examination: &Examination, palette: Palette) -> String {
    examination.findings.iter().map(|finding| shown(finding, palette)).collect()
}

fn shown(finding: &Finding, palette: Palette) -> String {
    let (shape, colour) = match finding.level {
        Level::Good => ("●", Colour::Green),
        Level::Note => ("◐", Colour::Yellow),
        Level::Bad => ("✕", Colour::Red),
    };
    let mut text = format!("{} {}\n", palette.paint(colour, shape), finding.title);
    for detail in &finding.details {
        text.push_str(&format!("    {}\n", palette.paint(Colour::Grey, detail)));
    }
    for (what, lines) in [("to do something about it", &finding.steps), ("to take that back", &finding.undo)]
    {
        if !lines.is_empty() {
            text.push_str(&format!("  {what}:\n"));
        }
        lines.iter().for_each(|line| text.push_str(&format!("    {line}\n")));
    }
    text
}
