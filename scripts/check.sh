# shellcheck shell=bash
# ./dev check: everything that can be said about the code without running it. All checks run, whatever fails.

# shellcheck source=scripts/generate.sh
source scripts/generate.sh
# shellcheck source=scripts/python.sh
source scripts/python.sh

failed_checks=()

check() {
    local name=$1
    shift
    say "$name"
    "$@" || failed_checks+=("$name")
}

command_check() {
    ensure_system desktop
    ensure_rust
    ensure_ui_bundle
    ensure_cargo_deny
    if [[ ${CI:-} == true ]] && have apt-get; then install_by_apt shellcheck; fi

    check "formatting of Rust" cargo fmt --all --check
    check "Cargo.lock" lock_is_current
    check "lints of Rust" cargo clippy --workspace --all-targets -- -D warnings
    check "generated files" generated_files_are_current
    check "types of the user interface" npm --prefix ui run --silent check
    check "formatting of the user interface" npm --prefix ui run --silent format:check
    check_python
    check_where_installed cargo-deny "licences and banned crates" cargo deny --log-level error check bans licenses sources
    check_where_installed shellcheck "shell scripts" shellcheck dev .ci/run scripts/*.sh \
        tests/fixtures/images/build tests/fixtures/images/*/recipe tests/fixtures/images/*/files/usr/local/bin/*
    file_sizes

    if [[ ${#failed_checks[@]} -gt 0 ]]; then
        printf '    failed: %s\n' "${failed_checks[@]}"
        fail "${#failed_checks[@]} of the checks failed"
    fi
    say "all checks passed"
}

lock_is_current() { cargo metadata --locked --format-version 1 --quiet >/dev/null; }

check_where_installed() {
    local program=$1
    shift
    if have "$program"; then check "$@"; else note "skipped: $1 ($program is not installed)"; fi
}

# For information: the style asks for a median of about 130 lines and for few files above 500.
file_sizes() {
    git ls-files -z --cached --others --exclude-standard '*.rs' '*.ts' '*.svelte' '*.py' ':!:ui/src/lib/rpc/*' |
        xargs -0 wc -l | awk '$2 != "total" { print }' | sort -n |
        awk '{ lines[NR] = $1; if ($1 > 500) long = long "\n    over 500 lines: " $2 " (" $1 ")" }
            END { if (NR) printf "    %d source files, median %d lines%s\n", NR, lines[int((NR + 1) / 2)], long }'
}
