# shellcheck shell=bash
# ./dev bench NAME: a benchmark is a program tests/src/bin/bench-NAME.rs, or a folder bench-NAME, that prints what it
# measured.

# shellcheck source=scripts/bench_tools.sh
source scripts/bench_tools.sh

command_bench() {
    local name=${1:-} file known=()
    for file in tests/src/bin/bench-*; do
        [[ -e $file ]] || continue
        file=${file##*/bench-}
        known+=("${file%.rs}")
    done
    if [[ -z $name || " ${known[*]} " != *" $name "* ]]; then
        [[ -z $name ]] || note "there is no benchmark '$name'"
        note "benchmarks: ${known[*]:-none yet}"
        [[ -z $name ]]
        return
    fi
    shift
    [[ $# -eq 0 || $name == processes || $name == proxy ]] || fail "the benchmark '$name' has no options: '$*' means nothing to it"
    ensure_rust
    if [[ $name == desktop ]]; then
        ensure_system tests
        ensure_ui_bundle
        cargo build --release --workspace --bins
    else
        # The tests' Docker engine.
        if [[ $name == resources ]]; then ensure_system tests; else ensure_system base; fi
        cargo build --release -p kinfra-keeper -p kinfra-cli -p kinfra-tests --bins
    fi
    case $name in
        processes) ensure_supervisors ;;
        proxy) ensure_proxies ;;
        resources) ensure_compose ;;
    esac
    "target/release/bench-$name" "$@"
}
