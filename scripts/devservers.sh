# shellcheck shell=bash
# The real servers and clients of the proxy's tests, and clients of clouds that have stand-ins: packages of npm, PyPI and
# crates.io, exactly those of tests/fixtures/devservers and tests/fixtures/clouds, in target/devservers and target/clouds
# and nowhere else. What can't be had makes its tests be skipped, which they say.

DEVSERVERS=target/devservers
CLOUDS=target/clouds

ensure_devservers() {
    local from=tests/fixtures/devservers clouds=tests/fixtures/clouds
    local proxy="development servers, for the tests of the proxy"
    ensure_devservers_of node "$DEVSERVERS" "$proxy" install_node_packages "$from/package.json" "$from/package-lock.json"
    ensure_devservers_of python "$DEVSERVERS" "$proxy" install_python_servers "$from/requirements.txt"
    ensure_devservers_of clients "$DEVSERVERS" "clients of clouds, for their tests" install_python_clients "$from/clients.txt"
    ensure_devservers_of crate "$DEVSERVERS" "the schema of a cloud, for its tests" install_schema "$from/crate.txt"
    ensure_devservers_of clouds "$CLOUDS" "clients of clouds, for their tests" \
        install_node_packages "$clouds/package.json" "$clouds/package-lock.json"
}

# ensure_devservers_of KIND FOLDER WHAT INSTALL FILE ...
ensure_devservers_of() {
    local kind=$1 folder=$2 what=$3 install=$4 wanted
    shift 4
    wanted=$(fingerprint "$@")
    ! is_stamped "devservers-$kind" "$wanted" || [[ ! -e $folder/$kind.done ]] || return 0
    say "installing $what ($kind), below $folder"
    rm -f "$folder/$kind.done"
    mkdir -p "$folder"
    if "$install" "$folder" "$@"; then
        # Tests compare it with the file that they want, and are skipped where it differs.
        cp "${*: -1}" "$folder/$kind.done"
        stamp "devservers-$kind" "$wanted"
    else
        note "they can't be installed; the tests that need them will be skipped"
    fi
}

# install_node_packages FOLDER FILE ...
install_node_packages() {
    local folder=$1
    shift
    cp "$@" "$folder" && npm --prefix "$folder" ci --ignore-scripts --no-fund --no-audit --loglevel error
}

# install_python_servers FOLDER FILE
install_python_servers() {
    local folder=$1
    rm -rf "${folder:?}/python"
    have python3 && python3 -m venv "$folder/python" &&
        "$folder/python/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: \
            --require-hashes --requirement "$2"
}

# install_python_clients FOLDER FILE
install_python_clients() {
    rm -rf "${1:?}/clients"
    "$1/python/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: --require-hashes \
        --no-deps --target "$1/clients" --requirement "$2"
}

# install_schema FOLDER FILE
# Railway's CLI has the schema of its API in its crate. To be told about a crate, cargo fetches it, and nothing else.
install_schema() {
    local crate
    crate=$(<"$2")
    rm -rf "${1:?}/railway"
    cargo info --quiet --color never "$crate" >/dev/null &&
        cp -R "${CARGO_HOME:-$HOME/.cargo}"/registry/src/*/"${crate/@/-}"/src/gql "$1/railway"
}
