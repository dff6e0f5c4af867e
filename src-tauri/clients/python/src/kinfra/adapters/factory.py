"""From a dictionary with a ``type`` to what describes it."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Type

from ..exceptions import ConfigurationError
from .api import APIAdapter
from .base import ResourceAdapter
from .cloud.neon import NeonAdapter
from .cloud.supabase import SupabaseAdapter
from .cloud.vercel import VercelAdapter
from .command import CommandAdapter
from .daemon import SystemDaemonAdapter
from .docker import DockerAdapter

_TYPES: Dict[str, Type[ResourceAdapter]] = {
    "docker": DockerAdapter,
    "systemd": SystemDaemonAdapter,
    "launchd": SystemDaemonAdapter,
    "daemon": SystemDaemonAdapter,
    "command": CommandAdapter,
    "api": APIAdapter,
    "supabase": SupabaseAdapter,
    "vercel": VercelAdapter,
    "neon": NeonAdapter,
}


class ResourceFactory:
    @staticmethod
    def create(name: str, config: Mapping[str, Any]) -> ResourceAdapter:
        """Raises ConfigurationError for an unknown ``type``, or when something required is missing."""
        kind = config.get("type")
        adapter = _TYPES.get(str(kind))
        if adapter is None:
            known = ", ".join(_TYPES)
            raise ConfigurationError(f"the resource {name} has the type {kind!r}", hint=f"types: {known}")
        return adapter(name, config)

    @staticmethod
    def create_many(configs: Mapping[str, Mapping[str, Any]]) -> List[ResourceAdapter]:
        return [ResourceFactory.create(name, config) for name, config in configs.items()]


def resource_from_dict(name: str, config: Mapping[str, Any]) -> ResourceAdapter:
    """`ResourceFactory.create`."""
    return ResourceFactory.create(name, config)
