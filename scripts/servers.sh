# shellcheck shell=bash
# The real servers that the tests of resources start as plain processes: Debian's, unpacked below target/servers, because
# installing them would start others. What can't be had makes its tests be skipped, which they say.

SERVERS=target/servers

ensure_servers() {
    have apt-get && have dpkg-deb || return 0
    compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null || ensure_server postgresql
    have redis-server || ensure_server redis-server redis-tools
    [[ -x /usr/sbin/nats-server ]] || ensure_server nats-server
}

# ensure_server PACKAGE…: the first one is what it is called.
ensure_server() {
    [[ ! -e $SERVERS/$1.done ]] || return 0
    say "unpacking $1 below $SERVERS, for the tests of resources"
    mkdir -p "$SERVERS"
    if unpack_debian "$PWD/$SERVERS" "$@"; then
        touch "$SERVERS/$1.done"
    else
        note "it can't be had; the tests that need it will be skipped"
    fi
}
