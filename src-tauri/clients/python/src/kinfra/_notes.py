"""What the caller of a registry says of a name and no engine has use for: kept beside the generated project."""

from __future__ import annotations

import json
import time
from typing import Any, Dict

from . import _files
from ._project import GeneratedProject

# What `ServiceInfo` has and the engine does not tell.
KEPT = ("tunnel_id", "tunnel_hostname", "config_path", "created_at")


def read(project: GeneratedProject) -> Dict[str, Dict[str, Any]]:
    """By name. What can't be read is lost: nothing depends on it."""
    try:
        notes = json.loads((project.folder / "notes.json").read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return notes if isinstance(notes, dict) else {}


def change(project: GeneratedProject, name: str, **fields: Any) -> None:
    """Notes these fields of a name, and when it was first heard of."""
    with _files.locked(project.folder / ".notes-lock"):
        notes = read(project)
        before = json.dumps(notes)
        notes.setdefault(name, {"created_at": time.time()}).update(fields)
        if json.dumps(notes) != before:
            _files.replace(project.folder / "notes.json", json.dumps(notes, indent=2) + "\n")


def forget(project: GeneratedProject, name: str) -> None:
    with _files.locked(project.folder / ".notes-lock"):
        notes = read(project)
        if notes.pop(name, None) is not None:
            _files.replace(project.folder / "notes.json", json.dumps(notes, indent=2) + "\n")
