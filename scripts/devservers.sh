# shellcheck shell=bash
# The real servers and clients of the proxy's tests, and the clients of clouds that have stand-ins: packages of npm, PyPI
# and crates.io, exactly those of tests/fixtures/devservers, in target/devservers and nowhere else. What can't be had makes
# its tests be skipped, which they say.

DEVSERVERS=target/devservers

ensure_devservers() {
    local from=tests/fixtures/devservers
    ensure_devservers_of node install_node_servers "$from/package.json" "$from/package-lock.json"
    ensure_devservers_of python install_python_servers "$from/requirements.txt"
    ensure_devservers_of clients install_python_clients "$from/clients.txt"
    ensure_devservers_of crate install_schema "$from/crate.txt"
}

# ensure_devservers_of KIND INSTALL FILE ...
ensure_devservers_of() {
    local kind=$1 install=$2 wanted
    shift 2
    wanted=$(fingerprint "$@")
    ! is_stamped "devservers-$kind" "$wanted" || [[ ! -e $DEVSERVERS/$kind.done ]] || return 0
    say "installing what tests need of $kind below $DEVSERVERS"
    rm -f "$DEVSERVERS/$kind.done"
    mkdir -p "$DEVSERVERS"
    if "$install" "$@"; then
        # Tests compare it with the file that they want, and are skipped where it differs.
        cp "${*: -1}" "$DEVSERVERS/$kind.done"
        stamp "devservers-$kind" "$wanted"
    else
        note "they can't be installed; the tests that need them will be skipped"
    fi
}

install_node_servers() {
    cp "$@" "$DEVSERVERS" && npm --prefix "$DEVSERVERS" ci --ignore-scripts --no-fund --no-audit --loglevel error
}

install_python_servers() {
    rm -rf "${DEVSERVERS:?}/python"
    have python3 && python3 -m venv "$DEVSERVERS/python" &&
        "$DEVSERVERS/python/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: \
            --require-hashes --requirement "$1"
}

install_python_clients() {
    rm -rf "${DEVSERVERS:?}/clients"
    "$DEVSERVERS/python/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: --require-hashes \
        --no-deps --target "$DEVSERVERS/clients" --requirement "$1"
}

# Railway's CLI has the schema of its API in its crate. To be told about a crate, cargo fetches it, and nothing else.
install_schema() {
    local crate
    crate=$(<"$1")
    rm -rf "${DEVSERVERS:?}/railway"
    cargo info --quiet --color never "$crate" >/dev/null &&
        cp -R "${CARGO_HOME:-$HOME/.cargo}"/registry/src/*/"${crate/@/-}"/src/gql "$DEVSERVERS/railway"
}
