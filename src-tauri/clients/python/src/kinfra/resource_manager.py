"""Resources: containers, daemons, commands, HTTP APIs, and what clouds run. KInfra's engine starts, watches and stops them,
also when this program has ended."""

from __future__ import annotations

import asyncio
import time
from typing import Any, Dict, Mapping

from . import _resources
from ._answer import YES, Answer, DictAnswer
from ._project import GeneratedProject
from .adapters.base import ResourceAdapter
from .adapters.factory import resource_from_dict
from .exceptions import ServiceError
from .port_registry import DEFAULT_PROJECT


class ResourceManager:
    """Resources of the project of names that nobody gave another, which is a `KInfra`'s too. Constructing one touches
    nothing, and so does adding to it.

    The methods can be called as they are, or awaited. What runs goes on when this program ends, until `stop_all` or
    `kinfra down`.
    """

    def __init__(self) -> None:
        self.resources: Dict[str, ResourceAdapter] = {}
        self._project = GeneratedProject(DEFAULT_PROJECT)

    def add_resource(self, name: str, config: Mapping[str, Any]) -> ResourceAdapter:
        """Raises ConfigurationError for a type that there never was, or without what it requires."""
        adapter = resource_from_dict(name, config)
        self.add_resource_adapter(adapter)
        return adapter

    def add_resource_adapter(self, adapter: ResourceAdapter) -> None:
        adapter._project = self._project
        self.resources[adapter.name] = adapter

    def start_resource(self, name: str, monitor_health: bool = True) -> Answer:
        """`ResourceAdapter.start`. The engine watches it in any case: ``monitor_health`` has no meaning any more."""
        return self._resource(name).start()

    def stop_resource(self, name: str) -> Answer:
        """`ResourceAdapter.stop`."""
        return self._resource(name).stop()

    def start_all(self) -> Answer:
        """Starts all, side by side; returns when all are healthy. Nothing is started where one of them can't be.

        Raises as `ResourceAdapter.start`; the others go on then.
        """
        if self.resources:
            _resources.start(self._project, list(self.resources.values()))
        return YES

    def stop_all(self) -> Answer:
        """Stops all; whether all are gone."""
        return Answer(_resources.stop(self._project, list(self.resources)))

    def get_status(self, name: str) -> DictAnswer[Any]:
        """Keys: ``name``, ``running``, ``healthy``, ``pid``, ``container_id``, ``port``, ``error``, ``metadata``; see
        `ResourceState`."""
        return DictAnswer(self._resource(name).get_state().as_dict())

    def get_all_status(self) -> DictAnswer[Any]:
        return DictAnswer({name: dict(self.get_status(name)) for name in self.resources})

    def _resource(self, name: str) -> ResourceAdapter:
        if name not in self.resources:
            raise ServiceError(f"no resource is named {name}", hint=f"known: {', '.join(self.resources) or 'none'}")
        return self.resources[name]


def manage_resources(configs: Mapping[str, Mapping[str, Any]]) -> Any:
    """Starts these, waits for Ctrl-C, and stops them. No signal handler is installed: Ctrl-C is a KeyboardInterrupt. In a
    running event loop it has to be awaited, and is ended by being cancelled too."""
    manager = ResourceManager()
    for name, config in configs.items():
        manager.add_resource(name, config)
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return _manage(manager)
    return _manage_in_loop(manager)


def _manage(manager: ResourceManager) -> Answer:
    try:
        manager.start_all()
        while manager.resources:
            time.sleep(3600)
    except KeyboardInterrupt:
        return YES
    finally:
        manager.stop_all()
    return YES


async def _manage_in_loop(manager: ResourceManager) -> bool:
    try:
        manager.start_all()
        while manager.resources:
            await asyncio.sleep(3600)
        return True
    finally:
        manager.stop_all()


__all__ = ["ResourceManager", "manage_resources", "resource_from_dict"]
