"""Services, run by KInfra's engine: started, watched, restarted and logged there, also when this program has ended."""

from __future__ import annotations

import asyncio
import dataclasses
import threading
import time
from typing import Any, Dict, List, Mapping, Optional, Sequence, Union

from . import _outcomes, _resources, _sharing
from ._answer import NO, YES, Answer, DictAnswer
from ._client import Json
from ._definitions import entry_of
from ._entries import Entry, is_resource
from ._project import Entries
from ._service_types import FileChangeHandler, ResourceConfig, ResourceStatus, ServiceConfig, ServiceStatus
from .adapters.base import ResourceAdapter
from .adapters.factory import resource_from_dict
from .exceptions import KInfraError, ServiceConflictError, ServiceError
from .kinfra import KInfra
from .utils.health import check_tcp_health
from .utils.process import kill_processes_on_port

# How long a start waits for a service to be healthy. One that lives and is not healthy then counts as started.
START_TIMEOUT = 30.0
CHECK_TIMEOUT = 2.0


class ServiceManager:
    """Services under the names of a `KInfra`. Constructing one touches nothing, and so does adding to it.

    The methods can be called as they are, or awaited as those of KInfra 1.0 had to be; an awaited one does its work
    before. What runs goes on when this program ends, until `shutdown` or `kinfra down`. KInfra's proxy and its pages are
    there for each service (``enable_fallback_layer`` has no meaning any more).
    """

    def __init__(
        self, kinfra: KInfra, enable_fallback_layer: bool = True, enable_resource_management: bool = True
    ) -> None:
        self.kinfra = kinfra
        self.enable_fallback_layer = enable_fallback_layer
        self.enable_resource_management = enable_resource_management
        self.services: Dict[str, ServiceConfig] = {}
        self.resources: Dict[str, ResourceConfig] = {}
        self.resource_statuses: Dict[str, ResourceStatus] = {}
        self.managed_resources: Dict[str, ResourceAdapter] = {}
        self._dependencies: Dict[str, List[str]] = {}
        self._project = kinfra.registry._project
        self._ended = threading.Event()

    def add_service(self, config: ServiceConfig) -> None:
        self.services[config.name] = config

    def add_resource(self, config: ResourceConfig) -> None:
        self.resources[config.name] = config
        self.resource_statuses[config.name] = ResourceStatus(config.name)

    def add_managed_resource(self, name: str, config: Union[Mapping[str, Any], ResourceAdapter, None] = None) -> None:
        """A resource that `start_all` starts before all services, and `shutdown` stops after them.

        Raises as `ResourceManager.add_resource`.
        """
        adapter = config if isinstance(config, ResourceAdapter) else resource_from_dict(name, config or {})
        adapter._project = self._project
        self.managed_resources[name] = adapter

    def kill_port_processes(self, port: int) -> bool:
        """See `kinfra.utils.process.kill_processes_on_port`: only what KInfra runs is stopped."""
        return kill_processes_on_port(port)

    def check_resource(self, name: str) -> Answer:
        """Whether a resource takes connections, within 2 s. Raises ServiceError for an unknown one."""
        config = self.resources.get(name)
        if config is None:
            raise ServiceError(f"no resource is named {name}")
        available = check_tcp_health(config.host, config.port, CHECK_TIMEOUT)
        message = None if available else f"nothing takes connections on {config.host}:{config.port}"
        self.resource_statuses[name] = ResourceStatus(name, available, time.time(), message)
        return Answer(available)

    def check_all_resources(self) -> DictAnswer[bool]:
        """By name, whether it takes connections."""
        return DictAnswer({name: bool(self.check_resource(name)) for name in list(self.resources)})

    def start_service(self, name: str) -> Answer:
        """Starts a service, or restarts it where it runs with other settings; waits until it is healthy, at most 30 s.

        Raises ServiceError, with what it printed last, when it ends; it is stopped then. TunnelError when it was to be
        public and no account reaches its domain.
        """
        return self._start([name])

    def reload_service(self, name: str) -> Answer:
        """Restarts a service, and waits as `start_service`."""
        self._config(name)
        self._write([name])
        former = self._project.node(name)
        if former is None or former["phase"] not in _outcomes.ACTIVE:
            return self._start([name])
        self._project.client.call("stack.restart", {"project": self._project.slug(), "services": [name]})
        return self._await({name: former}, START_TIMEOUT, keep_going=False)

    def stop_service(self, name: str) -> Answer:
        """Stops a service, and what depends on it; whether it is gone. Its port stays its own."""
        self._config(name)
        return Answer(_outcomes.stop(self._project, [name], _outcomes.STOP_TIMEOUT))

    def start_all(self) -> Answer:
        """Starts all managed resources, then all services, in the order of what depends on what, as far as an orchestrator
        has said that.

        Raises ServiceError when a required resource is missing, or as `start_service` and `ResourceManager.start_all`.
        """
        for name, available in self.check_all_resources().items():
            if not available and self.resources[name].required:
                raise ServiceError(f"the resource {name} is missing: {self.resource_statuses[name].error_message}")
        self._start_managed()
        return self._start(list(self.services)) if self.services else YES

    def monitor(self) -> Any:
        """Returns when `shutdown` is called. The engine restarts and watches by itself; this only waits for who did so
        with KInfra 1.0. In a running event loop it has to be awaited."""
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            self._ended.wait()
            return YES
        return self._until_ended()

    def shutdown(self) -> Answer:
        """Stops all services of this manager, in reverse order, then its managed resources; whether all are gone."""
        self._ended.set()
        names = [name for name in reversed(list(self.services)) if name in self._project.entries()]
        stopped = _outcomes.stop(self._project, names, _outcomes.STOP_TIMEOUT)
        return Answer(_resources.stop(self._project, list(self.managed_resources)) and stopped)

    def get_status(self) -> Dict[str, Dict[str, Any]]:
        """``services`` and ``resources``, each by name: the fields of `ServiceStatus` and `ResourceStatus`. Those of a
        managed resource are those of `ResourceState`."""
        return {
            "services": {name: dataclasses.asdict(status) for name, status in self._statuses().items()},
            "resources": {
                **{name: dataclasses.asdict(status) for name, status in self.resource_statuses.items()},
                **{name: adapter.get_state().as_dict() for name, adapter in self.managed_resources.items()},
            },
        }

    def _start_managed(self) -> None:
        if self.managed_resources:
            _resources.start(self._project, list(self.managed_resources.values()))

    def _statuses(self) -> Dict[str, ServiceStatus]:
        state = self._project.state() or {"nodes": []}
        nodes: Dict[str, Json] = {node["name"]: node for node in state["nodes"]}
        return {name: _outcomes.status_of(name, nodes.get(name)) for name in self.services}

    def _start(self, names: Sequence[str], timeout: float = START_TIMEOUT, keep_going: bool = False) -> Answer:
        """With `keep_going` a service that fails is stopped and is no reason to give up the others."""
        self._ended.clear()
        self._write(names)
        return self._await(_outcomes.begin(self._project, names), timeout, keep_going)

    def _await(self, pending: Dict[str, Optional[Json]], timeout: float, keep_going: bool) -> Answer:
        """Waits until all of these are healthy, or live although the time is over."""
        deadline = time.monotonic() + timeout
        success = YES
        while pending:
            left = deadline - time.monotonic()
            found = _outcomes.next_outcome(self._project, pending, left) if left > 0 else None
            name, node = found or (next(iter(pending)), None)
            if node is None:
                node = self._project.node(name) or {}
            del pending[name]
            # In time it has to be healthy; what only lives when the time is over counts as started.
            if _outcomes.is_up(node) if found is not None else _outcomes.is_alive(node):
                continue
            error = _outcomes.failure(self._project, name, node)
            # It is not to come up by itself after all, when nobody expects it any more.
            _outcomes.stop(self._project, [name], _outcomes.STOP_TIMEOUT)
            if not keep_going:
                raise error
            success = NO
        return success

    def _write(self, names: Sequence[str]) -> None:
        written: Dict[str, Entry] = {}
        for name in names:
            config = self._config(name)
            public = None
            if config.enable_tunnel:
                place = _sharing.place_of(
                    self._project.client, config.tunnel_domain, self.kinfra.domain, config.path_prefix
                )
                public = _sharing.public(place)
            written[name] = entry_of(config, public, self._dependencies.get(name, []))

        def edit(entries: Entries) -> None:
            for name, entry in written.items():
                former = entries.get(name, {})
                if is_resource(former):
                    raise ServiceConflictError(
                        f"{name} is a resource of {self._project.name}", hint="give the service another name"
                    )
                # A port that is written for the name already is as good as any.
                if entry["port"] == "auto" and former.get("port", "none") != "none":
                    entry["port"] = former["port"]
                if name not in entries or entry["port"] != former["port"]:
                    entry["port"] = self.kinfra.registry._wish(name, entry["port"])
                entries[name] = entry

        state = self._project.change(edit)
        for node in state["nodes"]:
            if node["name"] in written and node.get("port") is None:
                port = written[node["name"]]["port"]
                raise ServiceConflictError(
                    f"the port {port} of {node['name']} belongs to another service", hint="kinfra ports shows whose"
                )
        self.kinfra._touched.update(name for name in names if self.services[name].enable_tunnel)

    def _config(self, name: str) -> ServiceConfig:
        config = self.services.get(name)
        if config is None:
            known = ", ".join(self.services) or "none"
            raise ServiceError(f"no service is named {name}", hint=f"known: {known}")
        return config

    async def _until_ended(self) -> Answer:
        while not self._ended.is_set():
            await asyncio.sleep(0.1)
        return YES


__all__ = [
    "FileChangeHandler",
    "KInfraError",
    "ResourceConfig",
    "ResourceStatus",
    "ServiceConfig",
    "ServiceError",
    "ServiceManager",
    "ServiceStatus",
]
