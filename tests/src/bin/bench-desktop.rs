//! How long a person waits for the tray: from a click in its menu to the changed line, and from the start of the
//! program to its icon. Beside what D-Bus and the system take for the least that could be done instead.
#![allow(clippy::print_stdout)] // a benchmark prints what it measured

use std::process::Command;
use std::time::{Duration, Instant};

use kinfra_tests::bench::{Comparison, report};
use kinfra_tests::desktop::private::Options;
use kinfra_tests::desktop::stage::Stage;
use kinfra_tests::desktop::tray::Tray;

const ROUNDS: usize = 9;

fn main() {
    let Some(stage) = Stage::set("the benchmark", Options::default()) else { return };
    let (app, tray) = stage.start_with_example(&[]);
    let click = Comparison::measure(
        "click on Start, to the changed line",
        "the menu is asked for once",
        ROUNDS,
        || {
            let taken = time(|| {
                tray.click(&["shop", "Start"]);
                tray.wait_for_label(&["shop"], |label| label != "shop · stopped");
            });
            tray.click(&["shop", "Stop"]);
            tray.wait_for_label(&["shop"], |label| label == "shop · stopped");
            taken
        },
        || time(|| drop(tray.menu())),
    );
    drop(app);
    stage.wait_until_nothing_lives();

    let start = Comparison::measure(
        "start of the app, to its icon",
        "the program loads its libraries and ends",
        ROUNDS,
        || {
            let mut app = None;
            let taken = time(|| {
                app = Some(stage.start(&[]));
                Tray::find(&stage.desktop);
            });
            drop(app);
            stage.wait_until_nothing_lives();
            taken
        },
        || {
            time(|| {
                let mut command: Command = stage.command();
                let ended = command.arg("--help").output();
                assert!(ended.is_ok_and(|output| output.status.success()), "kinfra-desktop --help fails");
            })
        },
    );
    println!("{}", report("desktop", &[click, start]));
}

fn time(act: impl FnOnce()) -> Duration {
    let begin = Instant::now();
    act();
    begin.elapsed()
}
