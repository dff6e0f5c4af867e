"""The proxy of KInfra 1.0. KInfra's engine has one for all projects, at one port; none is run in this process."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, Mapping, NoReturn, Optional

from .exceptions import NotSupportedYetError

_ADVICE = (
    "run the server by ServiceManager (path_prefix is its path), or name its port by KInfra.start_tunnel: KInfra's proxy "
    "leads there, at the URL that `kinfra url NAME` prints"
)


@dataclass
class UpstreamConfig:
    """Where a path leads. Times are seconds."""

    host: str = "localhost"
    port: int = 8000
    path_prefix: str = ""
    health_check_interval: float = 5.0
    health_check_timeout: float = 2.0
    is_healthy: bool = False


class SmartProxyServer:
    """Upstreams can be described; `start` raises NotSupportedYetError."""

    def __init__(
        self,
        proxy_port: int = 9100,
        fallback_port: int = 9000,
        default_upstream_port: int = 8000,
        fallback_server: Any = None,
    ) -> None:
        self.proxy_port = proxy_port
        self.fallback_port = fallback_port
        self.default_upstream_port = default_upstream_port
        self.fallback_server = fallback_server
        self.upstreams: Dict[str, UpstreamConfig] = {}

    def add_upstream(self, path_prefix: str, port: int, host: str = "localhost") -> None:
        self.upstreams[path_prefix] = UpstreamConfig(host, port, path_prefix)

    def start(self) -> NoReturn:
        raise NotSupportedYetError(f"no proxy is run on port {self.proxy_port} in this process", hint=_ADVICE)

    def stop(self) -> None:
        """Nothing was started."""


def run_smart_proxy(
    proxy_port: int = 9100, fallback_port: int = 9000, upstreams: Optional[Mapping[str, int]] = None
) -> NoReturn:
    """Raises NotSupportedYetError."""
    SmartProxyServer(proxy_port, fallback_port).start()
