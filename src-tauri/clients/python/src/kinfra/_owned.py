"""Projects with a configuration of their user's, such as `kinfra migrate` makes of a project of KInfra 1.0: which one of
them has the server that a name of this package's meant. They are asked and acted on, and never written to."""

from __future__ import annotations

import re
from itertools import chain
from pathlib import Path, PurePath
from typing import Dict, Iterator, Optional, Sequence, Tuple

from ._client import Client, Json
from ._known import KnownProject, node_of
from .exceptions import KInfraError

# The one service of a project of KInfra 1.0's.
SERVER = "server"

# As the engine looks for it.
_FILES = ("kinfra.yaml", "kinfra.yml", "kinfra.json", "kinfra.toml")

# Ports that came from KInfra 1.0, those among them on which its server ran still.
_MOVED = ("import", "adopted")


class OwnedProject(KnownProject):
    """One of its user's."""

    def __init__(self, client: Client, state: Json) -> None:
        self.client = client
        self.name = state["name"]
        self._folder = Path(state["folder"])

    @property
    def folder(self) -> Path:
        return self._folder

    @property
    def file(self) -> Path:
        """Its configuration."""
        return next((path for path in map(self.folder.joinpath, _FILES) if path.is_file()), self.folder / _FILES[0])

    def mentions(self, script: Path) -> bool:
        """Whether its configuration names this script, by its whole path or by the end of it that a service's folder
        leaves."""
        script, folder = script.resolve(), self.folder.resolve()
        try:
            text = self.file.read_text("utf-8")
        except OSError as error:
            raise KInfraError(f"cannot read {self.file}: {error}") from error
        words = re.split(r"[\s\"',\[\]]+", re.sub(r"(?m)(^|\s)#.*$", "", text))
        paths = [PurePath(word).parts for word in words if word]
        inside = folder in script.parents
        return any(
            parts == script.parts[-len(parts) :]
            for parts in paths
            if parts and (inside or len(parts) == len(script.parts))
        )


def find(client: Client, name: str, ports: Sequence[int]) -> Optional[Tuple[OwnedProject, str]]:
    """The project of a name, and its service that is the name's server: where one of these ports, which were the name's
    own, was moved to; else where the project is called so."""
    generated = client.home.generated_projects.resolve()
    projects = {
        project["slug"]: project
        for project in client.snapshot()["projects"]
        if generated not in Path(project["folder"]).parents
    }
    moved = (found for port in ports for found in _by_port(client, port, projects))
    for project, service in chain(moved, _by_name(name, projects)):
        return OwnedProject(client, project), service
    return None


def _by_port(client: Client, port: int, projects: Dict[str, Json]) -> Iterator[Tuple[Json, str]]:
    if not projects:
        return
    for claim in client.call("port.who", {"port": port})["claims"]:
        project, service = projects.get(claim["project"]), claim["node"]
        if project is None or claim["origin"] not in _MOVED:
            continue
        # One that has another name since; of a configuration that can't be read now nothing better is known.
        is_there = not project["nodes"] or node_of(project, service) is not None
        yield project, service if is_there else _server_of(project) or service


def _by_name(name: str, projects: Dict[str, Json]) -> Iterator[Tuple[Json, str]]:
    label = _label(name)
    same = [project for project in projects.values() if _label(project["name"]) == label]
    # Of several folders of one name, the first has the name itself as its slug.
    for project in sorted(same, key=lambda project: bool(project["slug"] != label)):
        service = _server_of(project)
        if service is not None:
            yield project, service


def _server_of(project: Json) -> Optional[str]:
    """`server`, else the only service that has a port, else the one that the project's own URL leads to."""
    services = [node for node in project["nodes"] if node["kind"] == "service" and node.get("port") is not None]
    main = {"host": f"{project['slug']}.localhost", "path": "/"}

    def leads(node: Json) -> bool:
        return any(main.items() <= route.items() for route in node.get("routes", []))

    named = [node for node in services if node["name"] == SERVER]
    for chosen in (named, services, list(filter(leads, services))):
        if len(chosen) == 1:
            service: str = chosen[0]["name"]
            return service
    return None


def _label(name: str) -> str:
    """As the engine makes a slug of it, but for how that one cuts long ones."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or name
