"""Services in the order of what depends on what: a project of its own in KInfra, which decides the order."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional, Sequence, Union

from . import _files, _outcomes, _resources
from ._answer import NO, YES, Answer
from ._project import GeneratedProject
from ._sharing import DEFAULT_DOMAIN
from .exceptions import OrchestrationError, ServiceError
from .kinfra import KInfra
from .service_manager import ServiceConfig, ServiceManager


@dataclass
class OrchestratorConfig:
    """``parallel_startup``: side by side, as far as dependencies allow, else one at a time. Timeouts are seconds, each for
    all services together. ``auto_restart``: go on with the others when one does not come up. With ``save_state`` and a
    ``state_dir`` what `load_state` gives is also written there; the state itself is the engine's."""

    project_name: str
    state_dir: Optional[Union[Path, str]] = None
    parallel_startup: bool = False
    startup_timeout: float = 60.0
    shutdown_timeout: float = 30.0
    auto_restart: bool = True
    save_state: bool = True


class ServiceOrchestrator:
    """Constructing one touches nothing. Its services are KInfra's project ``project_name``, and found by the ``kinfra``
    that it was given as well. Methods can be called as they are, or awaited; see `ServiceManager`."""

    def __init__(self, config: OrchestratorConfig, kinfra: Optional[KInfra] = None) -> None:
        self.config = config
        project = GeneratedProject(config.project_name, one_by_one=not config.parallel_startup)
        domain = kinfra.domain if kinfra is not None else DEFAULT_DOMAIN
        self.kinfra = KInfra._for_project(domain, project)
        self.manager = ServiceManager(self.kinfra)
        if kinfra is not None:
            kinfra._attached.append(self.kinfra.registry)

    def add_service(self, config: ServiceConfig, depends_on: Optional[Sequence[str]] = None) -> None:
        """``depends_on``: names of services that have to be healthy first, or of resources: managed ones are
        started first, others have to be there."""
        self.manager.add_service(config)
        self.manager._dependencies[config.name] = list(depends_on or [])

    def start_all(self) -> Answer:
        """Starts all services; whether all came up within ``startup_timeout``, and all resources that they need are there.

        Raises OrchestrationError for a dependency that nobody knows, ConfigurationError for a circle of them.
        """
        resources = self._check_dependencies()
        manager = self.manager
        declared = dict(manager._dependencies)
        for name, names in declared.items():
            manager._dependencies[name] = [it for it in names if it not in resources]
        try:
            if not all(manager.check_resource(name) for name in resources):
                return NO
            manager._start_managed()
            names = list(manager.services)
            if not names:
                return YES
            success = manager._start(names, self.config.startup_timeout, self.config.auto_restart)
            healthy = all(status.health_status != "unhealthy" for status in manager._statuses().values())
            return Answer(bool(success) and healthy)
        except ServiceError:
            return NO
        finally:
            manager._dependencies = declared
            self._save()

    def stop_all(self) -> Answer:
        """Stops all services in reverse order, then the managed resources; whether all services are gone within
        ``shutdown_timeout``, and the resources after them."""
        self.manager._ended.set()
        names = [name for name in self.manager.services if name in self._project.entries()]
        stopped = _outcomes.stop(self._project, names, self.config.shutdown_timeout)
        managed = _resources.stop(self._project, list(self.manager.managed_resources))
        self._save()
        return Answer(stopped and managed)

    def monitor(self) -> Any:
        """Returns when `stop_all` is called; see `ServiceManager.monitor`."""
        return self.manager.monitor()

    def get_status(self) -> Dict[str, Any]:
        """Keys: ``project_name``, ``timestamp`` (local time, ISO 8601), and ``services``, by name: ``state``, ``pid``,
        ``port``, ``tunnel_url``, ``started_at`` (seconds since 1970), ``health_status``."""
        fields = ("state", "pid", "port", "tunnel_url", "started_at", "health_status")
        return {
            "project_name": self.config.project_name,
            "timestamp": datetime.now().isoformat(),
            "services": {
                name: {field: getattr(status, field) for field in fields}
                for name, status in self.manager._statuses().items()
            },
        }

    def print_status(self) -> None:
        """Writes a line for each service to stdout."""
        for name, status in self.get_status()["services"].items():
            url = status["tunnel_url"] or ""
            sys.stdout.write(f"{name}  {status['state']}  {status['health_status']}  {status['port'] or '-'}  {url}\n")

    def load_state(self) -> Dict[str, Any]:
        """`get_status`, of all services that this project ever had."""
        nodes = (self._project.state() or {"nodes": []})["nodes"]
        for node in nodes:
            if node["kind"] == "resource":
                continue
            self.manager.services.setdefault(node["name"], ServiceConfig(node["name"], []))
        try:
            return self.get_status()
        finally:
            for name in [name for name, config in self.manager.services.items() if not config.command]:
                del self.manager.services[name]

    @property
    def _project(self) -> GeneratedProject:
        return self.kinfra.registry._project

    def _check_dependencies(self) -> List[str]:
        """What services depend on and somebody else runs."""
        resources = []
        for name, names in self.manager._dependencies.items():
            for dependency in names:
                if dependency in self.manager.resources:
                    resources.append(dependency)
                elif dependency not in self.manager.services and dependency not in self.manager.managed_resources:
                    known = ", ".join(self.manager.services)
                    raise OrchestrationError(
                        f"{name} depends on {dependency}, which is neither a service nor a resource",
                        hint=f"services: {known}; manager.add_resource and manager.add_managed_resource add resources",
                    )
        return list(dict.fromkeys(resources))

    def _save(self) -> None:
        if not self.config.save_state or self.config.state_dir is None:
            return
        folder = Path(self.config.state_dir)
        _files.make_folder(folder)
        text = json.dumps(self.get_status(), indent=2)
        _files.replace(folder / f"{self.config.project_name}_state.json", text + "\n")


def run_orchestrator(
    config: OrchestratorConfig,
    services: Sequence[ServiceConfig],
    dependencies: Optional[Mapping[str, Sequence[str]]] = None,
) -> Any:
    """Starts services, waits for Ctrl-C, and stops them; whether all came up. No signal handler is installed: Ctrl-C is a
    KeyboardInterrupt. In a running event loop it has to be awaited, and is ended by being cancelled too."""
    orchestrator = ServiceOrchestrator(config)
    for service in services:
        orchestrator.add_service(service, (dependencies or {}).get(service.name))
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return _run(orchestrator)
    # There Ctrl-C cancels what is awaited, and would not end a sleep.
    return _run_in_loop(orchestrator)


def _run(orchestrator: ServiceOrchestrator) -> Answer:
    try:
        if not orchestrator.start_all():
            return NO
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        return YES
    finally:
        orchestrator.stop_all()


async def _run_in_loop(orchestrator: ServiceOrchestrator) -> bool:
    try:
        if not orchestrator.start_all():
            return False
        await orchestrator.monitor()
        return True
    finally:
        orchestrator.stop_all()
