# shellcheck shell=bash
# ./dev test: builds every program, runs every test, and says at the end what passed, failed and was skipped.

# shellcheck source=scripts/devservers.sh
source scripts/devservers.sh
# shellcheck source=scripts/python.sh
source scripts/python.sh
# shellcheck source=scripts/servers.sh
source scripts/servers.sh

REPORTS=target/test-reports
passed=0
failed=0

command_test() {
    local deep=${1:-}
    ensure_system tests
    ensure_rust
    ensure_ui_bundle
    ensure_tauri_driver
    ensure_devservers
    ensure_servers
    build_everything

    rm -rf "$REPORTS"
    mkdir -p "$REPORTS"
    # Tests that can't run here write `name: reason` into this file; see kinfra_tests::skip.
    export KINFRA_SKIPS=$PWD/$REPORTS/skips
    : >"$KINFRA_SKIPS"
    # A developer's own KInfra is none of the tests' business.
    unset KINFRA_BIN KINFRA_HOME KINFRA_RUN KINFRA_PROXY_PORT KINFRA_PORT_RANGE

    rust_tests "$deep"
    python_tests
    ui_tests
    report_skips

    printf '\n%s passed, %s failed\n' "$passed" "$failed"
    [[ $failed -eq 0 ]]
}

rust_tests() {
    local harness=()
    if [[ $1 == --deep ]]; then
        harness=(-- --include-ignored)
        # proptest's default is 256.
        export PROPTEST_CASES=${PROPTEST_CASES:-4096}
    fi
    say "tests of Rust"
    # Most of them wait for processes most of the time.
    export RUST_TEST_THREADS=${RUST_TEST_THREADS:-$(($(getconf _NPROCESSORS_ONLN) + 1))}
    # Through the pipe cargo would think that nobody looks.
    [[ ! -t 1 ]] || export CARGO_TERM_COLOR=always
    local result=0
    cargo test --workspace --no-fail-fast ${harness[@]+"${harness[@]}"} 2>&1 | tee "$REPORTS/cargo" || result=$?
    count "$result" "cargo test" "$(sum_of_cargo passed)" "$(sum_of_cargo failed)"
}

ui_tests() {
    say "tests of the user interface"
    local result=0 json=$REPORTS/vitest.json
    npm --prefix ui run --silent test -- \
        --reporter=default --reporter=json --outputFile.json="$PWD/$json" || result=$?
    count "$result" "vitest" "$(field_of_json "$json" numPassedTests)" "$(field_of_json "$json" numFailedTests)"
}

# count RESULT RUNNER PASSED FAILED. A runner that failed with no failed test did not even run: that counts as one.
count() {
    local result=$1 runner=$2
    passed=$((passed + $3))
    failed=$((failed + $4))
    if [[ $result -ne 0 && $4 -eq 0 ]]; then
        note "$runner ended with code $result before it could say which test failed"
        failed=$((failed + 1))
    fi
}

# From lines like `test result: FAILED. 3 passed; 1 failed; 0 ignored; …`, one per test binary.
sum_of_cargo() {
    sed 's/\x1b\[[0-9;]*m//g' "$REPORTS/cargo" |
        awk -v word="$1;" '/^test result: / { for (i = 2; i <= NF; i++) if ($i == word) sum += $(i - 1) }
            END { print sum + 0 }'
}

field_of_json() {
    [[ -s $1 ]] || { echo 0; return; }
    node -p 'JSON.parse(require("fs").readFileSync(process.argv[1]))[process.argv[2]] ?? 0' "$1" "$2"
}

# A skipped test proves nothing, so it is never quiet; in CI only the platform may be a reason.
report_skips() {
    [[ -s $KINFRA_SKIPS ]] || return 0
    printf '\n\033[1;33mskipped:\033[0m\n'
    sed 's/^/    /' "$KINFRA_SKIPS"
    [[ ${CI:-} == true ]] || return 0
    local wrong
    wrong=$(grep -cvE ': (not on this platform|the vendors. documents are not here)' "$KINFRA_SKIPS" || true)
    if [[ $wrong -gt 0 ]]; then
        note "in CI only 'not on this platform' is a reason to skip: these $wrong count as failed"
        failed=$((failed + wrong))
    fi
}
