from __future__ import annotations

import os
import shlex
from typing import Any, Dict, List, Union

from .. import _probes
from .._entries import Entry, inherited, literal
from .base import Hide, ResourceAdapter

# One process for the engine to hold: a command that stays, or what a command has begun, as long as somebody can be asked
# how that is. It is ended as in KInfra 1.0: first the one command, then what is left of the other.
_HELD = """
start=$RESOURCE_START stop=$RESOURCE_STOP asked=$RESOURCE_ASKED
unset RESOURCE_START RESOURCE_STOP RESOURCE_ASKED
apart=
! command -v setsid >/dev/null || apart=setsid
end() {
  trap : TERM INT HUP
  # It may say that there is nothing to end any more.
  /bin/sh -c "$stop" || echo "the stop command ended with $?" >&2
  kill -TERM "-$child" 2>/dev/null || kill -TERM "$child" 2>/dev/null
  wait "$child"
  exit 0
}
$apart /bin/sh -c "$start" &
child=$!
trap end TERM INT HUP
wait "$child"
code=$?
[ "$code" -eq 0 ] && [ -n "$asked" ] || exit "$code"
while :; do
  sleep 2147483647 &
  child=$!
  wait "$child"
done
"""

# A stop command may take its time.
_GRACE = "60s"


class CommandAdapter(ResourceAdapter):
    """What commands start and stop, in the folder that this program is in, or ``cwd``.

    With ``run_in_background`` (as it is by default) the start command may stay, and is held then; one that only begins
    something needs a ``status_command`` or a ``health_check``, since nobody could say else whether that still runs.
    Without, the start command has to end with 0 before anything else goes on.
    """

    kind = "command"
    required = ("start_command", "stop_command")
    known = frozenset(
        (
            "start_command",
            "stop_command",
            "status_command",
            "health_check",
            "run_in_background",
            "cwd",
            "environment",
        )
    )

    def translated(self, hide: Hide) -> Entry:
        config = self.config
        folder = os.path.abspath(config.get("cwd") or os.getcwd())
        if not os.path.isdir(folder):
            raise self.wrong(f"it can't be run in {folder}: there is no such folder")
        given = {str(name): str(value) for name, value in (config.get("environment") or {}).items()}
        environment = {**inherited(), **{name: hide(name, value) for name, value in given.items()}}
        check = _probes.check_of(self)
        ports = _probes.own_port(self, check)
        # Who listens may be nobody that KInfra knows.
        health = _probes.probe(self, check, next(iter(ports), None), "/", "any") if config.get("health_check") else None
        status = config.get("status_command")
        entry: Entry = {"type": "command", "dir": folder, "env": environment}
        if ports:
            entry["ports"] = ports
        if config.get("run_in_background", True):
            if health is None and status:
                health = _probes.probe(self, {"type": "command", "command": status}, None, "/")
            environment.update(self._held(asked=health is not None))
            entry["run"] = ["/bin/sh", "-c", literal(_HELD)]
            entry["stop"] = {"grace": _GRACE}
        else:
            entry["start"] = _probes.words(config["start_command"])
            entry["end"] = _probes.words(config["stop_command"])
            if status:
                entry["status"] = _probes.words(status)
        if health is not None:
            entry["health"] = health
        return entry

    def _held(self, asked: bool) -> Dict[str, str]:
        return {
            "RESOURCE_START": literal(_line(self.config["start_command"])),
            "RESOURCE_STOP": literal(_line(self.config["stop_command"])),
            "RESOURCE_ASKED": "yes" if asked else "",
        }


def _line(command: Union[str, List[Any]]) -> str:
    """For the shell. A list stays one process, which hears signals itself."""
    if isinstance(command, str):
        return command
    return "exec " + " ".join(shlex.quote(str(word)) for word in command)
