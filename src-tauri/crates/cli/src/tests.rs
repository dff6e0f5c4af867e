//! How commands end, and what can be typed.

use std::fmt::Debug;

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser, Subcommand};
use kinfra_rpc::{ErrorCode, Failure, StackStatus};

use crate::arguments::{Arguments, OneOf};
use crate::commands;
use crate::exit_code::ExitCode;
use crate::quick;
use crate::running::finish;
use crate::trouble::Trouble;
use crate::whole::Hosting;

fn code_of(code: ErrorCode) -> u8 {
    let mut told = 0;
    let code = finish(Err(Failure::new(code, "it went wrong").into()), |_| told += 1);
    assert_eq!(told, 1, "a failure is told once");
    code.number()
}

#[test]
fn the_exit_code_says_what_kind_of_failure_it_was() {
    assert_eq!(code_of(ErrorCode::NotHealthy), 1);
    assert_eq!(code_of(ErrorCode::Internal), 1);
    assert_eq!(code_of(ErrorCode::UnknownService), 2);
    assert_eq!(code_of(ErrorCode::ConfigCycle), 3);
    assert_eq!(code_of(ErrorCode::ConfigMissing), 3);
    assert_eq!(code_of(ErrorCode::EngineUnreachable), 4);
    assert_eq!(ExitCode::Signal(2).number(), 130);
}

#[test]
fn a_reader_that_has_enough_is_no_failure() {
    assert_eq!(finish(Err(Trouble::OutputClosed), |_| panic!("told")), ExitCode::Done);
}

#[test]
fn status_ends_with_1_when_something_is_not_well() {
    use commands::status_code;
    assert_eq!(status_code(StackStatus::Degraded).number(), 1);
    assert_eq!(status_code(StackStatus::Failed).number(), 1);
    assert_eq!(status_code(StackStatus::Starting).number(), 0);
    assert_eq!(status_code(StackStatus::Stopped).number(), 0);
}

#[test]
fn the_arguments_are_declared_without_contradiction() {
    Arguments::command().debug_assert();
    OneOf::<quick::Command>::command().debug_assert();
    OneOf::<Hosting>::command().debug_assert();
}

#[test]
fn what_holds_for_all_commands_can_stand_before_and_after_them() {
    for line in ["kinfra --json --project shop status", "kinfra status --project shop --json"] {
        let arguments = Arguments::try_parse_from(line.split(' ')).unwrap();
        assert!(arguments.common.json);
        assert_eq!(arguments.common.project.as_deref(), Some("shop"));
    }
}

#[test]
fn contradictions_are_wrong_usage() {
    for line in ["kinfra url web --direct --public", "kinfra logs web --engine"] {
        let error = Arguments::try_parse_from(line.split(' ')).unwrap_err();
        assert_eq!((error.kind(), error.exit_code()), (ErrorKind::ArgumentConflict, 2));
    }
    for line in [
        "kinfra logs -n 9000",
        "kinfra logs --since yesterday",
        "kinfra logs --run last",
        "kinfra logs --invert",
        "kinfra logs --engine --run 0",
    ] {
        assert_eq!(Arguments::try_parse_from(line.split(' ')).unwrap_err().exit_code(), 2, "{line}");
    }
}

#[test]
fn choices_of_lines_can_be_combined() {
    let line = "kinfra logs api --since 10m --until 14:02 --grep error --invert --run -1 --follow --tail 50";
    assert!(Arguments::try_parse_from(line.split(' ')).is_ok());
}

/// docs/cli.md tells of each command, each option and each exit code.
#[test]
fn the_documentation_is_complete() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../docs/cli.md");
    let text = std::fs::read_to_string(path).unwrap();
    let command = Arguments::command();
    let below = |known: &clap::Command| {
        let name = known.get_name().to_owned();
        let inner =
            known.get_subcommands().map(move |inner| (format!("{name} {}", inner.get_name()), inner.clone()));
        std::iter::once((known.get_name().to_owned(), known.clone())).chain(inner.collect::<Vec<_>>())
    };
    let known = command.get_subcommands().filter(|known| !known.is_hide_set());
    for (name, known) in known.flat_map(below) {
        assert!(text.contains(&format!("`kinfra {name}")), "`kinfra {name}`");
        for option in known.get_arguments().filter(|option| !option.is_hide_set()) {
            if let Some(name) = option.get_long() {
                assert!(text.contains(&format!("--{name}")), "--{name}");
            }
        }
    }
    for code in ["0", "1", "2", "3", "4", "129", "130", "143"] {
        assert!(text.contains(&format!("| {code} |")), "exit code {code}");
    }
}

#[track_caller]
fn is_understood_the_same<C: Subcommand + Debug>(line: &str) {
    let whole = Arguments::try_parse_from(line.split(' ')).unwrap();
    let part = OneOf::<C>::try_parse_from(line.split(' ')).unwrap();
    assert_eq!(format!("{:?}", part.common), format!("{:?}", whole.common), "{line}");
    assert_eq!(format!("{:?}", part.command), format!("{:?}", whole.command), "{line}");
}

#[test]
fn the_small_program_understands_a_line_as_the_other_does_or_not_at_all() {
    let same = [
        "kinfra up -d",
        "kinfra up --detach web api --timeout 5",
        "kinfra --home /tmp/it up --profile a,b -d",
        "kinfra up --only a,b",
        "kinfra --json --project shop status",
        "kinfra status --project shop --json",
        "kinfra down web",
        "kinfra restart web --with-dependants --timeout 3",
    ];
    same.iter().for_each(|line| is_understood_the_same::<quick::Command>(line));
    for line in ["kinfra host", "kinfra --home /tmp/it host --detached", "kinfra host --detached --home it"] {
        is_understood_the_same::<Hosting>(line);
    }
    let others = [
        "kinfra",
        "kinfra --help",
        "kinfra --version",
        "kinfra -h",
        "kinfra help",
        "kinfra up --help",
        "kinfra up -h",
        "kinfra status web",
        "kinfra down --hard",
        "kinfra restart --with-dependants",
        "kinfra up -d web --profile a",
        "kinfra sta",
        "kinfra logs",
    ];
    for line in others {
        assert!(OneOf::<quick::Command>::try_parse_from(line.split(' ')).is_err(), "{line}");
    }
}
