"""How starts and stops of services and resources went, as told by the engine."""

from __future__ import annotations

import time
from typing import Dict, List, Optional, Sequence, Tuple

from . import _sharing
from ._client import Json
from ._known import KnownProject
from ._service_types import ServiceStatus
from .exceptions import ServiceError

# What it printed last comes a little after its end.
_LAST_WORDS = 0.5

# Beside the grace of a service: for signals and slow disks.
STOP_TIMEOUT = 15.0

ACTIVE = ("starting", "running", "stopping")


def status_of(name: str, node: Optional[Json]) -> ServiceStatus:
    """A node in the words of KInfra 1.0."""
    if node is None:
        return ServiceStatus(name)
    started = node.get("started_at")
    problem = node.get("problem") or {}
    state = _state(node)
    message = problem.get("message") or (node["detail"] if state == "error" else None)
    return ServiceStatus(
        name=name,
        state=state,
        pid=node.get("pid"),
        port=node.get("port"),
        tunnel_url=node.get("public_url"),
        started_at=None if started is None else started / 1000,
        restart_count=node["restarts"],
        last_health_check=time.time() if node["health"] != "unknown" else None,
        health_status=_health(node),
        error_message=message,
    )


def _state(node: Json) -> str:
    phase = node["phase"]
    if phase in ("running", "stopping"):
        return "running"
    if phase in ("waiting", "starting") or node.get("retry_at") is not None:
        return "starting"
    if phase == "stopped" or (phase == "exited" and (node.get("last_exit") or {}).get("code") == 0):
        return "stopped"
    return "error"


def _health(node: Json) -> str:
    health: str = node["health"]
    exposures = _sharing.open_exposures(node)
    if health == "healthy" and exposures and not any(it["status"] in _sharing.UP for it in exposures):
        return "degraded"
    return "unknown" if health == "starting" else health


def begin(project: KnownProject, names: Sequence[str]) -> Dict[str, Optional[Json]]:
    """Starts these, and restarts those that run with settings that only a restart changes. By name: the node before, where
    it is to have another process than that; as `next_outcome` takes it."""
    stale = _to_restart(project, names)
    formers = {name: project.node(name) for name in stale}
    slug = {"project": project.slug()}
    fresh = [name for name in names if name not in stale]
    if fresh:
        project.client.call("stack.start", {**slug, "services": fresh})
    if stale:
        project.client.call("stack.restart", {**slug, "services": stale})
    return {name: formers.get(name) for name in names}


def _to_restart(project: KnownProject, names: Sequence[str]) -> List[str]:
    comparison = project.client.call("project.compare", {"project": project.slug()})
    changed = {change["service"] for change in comparison["changes"] if change["restarts"]}
    nodes = {name: project.node(name) or {} for name in names}
    return [name for name, node in nodes.items() if is_alive(node) and (name in changed or node["changed"])]


def next_outcome(
    project: KnownProject, pending: Dict[str, Optional[Json]], timeout: float, patient: bool = True
) -> Optional[Tuple[str, Json]]:
    """The first of these that is healthy or has ended, with its node; None when the time is over. By name: its node before,
    if it is to have another process than that. Not `patient`: also one that has had its time to be healthy, and isn't."""

    def judge(state: Json) -> Optional[Tuple[str, Json]]:
        for name, former in pending.items():
            node = project.node_in(state, name)
            if node is None or (former is not None and _process(node) == _process(former)):
                continue
            gave_up = not patient and node["phase"] == "running" and node["health"] == "unhealthy"
            if is_up(node) or gave_up or _has_ended(node):
                return name, node
        return None

    return project.client.until(judge, timeout)


def is_up(node: Json) -> bool:
    return bool(node["phase"] == "running" and node["health"] == "healthy")


def is_alive(node: Json) -> bool:
    return node.get("phase") in ("starting", "running")


def _has_ended(node: Json) -> bool:
    ended = ("failed", "crash_looping", "exited")
    return node["phase"] in ended or (node["phase"] == "stopped" and node["wanted"] == "stopped")


def _process(node: Json) -> object:
    return (node.get("pid"), node.get("started_at"))


def failure(project: KnownProject, name: str, node: Json) -> ServiceError:
    """Why a service did not come up, with what it printed last."""
    problem = node.get("problem") or {}
    if node.get("last_exit") and not problem:
        problem = {"message": node.get("detail")}

        def told(state: Json) -> Optional[Json]:
            node = project.node_in(state, name) or {}
            return node if node.get("last_lines") else None

        node = project.client.until(told, _LAST_WORDS) or node
    reason = problem.get("message") or node.get("detail") or "it is not there"
    lines = "\n".join(node.get("last_lines") or [])[-500:]
    kind = "resource" if node.get("kind") == "resource" else "service"
    return ServiceError(
        f"the {kind} {name} did not come up: {reason}" + (f"\n{lines}" if lines else ""),
        code=problem.get("code", "not_healthy"),
        hint=problem.get("hint"),
        problems=[problem] if problem else [],
    )


def stop(project: KnownProject, names: List[str], timeout: float) -> bool:
    """Stops services; whether they are gone within the time."""
    if not names or project.state() is None:
        return True
    known = [name for name in names if project.node(name) is not None]
    if not known:
        return True
    project.client.call("stack.stop", {"project": project.slug(), "services": known})

    def gone(state: Json) -> Optional[bool]:
        nodes = [project.node_in(state, name) for name in known]
        return True if all(node is None or not _is_there(node) for node in nodes) else None

    return project.client.until(gone, timeout) is True


def _is_there(node: Json) -> bool:
    return node["phase"] in ACTIVE or node.get("retry_at") is not None
