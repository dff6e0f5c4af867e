"""Resources in clouds, looked after by the engine at stand-ins of their vendors."""

from __future__ import annotations

import json
import signal
import stat
import subprocess
import urllib.request
from contextlib import contextmanager
from typing import Any, Dict, Iterator, List
from urllib.parse import urlsplit

import pytest
from conftest import Home, program, wait_until
from test_managed import files_with

from kinfra import ResourceManager, ServiceError
from kinfra.adapters.cloud import _addresses as addresses
from kinfra.templates import resources

# Milliseconds.
BRIEF = 200


class Cloud:
    """One that the tests of Rust have too, on loopback; its own things take little time."""

    def __init__(self, told: Dict[str, str]) -> None:
        self.url, self.token, self._admin = told["url"], told["token"], told["admin"]

    def state(self) -> Any:
        return self._ask("state", None)["cloud"]

    def order(self, **what: Any) -> None:
        self._ask("control", json.dumps(what).encode())

    def changes(self) -> List[str]:
        """The requests that were to change something: each as its method and the last word of its path."""
        requests = self._ask("requests", None)
        assert requests, "nobody asked anything"
        return [f"{it['method']} {it['path'].rpartition('/')[2]}" for it in requests if not _only_reads(it)]

    def _ask(self, path: str, data: Any) -> Any:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(self._admin + path, data) as answer:
            return json.loads(answer.read())


def _only_reads(request: Any) -> bool:
    # GraphQL asks by POST too.
    query = request["body"].get("query", "") if isinstance(request["body"], dict) else ""
    return request["method"] == "GET" or query.startswith("query ")


@contextmanager
def cloud_of(vendor: str) -> Iterator[Cloud]:
    with subprocess.Popen([program("fake-cloud"), vendor], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield Cloud(json.loads(process.stdout.readline()))
        finally:
            process.send_signal(signal.SIGTERM)


def test_a_project_at_supabase_is_restored_by_a_start_and_paused_by_a_stop(home: Home) -> None:
    with cloud_of("supabase") as cloud:
        cloud.order(do="take", ms=BRIEF)
        project = next(it for it in cloud.state()["projects"] if it["name"] == "shop")["ref"]

        def status() -> str:
            return next(str(it["status"]) for it in cloud.state()["projects"] if it["ref"] == project)

        cloud.order(do="pause", project="shop")
        wait_until("it to be paused", lambda: status() == "INACTIVE")
        manager = ResourceManager()
        config = resources.supabase_project(project, cloud.token, "hunter22&", api_base_url=cloud.url)
        manager.add_resource("db", config)
        assert manager.start_all() and status() == "ACTIVE_HEALTHY"
        seen = manager.get_status("db")
        assert (seen["running"], seen["healthy"], seen["error"]) == (True, True, None)
        assert seen["metadata"]["type"] == "supabase"
        for secret in (cloud.token, "hunter22"):
            assert secret not in str(home.client.snapshot())
            # Without a keyring, in one file for its user alone; else in none.
            found = files_with(home.folder / "home", secret)
            assert all(path.parent.name == "secrets" for path in found) and len(found) <= 1
            assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in found)

        # A pause takes it from whoever uses it, also while it is looked after.
        home.kinfra("pause", "db", "--project", "python", "--yes")
        wait_until("a pause to be seen", lambda: not manager.get_status("db")["running"])
        assert not manager.resources["db"].check_health() and "paused" in str(manager.get_status("db")["error"])
        wait_until("it to be paused", lambda: status() == "INACTIVE")
        assert manager.start_all() and status() == "ACTIVE_HEALTHY"
        assert manager.get_status("db")["healthy"]

        assert manager.stop_all()
        wait_until("it to be paused", lambda: status() == "INACTIVE")
        assert manager.get_status("db")["running"] is False
        # What isn't started here is nobody's to pause.
        assert manager.stop_all()
        assert cloud.changes() == ["POST restore", "POST pause"] * 2


def test_what_a_vendor_does_not_pause_is_stopped_here_all_the_same(home: Home) -> None:
    with cloud_of("supabase") as cloud:
        project = next(it for it in cloud.state()["projects"] if it["name"] == "studio")["ref"]
        manager = ResourceManager()
        manager.add_resource("db", resources.supabase_project(project, cloud.token, api_base_url=cloud.url))
        assert manager.start_all()
        assert manager.stop_all() and not manager.get_status("db")["running"]
        assert set(cloud.changes()) == {"POST pause"}
        assert next(it["status"] for it in cloud.state()["projects"] if it["ref"] == project) == "ACTIVE_HEALTHY"


@pytest.mark.parametrize(("on_stop", "expected"), [(None, ["POST start", "POST suspend"]), ("leave", ["POST start"])])
def test_a_branch_at_neon_is_woken_by_a_start_and_suspended_by_a_stop(
    home: Home, monkeypatch: pytest.MonkeyPatch, on_stop: Any, expected: List[str]
) -> None:
    with cloud_of("neon") as cloud:
        cloud.order(do="take", ms=BRIEF)
        project = cloud.state()["projects"][0]["id"]
        monkeypatch.setenv("NEON_API_KEY", cloud.token)
        manager = ResourceManager()
        manager.add_resource("db", resources.neon_database(project, api_base_url=cloud.url, on_stop=on_stop))
        assert manager.start_all()
        assert cloud.state()["endpoints"][0]["current_state"] == "active"
        assert manager.stop_all()
        wait_until("all that was asked for", lambda: cloud.changes() == expected)


def test_an_unknown_branch_is_told(home: Home) -> None:
    with cloud_of("neon") as cloud:
        project = cloud.state()["projects"][0]["id"]
        manager = ResourceManager()
        manager.add_resource("db", resources.neon_database(project, cloud.token, "gone", api_base_url=cloud.url))
        with pytest.raises(ServiceError, match=r"the resource db did not come up: .*there is no branch gone"):
            manager.start_all()
        assert cloud.changes() == []


def test_neither_start_nor_stop_changes_what_is_deployed_at_vercel(home: Home) -> None:
    with cloud_of("vercel") as cloud:
        manager = ResourceManager()
        config = resources.vercel_deployment("shop", team_id="acme", access_token=cloud.token, api_base_url=cloud.url)
        manager.add_resource("web", config)
        assert manager.start_all() and manager.get_status("web")["healthy"]
        assert manager.resources["web"].restart()
        assert manager.stop_all()
        assert cloud.changes() == []


@contextmanager
def known_as(host: str, cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The stand-in is taken for the cloud that has this address."""
    here = str(urlsplit(cloud.url).hostname)
    with monkeypatch.context() as patched:
        patched.setitem(addresses.CLOUDS, here, addresses.CLOUDS[host])
        yield


def test_a_service_at_render_is_suspended_by_a_stop_and_resumed_by_a_start(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    with cloud_of("render") as cloud, known_as("api.render.com", cloud, monkeypatch):
        cloud.order(do="plan", created_ms=BRIEF, building_ms=BRIEF, updating_ms=BRIEF, suspending_ms=BRIEF)
        service = next(it for it in cloud.state()["services"] if it["name"] == "api")["id"]
        manager = ResourceManager()
        config = {**resources.render_service(service, cloud.token), "api_base_url": f"{cloud.url}/services/{service}"}
        manager.add_resource("web", config)
        assert manager.start_all() and manager.get_status("web")["metadata"]["type"] == "render"
        assert manager.stop_all()

        def suspended() -> str:
            return next(str(it["suspended"]) for it in cloud.state()["services"] if it["id"] == service)

        wait_until("it to be suspended", lambda: suspended() == "suspended")
        assert manager.start_all() and suspended() == "not_suspended"
        assert manager.stop_all()
        assert cloud.changes() == ["POST suspend", "POST resume", "POST suspend"]


def test_neither_start_nor_stop_changes_what_is_deployed_at_railway(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    with cloud_of("railway") as cloud, known_as("backboard.railway.com", cloud, monkeypatch):
        manager = ResourceManager()
        config = {**resources.railway_service("web", cloud.token, "shop"), "api_base_url": cloud.url}
        manager.add_resource("web", config)
        assert manager.start_all() and manager.get_status("web")["metadata"]["type"] == "railway"
        assert manager.stop_all()
        assert cloud.changes() == []
