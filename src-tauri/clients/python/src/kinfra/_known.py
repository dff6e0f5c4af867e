"""A project as the engine has it, whoever wrote its configuration."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Optional

from ._client import Client, Json
from .exceptions import ServiceError


class KnownProject(ABC):
    """Found in the engine's state by its folder."""

    client: Client
    name: str

    @property
    @abstractmethod
    def folder(self) -> Path: ...

    def state(self) -> Optional[Json]:
        """The project as the engine has it; None when it doesn't know it."""
        return self.found(self.client.snapshot())

    def found(self, snapshot: Json) -> Optional[Json]:
        """This project in a state of the engine."""
        folder = str(self.folder.resolve())
        for project in snapshot.get("projects", []):
            if project["folder"] == folder:
                found: Json = project
                return found
        return None

    def slug(self) -> str:
        """How commands name it. Raises ServiceError when the engine doesn't know it."""
        state = self.state()
        if state is None:
            raise ServiceError(f"KInfra knows nothing of the project {self.name} yet")
        slug: str = state["slug"]
        return slug

    def node(self, name: str) -> Optional[Json]:
        """One service as it is now; None when there is none of this name."""
        state = self.state()
        return None if state is None else node_of(state, name)

    def node_in(self, snapshot: Json, name: str) -> Optional[Json]:
        project = self.found(snapshot)
        return None if project is None else node_of(project, name)


def node_of(project: Json, name: str) -> Optional[Json]:
    for node in project["nodes"]:
        if node["name"] == name:
            found: Json = node
            return found
    return None
