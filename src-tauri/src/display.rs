//! Whether a tray and a window can be shown at all. Asked before Tauri is built, which panics where they can't.

use std::fmt;

use crate::surroundings::Surroundings;

/// Why nothing can be shown.
#[derive(Debug, PartialEq, Eq)]
pub enum NoDisplay {
    NoneNamed,
    Unusable(String),
}

impl fmt::Display for NoDisplay {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoneNamed => {
                write!(out, "there is no display: neither DISPLAY nor WAYLAND_DISPLAY is set")?;
            }
            Self::Unusable(name) => write!(out, "the display {name} can't be used")?,
        }
        write!(out, "\n  hint: `kinfra up` in a project's folder runs its stack without the tray")
    }
}

/// # Errors
/// When there is no display, or GTK can't start on it.
pub fn check(surroundings: &Surroundings) -> Result<(), NoDisplay> {
    if !cfg!(target_os = "linux") {
        return Ok(());
    }
    let names = ["WAYLAND_DISPLAY", "DISPLAY"];
    let named: Vec<&str> = names.iter().filter_map(|name| surroundings.variable(name)).collect();
    if named.is_empty() {
        return Err(NoDisplay::NoneNamed);
    }
    #[cfg(target_os = "linux")]
    gtk::init().map_err(|_| NoDisplay::Unusable(named.join(" or ")))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_display_the_way_to_go_on_is_named() {
        let text = NoDisplay::NoneNamed.to_string();
        assert!(text.contains("DISPLAY") && text.contains("`kinfra up`"), "{text}");
        assert!(NoDisplay::Unusable(":7".into()).to_string().contains("the display :7 can't be used"));
    }
}
