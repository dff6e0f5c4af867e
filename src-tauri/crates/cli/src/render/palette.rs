/// Colour is only ever beside a shape or a word, so that all is said without it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    Green,
    Yellow,
    Orange,
    Red,
    Grey,
    Bold,
    /// Tells services apart in logs.
    Service(usize),
}

/// The terminal's own colours, which its user has chosen; red, yellow and green are left to states.
const SERVICES: [&str; 6] = ["36", "34", "35", "96", "94", "95"];

/// Paints, or doesn't: off for pipes, NO_COLOR and dumb terminals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Palette {
    on: bool,
}

impl Palette {
    #[must_use]
    pub const fn new(on: bool) -> Self {
        Self { on }
    }

    #[must_use]
    pub const fn is_on(self) -> bool {
        self.on
    }

    #[must_use]
    pub fn paint(self, colour: Colour, text: &str) -> String {
        if !self.on || text.is_empty() {
            return text.to_owned();
        }
        let code = match colour {
            Colour::Green => "32",
            Colour::Yellow => "33",
            Colour::Orange => "38;5;208",
            Colour::Red => "31",
            Colour::Grey => "2",
            Colour::Bold => "1",
            Colour::Service(index) => SERVICES[index % SERVICES.len()],
        };
        format!("\x1b[{code}m{text}\x1b[0m")
    }
}
