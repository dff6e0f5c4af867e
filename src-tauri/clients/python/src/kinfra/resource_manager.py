"""Resources: containers, daemons, cloud services. KInfra's engine does not start them yet, and says so; what they are to
be can be described all the same."""

from __future__ import annotations

from typing import Any, Dict, Mapping, NoReturn

from ._answer import YES, Answer, DictAnswer
from .adapters.base import ResourceAdapter, unsupported
from .adapters.factory import resource_from_dict
from .exceptions import ServiceError


class ResourceManager:
    """Holds descriptions of resources. Starting and stopping raises NotSupportedYetError."""

    def __init__(self) -> None:
        self.resources: Dict[str, ResourceAdapter] = {}

    def add_resource(self, name: str, config: Mapping[str, Any]) -> ResourceAdapter:
        """Raises ConfigurationError for a type that there never was, or without what it requires."""
        adapter = resource_from_dict(name, config)
        self.resources[name] = adapter
        return adapter

    def add_resource_adapter(self, adapter: ResourceAdapter) -> None:
        self.resources[adapter.name] = adapter

    def start_resource(self, name: str, monitor_health: bool = True) -> NoReturn:
        raise unsupported(self._resource(name))

    def stop_resource(self, name: str) -> NoReturn:
        raise unsupported(self._resource(name))

    def start_all(self) -> Answer:
        """True when there is nothing to start."""
        for adapter in self.resources.values():
            raise unsupported(adapter)
        return YES

    def stop_all(self) -> Answer:
        """True: nothing was ever started here."""
        return YES

    def get_status(self, name: str) -> DictAnswer[Any]:
        """Keys: ``name``, ``running``, ``healthy``, ``pid``, ``container_id``, ``port``, ``error``, ``metadata``."""
        return DictAnswer(self._resource(name).get_state().as_dict())

    def get_all_status(self) -> DictAnswer[Any]:
        return DictAnswer({name: dict(self.get_status(name)) for name in self.resources})

    def _resource(self, name: str) -> ResourceAdapter:
        if name not in self.resources:
            raise ServiceError(f"no resource is named {name}", hint=f"known: {', '.join(self.resources) or 'none'}")
        return self.resources[name]


def manage_resources(configs: Mapping[str, Mapping[str, Any]]) -> Answer:
    """`ResourceManager.start_all` for these."""
    manager = ResourceManager()
    for name, config in configs.items():
        manager.add_resource(name, config)
    return manager.start_all()


__all__ = ["ResourceManager", "manage_resources", "resource_from_dict"]
