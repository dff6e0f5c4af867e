from __future__ import annotations

import os
import re
from typing import Any, Dict, List, Optional, Tuple

from .. import _probes
from .._entries import Entry, literal
from ..exceptions import KInfraError
from .base import Hide, ResourceAdapter

_SECRET = re.compile(r"pass(word|wd|phrase)?$|pwd$|secret|token|credential|(api|access|private)_?key", re.IGNORECASE)
_URL_WITH_PASSWORD = re.compile(r"://[^/@\s:]*:[^/@\s]+@")

_RESTARTS = {"no": "never", "always": "always", "unless-stopped": "always", "on-failure": "on-failure"}

# Images that keep data, and where: a volume is put there when the description has none.
_DATA = {"mysql": "/var/lib/mysql", "mariadb": "/var/lib/mysql", "mongo": "/data/db", "redis": "/data"}

# Servers that count a connection without a login as an attack, or take some before they are set up.
_CHECKS = {
    ("postgres", 5432): ["pg_isready", "-q", "-h", "127.0.0.1"],
    ("mysql", 3306): ["mysqladmin", "ping", "-h", "127.0.0.1", "--silent"],
}

# Name, within, and on this machine.
Ports = List[Tuple[str, str, Any]]


class DockerAdapter(ResourceAdapter):
    """A container. It is called ``kinfra-PROJECT-NAME``, listens on 127.0.0.1 alone, and stays with its data when it is
    stopped."""

    kind = "docker"
    required = ("image",)
    known = frozenset(
        ("image", "ports", "environment", "volumes", "command", "network", "restart_policy", "health_check")
    )
    idle = frozenset(("container_name", "cleanup_on_stop"))

    def translated(self, hide: Hide) -> Entry:
        config = self.config
        ports = self._ports()
        entry: Entry = {"type": "docker", "image": literal(str(config["image"]))}
        if ports:
            entry["ports"] = {name: {"container": inside, "host": host} for name, inside, host in ports}
        environment = self._environment(hide)
        if environment:
            entry["env"] = environment
        volumes, mounts = self._places()
        if volumes:
            entry["volumes"] = volumes
        if mounts:
            entry["mounts"] = mounts
        command = config.get("command")
        if command:
            entry["command"] = _probes.words(command)
        self._check_network()
        restart = self._restart()
        if restart is not None:
            entry["restart"] = restart
        health = self._health(ports)
        if health is not None:
            entry["health"] = health
        return entry

    def prepare(self) -> None:
        """Docker itself made missing folders, as root."""
        _, mounts = self._places()
        for source in mounts:
            try:
                os.makedirs(source.replace("$$", "$"), exist_ok=True)
            except FileExistsError:
                # A file can be mounted too.
                continue
            except OSError as error:
                raise KInfraError(f"cannot make the folder {source} for {self.name}: {error}") from error

    def _ports(self) -> Ports:
        ports: Ports = []
        for outside, inside in (self.config.get("ports") or {}).items():
            # The address before it has no meaning any more: all are led to from 127.0.0.1.
            number = str(outside).rpartition(":")[2].partition("/")[0]
            host: Any = "auto" if number in ("0", "", "None") else _probes.port_of(self, number)
            within, _, protocol = str(inside).partition("/")
            container = f"{_probes.port_of(self, within)}" + (f"/{protocol}" if protocol else "")
            # Of the one within: a port outside may become another.
            name = f"p{container.replace('/', '-')}"
            if any(name == known for known, *_ in ports):
                name = f"{name}-{host}"
            ports.append((name, container, host))
        return ports

    def _environment(self, hide: Hide) -> Dict[str, str]:
        given = {str(name): str(value) for name, value in (self.config.get("environment") or {}).items()}
        open_ones = {value for name, value in given.items() if not _is_secret(name, value)}
        # What stands in clear beside it anyway (postgres, postgres, postgres) hides nothing.
        open_ones.add(_program(str(self.config["image"])))
        return {
            name: hide(name, value) if _is_secret(name, value) and value not in open_ones else literal(value)
            for name, value in given.items()
        }

    def _places(self) -> Tuple[Dict[str, str], Dict[str, Any]]:
        """Volumes and mounts."""
        volumes: Dict[str, str] = {}
        mounts: Dict[str, Any] = {}
        for source, target in (self.config.get("volumes") or {}).items():
            inside, _, mode = str(target).partition(":")
            if os.sep not in str(source) and not str(source).startswith((".", "~")):
                volumes[str(source)] = literal(inside)
                continue
            place = literal(os.path.abspath(os.path.expanduser(str(source))))
            read_only = "ro" in mode.split(",")
            mounts[place] = {"target": literal(inside), "read_only": True} if read_only else literal(inside)
        data = _data_folder(str(self.config["image"]))
        if data is not None and not volumes and not mounts:
            volumes["data"] = data
        return volumes, mounts

    def _check_network(self) -> None:
        network = str(self.config.get("network") or "")
        if network in ("host", "none") or network.startswith("container:"):
            raise self.wrong(
                f"a container can't be on the network {network}",
                "leave it out: it is reached on 127.0.0.1 by its ports, and by the other containers under its name",
            )

    def _restart(self) -> Any:
        policy = self.config.get("restart_policy")
        if policy is None:
            return None
        word, _, times = str(policy).partition(":")
        if word not in _RESTARTS:
            raise self.wrong(f"there is no restart_policy {policy!r}", f"policies: {', '.join(_RESTARTS)}")
        if times:
            return {"policy": _RESTARTS[word], "max": int(times) if times.isdigit() and int(times) else 1}
        return _RESTARTS[word]

    def _health(self, ports: Ports) -> Optional[Dict[str, Any]]:
        if not self.config.get("health_check"):
            return None
        check = _probes.check_of(self)
        port = ports[0] if ports else None
        if check.get("port") is not None:
            number = _probes.port_of(self, check["port"])
            port = next((it for it in ports if it[2] == number), None)
            if port is None:
                raise self.wrong(f"its health_check asks the port {number}, to which none of its ports leads")
        if port is not None and check["type"] == "tcp":
            own = _CHECKS.get((_program(str(self.config["image"])), int(port[1].partition("/")[0])))
            check = check if own is None else {"type": "command", "command": own}
        return _probes.probe(self, check, port[0] if port is not None else None, "/health")


def _is_secret(name: str, value: str) -> bool:
    # `POSTGRES_PASSWORD_FILE` says where it is.
    named = _SECRET.search(name) is not None and not name.upper().endswith("_FILE")
    return named or _URL_WITH_PASSWORD.search(value) is not None


def _program(image: str) -> str:
    """`postgres` of `docker.io/library/postgres:16-alpine`."""
    return image.rpartition("/")[2].partition("@")[0].partition(":")[0]


def _data_folder(image: str) -> Optional[str]:
    program = _program(image)
    if program != "postgres":
        return _DATA.get(program)
    # Since 18 its data are in a folder of their version's within this one.
    version = re.match(r"\d+", image.rpartition("/")[2].partition(":")[2])
    return "/var/lib/postgresql/data" if version is not None and int(version[0]) < 18 else "/var/lib/postgresql"
