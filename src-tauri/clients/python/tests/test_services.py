from __future__ import annotations

import asyncio
import os
import sys
import threading
from pathlib import Path

import pytest
from conftest import Home, read_json, status_of, wait_for, wait_until

import kinfra
from kinfra import (
    ConfigurationError,
    KInfra,
    ResourceConfig,
    ServiceConfig,
    ServiceConflictError,
    ServiceError,
    ServiceManager,
)
from kinfra.service_manager import FileChangeHandler


def managed(*configs: ServiceConfig) -> ServiceManager:
    manager = ServiceManager(KInfra())
    for config in configs:
        manager.add_service(config)
    return manager


def test_a_real_server_is_started_stopped_and_keeps_its_port(home: Home) -> None:
    run = [
        sys.executable,
        "-c",
        "import os, http.server as h; h.test(h.SimpleHTTPRequestHandler, port=int(os.environ['PORT']))",
    ]
    manager = managed(ServiceConfig("files", run, cwd=str(home.folder)))
    assert manager.start_service("files")
    status = manager.get_status()["services"]["files"]
    assert (status["state"], status["health_status"], status["restart_count"]) == ("running", "healthy", 0)
    port = status["port"]
    assert status_of(f"http://127.0.0.1:{port}/") == 200
    assert manager.kinfra.get_service_url("files") == f"http://127.0.0.1:{port}"
    assert manager.stop_service("files")
    assert status_of(f"http://127.0.0.1:{port}/") is None
    assert manager.get_status()["services"]["files"]["state"] == "stopped"
    home.quit()
    assert manager.start_service("files")
    assert manager.kinfra.get_service_port("files") == port
    assert manager.shutdown()
    assert not any("SimpleHTTPRequestHandler" in command for command in home.processes().values())


def test_a_service_goes_on_when_the_engine_is_killed_and_is_taken_over(home: Home, script: Path) -> None:
    manager = managed(ServiceConfig("api", [sys.executable, str(script)]))
    manager.start_service("api")
    before = manager.get_status()["services"]["api"]
    home.kill_engine()
    assert status_of(f"http://127.0.0.1:{before['port']}/") == 200
    wait_until("the service to be known", lambda: manager.get_status()["services"]["api"]["state"] == "running")
    assert manager.get_status()["services"]["api"]["pid"] == before["pid"]


def test_it_is_run_where_and_with_what_its_configuration_says(home: Home, script: Path) -> None:
    code = "import os, json, sys; json.dump([sys.argv, os.getcwd(), dict(os.environ)], open('seen.json', 'w')); "
    code += "exec(open(sys.argv[1]).read())"
    run = [sys.executable, "-c", code, str(script), "a b", "$HOME ${services.x.port} {port}"]
    environment = {"PRICE": "$5 ${PATH}", "MODE": "test"}
    config = ServiceConfig("api", run, cwd=str(script.parent), env=environment, preferred_port=home.first_port + 30)
    config.health_check_url = "http://localhost:{port}/health?deep={1}"
    managed(config).start_service("api")
    argv, folder, seen = read_json(script.parent / "seen.json")
    assert argv[1:] == [str(script), "a b", "$HOME ${services.x.port} {port}"]
    assert folder == str(script.parent)
    assert (seen["PRICE"], seen["MODE"], seen["PORT"]) == ("$5 ${PATH}", "test", str(home.first_port + 30))
    assert seen["PATH"].split(":")[:2] == os.environ["PATH"].split(":")[:2]
    home.wait_for_log("python", "api", "served /health?deep={1}")


def test_a_server_that_prints_much_does_not_hang(home: Home, script: Path) -> None:
    code = f"import sys\nfor _ in range(20000): print('x' * 100)\nexec(open({str(script)!r}).read())"
    manager = managed(ServiceConfig("loud", [sys.executable, "-c", code]))
    assert manager.start_service("loud")
    assert manager.get_status()["services"]["loud"]["health_status"] == "healthy"


def test_one_that_ends_at_once_is_told_with_what_it_said_and_not_tried_again(home: Home) -> None:
    code = "import sys; sys.exit('no database here')"
    manager = managed(ServiceConfig("api", [sys.executable, "-c", code], restart_delay=0.1))
    with pytest.raises(ServiceError, match=r"(?s)exited with code 1.*no database here"):
        manager.start_service("api")
    status = manager.get_status()["services"]["api"]
    assert status["state"] in ("stopped", "error")
    assert home.client.snapshot()["projects"][0]["nodes"][0]["wanted"] == "stopped"


def test_a_crash_is_followed_by_a_restart(home: Home, script: Path) -> None:
    manager = managed(ServiceConfig("api", [sys.executable, str(script)], restart_delay=0.1))
    manager.start_service("api")
    before = manager.get_status()["services"]["api"]["pid"]
    os.kill(before, 9)

    def is_anew() -> bool:
        status = manager.get_status()["services"]["api"]
        return status["pid"] not in (None, before) and status["health_status"] == "healthy"

    wait_until("another process", is_anew)
    assert manager.get_status()["services"]["api"]["restart_count"] == 1


def test_a_changed_configuration_restarts_it_and_the_same_one_does_not(home: Home, script: Path) -> None:
    run = [sys.executable, str(script)]
    managed(ServiceConfig("api", run)).start_service("api")
    first = managed(ServiceConfig("api", run)).get_status()["services"]["api"]
    again = managed(ServiceConfig("api", run))
    again.start_service("api")
    assert again.get_status()["services"]["api"]["pid"] == first["pid"]
    other = managed(ServiceConfig("api", run, env={"GREETING": "bye"}))
    other.start_service("api")
    status = other.get_status()["services"]["api"]
    assert status["pid"] != first["pid"]
    assert status["port"] == first["port"]
    assert other.reload_service("api")
    assert other.get_status()["services"]["api"]["pid"] != status["pid"]


def test_the_callers_own_server_on_its_port_is_never_ended(home: Home, script: Path) -> None:
    wanted = home.first_port + 5
    server = home.serve(wanted)
    preferring = managed(ServiceConfig("api", [sys.executable, str(script)], preferred_port=wanted))
    preferring.start_service("api")
    assert preferring.get_status()["services"]["api"]["port"] != wanted
    insisting = managed(ServiceConfig("fixed", [sys.executable, str(script)], port=wanted))
    with pytest.raises(kinfra.KInfraError, match=rf"port {wanted} of fixed is taken by .*pid {server.pid}"):
        insisting.start_service("fixed")
    insisting.shutdown()
    assert preferring.kill_port_processes(wanted) is False
    assert kinfra.kill_processes_on_port(wanted) is False
    assert kinfra.terminate_process(server.pid) is False
    assert kinfra.cleanup_orphaned_processes() == dict.fromkeys(
        ["inspected", "terminated", "force_killed", "skipped"], 0
    )
    assert server.poll() is None
    assert status_of(f"http://127.0.0.1:{wanted}/") == 200
    home.quit()
    assert server.poll() is None


def test_what_kinfra_runs_is_ended_by_its_port_and_by_its_pid(home: Home, script: Path) -> None:
    manager = managed(ServiceConfig("api", [sys.executable, str(script)]))
    manager.start_service("api")
    port = manager.kinfra.get_service_port("api")
    assert port is not None
    occupant = kinfra.get_port_occupant(port)
    assert occupant is not None and (occupant["project"], occupant["service"]) == ("python", "api")
    assert manager.kill_port_processes(port) is True
    assert kinfra.get_port_occupant(port) is None
    manager.start_service("api")
    assert kinfra.terminate_process(manager.get_status()["services"]["api"]["pid"]) is True
    assert manager.get_status()["services"]["api"]["state"] == "stopped"


def test_two_services_with_one_fixed_port_are_refused(home: Home, script: Path) -> None:
    facade = KInfra(config_dir=home.folder / "other")
    port = facade.allocate_port("own")
    with pytest.raises(ServiceConflictError, match=f"port {port} of api belongs to another"):
        managed(ServiceConfig("api", [sys.executable, str(script)], port=port)).start_service("api")


def test_what_makes_no_sense_is_refused_before_anything_is_started(home: Home) -> None:
    for config, expected in [
        (ServiceConfig("a", []), "has no command"),
        (ServiceConfig("a", ["x"], cwd="/nowhere"), "no such folder"),
        (ServiceConfig("a", ["x"], health_check_url="ftp://x"), "can't be asked"),
    ]:
        with pytest.raises(ConfigurationError, match=expected):
            managed(config).start_service("a")
    with pytest.raises(ServiceError, match="no service is named"):
        managed().start_service("b")


def test_a_folder_that_is_gone_keeps_nobody_from_using_the_project(home: Home, script: Path) -> None:
    folder = home.folder / "soon gone"
    folder.mkdir()
    manager = managed(ServiceConfig("api", [sys.executable, str(script)], cwd=str(folder)))
    manager.start_service("api")
    manager.shutdown()
    port = manager.kinfra.get_service_port("api")
    folder.rmdir()
    facade = KInfra()
    assert isinstance(facade.allocate_port("other"), int)
    assert facade.get_service_port("api") == port


def test_files_that_change_restart_it_and_others_do_not(home: Home, script: Path) -> None:
    watched = home.folder / "watched"
    (watched / "deep").mkdir(parents=True)
    config = ServiceConfig("api", [sys.executable, str(script)], watch_paths=[str(watched)])
    manager = managed(config)
    manager.start_service("api")
    first = manager.get_status()["services"]["api"]["pid"]
    (watched / "notes.txt").write_text("x")
    (watched / "deep" / "module.py").write_text("x = 1")
    wait_until("a restart", lambda: manager.get_status()["services"]["api"]["pid"] not in (None, first))
    events = home.kinfra("events", "api", "--project", "python")
    assert "module.py" in events and "notes.txt" not in events, events
    assert FileChangeHandler(["*.py"]).matches("/x/module.py")


def test_a_path_of_the_project_leads_to_it(home: Home, script: Path) -> None:
    run = [sys.executable, str(script)]
    manager = managed(ServiceConfig("api", run, path_prefix="/api"), ServiceConfig("web", run))
    assert manager.start_all()
    proxy = home.hello()["proxy_port"]
    wait_for("the proxy", lambda: status_of(f"http://127.0.0.1:{proxy}/api/x", "python.localhost") == 200 or None)
    home.wait_for_log("python", "api", "served /api/x")


def test_resources_that_are_needed_are_asked_for_first(home: Home, script: Path) -> None:
    manager = managed(ServiceConfig("api", [sys.executable, str(script)]))
    port = home.first_port + 40
    manager.add_resource(ResourceConfig("db", port=port))
    assert manager.check_all_resources() == {"db": False}
    with pytest.raises(ServiceError, match="the resource db is missing"):
        manager.start_all()
    assert not home.client.is_there()
    home.serve(port)
    assert manager.start_all()
    assert manager.get_status()["resources"]["db"]["available"] is True


def test_old_code_may_await_everything(home: Home, script: Path) -> None:
    async def run() -> None:
        manager = managed(ServiceConfig("api", [sys.executable, str(script)]))
        assert (await manager.start_service("api")) is True
        watching = asyncio.create_task(manager.monitor())
        assert (await manager.reload_service("api")) is True
        assert (await manager.check_all_resources()) == {}
        assert await asyncio.gather(*[manager.stop_service("api"), manager.start_all()]) == [True, True]
        await asyncio.sleep(0)
        await manager.shutdown()
        await asyncio.wait_for(watching, 10)

    asyncio.run(run())
    manager = managed(ServiceConfig("api", [sys.executable, str(script)]))
    assert asyncio.run(manager.start_all()) is True
    waiting = threading.Thread(target=manager.monitor)
    waiting.start()
    assert asyncio.run(manager.shutdown()) is True
    waiting.join(10)
    assert not waiting.is_alive()


def test_no_signal_handler_and_nothing_at_exit_is_installed(home: Home) -> None:
    import signal
    import subprocess

    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    ServiceManager(KInfra())
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before
    code = "import kinfra; k = kinfra.KInfra(); print(k.allocate_port('kept'))"
    port = int(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)
    assert KInfra().get_service_port("kept") == port
