"""Files of ``KEY=VALUE`` lines. KInfra reads a project's ``.env`` by itself; this is for who passes ``env`` on."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Dict, Mapping, Union


def parse_env_file(path: Union[Path, str]) -> Dict[str, str]:
    """What a file says; nothing when there is none. ``export`` may stand before a name, quotes around a value."""
    values: Dict[str, str] = {}
    try:
        text = Path(path).read_text("utf-8")
    except FileNotFoundError:
        return values
    for line in text.splitlines():
        line = line.strip()
        if not line or line.startswith("#") or "=" not in line:
            continue
        name, value = line.split("=", 1)
        value = value.strip()
        if len(value) >= 2 and value[0] == value[-1] and value[0] in "\"'":
            value = value[1:-1]
        elif " #" in value:
            value = value.split(" #", 1)[0].rstrip()
        name = name.strip()
        values[name[len("export ") :].strip() if name.startswith("export ") else name] = value
    return values


def load_env_cascade(*paths: Union[Path, str], include_system: bool = True) -> Dict[str, str]:
    """The environment, then each file over it: the later one wins."""
    return merge_env_configs(os.environ if include_system else {}, *(parse_env_file(path) for path in paths))


def merge_env_configs(*layers: Mapping[str, str]) -> Dict[str, str]:
    """All of them in one; the later one wins."""
    merged: Dict[str, str] = {}
    for layer in layers:
        merged.update(layer)
    return merged
