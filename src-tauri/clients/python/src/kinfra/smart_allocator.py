"""Ports for names: chosen once by KInfra's engine, and kept from then on."""

from __future__ import annotations

from typing import Dict, Optional

from .exceptions import KInfraError, PortAllocationError
from .port_registry import RESERVED_PORTS, PortRegistry


class SmartPortAllocator:
    """Constructing one touches nothing. No process is ever ended for a port."""

    def __init__(self, registry: PortRegistry) -> None:
        self.registry = registry

    def allocate_port(self, service_name: str, preferred_port: Optional[int] = None) -> int:
        """The port of a name, the same one each time, also after restarts of this program and of the machine.

        ``preferred_port`` is taken where it can be had, else another one is chosen; which one then stays. What the name had
        with KInfra 1.0 comes before it. A port on which somebody listens already is taken for the name's own server,
        unless KInfra itself runs another service there.

        Raises PortAllocationError when none can be had, or another service of KInfra's is on it now.
        """
        try:
            wish = None
            if preferred_port is not None:
                self.registry.validate_port(preferred_port)
                wish = None if preferred_port in RESERVED_PORTS else [preferred_port]
            port = self.registry._claim(service_name, wish)
            self._refuse_when_taken(service_name, port)
            return port
        except PortAllocationError:
            raise
        except KInfraError as error:
            message = f"no port for {service_name}: {error.message}"
            raise PortAllocationError(message, code=error.code, hint=error.hint, problems=error.problems) from error

    def release_port(self, service_name: str) -> bool:
        """Forgets a name; False when it isn't known. See `PortRegistry.unregister_service`."""
        return self.registry.unregister_service(service_name)

    def get_service_port(self, service_name: str) -> Optional[int]:
        return self.registry.get_canonical_port(service_name)

    def list_allocated_services(self) -> Dict[str, int]:
        """The port of each name."""
        return self.registry._ports()

    def _refuse_when_taken(self, name: str, port: int) -> None:
        project = self.registry._project
        report = project.client.call("port.who", {"port": port})
        slug = next((claim["project"] for claim in report["claims"] if claim["node"] == name), None)
        for held in report["holders"]:
            holder = held["holder"]
            if holder.get("node") and (holder.get("project"), holder["node"]) != (slug, name):
                who = f"{holder['node']} of {holder.get('project')} (pid {holder.get('pid')})"
                raise PortAllocationError(
                    f"port {port} of {name} is taken by {who}",
                    code="port_taken",
                    hint=f"stop that one, or move {name}: kinfra ports move {name} --project {slug}",
                )
