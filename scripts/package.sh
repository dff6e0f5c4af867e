# shellcheck shell=bash
# ./dev package: the Debian package, with the app, both programs of the CLI and the keeper.

command_package() {
    ensure_system desktop
    ensure_rust
    ensure_ui_bundle
    say "building the programs that go with the app, in release"
    cargo build --locked --release -p kinfra-keeper -p kinfra-cli
    say "building and packing the app"
    # They look for each other beside themselves, so all go to one folder.
    npx --yes --package '@tauri-apps/cli@^2' tauri build --bundles deb --config '{
        "build": { "beforeBuildCommand": "" },
        "bundle": { "linux": { "deb": { "files": {
            "/usr/bin/kinfra": "../target/release/kinfra",
            "/usr/bin/kinfra-host": "../target/release/kinfra-host",
            "/usr/bin/kinfra-keeper": "../target/release/kinfra-keeper"
        } } } }
    }'
    say "built:"
    ls -lh target/release/bundle/deb/*.deb
}
