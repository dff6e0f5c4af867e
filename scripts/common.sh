# shellcheck shell=bash
# What every part of ./dev uses: telling, asking, and remembering what is done.

ASSUME_YES=${ASSUME_YES:-false}

# One line about what happens now.
say() { printf '\033[1m==>\033[0m %s\n' "$*"; }

note() { printf '    %s\n' "$*"; }

fail() {
    printf '\033[1;31merror:\033[0m %s\n' "$*" >&2
    exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

# Asks before something outside this folder changes. Where nobody can answer, the answer is no.
confirm() {
    local question=$1 answer
    [[ $ASSUME_YES == true ]] && return 0
    [[ -t 0 && -t 1 ]] || return 1
    read -r -p "    $question [Y/n] " answer
    [[ $answer =~ ^([yY].*)?$ ]]
}

# at_least 20.19.0 20.20.2: whether the second version is the first or a later one.
at_least() {
    [[ $(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1) == "$1" ]]
}

# One hash over the contents and names of all files under the given paths; folders that are built are left out.
fingerprint() {
    local hash_of=(sha256sum)
    have sha256sum || hash_of=(shasum -a 256)
    # What is missing is a difference too, not an error.
    { find "$@" \( -name node_modules -o -name dist -o -name .svelte-kit \) -prune -o -type f -print0 || true; } \
        2>/dev/null |
        LC_ALL=C sort -z | xargs -0 "${hash_of[@]}" | "${hash_of[@]}" | cut -d ' ' -f 1
}

# A stamp remembers the fingerprint that a slow step was last done for.
is_stamped() {
    [[ -f target/stamps/$1 && $(<"target/stamps/$1") == "$2" ]]
}

stamp() {
    mkdir -p target/stamps
    printf '%s\n' "$2" >"target/stamps/$1"
}
