"""What descriptions of resources become in the generated ``kinfra.yaml``."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path
from typing import Any, Dict, Tuple

import pytest
from conftest import Home

from kinfra import ConfigurationError, NotSupportedYetError, ResourceManager, resource_from_dict
from kinfra._hidden import Hidden
from kinfra.templates import resources


def made(config: Dict[str, Any], name: str = "it") -> Tuple[Dict[str, Any], Dict[str, str]]:
    """What is written, and what is kept out of it."""
    hidden = Hidden("python", name)
    return resource_from_dict(name, config).entry(hidden), hidden.values


def test_a_database_listens_where_it_was_asked_to_and_its_password_is_kept_out() -> None:
    entry, values = made(resources.postgres(port=6543, password="hunter22", data_dir="/srv/db"), "db")
    assert values == {"python/db/POSTGRES_PASSWORD": "hunter22"}
    assert entry == {
        "type": "docker",
        "image": "postgres:16-alpine",
        "ports": {"p5432": {"container": "5432", "host": 6543}},
        "env": {
            "POSTGRES_PASSWORD": "${secret:python/db/POSTGRES_PASSWORD}",
            "POSTGRES_DB": "postgres",
            "POSTGRES_USER": "postgres",
        },
        "mounts": {"/srv/db": "/var/lib/postgresql/data"},
        "restart": "always",
        "health": {
            "command": ["pg_isready", "-q", "-h", "127.0.0.1"],
            "interval": "5s",
            "timeout": "10s",
            "start_period": "120s",
        },
    }


def test_what_stands_in_clear_beside_it_is_no_secret() -> None:
    assert made(resources.postgres())[1] == {}
    assert made(resources.mysql())[1] == {}
    environment = {
        "API_KEY": "k",
        "URL": "amqp://me:hidden@mq",
        "KEY_FILE": "/x",
        "PASSWORD_FILE": "/y",
        "A": "${secret:x}",
    }
    entry, values = made({"type": "docker", "image": "i", "environment": {**environment, "COST": "$5", "TOKEN": ""}})
    assert values == {"python/it/API_KEY": "k", "python/it/URL": "amqp://me:hidden@mq"}
    assert (entry["env"]["A"], entry["env"]["COST"], entry["env"]["TOKEN"]) == ("${secret:x}", "$$5", "")


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (resources.postgres(), "/var/lib/postgresql/data"),
        (resources.postgres(version="18.1"), "/var/lib/postgresql"),
        (resources.postgres(version="latest"), "/var/lib/postgresql"),
        (resources.redis(), "/data"),
        (resources.mongodb(), "/data/db"),
        (resources.mysql(), "/var/lib/mysql"),
    ],
)
def test_a_database_without_a_folder_keeps_its_data_in_a_volume(config: Dict[str, Any], expected: str) -> None:
    entry, _ = made(config)
    assert entry["volumes"] == {"data": expected}
    assert "mounts" not in entry


def test_places_ports_and_policies_mean_what_they_meant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    volumes = {"./conf": "/etc/app:ro", "named": "/data", "~/x": "/x"}
    ports = {"127.0.0.1:8080": 80, 5353: "53/udp", "0": 9000}
    check = {"type": "http", "port": 8080, "path": "/ready"}
    entry, _ = made(
        {
            "type": "docker",
            "image": "app",
            "volumes": volumes,
            "ports": ports,
            "health_check": check,
            "command": "serve",
            "restart_policy": "on-failure:3",
        }
    )
    home = os.path.expanduser("~")
    assert entry["mounts"] == {f"{tmp_path}/conf": {"target": "/etc/app", "read_only": True}, f"{home}/x": "/x"}
    assert entry["volumes"] == {"named": "/data"}
    assert entry["ports"] == {
        "p80": {"container": "80", "host": 8080},
        "p53-udp": {"container": "53/udp", "host": 5353},
        "p9000": {"container": "9000", "host": "auto"},
    }
    assert entry["health"]["http"] == {"path": "/ready", "status": 200}
    assert entry["health"]["port"] == "p80"
    assert entry["command"] == ["/bin/sh", "-c", "serve"]
    assert entry["restart"] == {"policy": "on-failure", "max": 3}
    assert made({"type": "docker", "image": "a", "restart_policy": "no"})[0]["restart"] == "never"
    assert "health" not in made({"type": "docker", "image": "a", "ports": {1: 1}})[0]


@pytest.mark.parametrize(
    ("config", "told"),
    [
        ({"type": "docker", "image": "a", "network": "host"}, "can't be on the network host"),
        ({"type": "docker", "image": "a", "ports": {"x": 1}}, "'x' is no port"),
        ({"type": "docker", "image": "a", "ports": {"1-5": 1}}, "'1-5' is no port"),
        ({"type": "docker", "image": "a", "restart_policy": "often"}, "no restart_policy 'often'"),
        ({"type": "docker", "image": "a", "health_check": {"port": 9}}, "asks the port 9, to which none"),
        ({"type": "docker", "image": "a", "health_check": {"type": "custom"}}, "of type 'custom' can't be asked"),
        ({"type": "docker", "image": "a", "health_check": {"type": "command"}}, "has no command"),
        ({"type": "api", "api_base_url": "http://x", "auth": {"type": "bearer"}}, "auth lacks token"),
        ({"type": "api", "api_base_url": "http://x", "auth": {"type": "x"}}, "no auth of type 'x'"),
        ({"type": "api", "api_base_url": "http://x", "states": {"up": ["x"]}}, "states has no up"),
        ({"type": "command", "start_command": "a", "stop_command": "b", "cwd": "/nowhere"}, "no such folder"),
    ],
)
def test_what_can_not_be_meant_is_refused_with_what_is_wrong(config: Dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigurationError, match=told):
        made(config)


def test_a_key_without_a_meaning_is_told(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "kinfra"):
        made({"type": "docker", "image": "a", "enviroment": {}, "container_name": "x", "cleanup_on_stop": True})
    assert [record.getMessage() for record in caplog.records] == [
        "the resource it: enviroment has no meaning and is ignored"
    ]


def test_each_way_to_say_who_asks_is_kept_out() -> None:
    base = {"type": "api", "api_base_url": "https://api.example.com"}
    for auth, expected, values in [
        ({"type": "none"}, None, {}),
        ({"type": "bearer", "token": "t"}, {"bearer": "${secret:python/it/token}"}, {"python/it/token": "t"}),
        (
            {"type": "basic", "username": "u", "password": "p"},
            {"basic": {"user": "u", "password": "${secret:python/it/password}"}},
            {"python/it/password": "p"},
        ),
        (
            {"type": "api_key", "api_key": "k", "header_name": "X-Key"},
            {"header": {"X-Key": "${secret:python/it/api_key}"}},
            {"python/it/api_key": "k"},
        ),
        (
            {"type": "custom", "headers": {"X-A": "a"}},
            {"header": {"X-A": "${secret:python/it/header-X-A}"}},
            {"python/it/header-X-A": "a"},
        ),
        ({"type": "bearer", "token": "${secret:mine}"}, {"bearer": "${secret:mine}"}, {}),
    ]:
        entry, kept = made({**base, "auth": auth})
        assert (entry.get("auth"), kept) == (expected, values)


def test_an_api_is_asked_at_its_status_or_at_its_health() -> None:
    entry, _ = made(resources.api_resource("https://api.example.com/v1", start_endpoint="/up", start_body={"a": "$1"}))
    assert entry["start"] == {"method": "POST", "path": "/up", "body": {"a": "$$1"}}
    assert entry["end"] == {"method": "POST", "path": "/stop"}
    assert (entry["status"]["path"], entry["status"]["state"]) == ("/status", "/status")
    assert "running" in entry["status"]["running"]
    check = {"expected_status": 204, "expected_response": {"ok": True}}
    entry, _ = made(resources.custom_api("https://x.test", status_endpoint="", health_check=check))
    assert entry["status"] == {"path": "/health", "expect": [204], "state": "/ok", "running": ["true"]}
    entry, _ = made(
        resources.custom_api("https://x.test", state="/phase", states={"running": ["UP"]}, stop_endpoint=None)
    )
    assert (entry["status"]["state"], entry["status"]["running"], "end" in entry) == ("/phase", ["UP"], False)


@pytest.mark.skipif(sys.platform == "darwin", reason="there it is launchd that is meant")
def test_a_daemon_is_a_unit_of_systemd_and_nobody_is_asked_for_a_password() -> None:
    entry, _ = made(resources.systemd_service("postgresql", 5432))
    assert entry["unit"] == "postgresql" and entry["scope"] == "system" and entry["ports"] == {"main": 5432}
    assert (entry["health"]["tcp"], entry["health"]["port"]) == (True, "main")
    assert "sudo" not in str(entry)
    assert made({"type": "daemon", "scope": "user"}, "mine.service")[0] == {
        "type": "system_daemon",
        "unit": "mine.service",
        "scope": "user",
    }
    for config in ({"type": "launchd"}, {"type": "daemon", "daemon_type": "launchctl"}):
        with pytest.raises(NotSupportedYetError, match="can't manage the launchd resource it yet"):
            made(config)


def test_a_deployment_is_scaled_by_kubectl_and_runs_when_one_is_ready(tmp_path: Path) -> None:
    entry, _ = made(resources.kubernetes_deployment("web", "shop"))
    assert entry["start"][-2:] == ["deployment/web", "--replicas=1"]
    assert entry["end"][-1] == "--replicas=0"
    status = [word.replace("$$", "$") for word in entry["status"]]
    import subprocess

    for printed, expected in [("2", 0), ("0", 1), ("", 1)]:
        kubectl = tmp_path / "kubectl"
        kubectl.write_text(f"#!/bin/sh\nprintf '{printed}'\n")
        kubectl.chmod(0o755)
        environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
        done = subprocess.run(status, env=environment, check=False)
        assert (done.returncode == 0) == (expected == 0), printed


def test_the_engine_takes_all_that_is_written(home: Home) -> None:
    port = home.first_port
    manager = ResourceManager()
    manager.add_resource("db", resources.postgres(port=port, data_dir=str(home.folder / "db")))
    manager.add_resource("mq", resources.nats(port=port + 1, data_dir=str(home.folder / "mq")))
    manager.add_resource("cache", resources.redis(port=port + 2, restart_policy="on-failure:2"))
    manager.add_resource("documents", resources.mongodb(port=port + 3))
    manager.add_resource("sql", resources.mysql(port=port + 4, password="hunter22"))
    manager.add_resource("search", resources.custom_docker("search", port=port + 5, health_check_type="http"))
    manager.add_resource("daemon", resources.systemd_service("x", port + 6))
    manager.add_resource("begun", resources.custom_command("a", "b", "c", port + 7))
    manager.add_resource("web", resources.kubernetes_deployment("web"))
    auth = {"type": "basic", "username": "u", "password": "p"}
    check = {"expected_status": 204, "expected_response": {"ok": True}}
    manager.add_resource("api", resources.api_resource("https://api.example.com", auth=auth))
    manager.add_resource("health", resources.custom_api("https://x.test", "t", status_endpoint="", health_check=check))
    from kinfra import _resources

    _resources.write(manager._project, list(manager.resources.values()))
    state = manager._project.state()
    assert state is not None and state["problems"] == []
    assert {node["name"]: node["kind"] for node in state["nodes"]} == dict.fromkeys(manager.resources, "resource")
    assert manager.get_status("sql")["port"] == port + 4
