use kinfra_rpc::Settings;

use super::palette::{Colour, Palette};

/// The answer to `kinfra settings`.
pub fn settings(settings: &Settings, palette: Palette) -> String {
    let Settings { file, exists, restore, range, reserved, log_bytes } = settings;
    let restore = if *restore {
        "on: the desktop app starts at login, and what ran is started again"
    } else {
        "off: nothing is started by itself"
    };
    let mut ports = range.to_string();
    if !reserved.is_empty() {
        let reserved: Vec<String> = reserved.iter().map(ToString::to_string).collect();
        ports.push_str(&format!(", never {}", reserved.join(", ")));
    }
    let file =
        if *exists { file.display().to_string() } else { format!("{} (not there yet)", file.display()) };
    let lines =
        [("restore", restore.to_owned()), ("ports", ports), ("logs", kept(*log_bytes)), ("file", file)];
    lines
        .iter()
        .map(|(name, value)| format!("{}  {value}\n", palette.paint(Colour::Grey, &format!("{name:<7}"))))
        .collect()
}

fn kept(bytes: u64) -> String {
    const MEBIBYTE: u64 = 1 << 20;
    let size = match (bytes / MEBIBYTE, bytes % MEBIBYTE) {
        (whole, 0) => format!("{whole} MiB"),
        _ => format!("{bytes} bytes"),
    };
    format!("{size} are kept of each service")
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use kinfra_rpc::PortRange;

    use super::*;

    const PLAIN: Palette = Palette::new(false);

    #[test]
    fn settings_are_shown_with_what_they_mean_and_where_they_stand() {
        let range = |first, last| PortRange::new(first, last).unwrap();
        let shown = Settings {
            file: "/home/me/.config/kinfra/settings.yaml".into(),
            exists: false,
            restore: false,
            range: range(20_000, 28_999),
            reserved: vec![],
            log_bytes: 128 << 20,
        };
        assert_snapshot!(settings(&shown, PLAIN), @"
        restore  off: nothing is started by itself
        ports    20000-28999
        logs     128 MiB are kept of each service
        file     /home/me/.config/kinfra/settings.yaml (not there yet)
        ");
        let reserved = vec![range(5432, 5432), range(6000, 6100)];
        let shown = Settings { exists: true, restore: true, reserved, log_bytes: 2_000_000_000, ..shown };
        assert_snapshot!(settings(&shown, PLAIN), @"
        restore  on: the desktop app starts at login, and what ran is started again
        ports    20000-28999, never 5432, 6000-6100
        logs     2000000000 bytes are kept of each service
        file     /home/me/.config/kinfra/settings.yaml
        ");
    }
}
