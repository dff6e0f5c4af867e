# shellcheck shell=bash
# System packages: by apt on Debian and its children, elsewhere a list of what to install.

is_linux() { [[ $(uname -s) == Linux ]]; }

is_ubuntu() { [[ -r /etc/os-release ]] && grep -qx 'ID=ubuntu' /etc/os-release; }

# What cc-built dependencies (SQLite, ring) and rustup's installer need.
BASE_PACKAGES=(build-essential pkg-config curl ca-certificates)
# What Tauri links with. librsvg2 and ayatana-appindicator are also looked up when bundling.
DESKTOP_PACKAGES=(libwebkit2gtk-4.1-dev libayatana-appindicator3-dev librsvg2-dev libdbus-1-dev)
# A private desktop per test: X server, session bus, notification daemon, panel, and what drives them.
TEST_PACKAGES=(xvfb dbus dunst webkit2gtk-driver scrot xdotool wmctrl xclip openbox xfce4-panel
    libglib2.0-bin zsh fish)
# Real clients and servers for the tests of the proxy. Ubuntu has Chromium as a snap only, which sees no temporary
# folders: there the tests in a browser are skipped, unless another Chromium is there.
TEST_PACKAGES+=(python3-venv)
is_ubuntu || TEST_PACKAGES+=(chromium)
# A keyring of a test's own, and what else can look into it.
TEST_PACKAGES+=(gnome-keyring libsecret-tools)
# The systemd that the tests of its units start in a corner of their own, where none runs for the user.
TEST_PACKAGES+=(systemd)
# A Docker engine of a test's own, which only the superuser can start; its images are packed by tests/fixtures/images.
# Never beside an engine that is there: Debian's and Docker's own packages put each other out.
if [[ $(id -u) -eq 0 ]] && ! have dockerd; then TEST_PACKAGES+=(docker.io); fi

# The same as above for systems without apt: what must be there, as pkg-config and the shell see it.
DESKTOP_MODULES=(webkit2gtk-4.1 ayatana-appindicator3-0.1 librsvg-2.0 dbus-1)
TEST_PROGRAMS=(Xvfb dbus-daemon dunst dunstctl WebKitWebDriver scrot xdotool wmctrl xclip openbox xfce4-panel gio zsh fish
    python3 chromium gnome-keyring-daemon secret-tool)

# Whether a window can be shown. Only X and Wayland tell by a variable.
has_display() { ! is_linux || [[ -n ${DISPLAY:-} || -n ${WAYLAND_DISPLAY:-} ]]; }

# ensure_system base|desktop|tests: everything up to and including that level is installed.
ensure_system() {
    local level=$1 packages=("${BASE_PACKAGES[@]}")
    [[ $level == base ]] || packages+=("${DESKTOP_PACKAGES[@]}")
    [[ $level != tests ]] || packages+=("${TEST_PACKAGES[@]}")
    if have apt-get && have dpkg-query; then
        install_by_apt "${packages[@]}"
    else
        require_by_hand "$level"
    fi
}

install_by_apt() {
    local installed missing=() package privilege=()
    # dpkg-query fails for a package that it has never heard of, and still answers for the others.
    # shellcheck disable=SC2016 # ${…} is dpkg's, not the shell's
    installed=$(dpkg-query -W -f '${Package} ${db:Status-Status}\n' "$@" 2>/dev/null || true)
    for package in "$@"; do
        [[ $'\n'$installed$'\n' == *$'\n'"$package installed"$'\n'* ]] || missing+=("$package")
    done
    [[ ${#missing[@]} -gt 0 ]] || return 0

    say "installing system packages: ${missing[*]}"
    if [[ $(id -u) -ne 0 ]]; then
        have sudo || fail "as root, run: apt-get install ${missing[*]}"
        privilege=(sudo)
        note "this runs: sudo apt-get install ${missing[*]}"
        confirm "Go on?" || fail "not installed. Run the command above, or call ./dev with --yes."
    fi
    # A broken foreign source is not our business; whether the packages are there shows in the next line.
    ${privilege[@]+"${privilege[@]}"} apt-get update -qq || note "apt-get update had errors; going on"
    ${privilege[@]+"${privilege[@]}"} env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}"
}

require_by_hand() {
    local level=$1 missing=() name
    for name in cc curl; do have "$name" || missing+=("$name"); done
    if is_linux && [[ $level != base ]]; then
        have pkg-config || missing+=(pkg-config)
        for name in "${DESKTOP_MODULES[@]}"; do
            pkg-config --exists "$name" 2>/dev/null || missing+=("$name")
        done
    fi
    if is_linux && [[ $level == tests ]]; then
        for name in "${TEST_PROGRAMS[@]}"; do have "$name" || missing+=("$name"); done
    fi
    [[ ${#missing[@]} -gt 0 ]] || return 0

    say "this system lacks: ${missing[*]}"
    if have dnf; then
        note "sudo dnf install gcc gcc-c++ make pkgconf-pkg-config curl nodejs npm webkit2gtk4.1-devel" \
            "libayatana-appindicator-gtk3-devel librsvg2-devel dbus-devel"
    elif have pacman; then
        note "sudo pacman -S --needed base-devel curl nodejs npm webkit2gtk-4.1 libayatana-appindicator librsvg dbus"
    elif [[ $(uname -s) == Darwin ]]; then
        note "xcode-select --install"
        note "brew install node"
    else
        note "a C compiler, pkg-config and curl, Node.js with npm, and the development files of WebKitGTK 4.1,"
        note "Ayatana AppIndicator (GTK 3), librsvg 2 and D-Bus"
    fi
    if [[ $level == tests ]]; then
        note "and, for the desktop tests, the packages with these programs: ${TEST_PROGRAMS[*]}"
    fi
    fail "only Debian and Ubuntu are installed by ./dev itself. Install the above, then run it again."
}

# unpack_debian FOLDER PACKAGE…: packages and what they need that this system lacks, unpacked instead of installed: no
# service is started by it, and nothing outside that folder changes.
unpack_debian() {
    local folder=$1 uris file packages=()
    shift
    uris=$(apt-get --quiet=2 --print-uris install --no-install-recommends --reinstall "$@") || return 1
    while read -r _ file _; do
        packages+=("${file%%_*}")
    done <<<"$uris"
    mkdir -p "$folder/packages" && (cd "$folder/packages" && apt-get --quiet=2 -o APT::Sandbox::User=root download "${packages[@]}") || return 1
    for file in "$folder"/packages/*.deb; do
        dpkg-deb --extract "$file" "$folder" || return 1
    done
    rm -r "$folder/packages"
}
