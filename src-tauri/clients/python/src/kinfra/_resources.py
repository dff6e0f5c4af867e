"""Starts, stops and asks after resources, as entries of a generated project."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any, Dict, List, Optional, Sequence, Tuple

from . import _hidden, _outcomes
from ._client import Json
from ._entries import Entry, is_external, is_resource
from ._known import KnownProject
from ._project import Entries, GeneratedProject
from .exceptions import ServiceConflictError, ServiceError

if TYPE_CHECKING:
    from .adapters.base import ResourceAdapter

# An image may have to be fetched, and a database set up.
START_TIMEOUT = 300.0
# What an API or a daemon takes to end, beside what is waited for any service.
STOP_TIMEOUT = 60.0

_SERVICE_PORT = "http"

_PAUSED = ("resource_paused", "resource_paused_by_vendor")


def write(project: GeneratedProject, adapters: Sequence[ResourceAdapter]) -> None:
    """Writes these into the project, and touches nothing where one of them can't be."""
    written: List[Tuple[str, Entry]] = []
    values: Dict[str, str] = {}
    for adapter in adapters:
        hidden = _hidden.Hidden(project.name, adapter.name)
        written.append((adapter.name, adapter.entry(hidden)))
        values.update(hidden.values)
    left = _hidden.into_keyring(project.client, values)
    formers: Dict[str, Optional[Entry]] = {}

    def edit(entries: Entries) -> None:
        for name, entry in written:
            former = entries.get(name)
            if former is not None and not is_resource(former) and not is_external(former):
                raise ServiceConflictError(
                    f"{name} is a service of {project.name}", hint="give the resource another name"
                )
            formers[name] = former
            # The port that a name got before it was a resource is that of a service, which is called so.
            if former is not None and (is_external(former) or _SERVICE_PORT in former.get("ports", {})):
                entry = _with_main_port(entry, _SERVICE_PORT)
            entries[name] = entry
        _hidden.into_files(project.folder, left)

    state = project.change(edit)
    _hidden.forget_files(project.folder, {name: value for name, value in values.items() if name not in left})
    try:
        _check_ports(project, state, dict(written))
    except ServiceConflictError:
        project.change(lambda entries: _put_back(entries, formers))
        raise


def _put_back(entries: Entries, formers: Dict[str, Optional[Entry]]) -> None:
    for name, former in formers.items():
        if former is None:
            entries.pop(name, None)
        else:
            entries[name] = former


def _with_main_port(entry: Entry, name: str) -> Entry:
    """The same, with another name for the first of its ports."""
    former = next(iter(entry.get("ports", {})), None)
    if former is None:
        return entry
    ports = {name if it == former else it: value for it, value in entry["ports"].items()}
    changed = {**entry, "ports": ports}
    if entry.get("health", {}).get("port") == former:
        changed["health"] = {**entry["health"], "port": name}
    return changed


def _check_ports(project: GeneratedProject, state: Json, written: Entries) -> None:
    """Raises ServiceConflictError when one is to listen where somebody else does."""
    for node in state["nodes"]:
        ports = written.get(node["name"], {}).get("ports")
        if not ports or node.get("port") is not None:
            continue
        for port in (it["host"] if isinstance(it, dict) else it for it in ports.values()):
            for claim in project.client.call("port.who", {"port": port})["claims"] if isinstance(port, int) else []:
                owner, its_project = claim["node"], claim["project"]
                if (its_project, owner) != (state["slug"], node["name"]):
                    raise ServiceConflictError(
                        f"port {port} of the resource {node['name']} belongs to {owner} of {its_project}",
                        code="port_claimed",
                        hint=f"give it another, or move that: kinfra ports move {owner} --project {its_project}",
                    )
        raise ServiceConflictError(f"the resource {node['name']} can't have its ports", hint="kinfra ports shows whose")


def start(project: GeneratedProject, adapters: Sequence[ResourceAdapter]) -> None:
    """Starts these, each after what it depends on, and returns when all are healthy. One that ends is stopped."""
    write(project, adapters)
    timeout = max(adapter.start_timeout for adapter in adapters)
    for adapter in adapters:
        adapter.prepare()
    pending = _outcomes.begin(project, [adapter.name for adapter in adapters])
    deadline = time.monotonic() + timeout
    while pending:
        left = deadline - time.monotonic()
        found = _outcomes.next_outcome(project, pending, left, patient=False) if left > 0 else None
        name, node = found or (next(iter(pending)), project.node(next(iter(pending))) or {})
        if found is None or (_outcomes.is_alive(node) and not _outcomes.is_up(node)):
            raise ServiceError(
                f"the resource {name} runs and is not healthy: {node.get('detail') or 'it is not there'}",
                code="not_healthy",
                hint=f"it is not stopped; kinfra logs {name} --project {project.slug()} shows what it prints",
            )
        del pending[name]
        if not _outcomes.is_up(node):
            error = _outcomes.failure(project, name, node)
            # It is not to come up by itself after all, when nobody expects it any more.
            stop(project, [name])
            raise error


def stop(project: GeneratedProject, names: Sequence[str]) -> bool:
    """Whether all are gone; a name that nobody ever started is."""
    if not project.is_written():
        return True
    entries = project.entries()
    known = [name for name in names if is_resource(entries.get(name, {}))]
    return _outcomes.stop(project, known, STOP_TIMEOUT)


def seen(project: KnownProject, name: str) -> Dict[str, Any]:
    """The fields of a `ResourceState` that the engine knows; none for a name that it knows nothing of."""
    state = project.state()
    nodes: List[Json] = [] if state is None else state["nodes"]
    node = next((node for node in nodes if node["name"] == name and node["kind"] == "resource"), None)
    if state is None or node is None:
        return {}
    problem = node.get("problem") or {}
    kind = (node.get("resource") or {}).get("kind")
    # A paused one is still looked after, but nobody is served.
    running = node["phase"] in ("running", "stopping") and problem.get("code") not in _PAUSED
    failed = node["phase"] in ("failed", "crash_looping") or node["health"] in ("degraded", "unhealthy")
    return {
        "running": running,
        "healthy": running and node["health"] == "healthy",
        "pid": node.get("pid"),
        "container_id": _container(state["slug"], name) if running and kind == "docker" else None,
        "port": node.get("port"),
        "error": problem.get("message") or (node["detail"] if failed else None),
        "metadata": {"type": kind, "phase": node["phase"], "health": node["health"], "detail": node["detail"]},
    }


def _container(slug: str, name: str) -> str:
    """As the engine calls it."""
    return re.sub(r"[^A-Za-z0-9_.-]", "-", f"kinfra-{slug}-{name}")
