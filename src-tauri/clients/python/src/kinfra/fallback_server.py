"""The pages of KInfra 1.0. KInfra's proxy shows honest ones by itself; none are served in this process."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, List, NoReturn, Optional, Union

from .exceptions import NotSupportedYetError

_ADVICE = (
    "whoever asks KInfra's proxy for a service that can't answer is shown a page already; "
    '`kinfra maintenance on NAME "back at 15:00"` shows that one'
)


class FallbackServer:
    """What is to be shown can be described; `start` raises NotSupportedYetError."""

    def __init__(self, port: int = 9000, templates_dir: Optional[Union[Path, str]] = None) -> None:
        self.port = port
        self.templates_dir = templates_dir
        self.page: Dict[str, Any] = {}
        self.services: Dict[str, Dict[str, Any]] = {}
        self.set_page()

    def set_page(
        self,
        page_type: str = "loading",
        service_name: str = "Service",
        refresh_interval: int = 5,
        message: Optional[str] = None,
    ) -> None:
        self.page = {
            "page_type": page_type,
            "service_name": service_name,
            "refresh_interval": refresh_interval,
            "message": message,
        }

    def update_service_status(
        self,
        service_name: str,
        status_message: Optional[str] = None,
        port: Optional[Union[int, str]] = None,
        pid: Optional[Union[int, str]] = None,
        uptime: Optional[str] = None,
        health_status: Optional[str] = None,
        state: Optional[str] = None,
        logs: Optional[List[Any]] = None,
        steps: Optional[List[Any]] = None,
    ) -> None:
        fields = {
            "status_message": status_message,
            "port": port,
            "pid": pid,
            "uptime": uptime,
            "health_status": health_status,
            "state": state,
            "logs": logs,
            "steps": steps,
        }
        told = {name: value for name, value in fields.items() if value is not None}
        self.services.setdefault(service_name, {}).update(told)

    def start(self) -> NoReturn:
        raise NotSupportedYetError(f"no pages are served on port {self.port} in this process", hint=_ADVICE)

    def stop(self) -> None:
        """Nothing was started."""


def run_fallback_server(
    port: int = 9000, page_type: str = "loading", service_name: str = "Service", refresh_interval: int = 5
) -> NoReturn:
    """Raises NotSupportedYetError."""
    FallbackServer(port).start()
