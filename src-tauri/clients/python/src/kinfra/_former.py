"""The ports that KInfra 1.0 wrote down, so that who moves over keeps them. Only read, and only when a name is new."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, Optional


def port_of(name: str, config_dir: Optional[Path] = None) -> Optional[int]:
    """From the port registry of that version."""
    folder = config_dir or Path(os.environ.get("HOME") or "/") / ".kinfra"
    services = _read(folder / "port_registry.json").get("services")
    entry = services.get(name) if isinstance(services, dict) else None
    return _port(entry.get("assigned_port")) if isinstance(entry, dict) else None


def port_of_project(project_name: str) -> Optional[int]:
    """From what its legacy manager kept for a project."""
    folder = Path(os.environ.get("HOME") or "/") / ".kinfra_smart_infra"
    return _port(_read(folder / f"{project_name}_config.json").get("assigned_port"))


def _read(path: Path) -> Any:
    try:
        content = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _port(value: Any) -> Optional[int]:
    return value if isinstance(value, int) and 0 < value < 65536 else None
