# shellcheck shell=bash
# Building, in the one profile that run, test and CI share (see Cargo.toml). On x86-64 Linux rustc links with the
# fast linker that it brings along, so none has to be chosen here.

ensure_ui_packages() {
    local wanted
    wanted=$(fingerprint ui/package.json ui/package-lock.json)
    if [[ ! -d ui/node_modules ]] || ! is_stamped ui-packages "$wanted"; then
        say "installing the packages of the user interface"
        npm --prefix ui ci --no-fund --no-audit
        stamp ui-packages "$wanted"
    fi
}

# The shell embeds ui/dist, so it must be there before cargo builds.
ensure_ui_bundle() {
    ensure_node
    ensure_ui_packages
    local wanted
    wanted=$(fingerprint ui)
    if [[ ! -f ui/dist/index.html ]] || ! is_stamped ui-bundle "$wanted"; then
        say "building the user interface"
        npm --prefix ui run build
        stamp ui-bundle "$wanted"
    fi
}

# The programs without a desktop; needs no GTK.
build_headless() {
    say "building kinfra, kinfra-host and kinfra-keeper"
    cargo build -p kinfra-keeper -p kinfra-cli
}

# All programs of all packages at once: with the same features as `cargo test --workspace`, so that no dependency
# is built a second time for the tests (`run_and_test_build_the_same_dependencies` holds it so).
build_everything() {
    say "building all programs"
    cargo build --workspace --bins
}
