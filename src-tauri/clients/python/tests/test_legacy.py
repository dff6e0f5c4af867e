from __future__ import annotations

import http.server
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from conftest import USUAL_RANGE, Home, status_of, wait_until

from kinfra import PortAllocationError, kill_processes_on_port, smart_infra_manager, terminate_process
from kinfra._sharing import look_after
from kinfra.smart_infra_manager import SmartInfraManager, get_smart_infra_manager

KEYS = {
    "project_name",
    "domain",
    "assigned_port",
    "tunnel_url",
    "last_healthy_check",
    "process_pid",
    "server_running",
    "server_start_time",
}


def manager(project: str = "shop") -> SmartInfraManager:
    with pytest.warns(DeprecationWarning):
        return get_smart_infra_manager(project)


def test_it_is_deprecated_and_names_what_to_use(home: Home) -> None:
    with pytest.warns(DeprecationWarning, match=r"use kinfra\.KInfra .* kinfra\.ServiceManager") as told:
        SmartInfraManager("shop")
    assert told[0].filename == __file__
    with pytest.warns(DeprecationWarning, match=r"use kinfra\.KInfra .* kinfra\.ServiceManager") as told:
        get_smart_infra_manager()
    assert told[0].filename == __file__
    assert len(told) == 1
    assert not home.client.is_there()


def test_ports_come_from_the_ranges_of_the_projects(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smart_infra_manager, "_RANGE", USUAL_RANGE)
    ranges = [manager(name).port_range for name in ("atoms_mcp", "zen", "anything")]
    assert ranges == [(50002, 50002), (8000, 9000), (50000, 51000)]
    it = manager()
    port = it.allocate_persistent_port()
    assert 50000 <= port <= 51000
    assert manager().allocate_persistent_port() == port
    assert manager().get_project_config()["assigned_port"] == port
    assert manager("other").allocate_persistent_port() != port
    assert it.config_dir.is_dir()


def test_the_port_of_the_former_version_is_kept(home: Home) -> None:
    folder = home.folder / "user" / ".kinfra_smart_infra"
    folder.mkdir()
    former = home.first_port + 27
    (folder / "shop_config.json").write_text(json.dumps({"assigned_port": former, "process_pid": os.getpid()}))
    it = manager()
    assert it.allocate_persistent_port() == former
    assert it.get_project_config()["process_pid"] is None
    assert it.stop_test_server() is False


def test_the_only_port_of_a_range_is_left_to_the_former_server_that_is_on_it(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = home.first_port + 28
    monkeypatch.setitem(smart_infra_manager._RANGES, "shop", (port, port))
    folder = home.folder / "user" / ".kinfra_smart_infra"
    folder.mkdir()
    script = home.folder / "server.py"
    script.write_text(
        "import http.server, sys; http.server.test(http.server.SimpleHTTPRequestHandler, port=int(sys.argv[1]))"
    )
    noted = {"assigned_port": port, "server_running": True, "server_start_time": time.time()}
    with subprocess.Popen(
        [sys.executable, str(script), str(port)], stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    ) as server:
        try:
            wait_until("the former server to answer", lambda: status_of(f"http://127.0.0.1:{port}/") == 200)
            # Somebody else's process is not left the port, and no other port is in the range.
            (folder / "shop_config.json").write_text(json.dumps({**noted, "process_pid": os.getpid()}))
            with pytest.raises(PortAllocationError):
                manager().allocate_persistent_port()
            (folder / "shop_config.json").write_text(json.dumps({**noted, "process_pid": server.pid}))
            assert manager().allocate_persistent_port() == port
            assert manager().allocate_persistent_port() == port
            assert server.poll() is None
        finally:
            server.kill()


def test_the_infrastructure_is_set_up_around_a_real_server(
    home: Home, script: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(script.parent)
    it = manager()
    fresh = it.get_project_config()
    assert set(fresh) == KEYS
    assert (fresh["assigned_port"], fresh["server_running"], fresh["project_name"]) == (None, False, "shop")
    before = time.time()
    port, url = it.setup_infrastructure(start_server=True)
    assert url is None
    assert status_of(f"http://127.0.0.1:{port}/health") == 200
    assert it.check_mcp_server_health(port) == (True, "Healthy")
    assert it.check_tunnel_health(f"http://127.0.0.1:{port}") == (True, "Healthy")
    config = it.get_project_config()
    assert (config["assigned_port"], config["server_running"], config["tunnel_url"]) == (port, True, None)
    assert before - 1 < config["server_start_time"] < time.time() + 1
    pid = config["process_pid"]
    assert pid != os.getpid()
    assert str(script) in home.processes()[pid]
    occupant = it.get_port_occupant(port)
    assert occupant is not None
    assert (occupant["pid"], occupant["is_our_project"]) == (pid, True)
    assert it.is_our_project_process(pid) and it.is_our_project_process({"pid": pid})
    assert not it.is_our_project_process(os.getpid())
    assert "ATOMS_FASTMCP_HTTP_PATH" in home.kinfra("env", "server", "--project", "shop")

    # Again, by another program: it is the same server.
    assert manager().setup_infrastructure(start_server=True) == (port, None)
    assert manager().get_project_config()["process_pid"] == pid
    assert it.stop_test_server() is True
    assert it.stop_test_server() is False
    assert it.get_project_config()["server_running"] is False
    assert it.check_mcp_server_health(port) == (False, f"Nothing listens on port {port}")
    assert it.allocate_persistent_port() == port


def test_setting_up_ends_nobody_elses_server_whatever_its_name(home: Home, script: Path) -> None:
    # By the rules of the former version this one was "ours": a server.py in a path with the project's name.
    it = manager("app")
    port = it.allocate_persistent_port()
    server = home.serve(port)
    assert it.setup_infrastructure() == (port, None)
    assert it.kill_our_project_processes() == []
    assert it.stop_test_server() is False
    assert it.start_test_server(port, str(script)) is False
    assert server.poll() is None
    assert status_of(f"http://127.0.0.1:{port}/") == 200
    assert it.get_port_occupant(port)["is_our_project"] is False  # type: ignore[index]


def test_what_kinfra_runs_for_the_project_is_stopped_and_told(home: Home, script: Path) -> None:
    it = manager()
    port = it.allocate_persistent_port()
    assert it.start_test_server(port, str(script)) is True
    pid = it.get_project_config()["process_pid"]
    assert it.kill_our_project_processes() == [pid]
    assert it.is_port_available(port)


def test_a_server_that_is_a_part_of_the_caller_is_told_without_its_pid_and_never_ended(home: Home) -> None:
    it = manager()
    port = it.allocate_persistent_port()
    with http.server.ThreadingHTTPServer(("127.0.0.1", port), http.server.SimpleHTTPRequestHandler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        # What `start_cloudflare_tunnel` does first.
        look_after(it._project, "server")
        wait_until("it to be seen", lambda: it.get_project_config()["server_running"])
        assert (it._project.node("server") or {})["pid"] == os.getpid()
        assert it.get_project_config()["process_pid"] is None
        assert it.stop_test_server() is False
        assert it.kill_our_project_processes() == []
        assert kill_processes_on_port(port) is False
        assert terminate_process(os.getpid()) is False
        home.quit()
        assert status_of(f"http://127.0.0.1:{port}/") == 200
        server.shutdown()


def test_a_server_without_health_is_told_as_such(home: Home) -> None:
    it = manager()
    port = it.allocate_persistent_port()
    home.serve(port)
    assert it.check_mcp_server_health(port) == (False, "Status 404")
    assert it.check_tunnel_health(f"http://127.0.0.1:{port}") == (False, "No health endpoint responded")


def test_a_tunnel_that_leads_nowhere_is_told_by_its_status(home: Home) -> None:
    class Broken(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_error(530)

        def log_message(self, *_: object) -> None:
            return None

    with http.server.HTTPServer(("127.0.0.1", 0), Broken) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        told = manager().check_tunnel_health(f"http://127.0.0.1:{server.server_port}")
        server.shutdown()
    assert told == (False, "Tunnel error: 530")


def test_what_the_caller_saves_is_kept_and_facts_are_not_taken_from_it(home: Home) -> None:
    it = manager()
    port = it.allocate_persistent_port()
    it.save_project_config({**it.get_project_config(), "process_pid": os.getpid(), "assigned_port": 1, "mine": "x"})
    config = manager().get_project_config()
    assert (config["mine"], config["process_pid"], config["assigned_port"]) == ("x", None, port)


def test_a_range_with_no_port_left_is_a_runtime_error(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    only = home.first_port + 44
    monkeypatch.setitem(smart_infra_manager._RANGES, "atoms_mcp", (only, only))
    server = home.serve(only)
    with pytest.raises(RuntimeError, match=str(only)):
        manager("atoms_mcp").allocate_persistent_port()
    with pytest.raises(PortAllocationError):
        manager("atoms_mcp").setup_infrastructure()
    assert server.poll() is None


def test_the_former_import_paths_need_no_other_package() -> None:
    code = "import sys; from kinfra.smart_infra_manager import SmartInfraManager; print(*sys.modules)"
    command = [sys.executable, "-W", "error", "-c", code]
    loaded = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    assert not {"psutil", "requests", "yaml", "aiohttp"} & set(loaded)
