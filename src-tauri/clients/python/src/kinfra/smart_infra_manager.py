"""The manager that KInfra 1.0 already called its old one. It is here so that programs that use it go on; new ones use
`KInfra` and `ServiceManager`."""

from __future__ import annotations

import json
import logging
import os
import time
import warnings
from functools import cached_property
from pathlib import Path
from typing import Any, Dict, List, Optional, Tuple

from . import _files, _outcomes, _sharing
from ._client import Json
from ._project import GeneratedProject
from ._servers import Server, health_on, is_here, server_of
from ._sharing import DEFAULT_DOMAIN
from .exceptions import KInfraError, ServiceError, TunnelError
from .utils.health import http_status
from .utils.process import get_port_occupant, is_port_free

_log = logging.getLogger("kinfra")

_RANGES: Dict[str, Tuple[int, int]] = {"atoms_mcp": (50002, 50002), "zen": (8000, 9000)}
_RANGE = (50000, 51000)

# What the engine knows better; not kept for the caller.
_FACTS = (
    "project_name",
    "domain",
    "assigned_port",
    "tunnel_url",
    "last_healthy_check",
    "process_pid",
    "server_running",
    "server_start_time",
)


class SmartInfraManager:
    """One project with one server and one port that stays its own. Deprecated: use `KInfra` and `ServiceManager`.

    Where `kinfra migrate` has made a project with a ``kinfra.yaml`` of it, its server is that project's, and runs as it is
    written there.

    Constructing one touches nothing. No process is ended that KInfra did not start, and the caller's own pid is never
    taken for the server's.
    """

    def __init__(self, project_name: str = "default", domain: str = DEFAULT_DOMAIN) -> None:
        warnings.warn(
            "SmartInfraManager is deprecated: use kinfra.KInfra for ports and public URLs, and kinfra.ServiceManager for "
            "the server",
            DeprecationWarning,
            stacklevel=2,
        )
        self._begin(project_name, domain)

    @classmethod
    def _quietly(cls, project_name: str, domain: str) -> SmartInfraManager:
        manager = cls.__new__(cls)
        manager._begin(project_name, domain)
        return manager

    def _begin(self, project_name: str, domain: str) -> None:
        self.project_name = project_name
        self.domain = domain
        self.port_range = _RANGES.get(project_name, _RANGE)
        self._project = GeneratedProject(project_name, range_=self.port_range)

    @cached_property
    def _server(self) -> Server:
        """Chosen at first use, since it has to be asked for."""
        return server_of(self._project, self.domain)

    @property
    def config_dir(self) -> Path:
        """Where the generated project is, if there is one, and what `save_project_config` kept."""
        return self._project.folder

    def get_project_config(self) -> Dict[str, Any]:
        """Keys: ``project_name``, ``domain``, ``assigned_port``, ``tunnel_url``, ``last_healthy_check``,
        ``process_pid``, ``server_running``, ``server_start_time`` (times in seconds since 1970; None while there is
        none), as the engine sees it now, and what `save_project_config` kept besides."""
        try:
            node = self._server.node()
        except KInfraError as error:
            _log.error("the state of %s can't be read: %s", self.project_name, error)
            node = {}
        is_server = bool(node) and not self._server.is_stand_in()
        status = _outcomes.status_of(self.project_name, node or None)
        answers = node.get("health") == "healthy"
        return {
            **self._kept(),
            "project_name": self.project_name,
            "domain": self.domain,
            "assigned_port": node.get("port"),
            "tunnel_url": node.get("public_url"),
            "last_healthy_check": time.time() if answers else None,
            "process_pid": self._pid_of_server(node, is_server),
            "server_running": status.state == "running" and (is_server or answers),
            "server_start_time": status.started_at if is_server else None,
        }

    def save_project_config(self, config: Dict[str, Any]) -> None:
        """Keeps what the caller has to remember. What the engine knows is left out of it."""
        kept = {name: value for name, value in config.items() if name not in _FACTS}
        try:
            _files.make_folder(self.config_dir)
            _files.replace(self.config_dir / "kept.json", json.dumps(kept, indent=2) + "\n")
        except (OSError, TypeError, KInfraError) as error:
            _log.error("the configuration of %s is not kept: %s", self.project_name, error)

    def is_port_available(self, port: int) -> bool:
        return is_port_free(port)

    def get_port_occupant(self, port: int) -> Optional[Dict[str, Any]]:
        """As `kinfra.utils.process.get_port_occupant`, and ``is_our_project``."""
        occupant = get_port_occupant(port)
        if occupant is not None:
            occupant["is_our_project"] = self.is_our_project_process(occupant)
        return occupant

    def is_our_project_process(self, proc: Any) -> bool:
        """Whether KInfra runs it for this project: by its pid, never by words in its command line. ``proc`` is a pid, or
        has one (``pid``, as an attribute or a key)."""
        pid = proc.get("pid") if isinstance(proc, dict) else getattr(proc, "pid", proc)
        return pid is not None and any(node.get("pid") == pid for node in self._running())

    def kill_our_project_processes(self) -> List[int]:
        """Stops what KInfra runs for this project; the pids that are gone."""
        pids = [node["pid"] for node in self._running()]
        return pids if self._server.stop() else []

    def allocate_persistent_port(self) -> int:
        """The port of the server, the same one each time.

        Raises PortAllocationError (a RuntimeError) when the range has none left.
        """
        return self._server.allocate()

    def check_tunnel_health(self, url: str) -> Tuple[bool, str]:
        """Asks ``/health``, then ``/healthz``, 10 s each: whether one answers 200, and a word about it. 503 and 530 mean
        that the tunnel leads nowhere."""
        for path in ("/health", "/healthz"):
            status = http_status(url.rstrip("/") + path, 10.0)
            if status == 200:
                return True, "Healthy"
            if status in (503, 530):
                return False, f"Tunnel error: {status}"
        return False, "No health endpoint responded"

    def check_mcp_server_health(self, port: int) -> Tuple[bool, str]:
        """Whether ``/health`` on this port answers 200 within 5 s, and a word about it."""
        return health_on(port)

    def get_existing_cloudflared_processes(self) -> List[Dict[str, Any]]:
        """Those that KInfra runs for this project: ``pid``, ``cmdline``, ``port``, ``url_arg``."""
        project = self._server.project
        state = project.client.snapshot() if project.state() is not None else {}
        node = project.node_in(state, self._server.name) or {}
        found = []
        for exposure in _sharing.open_exposures(node):
            tunnel = _sharing.tunnel_of(state, exposure)
            if tunnel.get("pid") is not None:
                url = exposure.get("url")
                found.append({"pid": tunnel["pid"], "cmdline": "cloudflared", "port": node.get("port"), "url_arg": url})
        return found

    def kill_tunnel_for_port(self, port: int) -> bool:
        """Ends that the server is public, if this is its port; whether it was."""
        return self._server.node().get("port") == port and self._server.unshare()

    def start_cloudflare_tunnel(self, port: int, force_restart: bool = False) -> Optional[str]:
        """The public URL of the server on this port; None when it can't be made public, which the log explains. A server
        that is public already keeps its URL, unless ``force_restart``."""
        try:
            node = self._server.node()
            public = any(it["status"] in _sharing.UP for it in _sharing.open_exposures(node))
            if public and not force_restart and node.get("port") == port:
                url: Optional[str] = node.get("public_url")
                return url
            if force_restart:
                self.kill_tunnel_for_port(port)
            return self._server.share(port)
        except (TunnelError, ServiceError) as error:
            _log.error("%s is not made public: %s", self.project_name, error)
            return None

    def start_test_server(self, port: int, server_script: Optional[str] = None) -> bool:
        """Runs a Python script (``server.py`` in the current folder) as the server, by KInfra, with this Python; waits
        until ``/health`` answers 200, at most 30 s. Whether it does; the log explains why not.

        Where the server is that of a project with a ``kinfra.yaml``, it is what is written there that runs, and that says
        when it is healthy.

        Raises ConfigurationError when there is no such script, or another one or another port is written there.
        """
        self._server.prepare(port, server_script)
        try:
            self._server.start(port)
        except KInfraError as error:
            _log.error("the server of %s did not come up: %s", self.project_name, error)
            return False
        return True

    def stop_test_server(self) -> bool:
        """Stops the server that KInfra runs; False when it runs none. Its port stays its own."""
        return bool(self._running()) and self._server.stop()

    def setup_infrastructure(
        self, force_restart_tunnel: bool = False, start_server: bool = False
    ) -> Tuple[int, Optional[str]]:
        """The port, and the public URL if the variable ``AUTO_TUNNEL`` says 1, true, yes or on: port first, then the
        server, then the tunnel.

        Raises PortAllocationError, or ConfigurationError when there is no ``server.py`` to start.
        """
        port = self.allocate_persistent_port()
        if start_server:
            self.start_test_server(port)
        url = None
        if os.environ.get("AUTO_TUNNEL", "").strip().lower() in ("1", "true", "yes", "on"):
            url = self.start_cloudflare_tunnel(port, force_restart_tunnel)
        return port, url

    def _pid_of_server(self, node: Json, is_server: bool) -> Optional[int]:
        """Never the caller's own, where the server is a part of it, or it is a part of the server: old programs end the
        process that this names."""
        pid: Optional[int] = node.get("pid") if is_server or node.get("adopted") else None
        return None if is_here(node) else pid

    def _running(self) -> List[Json]:
        """The server's node while KInfra runs it, and the caller is no part of it."""
        node = self._server.node()
        if node.get("pid") is None or node.get("adopted") or is_here(node) or self._server.is_stand_in():
            return []
        return [node]

    def _kept(self) -> Dict[str, Any]:
        try:
            kept = json.loads((self.config_dir / "kept.json").read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        return kept if isinstance(kept, dict) else {}


def get_smart_infra_manager(project_name: str = "default", domain: str = DEFAULT_DOMAIN) -> SmartInfraManager:
    """Deprecated: use `KInfra` and `ServiceManager`."""
    warnings.warn(
        "get_smart_infra_manager is deprecated: use kinfra.KInfra for ports and public URLs, and kinfra.ServiceManager "
        "for the server",
        DeprecationWarning,
        stacklevel=2,
    )
    return SmartInfraManager._quietly(project_name, domain)
