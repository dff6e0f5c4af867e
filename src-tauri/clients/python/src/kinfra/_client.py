"""The engine as this package reaches it: commands of its wire schema, over its control socket.

Each call has a connection of its own, so that one client can be used by any number of threads, and in a process
that forks. Connecting takes well under a millisecond.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, Callable, Dict, Optional, Type, TypeVar

from . import _engine
from ._home import Home
from ._wire import Connection, Refused
from .exceptions import (
    ConfigurationError,
    EngineUnavailableError,
    KInfraError,
    PortAllocationError,
    ServiceError,
    TunnelError,
)

Json = Dict[str, Any]
Answer = TypeVar("Answer")

# Enough for what has to look at the whole machine while that is busy.
PATIENCE = 30.0

_ERRORS: Dict[str, Type[KInfraError]] = {
    "port_taken": PortAllocationError,
    "port_claimed": PortAllocationError,
    "tunnel_failed": TunnelError,
    "tunnel_refused": TunnelError,
    "connector_missing": TunnelError,
    "engine_unreachable": EngineUnavailableError,
    "folder_missing": ConfigurationError,
    "unknown_service": ServiceError,
    "unknown_project": ServiceError,
    "not_healthy": ServiceError,
    "crash_looping": ServiceError,
    "command_not_found": ServiceError,
    "secret_unavailable": ServiceError,
}


class Client:
    """Constructing one touches nothing. Where no engine runs, the first call starts one."""

    def __init__(self, home: Optional[Home] = None) -> None:
        self._home = home

    @property
    def home(self) -> Home:
        return self._home or Home.from_environment()

    def is_there(self) -> bool:
        """Whether an engine answers; starts none."""
        try:
            with _greeted(self.home.control_socket, 1.0):
                return True
        except (Refused, EngineUnavailableError):
            return False

    def call(self, command: str, params: Optional[Json] = None, timeout: float = PATIENCE) -> Any:
        """What the engine answers to a command, within ``timeout`` seconds.

        Raises KInfraError, or one of its children by the engine's error code.
        """
        with self._connect(timeout) as connection:
            connection.ask(command, params or {})
            while True:
                frame = connection.receive()
                if frame is None:
                    raise EngineUnavailableError(f"the KInfra engine gave no answer to {command} within {timeout:g} s")
                if "reply" in frame:
                    return outcome(frame["reply"]["outcome"])

    def snapshot(self) -> Json:
        """The whole state, once."""
        state: Json = self.call("state.snapshot")
        return state

    def until(self, judge: Callable[[Json], Optional[Answer]], timeout: float) -> Optional[Answer]:
        """Follows the state until ``judge`` says something of it; None when the time is over before that."""
        deadline = time.monotonic() + timeout
        with self._connect(timeout) as connection:
            connection.ask("state.watch", {})
            state: Json = {}
            while time.monotonic() < deadline:
                frame = connection.receive()
                if frame is None:
                    break
                if "reply" in frame:
                    outcome(frame["reply"]["outcome"])
                    continue
                if apply(state, frame.get("update")):
                    answer = judge(state)
                    if answer is not None:
                        return answer
        return None

    def _connect(self, timeout: float) -> Connection:
        path = self.home.control_socket
        try:
            return _greeted(path, timeout)
        except Refused:
            _engine.start()
        # One that was started in the same moment by somebody else may be about to answer.
        deadline = time.monotonic() + 2.0
        while True:
            try:
                return _greeted(path, timeout)
            except Refused:
                if time.monotonic() >= deadline:
                    raise EngineUnavailableError(
                        f"an engine was started, and none answers on {path}",
                        hint="`kinfra host` starts one and says what is wrong",
                    ) from None
                time.sleep(0.02)


def _greeted(path: Path, timeout: float) -> Connection:
    connection = Connection(path, timeout)
    try:
        connection.hello()
    except BaseException:
        connection.close()
        raise
    return connection


def outcome(said: Json) -> Any:
    """The value of an answer. Raises what failed."""
    if "ok" in said:
        return said["ok"]
    raise error_of(said["failed"].get("problems", []))


def error_of(problems: Any) -> KInfraError:
    """All problems as one exception; the first one decides what it is."""
    if not problems:
        return KInfraError("the engine refused, and did not say why")
    first = problems[0]
    code = first.get("code", "internal")
    kind = ConfigurationError if code.startswith("config_") else _ERRORS.get(code, KInfraError)
    message = "; ".join(problem.get("message", "") for problem in problems)
    return kind(message, code=code, hint=first.get("hint"), problems=problems)


def apply(state: Json, update: Any) -> bool:
    """Applies an update to the state; False when that changes nothing."""
    if not isinstance(update, dict):
        return False
    if update["type"] == "ended":
        raise EngineUnavailableError("the KInfra engine has ended")
    if update["type"] == "snapshot":
        state.clear()
        state.update(update["value"])
        return True
    if update["type"] != "delta":
        return False
    change = update["value"]["change"]
    projects = state.setdefault("projects", [])
    if change["type"] == "engine":
        state["engine"] = change["engine"]
    elif change["type"] == "project":
        _put(projects, "slug", change["project"])
    elif change["type"] == "project_removed":
        projects[:] = [project for project in projects if project["slug"] != change["slug"]]
    elif change["type"] == "node":
        for project in projects:
            if project["slug"] == change["slug"]:
                _put(project["nodes"], "name", change["node"])
    return True


def _put(items: Any, key: str, item: Json) -> None:
    for index, known in enumerate(items):
        if known[key] == item[key]:
            items[index] = item
            return
    items.append(item)
