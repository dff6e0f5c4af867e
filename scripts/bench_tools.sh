# shellcheck shell=bash
# What KInfra is compared with: each in a folder target/bench-tools/NAME-VERSION, nothing of it outside. One that can't
# be had is left out, and the benchmark's table says so.

BENCH_TOOLS=target/bench-tools

ensure_supervisors() {
    install_bench_tool honcho-2.0.0 python_tool honcho==2.0.0
    install_bench_tool supervisor-4.3.0 python_tool supervisor==4.3.0
    install_bench_tool pm2-7.0.4 node_tool pm2@7.0.4
    install_bench_tool mprocs-0.9.6 rust_tool mprocs@0.9.6
    install_bench_tool pitchfork-2.33.0 rust_tool pitchfork-cli@2.33.0
}

# Proxies, and what loads them.
ensure_proxies() { ensure_unpacked nginx haproxy caddy wrk; }

ensure_compose() { ensure_unpacked docker-compose; }

# ensure_unpacked PACKAGE…: of Debian.
ensure_unpacked() {
    local package version
    for package in "$@"; do
        version=
        ! have apt-cache || version=$(apt-cache policy "$package" | awk '$1 == "Candidate:" { print $2 }')
        if [[ -z $version || $version == "(none)" ]]; then
            note "$package is no package of this system; the benchmark leaves it out"
        else
            version=${version#*:}
            install_bench_tool "$package-${version%%[-+~]*}" unpack_debian "$package"
        fi
    done
}

# install_bench_tool FOLDER COMMAND WHAT
install_bench_tool() {
    local name=$1 how=$2 what=$3
    ! is_stamped "bench-$name" "$what" || return 0
    say "installing $what below $BENCH_TOOLS, to compare with"
    # What is there was not finished.
    rm -rf "${BENCH_TOOLS:?}/$name"
    mkdir -p "$BENCH_TOOLS"
    if "$how" "$BENCH_TOOLS/$name" "$what"; then
        stamp "bench-$name" "$what"
    else
        rm -rf "${BENCH_TOOLS:?}/$name"
        note "$what can't be installed; the benchmark leaves it out"
    fi
}

python_tool() {
    have python3 && python3 -m venv "$1" && "$1/bin/pip" install --quiet --disable-pip-version-check "$2"
}

node_tool() {
    have npm && npm install --prefix "$1" --no-fund --no-audit --silent "$2"
}

# Kept for good, so it is built once. Its profile is its own but for optimization across crates, which takes most of the
# minutes and the memory of such a build, and is nothing that the benchmarks of supervisors could tell.
rust_tool() {
    note "it is built from its source once, which takes some minutes"
    CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 CARGO_TARGET_DIR=$BENCH_TOOLS/build \
        cargo install --quiet --locked --root "$1" "$2"
}
