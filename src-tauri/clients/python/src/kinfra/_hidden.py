"""Passwords and tokens that a description of a resource holds in clear, kept out of the generated ``kinfra.yaml``.

Theory of operation: the file names a secret in the place of each, so that no state, comparison or log of the engine's has
the value. The value goes into the keyring if there is one that is open; else into a file that only its user can read,
beside the generated ``kinfra.yaml``, which then says so. A file whose secret nothing names any more is removed.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
import shlex
from pathlib import Path
from typing import Dict, Mapping
from urllib.parse import quote, unquote

from . import _files
from ._client import Client
from ._entries import literal
from .exceptions import KInfraError

_FOLDER = "secrets"
# A name of the engine's ends before this.
_LONGEST = 100


class Hidden:
    """The values of one resource. Calling it gives what is written in the place of a value."""

    def __init__(self, project: str, resource: str) -> None:
        self._prefix = f"{_part(project)}/{_part(resource)}"
        self.values: Dict[str, str] = {}
        """By the names of the secrets."""

    def __call__(self, key: str, value: str) -> str:
        if not value or "${secret:" in value:
            return literal(value)
        name = f"{self._prefix}/{_part(key)}"
        if len(name) > _LONGEST:
            name = f"{name[: _LONGEST - 9]}-{_digest(name)}"
        self.values[name] = value
        return "${secret:" + name + "}"


def into_keyring(client: Client, values: Mapping[str, str]) -> Dict[str, str]:
    """Puts values into the keyring, and gives those that it doesn't take. A locked one is not asked to be opened."""
    if not values:
        return {}
    if client.call("secrets.list")["keyring"]["status"] != "available":
        return dict(values)
    left = {}
    for name, value in values.items():
        try:
            client.call("secrets.set", {"name": name, "value": value})
        except KInfraError:
            left[name] = value
    return left


def into_files(folder: Path, values: Mapping[str, str]) -> None:
    """Puts values into files of a project's. For whoever holds the project's lock."""
    if not values:
        return
    try:
        _files.make_folder(folder / _FOLDER)
    except OSError as error:
        raise KInfraError(f"cannot make the folder {folder / _FOLDER}: {error}") from error
    for name, value in values.items():
        # The engine takes one newline off.
        _files.replace(_file(folder, name), value + "\n")


def forget_files(folder: Path, names: Mapping[str, str]) -> None:
    """What the keyring has now is in no file any more."""
    for name in names:
        with contextlib.suppress(OSError):
            _file(folder, name).unlink()


def sources(folder: Path, text: str) -> Dict[str, str]:
    """Where the engine finds those secrets of a configuration's text that are in files."""
    return {
        name: f"cmd:cat {shlex.quote(f'{_FOLDER}/{file.name}')}"
        for name, file in sorted(_kept(folder).items())
        if "${secret:" + name + "}" in text
    }


def sweep(folder: Path, text: str) -> None:
    """Removes the files of secrets that a configuration's text doesn't name."""
    for name, file in _kept(folder).items():
        if "${secret:" + name + "}" not in text:
            with contextlib.suppress(OSError):
                file.unlink()


def _kept(folder: Path) -> Dict[str, Path]:
    try:
        return {unquote(file.name): file for file in (folder / _FOLDER).iterdir() if not file.name.startswith(".")}
    except OSError:
        return {}


def _file(folder: Path, name: str) -> Path:
    return folder / _FOLDER / quote(name, safe="")


def _part(text: str) -> str:
    """A part of the name of a secret, that two texts never share."""
    part = re.sub(r"[^A-Za-z0-9._-]+", "-", text)
    if part == text and part[:1].isalpha():
        return part
    return f"x{part}-{_digest(text)}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]
