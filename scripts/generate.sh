# shellcheck shell=bash
# ./dev generate: files that are written by a program and committed all the same, so that a reader sees them.

GENERATED=(ui/src/lib/rpc schema/kinfra.schema.json)

command_generate() {
    ensure_system base
    ensure_rust
    say "generating the TypeScript types of the wire schema"
    # ts-rs writes its files from tests; .cargo/config.toml says where to.
    cargo test --quiet -p kinfra-rpc export_bindings >/dev/null
    say "generating the JSON Schema of kinfra.yaml"
    # The test that pins it also writes it. One package alone: the order of keys depends on serde_json's features.
    KINFRA_UPDATE=1 cargo test --quiet -p kinfra-engine the_committed_schema_is_current >/dev/null
}

# Compares with what was there, not with the last commit: a change that is not committed yet is no fault.
generated_files_are_current() {
    local before
    before=$(fingerprint "${GENERATED[@]}")
    ./dev generate || return 1
    [[ $before == "$(fingerprint "${GENERATED[@]}")" ]] && return 0
    git --no-pager diff --stat -- "${GENERATED[@]}"
    note "generated files were out of date and are written anew: look at them and commit them"
    return 1
}
