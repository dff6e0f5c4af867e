//! Columns that line up: by what is seen, not by the bytes of colours.

use super::palette::{Colour, Palette};

#[derive(Debug, Clone, Default)]
pub struct Cell {
    text: String,
    colour: Option<Colour>,
    right: bool,
}

impl Cell {
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    pub fn painted(text: impl Into<String>, colour: Colour) -> Self {
        Self { text: text.into(), colour: Some(colour), right: false }
    }

    /// A number, or a dash where there is none.
    pub fn number<T: ToString>(value: Option<T>) -> Self {
        let text = value.map_or_else(|| "–".to_owned(), |value| value.to_string());
        Self { text, colour: None, right: true }
    }

    /// A heading over numbers.
    pub fn heading_right(text: &str) -> Self {
        Self { right: true, ..Self::heading(text) }
    }

    pub fn heading(text: &str) -> Self {
        Self::painted(text, Colour::Grey)
    }
}

const GAP: &str = "  ";

/// One line for each row; all rows have the same number of cells.
pub fn table(rows: &[Vec<Cell>], palette: Palette) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.text.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    rows.iter().map(|row| format!("{}\n", line(row, &widths, palette))).collect()
}

fn line(row: &[Cell], widths: &[usize], palette: Palette) -> String {
    let mut line = String::new();
    for (index, (cell, width)) in row.iter().zip(widths).enumerate() {
        if index > 0 {
            line.push_str(GAP);
        }
        let space = " ".repeat(width.saturating_sub(cell.text.chars().count()));
        let text = cell.colour.map_or_else(|| cell.text.clone(), |colour| palette.paint(colour, &cell.text));
        let (before, after) = if cell.right { (space.as_str(), "") } else { ("", space.as_str()) };
        line.push_str(before);
        line.push_str(&text);
        line.push_str(after);
    }
    line.trim_end().to_owned()
}

/// At most `width` characters, the last one an ellipsis when some are missing.
pub fn shorten(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    let kept: String = text.chars().take(width.saturating_sub(1)).collect();
    format!("{kept}…")
}
