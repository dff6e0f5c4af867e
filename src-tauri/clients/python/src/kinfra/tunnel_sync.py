"""Public URLs. KInfra's engine makes them by Cloudflare Tunnel; this module asks it to, and touches nothing itself."""

from __future__ import annotations

import time
import warnings
from dataclasses import dataclass, field
from typing import Any, Dict, Optional, Set
from urllib.parse import urlsplit

from . import _sharing
from ._client import Json
from ._entries import is_external
from ._project import Entries
from ._sharing import DEFAULT_DOMAIN
from .exceptions import KInfraError, TunnelError
from .port_registry import PortRegistry
from .utils.dns import create_subdomain
from .utils.health import check_tcp_health

# How long `start_tunnel` waits until visitors get through, in seconds.
STARTUP_TIMEOUT = 30.0


@dataclass
class TunnelInfo:
    """What is public. ``process_pid`` is cloudflared's; ``config_path`` is the generated ``kinfra.yaml``; times are
    seconds since 1970; ``status`` is ``running``, ``starting``, ``stopped``, ``error`` or ``unknown``."""

    tunnel_id: str
    hostname: str
    config_path: str
    port: int
    process_pid: Optional[int] = None
    status: str = "unknown"
    created_at: float = field(default_factory=time.time)
    last_health_check: Optional[float] = None


class TunnelManager:
    """Makes services public: under the domain, where an account that was added by `kinfra accounts add` reaches it, else
    by a name of Cloudflare's own (a quick tunnel), unless a domain was asked for.

    Constructing one touches nothing. ``cf_api_token`` and ``cleanup_on_start`` have no meaning any more: tokens are in
    the keyring, and nobody's tunnels and records are cleaned up. With ``use_unified_tunnel`` a service has the domain
    itself, by paths; without it a name below the domain.
    """

    def __init__(
        self,
        registry: PortRegistry,
        domain: str = DEFAULT_DOMAIN,
        cf_api_token: Optional[str] = None,
        use_unified_tunnel: bool = True,
        cleanup_on_start: bool = True,
    ) -> None:
        self.registry = registry
        self.domain = domain
        self.use_unified_tunnel = use_unified_tunnel
        self._started: Set[str] = set()
        if cf_api_token is not None:
            warnings.warn(
                "cf_api_token is not used: `kinfra accounts add` takes a token once and keeps it in the keyring",
                UserWarning,
                stacklevel=2,
            )

    def start_tunnel(self, service_name: str, port: int, path: str = "/", domain: Optional[str] = None) -> TunnelInfo:
        """Makes a service public, and returns when visitors get through: within 30 s.

        The server may be one that the caller runs, now or soon: KInfra's proxy shows a page until it answers.

        Raises TunnelError when visitors don't get through; then it is not public.
        """
        project = self.registry._project
        try:
            place = self._place(service_name, domain, path)
            _sharing.prepare_external(project, service_name, port, place)
            _, exposure = _sharing.share(project, service_name, place, STARTUP_TIMEOUT)
        except TunnelError:
            raise
        except KInfraError as error:
            message = f"no tunnel for {service_name}: {error.message}"
            raise TunnelError(message, code=error.code, hint=error.hint, problems=error.problems) from error
        self._started.add(service_name)
        return self._info(exposure, port)

    def stop_tunnel(self, service_name: str) -> bool:
        """Ends that a service is public; False when it was not. A server of the caller's is left alone."""
        project = self.registry._project
        node = project.node(service_name)
        if node is None:
            return False
        was_public = bool(_sharing.open_exposures(node))
        project.client.call("tunnel.unshare", {"project": project.slug(), "services": [service_name]})
        if is_external(project.entries().get(service_name, {})):
            project.change(lambda entries: _make_private(entries, service_name))
            project.client.call("stack.stop", {"project": project.slug(), "services": [service_name]})
        self._started.discard(service_name)
        return was_public

    def cleanup_all(self) -> None:
        """Ends what this manager made public; what others did stays."""
        for name in sorted(self._started):
            self.stop_tunnel(name)

    def get_tunnel_status(self, service_name: str) -> Dict[str, Any]:
        """Keys: ``service_name``, ``port``, ``tunnel_id``, ``hostname``, ``url``, ``process_running`` (somebody listens
        on the port), ``last_seen``, ``tunnel_running`` (cloudflared runs), ``tunnel_healthy`` (visitors get through),
        and ``reason``. Of an unknown name all but the name is None or False."""
        project = self.registry._project
        state = project.client.snapshot() if project.state() is not None else {}
        node = project.node_in(state, service_name) or {}
        exposures = _sharing.open_exposures(node)
        exposure = exposures[0] if exposures else None
        tunnel = _sharing.tunnel_of(state, exposure)
        port, url = node.get("port"), node.get("public_url")
        return {
            "service_name": service_name,
            "port": port,
            "tunnel_id": tunnel.get("name"),
            "hostname": urlsplit(url).hostname if url else None,
            "url": url,
            "process_running": port is not None and check_tcp_health("localhost", port, 1.0),
            "last_seen": time.time() if node else None,
            "tunnel_running": tunnel.get("pid") is not None,
            "tunnel_healthy": exposure is not None and exposure["status"] in _sharing.UP,
            "reason": exposure["reason"] if exposure else "not shared",
        }

    def get_service_url(self, service_name: str) -> Optional[str]:
        """The public URL, with its path; None when it is not public."""
        node = self.registry._project.node(service_name) or {}
        url: Optional[str] = node.get("public_url")
        return url

    def _place(self, service_name: str, domain: Optional[str], path: str) -> Optional[str]:
        client = self.registry._project.client
        place = _sharing.place_of(client, domain, self.domain, path)
        if place is None or self.use_unified_tunnel:
            return place
        host, slash, rest = place.partition("/")
        return create_subdomain(service_name, host) + slash + rest

    def _info(self, exposure: Json, port: int) -> TunnelInfo:
        project = self.registry._project
        tunnel = _sharing.tunnel_of(project.client.snapshot(), exposure)
        now = time.time()
        return TunnelInfo(
            tunnel_id=tunnel.get("name") or exposure.get("tunnel") or "",
            hostname=urlsplit(exposure.get("url") or "").hostname or "",
            config_path=str(project.file),
            port=port,
            process_pid=tunnel.get("pid"),
            status="running",
            created_at=now,
            last_health_check=now,
        )


def _make_private(entries: Entries, name: str) -> None:
    if name in entries:
        entries[name].pop("public", None)
