# shellcheck shell=bash
# The Python package: its tools in target/python and nowhere else, its wheel, its checks and its tests.

PYTHON_PACKAGE=src-tauri/clients/python
PYTHON_FOLDER=target/python

# Whether the tools are there, as requirements-dev.txt has them; if not, $python_lack says why.
ensure_python_tools() {
    local wanted venv=$PYTHON_FOLDER/venv
    python_lack=
    if [[ ${CI:-} == true ]] && have apt-get; then install_by_apt python3-venv; fi
    if ! have python3 || ! python3 -c 'import sys; sys.exit(sys.version_info < (3, 9))'; then
        python_lack="Python 3.9 or later is not installed"
        return 1
    fi
    # A link of the venv that leads nowhere any more is as good as none.
    wanted="$(python3 -VV) $(fingerprint "$PYTHON_PACKAGE/requirements-dev.txt")"
    ! is_stamped python-tools "$wanted" || [[ ! -x $venv/bin/python ]] || return 0
    say "installing the tools of the Python package below $PYTHON_FOLDER"
    rm -rf "$venv"
    if ! python3 -m venv "$venv"; then
        python_lack="python3 makes no venv (on Debian: the package python3-venv)"
        return 1
    fi
    if ! "$venv/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: --require-hashes \
        --requirement "$PYTHON_PACKAGE/requirements-dev.txt"; then
        python_lack="the tools in $PYTHON_PACKAGE/requirements-dev.txt can't be installed"
        return 1
    fi
    stamp python-tools "$wanted"
}

# in_python PROGRAM ...: one of the tools, in the package's folder, that keeps what it remembers below target.
in_python() {
    local program=$PWD/$PYTHON_FOLDER/venv/bin/$1 remembered=$PWD/$PYTHON_FOLDER/remembered
    shift
    (cd "$PYTHON_PACKAGE" && PYTHONDONTWRITEBYTECODE=1 MYPY_CACHE_DIR=$remembered/mypy \
        RUFF_CACHE_DIR=$remembered/ruff "$program" "$@")
}

check_python() {
    if ! ensure_python_tools; then
        note "skipped: the Python package ($python_lack)"
        [[ ${CI:-} != true ]] || failed_checks+=("the Python package")
        return 0
    fi
    check "types of the Python package" in_python mypy
    check "lints of the Python package" in_python ruff check --quiet
    check "formatting of the Python package" in_python ruff format --check --quiet
}

# The wheel that its users get, in its tools' venv: what is tested is what is installed.
install_python_wheel() {
    rm -rf "$PYTHON_FOLDER/dist"
    in_python python -m build --no-isolation --outdir "$PWD/$PYTHON_FOLDER/dist" . >"$REPORTS/wheel" 2>&1 ||
        { cat "$REPORTS/wheel"; return 1; }
    "$PYTHON_FOLDER/venv/bin/pip" install --quiet --disable-pip-version-check --no-index --no-deps \
        --force-reinstall "$PYTHON_FOLDER"/dist/*.whl
}

python_tests() {
    say "tests of the Python package"
    if ! is_linux; then
        printf 'the Python package: not on this platform\n' >>"$KINFRA_SKIPS"
        return 0
    fi
    if ! ensure_python_tools; then
        printf 'the Python package: %s\n' "$python_lack" >>"$KINFRA_SKIPS"
        return 0
    fi
    local result=0 report=$PWD/$REPORTS/pytest.xml
    install_python_wheel && in_python pytest -p no:cacheprovider --junit-xml "$report" || result=$?
    count "$result" pytest "$(($(sum_of_junit tests) - $(sum_of_junit failures) - $(sum_of_junit errors) - \
        $(sum_of_junit skipped)))" "$(($(sum_of_junit failures) + $(sum_of_junit errors)))"
}

# From `<testsuite … tests="283" failures="0" …>`.
sum_of_junit() {
    sed -n "s/.*<testsuite [^>]*[^a-z]$1=\"\([0-9]*\)\".*/\1/p" "$REPORTS/pytest.xml" 2>/dev/null | grep . || echo 0
}
