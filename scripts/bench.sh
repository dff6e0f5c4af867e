# shellcheck shell=bash
# ./dev bench NAME: a benchmark is a program tests/src/bin/bench-NAME.rs that prints what it measured.

command_bench() {
    local name=${1:-} file known=()
    for file in tests/src/bin/bench-*.rs; do
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
    ensure_rust
    if [[ $name == desktop ]]; then
        ensure_system tests
        ensure_ui_bundle
        cargo build --release --workspace --bins
    else
        ensure_system base
        cargo build --release -p kinfra-keeper -p kinfra-cli -p kinfra-tests --bins
    fi
    "target/release/bench-$name"
}
