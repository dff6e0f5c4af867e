use std::fmt::Write;

use kinfra_rpc::{Applied, ChangeKind, ServiceChange};

use super::palette::{Colour, Palette};

/// The answer to `kinfra diff`.
pub fn changes(changes: &[ServiceChange], palette: Palette) -> String {
    if changes.is_empty() {
        return "Nothing is different: the configuration is in effect.\n".to_owned();
    }
    let mut text = lines(changes, palette);
    text.push_str("`kinfra apply` puts this into effect.\n");
    text
}

/// The answer to `kinfra apply`.
pub fn applied(applied: &Applied, palette: Palette) -> String {
    if applied.changes.is_empty() {
        return "Nothing was different: the configuration is in effect.\n".to_owned();
    }
    let mut text = lines(&applied.changes, palette);
    if applied.rolled_back.is_empty() {
        text.push_str("In effect.\n");
        return text;
    }
    text.push_str(&palette.paint(Colour::Red, "This did not come up, so what was before is back:"));
    text.push('\n');
    for problem in &applied.rolled_back {
        let _ = writeln!(text, "  {}", problem.to_string().replace('\n', "\n  "));
    }
    text
}

fn lines(changes: &[ServiceChange], palette: Palette) -> String {
    let mut text = String::new();
    for ServiceChange { service, kind, settings, restarts } in changes {
        let (sign, colour) = match kind {
            ChangeKind::Added => ("+", Colour::Green),
            ChangeKind::Removed => ("-", Colour::Red),
            ChangeKind::Changed => ("~", Colour::Yellow),
        };
        let note = if *restarts { "  is started anew" } else { "" };
        let _ = writeln!(text, "{}{note}", palette.paint(colour, &format!("{sign} {service}")));
        for setting in settings {
            let side = |side: &Option<String>| side.clone().unwrap_or_else(|| "–".to_owned());
            let _ = match (&setting.before, &setting.after) {
                (None, None) => writeln!(text, "    {} differs", setting.key),
                (before, after) => {
                    writeln!(text, "    {}: {} → {}", setting.key, side(before), side(after))
                }
            };
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use kinfra_rpc::{ErrorCode, Problem, SettingChange};

    use super::*;

    fn some() -> Vec<ServiceChange> {
        let setting = |key: &str, before: Option<&str>, after: Option<&str>| SettingChange {
            key: key.to_owned(),
            before: before.map(str::to_owned),
            after: after.map(str::to_owned),
        };
        let change = |service: &str, kind, settings, restarts| ServiceChange {
            service: service.to_owned(),
            kind,
            settings,
            restarts,
        };
        let settings = vec![
            setting("run", Some("api --fast"), Some("api --slow")),
            setting("env.LOG", None, Some("debug")),
            setting("health", None, None),
        ];
        vec![
            change("api", ChangeKind::Changed, settings, true),
            change("mail", ChangeKind::Added, vec![], false),
            change("old", ChangeKind::Removed, vec![], false),
        ]
    }

    #[test]
    fn changes_are_shown_with_what_was_before() {
        insta::assert_snapshot!(changes(&some(), Palette::new(false)), @r"
        ~ api  is started anew
            run: api --fast → api --slow
            env.LOG: – → debug
            health differs
        + mail
        - old
        `kinfra apply` puts this into effect.
        ");
        assert!(changes(&[], Palette::new(false)).starts_with("Nothing is different"));
    }

    #[test]
    fn what_was_taken_back_says_why() {
        let problem = Problem::new(ErrorCode::NotHealthy, "api: exited with code 3").hint("look at its log");
        let failed = Applied { changes: some(), rolled_back: vec![problem] };
        insta::assert_snapshot!(applied(&failed, Palette::new(false)), @r"
        ~ api  is started anew
            run: api --fast → api --slow
            env.LOG: – → debug
            health differs
        + mail
        - old
        This did not come up, so what was before is back:
          api: exited with code 3
            hint: look at its log
        ");
    }
}
