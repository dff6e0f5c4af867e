"""The facade: ports, public URLs and health of services, by their names."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, Iterable, Iterator, List, Optional, Set, Tuple, Union

from . import _sharing
from ._client import Json
from ._entries import is_external
from ._project import GeneratedProject
from ._sharing import DEFAULT_DOMAIN
from .exceptions import KInfraError, PortAllocationError, TunnelError
from .port_registry import PortRegistry, ServiceInfo
from .smart_allocator import SmartPortAllocator
from .tunnel_sync import TunnelInfo, TunnelManager
from .utils.health import check_tcp_health
from .utils.process import cleanup_orphaned_processes


class KInfra:
    """Constructing one touches nothing: no process, no file, no DNS record, no signal handler. What a program leaves
    at its end, its ports first of all, is there for its next run.

    ``domain`` is where services are made public, if an account that was added by `kinfra accounts add` reaches it.
    With a ``config_dir`` the names are apart from those of all other programs.
    """

    def __init__(self, domain: str = DEFAULT_DOMAIN, config_dir: Optional[Union[str, Path]] = None) -> None:
        self._begin(domain, PortRegistry(config_dir))

    @classmethod
    def _for_project(cls, domain: str, project: GeneratedProject) -> KInfra:
        facade = cls.__new__(cls)
        facade._begin(domain, PortRegistry._of(project))
        return facade

    def _begin(self, domain: str, registry: PortRegistry) -> None:
        self.domain = domain
        self.registry = registry
        self.allocator = SmartPortAllocator(registry)
        self.tunnel_manager = TunnelManager(registry, domain)
        # Those of orchestrators that were given this facade: their services are found here as well.
        self._attached: List[PortRegistry] = []
        self._touched: Set[str] = set()

    def allocate_port(self, name: str, preferred: Optional[int] = None) -> int:
        """The port of a name, the same one each time. See `SmartPortAllocator.allocate_port`.

        Raises PortAllocationError.
        """
        try:
            port = self.allocator.allocate_port(name, preferred)
        except PortAllocationError:
            raise
        except Exception as error:
            raise PortAllocationError(f"no port for {name}: {error}") from error
        self._touched.add(name)
        return port

    def start_tunnel(self, name: str, port: int, domain: Optional[str] = None) -> TunnelInfo:
        """Makes a service public; see `TunnelManager.start_tunnel`.

        Raises TunnelError.
        """
        info = self.tunnel_manager.start_tunnel(name, port, domain=domain)
        self._touched.add(name)
        return info

    def allocate_and_tunnel(
        self, name: str, preferred: Optional[int] = None, domain: Optional[str] = None
    ) -> Dict[str, Any]:
        """Keys: ``service_name``, ``port``, ``tunnel_info``, ``url``, ``hostname``.

        Raises PortAllocationError or TunnelError.
        """
        port = self.allocate_port(name, preferred)
        info = self.start_tunnel(name, port, domain)
        return {
            "service_name": name,
            "port": port,
            "tunnel_info": info,
            "url": self.tunnel_manager.get_service_url(name) or f"https://{info.hostname}",
            "hostname": info.hostname,
        }

    def get_service_url(self, name: str) -> Optional[str]:
        """The public URL while there is one, else that of the port on this machine; None for an unknown name."""
        _, node = self._node(name)
        if node is None:
            return None
        url: Optional[str] = node.get("public_url") or node.get("direct_url")
        return url

    def get_service_port(self, name: str) -> Optional[int]:
        _, node = self._node(name)
        return None if node is None else node.get("port")

    def get_service_info(self, name: str) -> Optional[ServiceInfo]:
        for registry in self._registries():
            info = registry.get_service(name)
            if info is not None:
                return info
        return None

    def get_tunnel_status(self, name: str) -> Dict[str, Any]:
        """See `TunnelManager.get_tunnel_status`."""
        registry, _ = self._node(name)
        return TunnelManager(registry, self.domain).get_tunnel_status(name)

    def list_services(self) -> Dict[str, Dict[str, Any]]:
        """By name: ``port``, ``pid``, ``tunnel_id``, ``hostname``, ``url``, ``last_seen``, ``created_at``."""
        services: Dict[str, Dict[str, Any]] = {}
        for registry in self._registries():
            for name, info in registry.get_all_services().items():
                services.setdefault(name, _listed(info))
        return services

    def health_check(self, name: str) -> Dict[str, Any]:
        """Keys: ``service_name``, ``port``, ``status``, ``healthy``, ``checks`` (``port_bound``, ``tunnel``), ``message``.

        ``status`` is ``not_found``; ``unknown``: it is on its way up; ``healthy``: it answers, and visitors get through
        if it is public; ``degraded``: it answers, but they don't; ``unhealthy``: it doesn't answer.
        """
        _, node = self._node(name)
        if node is None:
            return _health(name, None, "not_found", False, False, "no service has this name")
        port = node.get("port")
        exposures = _sharing.open_exposures(node)
        bound = port is not None and check_tcp_health("localhost", port)
        tunnel = any(exposure["status"] in _sharing.UP for exposure in exposures)
        reason = exposures[0]["reason"] if exposures else "not shared"
        is_stand_in = self._is_stand_in(name)
        if node["phase"] in ("waiting", "starting") and not bound:
            return _health(name, port, "unknown", bound, tunnel, node["detail"])
        if not bound or (not is_stand_in and node["health"] == "unhealthy"):
            message = node["detail"] if not is_stand_in else f"nothing listens on port {port}"
            return _health(name, port, "unhealthy", bound, tunnel, message)
        if exposures and not tunnel:
            return _health(name, port, "degraded", bound, tunnel, f"visitors don't get through: {reason}")
        message = "it answers" if not exposures else "it answers, and visitors get through"
        return _health(name, port, "healthy", bound, tunnel, message)

    def cleanup(self, name: str) -> bool:
        """Ends that a service is public; False for an unknown name. Its port stays its own, for its next run; to forget
        the name: `SmartPortAllocator.release_port`."""
        registry, node = self._node(name)
        if node is None:
            return False
        TunnelManager(registry, self.domain).stop_tunnel(name)
        self._touched.discard(name)
        return True

    def cleanup_all(self) -> None:
        """`cleanup` of all services that were touched by this object."""
        for name in sorted(self._touched):
            self.cleanup(name)

    def cleanup_environment(
        self,
        grace_period: float = 3.0,
        force_kill: bool = True,
        exclude_pids: Optional[Iterable[int]] = None,
    ) -> Dict[str, int]:
        """`cleanup_all`. No other process is looked for, nor ended: all numbers are 0."""
        self.cleanup_all()
        return cleanup_orphaned_processes(grace_period, force_kill, exclude_pids)

    def __enter__(self) -> KInfra:
        return self

    def __exit__(self, *_: object) -> None:
        self.cleanup_all()

    def _registries(self) -> Iterator[PortRegistry]:
        yield self.registry
        yield from self._attached

    def _node(self, name: str) -> Tuple[PortRegistry, Optional[Json]]:
        """The service of this name, and where it is registered."""
        for registry in self._registries():
            node = registry._project.node(name)
            if node is not None:
                return registry, node
        return self.registry, None

    def _is_stand_in(self, name: str) -> bool:
        registry, _ = self._node(name)
        return is_external(registry._project.entries().get(name, {}))


def _listed(info: ServiceInfo) -> Dict[str, Any]:
    return {
        "port": info.assigned_port,
        "pid": info.pid,
        "tunnel_id": info.tunnel_id,
        "hostname": info.tunnel_hostname,
        "url": f"https://{info.tunnel_hostname}" if info.tunnel_hostname else None,
        "last_seen": info.last_seen,
        "created_at": info.created_at,
    }


def _health(name: str, port: Optional[int], status: str, bound: bool, tunnel: bool, message: str) -> Dict[str, Any]:
    return {
        "service_name": name,
        "port": port,
        "status": status,
        "healthy": status == "healthy",
        "checks": {"port_bound": bound, "tunnel": tunnel},
        "message": message,
    }


def allocate_port(name: str, preferred: Optional[int] = None) -> int:
    """`KInfra.allocate_port`."""
    return KInfra().allocate_port(name, preferred)


def start_tunnel(name: str, port: int, domain: Optional[str] = None) -> TunnelInfo:
    """`KInfra.start_tunnel`."""
    return KInfra().start_tunnel(name, port, domain)


def get_service_url(name: str) -> Optional[str]:
    """`KInfra.get_service_url`."""
    return KInfra().get_service_url(name)


def cleanup(name: str) -> bool:
    """`KInfra.cleanup`."""
    return KInfra().cleanup(name)


def cleanup_environment(
    grace_period: float = 3.0, force_kill: bool = True, exclude_pids: Optional[Iterable[int]] = None
) -> Dict[str, int]:
    """`KInfra.cleanup_environment`."""
    return KInfra().cleanup_environment(grace_period, force_kill, exclude_pids)


__all__ = [
    "KInfra",
    "KInfraError",
    "PortAllocationError",
    "TunnelError",
    "allocate_port",
    "cleanup",
    "cleanup_environment",
    "get_service_url",
    "start_tunnel",
]
