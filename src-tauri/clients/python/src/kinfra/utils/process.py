"""Ports and processes. Nothing here ends a process that KInfra's engine did not start."""

from __future__ import annotations

import errno
import logging
import socket
from typing import Any, Dict, Iterable, Optional, Tuple

from .._client import Client, Json

_log = logging.getLogger("kinfra")

# Phases in which a process may exist.
ACTIVE = ("starting", "running", "stopping")


def is_port_free(port: int) -> bool:
    """Whether a server could listen there, by trying: on all addresses and on loopback, IPv4 and IPv6."""
    addresses = [
        (socket.AF_INET, "0.0.0.0"),
        (socket.AF_INET, "127.0.0.1"),
        (socket.AF_INET6, "::"),
        (socket.AF_INET6, "::1"),
    ]
    return all(_can_bind(family, address, port) for family, address in addresses)


def _can_bind(family: socket.AddressFamily, address: str, port: int) -> bool:
    try:
        with socket.socket(family, socket.SOCK_STREAM) as attempt:
            attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                attempt.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            attempt.bind((address, port))
            return True
    except OverflowError:
        return False
    except OSError as error:
        # A machine without IPv6 has nobody there either.
        return error.errno in (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL, errno.ENOPROTOOPT)


def get_port_occupant(port: int) -> Optional[Dict[str, Any]]:
    """Who listens on a TCP port: ``pid``, ``name``, ``cmdline``, ``cwd``, ``create_time`` (seconds since 1970), and
    ``project`` and ``service`` if KInfra runs it. None when nobody does. What can't be seen is None."""
    holder = holder_of(Client(), port)
    if holder is None:
        return None
    since = holder.get("since")
    return {
        "pid": holder.get("pid"),
        "name": holder.get("program"),
        "cmdline": holder.get("command"),
        "cwd": holder.get("folder"),
        "create_time": None if since is None else since / 1000,
        "project": holder.get("project"),
        "service": holder.get("node"),
    }


def terminate_process(pid: int, timeout: float = 5.0, force_kill: bool = True) -> bool:
    """Stops the service whose process this is, within ``timeout`` seconds. Any other process is left alone: False.

    ``force_kill`` is the engine's to decide: a service that doesn't end within its grace is killed.
    """
    client = Client()
    if client.is_there():
        for project, node in _nodes(client.snapshot()):
            if node.get("pid") == pid and not node.get("adopted"):
                return stop_and_wait(client, project, node["name"], timeout)
    _log.warning("process %s was not started by KInfra, and is left alone", pid)
    return False


def kill_processes_on_port(port: int, timeout: float = 5.0) -> bool:
    """Stops the service of KInfra's that listens on a port. True when nobody listens there any more.

    Anybody else is left alone: `kinfra ports free PORT` shows who it is and ends it after a question.
    """
    client = Client()
    if is_port_free(port):
        return True
    holder = holder_of(client, port) or {}
    project, node = holder.get("project"), holder.get("node")
    if project and node:
        stop_and_wait(client, project, node, timeout)
        return is_port_free(port)
    _log.warning(
        "port %s is held by %s (pid %s), which KInfra did not start and leaves alone; kinfra ports free %s ends it",
        port,
        holder.get("program"),
        holder.get("pid"),
        port,
    )
    return False


def cleanup_orphaned_processes(
    grace_period: float = 3.0,
    force_kill: bool = True,
    exclude_pids: Optional[Iterable[int]] = None,
    pattern: str = "cloudflared",
) -> Dict[str, int]:
    """Ends nothing: what an engine left behind, the next one takes over or ends by itself, and other processes are
    nobody's business. The keys are as ever: ``inspected``, ``terminated``, ``force_killed``, ``skipped``, all 0."""
    return {"inspected": 0, "terminated": 0, "force_killed": 0, "skipped": 0}


def holder_of(client: Client, port: int) -> Optional[Json]:
    """Who holds a TCP port, in the engine's words."""
    for held in client.call("port.who", {"port": port})["holders"]:
        if held["protocol"] == "tcp":
            holder: Json = held["holder"]
            return holder
    return None


def stop_and_wait(client: Client, project: str, service: str, timeout: float) -> bool:
    """Stops one service; whether it is gone within the time."""
    client.call("stack.stop", {"project": project, "services": [service]})

    def gone(state: Json) -> Optional[bool]:
        for slug, node in _nodes(state):
            if slug == project and node["name"] == service and node["phase"] in ACTIVE:
                return None
        return True

    return client.until(gone, timeout) is True


def _nodes(state: Json) -> Iterable[Tuple[str, Json]]:
    for project in state.get("projects", []):
        for node in project["nodes"]:
            yield project["slug"], node
