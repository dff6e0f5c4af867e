"""The generated project: what exists only in calls of Python, as a folder with a ``kinfra.yaml`` that is written here.

Theory of operation: the file is the one place where names and settings stand; it is changed under a lock, replaced
whole, and given to the engine by the command that makes any project known. Ports, processes and what is public are
the engine's alone, and always asked there. A change that the engine refuses is taken back.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
from pathlib import Path
from typing import Any, Callable, Dict, Optional, Tuple

from . import _files, _hidden
from ._client import Client, Json
from ._entries import Entry, external, is_placed, is_resource
from ._known import KnownProject
from .exceptions import ConfigurationError, KInfraError

_MARK = "# Written by the Python package kinfra, again and again: what is changed here by hand is lost."

Entries = Dict[str, Entry]


class GeneratedProject(KnownProject):
    """One project of Python's. Constructing one touches nothing."""

    def __init__(
        self,
        name: str,
        *,
        range_: Optional[Tuple[int, int]] = None,
        one_by_one: bool = False,
        client: Optional[Client] = None,
    ) -> None:
        self.name = name
        self.range = range_
        self.one_by_one = one_by_one
        self.client = client or Client()

    @property
    def folder(self) -> Path:
        return self.client.home.generated_projects / _folder_name(self.name)

    @property
    def file(self) -> Path:
        return self.folder / "kinfra.yaml"

    def entries(self) -> Entries:
        """What is written; nothing where nothing is yet. Needs no engine.

        Raises ConfigurationError when the file there is not one of this package's.
        """
        text = self._text()
        return {} if text is None else self._parse(text)

    def change(self, edit: Callable[[Entries], None]) -> Json:
        """Changes what is written, and gives the project's state with that in effect.

        Raises ConfigurationError or PortAllocationError when the engine refuses it; then nothing has changed.
        """
        folder = self.folder
        try:
            _files.make_folder(folder)
        except OSError as error:
            raise KInfraError(f"cannot make the folder {folder}: {error}") from error
        with _files.locked(folder / ".lock"):
            before = self._text()
            entries = {} if before is None else self._parse(before)
            edit(entries)
            text = self._render(entries)
            if text != before:
                _files.replace(self.file, text)
            try:
                known = self._make_known()
            except KInfraError:
                if text != before:
                    self._take_back(before)
                raise
            _hidden.sweep(folder, text)
            return known

    def state(self) -> Optional[Json]:
        """The project as the engine has it; None when nothing was ever written."""
        if self._text() is None:
            return None
        return self.found(self.client.snapshot()) or self.change(lambda entries: None)

    def is_written(self) -> bool:
        """Whether there ever was anything of it."""
        return self._text() is not None

    def _take_back(self, before: Optional[str]) -> None:
        if before is None:
            self.file.unlink()
            return
        _files.replace(self.file, before)
        # It was fine before; what is wrong with it now is told by whoever asks next.
        with contextlib.suppress(KInfraError):
            self._make_known()

    def _make_known(self) -> Json:
        slug = self.client.call("project.add", {"folder": str(self.folder)})["project"]
        for project in self.client.snapshot()["projects"]:
            if project["slug"] == slug:
                known: Json = project
                return known
        raise KInfraError(f"the engine has just been told of {self.folder}, and does not know it")

    def _text(self) -> Optional[str]:
        try:
            return self.file.read_text("utf-8")
        except FileNotFoundError:
            return None
        except OSError as error:
            raise KInfraError(f"cannot read {self.file}: {error}") from error

    def _parse(self, text: str) -> Entries:
        mark, _, body = text.partition("\n")
        if mark != _MARK:
            raise ConfigurationError(
                f"{self.file} was not written by this package, and is left alone",
                hint="move it away, or choose another project name",
            )
        try:
            project = json.loads(body)
            entries: Entries = {**project["services"], **project.get("resources", {})}
        except (ValueError, KeyError) as error:
            raise ConfigurationError(
                f"{self.file} can't be read any more: {error}", hint="delete it: ports are kept all the same"
            ) from error
        return entries

    def _render(self, entries: Entries) -> str:
        project: Dict[str, Any] = {"project": self.name}
        if self.range is not None:
            project["ports"] = {"range": f"{self.range[0]}-{self.range[1]}"}
        if self.one_by_one:
            project["parallel"] = 1
        # One whose folder is gone would keep the engine from reading all others; its port is kept.
        services = {
            name: entry if is_placed(entry) else external(entry.get("port", "auto"))
            for name, entry in entries.items()
            if not is_resource(entry)
        }
        resources = {name: entry for name, entry in entries.items() if is_resource(entry) and is_placed(entry)}
        sources = _hidden.sources(self.folder, json.dumps(resources))
        if sources:
            project["secrets"] = sources
        if resources:
            project["resources"] = resources
        # Last, since `kinfra migrate` adds its own at the end.
        project["services"] = services
        # JSON is YAML.
        return f"{_MARK}\n{json.dumps(project, indent=2, ensure_ascii=False)}\n"


def _folder_name(name: str) -> str:
    """A folder for each name, that two names never share."""
    label = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:60]
    if label == name:
        return label
    digest = hashlib.sha256(name.encode()).hexdigest()[:8]
    return f"{label}-{digest}" if label else digest
