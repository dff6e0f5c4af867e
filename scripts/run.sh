# shellcheck shell=bash
# ./dev run: from nothing to the icon in the tray.

command_run() {
    if [[ ${1:-} == --headless ]]; then
        run_headless
    elif has_display; then
        run_desktop
    else
        say "there is no display (neither DISPLAY nor WAYLAND_DISPLAY is set): running without the tray"
        run_headless
    fi
}

run_desktop() {
    ensure_system desktop
    ensure_rust
    ensure_ui_bundle
    build_everything
    say "starting KInfra: look for its icon in the tray; in its menu is the project of example/"
    note "Quit in the menu, or Ctrl-C here, stops everything that it runs"
    exec target/debug/kinfra-desktop --add "$PWD/example"
}

run_headless() {
    ensure_system base
    ensure_rust
    build_headless
    say "starting the example in the background"
    (cd example && ../target/debug/kinfra up -d)
    note "target/debug/kinfra status, logs and down do the rest; run them in example/"
}
