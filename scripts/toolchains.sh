# shellcheck shell=bash
# Rust through rustup, Node.js through apt or npm, and tools that only the tests need.

# rust-version in Cargo.toml says the same.
OLDEST_RUST=1.95.0
# Vite 8 runs on 20.19 and later.
OLDEST_NODE=20.19.0
# The line of Node.js that is fetched where the system's is older.
NEWER_NODE=22

ensure_rust() {
    [[ -d ${CARGO_HOME:-$HOME/.cargo}/bin ]] && PATH="${CARGO_HOME:-$HOME/.cargo}/bin:$PATH"
    local found
    found=$(rustc --version 2>/dev/null | cut -d ' ' -f 2) || found=
    if [[ -n $found ]] && have cargo && at_least "$OLDEST_RUST" "$found"; then
        return 0
    fi

    say "Rust $OLDEST_RUST or later is needed; ${found:+only $found is}${found:-none is} installed"
    if have rustup; then
        note "this runs: rustup toolchain install stable"
        confirm "Go on?" || fail "not installed. Run the command above, or call ./dev with --yes."
        rustup toolchain install stable --profile minimal --component clippy --component rustfmt
        export RUSTUP_TOOLCHAIN=stable
    else
        note "rustup, the installer of the Rust project, puts it into ~/.rustup and ~/.cargo (about 600 MB)"
        confirm "Install Rust by https://rustup.rs?" ||
            fail "not installed. Install Rust as https://rustup.rs says, or call ./dev with --yes."
        curl --proto '=https' --tlsv1.2 --silent --show-error --fail https://sh.rustup.rs |
            sh -s -- -y --no-modify-path --profile minimal --component clippy --component rustfmt
        PATH="${CARGO_HOME:-$HOME/.cargo}/bin:$PATH"
        note "for cargo in your own shell: export PATH=\"\$HOME/.cargo/bin:\$PATH\""
    fi
}

node_is_new_enough() {
    local found
    found=$(node --version 2>/dev/null) || return 1
    at_least "$OLDEST_NODE" "${found#v}"
}

# Debian 12 has Node.js 18. Its npm fetches a newer one from npm's own registry into target/, for ./dev alone.
ensure_node() {
    local own=target/tools/node
    if ! have npm || ! have node; then
        have apt-get || fail "install Node.js $OLDEST_NODE or later with npm, then run this again"
        if have node; then install_by_apt npm; else install_by_apt nodejs npm; fi
    fi
    node_is_new_enough && return 0
    if [[ ! -x $own/node_modules/node/bin/node ]]; then
        say "fetching Node.js $NEWER_NODE into $own ($(node --version) is too old for Vite)"
        mkdir -p "$own"
        npm install --prefix "$own" --no-fund --no-audit --loglevel error "node@$NEWER_NODE"
    fi
    PATH="$PWD/$own/node_modules/node/bin:$PATH"
    node_is_new_enough || fail "cannot run $own/node_modules/node/bin/node; delete $own and try again"
}

# For ./dev check. Where nobody has it, only CI takes the time that it needs to be built: a minute, as it is not to be fast.
ensure_cargo_deny() {
    if ! have cargo-deny && [[ ${CI:-} == true && ! -x target/tools/bin/cargo-deny ]]; then
        say "installing cargo-deny into target/tools"
        cargo install cargo-deny --debug --locked --root target/tools
    fi
    PATH="$PATH:$PWD/target/tools/bin"
}

# tauri-driver speaks WebDriver to the app's window in the desktop tests. Version 2 goes with Tauri 2.
ensure_tauri_driver() {
    is_linux || return 0
    if [[ ! -x target/tools/bin/tauri-driver ]]; then
        say "installing tauri-driver into target/tools"
        cargo install tauri-driver --debug --version '^2' --locked --root target/tools
    fi
    PATH="$PWD/target/tools/bin:$PATH"
}
