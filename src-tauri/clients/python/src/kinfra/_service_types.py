"""What a service is to be, and how it fares. Times are seconds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple


@dataclass
class ServiceConfig:
    """A service that KInfra runs.

    ``env`` is laid over the environment that KInfra has; ``PATH`` and the variables of a virtual environment are the
    caller's. A value may name a secret: ``${secret:NAME}``. ``port`` is a fixed one, ``preferred_port`` one that is taken
    where it can be had. ``health_check_url`` may hold ``{port}``; without one it is healthy when it listens on its port.
    ``path_prefix`` leads to it below the project's own local name. The page that visitors see while it can't answer is
    KInfra's own: ``enable_fallback`` and the fields of its name have no meaning any more.
    """

    name: str
    command: List[str]
    cwd: Optional[str] = None
    env: Optional[Dict[str, str]] = None
    port: Optional[int] = None
    preferred_port: Optional[int] = None
    enable_tunnel: bool = False
    tunnel_domain: Optional[str] = None
    watch_paths: Optional[List[str]] = None
    watch_patterns: Optional[List[str]] = None
    restart_on_failure: bool = True
    max_restart_attempts: int = 3
    restart_delay: float = 2.0
    health_check_url: Optional[str] = None
    health_check_interval: float = 10.0
    enable_fallback: bool = True
    fallback_page: str = "loading"
    fallback_refresh_interval: int = 5
    fallback_message: Optional[str] = None
    path_prefix: str = "/"


@dataclass
class ResourceConfig:
    """Something that services need and that somebody else runs: whether it takes connections is asked."""

    name: str
    host: str = "localhost"
    port: int = 5432
    check_interval: float = 10.0
    required: bool = True


@dataclass
class ServiceStatus:
    """``state``: ``stopped``, ``starting``, ``running`` or ``error``; ``health_status``: ``unknown``, ``healthy``,
    ``degraded`` (visitors from outside don't get through) or ``unhealthy``. Moments are seconds since 1970."""

    name: str
    state: str = "stopped"
    pid: Optional[int] = None
    port: Optional[int] = None
    tunnel_url: Optional[str] = None
    started_at: Optional[float] = None
    restart_count: int = 0
    last_health_check: Optional[float] = None
    health_status: str = "unknown"
    error_message: Optional[str] = None


@dataclass
class ResourceStatus:
    """Whether a resource took a connection when it was asked last, in seconds since 1970."""

    name: str
    available: bool = False
    last_check: Optional[float] = None
    error_message: Optional[str] = None


class FileChangeHandler:
    """Which changed files concern a service. KInfra's engine watches by itself; this only tells by name."""

    def __init__(
        self,
        patterns: Optional[Sequence[str]] = None,
        callback: Optional[Callable[[str], Any]] = None,
        debounce: float = 1.0,
    ) -> None:
        self.patterns: Tuple[str, ...] = tuple(patterns or ("*.py",))
        self.callback = callback
        self.debounce = debounce

    def matches(self, path: str) -> bool:
        """Whether a file of this name is one of the watched."""
        from fnmatch import fnmatch
        from os.path import basename

        return any(fnmatch(basename(path), pattern) for pattern in self.patterns)
