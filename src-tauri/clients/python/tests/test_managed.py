"""Resources that the engine starts, watches and stops: commands and HTTP APIs."""

from __future__ import annotations

import http.server
import json
import signal
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any, Dict, Iterator, List, Tuple

import pytest
from conftest import Home, status_of, wait_until

from kinfra import (
    KInfra,
    OrchestratorConfig,
    PortAllocationError,
    ResourceManager,
    ServiceConfig,
    ServiceConflictError,
    ServiceError,
    ServiceManager,
    ServiceOrchestrator,
    _hidden,
    resource_from_dict,
)
from kinfra.templates import resources


def serving(port: int) -> List[str]:
    return [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1"]


def test_a_command_that_stays_is_held_and_its_stop_command_comes_first(home: Home) -> None:
    port, said = home.first_port, home.folder / "said"
    # Only while the server is there has the stop command anything to say.
    stop = [
        sys.executable,
        "-c",
        f"import urllib.request as r; r.urlopen('http://127.0.0.1:{port}'); open({str(said)!r}, 'w')",
    ]
    manager = ResourceManager()
    manager.add_resource("web", resources.custom_command(serving(port), stop, health_check_port=port))
    assert manager.start_resource("web")
    status = manager.get_status("web")
    assert (status["running"], status["healthy"], status["port"], status["error"]) == (True, True, port, None)
    assert (status["metadata"]["type"], status["metadata"]["health"]) == ("command", "healthy")
    assert manager.resources["web"].is_running() and manager.resources["web"].check_health()
    assert status_of(f"http://127.0.0.1:{port}/") == 200
    pid = status["pid"]

    # It is started once, also by another program.
    again = resource_from_dict("web", manager.resources["web"].config)
    assert again.start() and again.get_state().pid == pid
    assert manager.stop_all()
    assert said.exists()
    assert status_of(f"http://127.0.0.1:{port}/") is None
    status = manager.get_status("web")
    assert (status["running"], status["healthy"], status["port"]) == (False, False, port)


def test_other_settings_restart_it(home: Home) -> None:
    port = home.first_port
    adapter = resource_from_dict("web", resources.custom_command(serving(port), ["true"], health_check_port=port))
    adapter.start()
    first = adapter.get_state().pid
    adapter.config["environment"] = {"COLOR": "blue"}
    assert adapter.start()
    assert adapter.get_state().pid != first
    assert adapter.restart() and adapter.is_running()
    adapter.stop()


def test_a_command_that_only_begins_something_goes_on_as_long_as_somebody_can_say_how_that_is(home: Home) -> None:
    flag = home.folder / "flag"
    begin, end, ask = ["touch", str(flag)], ["rm", str(flag)], ["test", "-e", str(flag)]
    asked = resource_from_dict("asked", resources.custom_command(begin, end, ask))
    assert asked.start() and flag.exists()
    assert asked.is_running() and asked.check_health()
    flag.unlink()
    wait_until("it to be unhealthy", lambda: not asked.check_health())
    assert asked.get_state().error
    flag.touch()
    wait_until("it to be healthy again", lambda: bool(asked.check_health()))
    assert asked.stop() and not flag.exists()

    unasked = resource_from_dict("unasked", resources.custom_command(begin, end))
    with pytest.raises(ServiceError, match="the resource unasked did not come up"):
        unasked.start()
    assert not unasked.is_running()


def test_a_start_command_that_fails_says_what_it_said(home: Home) -> None:
    adapter = resource_from_dict("bad", resources.custom_command("echo no disk left >&2; exit 3", "true", "false"))
    with pytest.raises(ServiceError, match="no disk left"):
        adapter.start()


def test_a_start_is_waited_for_as_long_as_the_slowest_of_its_kind_may_take(home: Home) -> None:
    port = home.first_port
    manager = ResourceManager()
    manager.add_resource("web", resources.custom_command(serving(port), ["true"], health_check_port=port + 1))
    manager.add_resource("db", resources.custom_command(serving(port + 2), ["true"], health_check_port=port + 2))
    manager.resources["web"].start_timeout, manager.resources["db"].start_timeout = 0.1, 1.0
    begun = time.monotonic()
    with pytest.raises(ServiceError, match="the resource web runs and is not healthy"):
        manager.start_all()
    assert 1.0 <= time.monotonic() - begun < 30.0
    assert manager.stop_all()


def test_one_in_the_foreground_is_begun_asked_and_ended(home: Home) -> None:
    flag = home.folder / "flag"
    config = resources.custom_command(f"touch {flag}", f"rm {flag}", f"test -e {flag}", run_in_background=False)
    adapter = resource_from_dict("flag", config)
    assert adapter.start() and flag.exists() and adapter.is_running()
    assert adapter.stop() and not flag.exists()
    # What runs already is not begun again.
    flag.write_text("kept")
    assert adapter.start() and flag.read_text() == "kept"
    adapter.stop()


class Api(http.server.ThreadingHTTPServer):
    """Something that an HTTP API starts and stops."""

    def __init__(self) -> None:
        self.state = "stopped"
        self.asked: List[Tuple[str, str, Any, Any]] = []
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"


class _Handler(http.server.BaseHTTPRequestHandler):
    server: Api

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        said = json.loads(body) if body else None
        self.server.asked.append((self.command, self.path, self.headers.get("Authorization"), said))
        if self.path == "/v1/start":
            self.server.state = "running"
        if self.path == "/v1/stop":
            self.server.state = "stopped"
        text = json.dumps({"status": self.server.state, "running": self.server.state == "running"}).encode()
        self.send_response(401 if self.headers.get("Authorization") != "Bearer hunter22" else 200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST = _answer

    def log_message(self, *_: Any) -> None:
        return None


@pytest.fixture
def api() -> Iterator[Api]:
    server = Api()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def files_with(folder: Path, word: str) -> List[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and word.encode() in path.read_bytes()]


def test_an_api_starts_and_stops_it_and_nobody_reads_its_token(home: Home, api: Api) -> None:
    manager = ResourceManager()
    manager.add_resource("machine", resources.custom_api(api.url, "hunter22", start_body={"size": 2}))
    assert manager.start_all()
    assert ("POST", "/v1/start", "Bearer hunter22", {"size": 2}) in api.asked
    status = manager.get_status("machine")
    assert (status["running"], status["healthy"]) == (True, True)
    text = manager._project.file.read_text()
    assert list(json.loads(text.partition("\n")[2]))[-1] == "services", "kinfra migrate adds to the end of them"
    state = home.client.snapshot()
    told = [
        state,
        home.client.call("project.compare", {"project": "python"}),
        home.kinfra("events", "--project", "python"),
    ]
    assert "hunter22" not in str(told)
    # Without a keyring, in one file for its user alone; else in none.
    found = files_with(home.folder / "home", "hunter22")
    kept = [path for path in found if path.parent.name == "secrets"]
    assert found == kept and len(found) <= 1
    for path in found:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600 and stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    for pid in home.processes():
        assert b"hunter22" not in Path(f"/proc/{pid}/cmdline").read_bytes()
    assert manager.stop_all()
    assert api.state == "stopped"
    assert manager.get_status("machine")["running"] is False
    # One that already runs is not started again; its truth value is as good as a word.
    api.state = "running"
    api.asked.clear()
    manager.add_resource("machine", resources.custom_api(api.url, "hunter22", state="/running"))
    assert manager.start_resource("machine")
    assert "/v1/start" not in [path for _, path, _, _ in api.asked]
    # What nothing names any more is not kept.
    manager.add_resource("machine", resources.custom_api(api.url, "${secret:of-mine}", stop_endpoint=None))
    with pytest.raises(ServiceError):
        manager.start_resource("machine")
    assert files_with(home.folder / "home" / "state" / "python", "hunter22") == []


def test_an_api_that_refuses_is_told_without_its_token(home: Home, api: Api) -> None:
    adapter = resource_from_dict("machine", resources.custom_api(api.url, "wrong-token"))
    with pytest.raises(ServiceError, match="the resource machine did not come up") as told:
        adapter.start()
    assert "doesn't accept the bearer token" in str(told.value) and "wrong-token" not in str(told.value)


class Keyring:
    """As much of a client as takes secrets."""

    def __init__(self, status: str) -> None:
        self.status = status
        self.values: Dict[str, str] = {}

    def call(self, command: str, params: Any = None) -> Any:
        if command == "secrets.list":
            return {"keyring": {"status": self.status}}
        assert command == "secrets.set"
        self.values[params["name"]] = params["value"]
        return None


def test_a_keyring_takes_what_else_is_in_a_file(tmp_path: Path) -> None:
    keyring: Any = Keyring("available")
    assert _hidden.into_keyring(keyring, {"python/db/PASSWORD": "x"}) == {}
    assert keyring.values == {"python/db/PASSWORD": "x"}
    closed: Any = Keyring("locked")
    assert _hidden.into_keyring(closed, {"a": "x"}) == {"a": "x"} and closed.values == {}
    _hidden.into_files(tmp_path, {"python/db/PASSWORD": "x", "b": "y"})
    text = '"${secret:python/db/PASSWORD}"'
    assert _hidden.sources(tmp_path, text) == {"python/db/PASSWORD": "cmd:cat secrets/python%2Fdb%2FPASSWORD"}
    _hidden.sweep(tmp_path, text)
    assert [path.name for path in (tmp_path / "secrets").iterdir()] == ["python%2Fdb%2FPASSWORD"]
    _hidden.forget_files(tmp_path, {"python/db/PASSWORD": "x"})
    assert list((tmp_path / "secrets").iterdir()) == []
    # Two names never share one, and each is one that the engine takes.
    names = [_hidden.Hidden(project, name)("K", "v") for project, name in [("a b", "c"), ("a-b", "c"), ("9", "c")]]
    assert len(set(names)) == 3 and all(name.startswith("${secret:") and name[9].isalpha() for name in names)


def test_services_find_the_resources_that_they_need(home: Home, script: Path) -> None:
    port = home.first_port + 40
    manager = ServiceManager(KInfra())
    manager.add_managed_resource("db", resources.custom_command(serving(port), ["true"], health_check_port=port))
    manager.add_service(ServiceConfig("api", [sys.executable, str(script)]))
    assert manager.start_all()
    status = manager.get_status()
    assert status["resources"]["db"]["healthy"] and status["services"]["api"]["health_status"] == "healthy"
    assert manager.shutdown()
    assert status_of(f"http://127.0.0.1:{port}/") is None

    orchestrator = ServiceOrchestrator(OrchestratorConfig("shop"))
    orchestrator.manager.add_managed_resource(
        "db", resources.custom_command(serving(port + 1), ["true"], health_check_port=port + 1)
    )
    orchestrator.add_service(ServiceConfig("api", [sys.executable, str(script)]), depends_on=["db"])
    assert orchestrator.start_all()
    nodes = next(it for it in home.client.snapshot()["projects"] if it["slug"] == "shop")["nodes"]
    assert {node["name"]: node["depends_on"] for node in nodes} == {"api": ["db"], "db": []}
    assert list(orchestrator.load_state()["services"]) == ["api"]
    assert orchestrator.stop_all()
    assert status_of(f"http://127.0.0.1:{port + 1}/") is None


def test_a_name_is_of_a_service_or_of_a_resource_and_a_port_of_one_of_them(home: Home, script: Path) -> None:
    facade = KInfra()
    port = facade.allocate_port("api")
    flag = resources.custom_command("true", "true", "true")
    with pytest.raises(ServiceConflictError, match=f"port {port} of the resource web belongs to api of python"):
        resource_from_dict("web", resources.custom_command("true", "true", health_check_port=port)).start()
    assert facade.registry._project.node("web") is None, "what can't be had is still written"
    manager = ServiceManager(facade)
    manager.add_service(ServiceConfig("api", [sys.executable, str(script)]))
    manager.start_service("api")
    with pytest.raises(ServiceConflictError, match="api is a service"):
        resource_from_dict("api", flag).start()
    assert resource_from_dict("flag", flag).start()
    manager.add_service(ServiceConfig("flag", [sys.executable, str(script)]))
    with pytest.raises(ServiceConflictError, match="flag is a resource"):
        manager.start_service("flag")
    with pytest.raises(PortAllocationError, match="flag is a resource"):
        facade.allocate_port("flag", 1234)
    # A name that only had a port becomes the resource, which has it still.
    kept = facade.allocate_port("cache")
    cache = resource_from_dict("cache", resources.custom_command(serving(kept), ["true"], health_check_port=kept))
    assert cache.start() and facade.get_service_port("cache") == kept
    cache.stop()


PROGRAM = """
import signal, sys
from kinfra import manage_resources
from kinfra.templates import resources
signal.signal(signal.SIGINT, signal.default_int_handler)
print(bool(manage_resources({"flag": resources.custom_command(["touch", sys.argv[1]], ["rm", sys.argv[1]], ["true"])})))
"""


def test_a_whole_program_has_its_resources_until_ctrl_c(home: Home) -> None:
    flag = home.folder / "flag"
    command = [sys.executable, "-c", PROGRAM, str(flag)]
    adapter = resource_from_dict("flag", resources.custom_command("true", "true"))
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:
        try:
            wait_until("it to be healthy", lambda: bool(adapter.check_health()))
            assert flag.exists()
            program.send_signal(signal.SIGINT)
            told, _ = program.communicate(timeout=30)
        finally:
            program.kill()
    assert told == "True\n" and not flag.exists()
    assert not adapter.is_running()


def test_old_code_may_await_everything(home: Home) -> None:
    import asyncio

    async def run() -> None:
        manager = ResourceManager()
        manager.add_resource("flag", resources.custom_command("true", "true", "true"))
        assert (await manager.start_resource("flag", monitor_health=False)) is True
        assert (await manager.get_status("flag"))["healthy"] is True
        assert list(await manager.get_all_status()) == ["flag"]
        assert (await manager.resources["flag"].check_health()) is True
        assert (await manager.stop_all()) is True

    asyncio.run(run())
