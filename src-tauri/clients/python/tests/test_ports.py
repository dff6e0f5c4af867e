from __future__ import annotations

import atexit
import http.server
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from conftest import Home, status_of, wait_until

import kinfra
from kinfra import (
    FallbackServer,
    KInfra,
    OrchestratorConfig,
    PortAllocationError,
    PortRegistry,
    ResourceConfig,
    ResourceManager,
    ServiceConfig,
    ServiceManager,
    ServiceOrchestrator,
    SmartInfraManager,
    SmartPortAllocator,
    SmartProxyServer,
    TunnelManager,
)


def callbacks_at_exit() -> int:
    count: int = vars(atexit)["_ncallbacks"]()
    return count


def test_constructing_touches_nothing(home: Home) -> None:
    before = (threading.active_count(), callbacks_at_exit(), signal.getsignal(signal.SIGTERM))
    facade = KInfra("shop.example.com", config_dir=str(home.folder / "own"))
    with facade:
        pass
    registry = PortRegistry(home.folder / "own")
    manager = ServiceManager(facade)
    manager.add_service(ServiceConfig("api", ["api"], enable_tunnel=True))
    manager.add_resource(ResourceConfig("db"))
    orchestrator = ServiceOrchestrator(OrchestratorConfig("shop", state_dir=home.folder / "own"), facade)
    orchestrator.add_service(ServiceConfig("web", ["web"]), depends_on=["api"])
    with pytest.warns(DeprecationWarning):
        SmartInfraManager("shop")
    for construct in (SmartPortAllocator, TunnelManager):
        construct(registry)
    for make in (ResourceManager, SmartProxyServer, FallbackServer):
        make()
    assert not (home.folder / "home").exists()
    assert not (home.folder / "own").exists()
    assert list((home.folder / "user").iterdir()) == []
    assert home.processes() == {}
    assert (threading.active_count(), callbacks_at_exit(), signal.getsignal(signal.SIGTERM)) == before


def test_a_port_stays_over_objects_processes_and_engines(home: Home) -> None:
    port = KInfra().allocate_port("api")
    assert home.first_port <= port < home.first_port + 50
    assert KInfra().allocate_port("api") == port
    assert kinfra.allocate_port("api") == port
    home.kill_engine()
    with KInfra() as facade:
        assert facade.allocate_port("api") == port
    home.quit()
    code = "import kinfra; print(kinfra.KInfra().get_service_port('api'), kinfra.KInfra().allocate_port('other'))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split()[0] == str(port)
    assert int(done.stdout.split()[1]) != port


def test_the_command_knows_the_port_of_a_name(home: Home) -> None:
    port = KInfra().allocate_port("api")
    assert home.kinfra("port", "api", "--project", "python").strip() == str(port)


def test_a_preferred_port_is_taken_and_kept(home: Home) -> None:
    wanted = home.first_port + 7
    facade = KInfra()
    assert facade.allocate_port("web", wanted) == wanted
    assert facade.allocate_port("web") == wanted
    assert facade.allocate_port("other", wanted) != wanted


def test_a_preferred_port_below_8000_is_honoured_and_the_reserved_ones_are_not(home: Home) -> None:
    facade = KInfra()
    free = next(port for port in range(5173, 5273) if kinfra.is_port_free(port))
    assert facade.allocate_port("vite", free) == free
    assert facade.allocate_port("db", 5432) != 5432
    with pytest.raises(PortAllocationError, match="70000 is no port"):
        facade.allocate_port("odd", 70000)


def test_a_busy_preferred_port_is_left_to_who_has_it(home: Home) -> None:
    wanted = home.first_port + 9
    server = home.serve(wanted)
    port = KInfra().allocate_port("web", wanted)
    assert port != wanted
    assert server.poll() is None


def test_the_port_of_a_running_server_of_the_caller_is_told_again(home: Home) -> None:
    facade = KInfra()
    port = facade.allocate_port("api")
    server = home.serve(port)
    assert facade.allocate_port("api") == port
    assert server.poll() is None


def test_a_port_on_which_another_service_of_kinfra_is_is_refused_with_its_name(home: Home, script: Path) -> None:
    facade = KInfra()
    port = facade.allocate_port("api")
    folder = home.folder / "other"
    folder.mkdir()
    # It listens where it was not told to.
    run = [sys.executable, str(script)]
    configuration = {
        "project": "other",
        "services": {"rogue": {"run": run, "port": "none", "env": {"PORT": str(port)}}},
    }
    (folder / "kinfra.yaml").write_text(json.dumps(configuration))
    home.client.call("project.add", {"folder": str(folder)})
    home.client.call("stack.start", {"project": "other", "services": []})
    wait_until("the rogue to listen", lambda: status_of(f"http://127.0.0.1:{port}/") == 200)
    with pytest.raises(PortAllocationError, match=f"port {port} of api is taken by rogue of other"):
        facade.allocate_port("api")


def test_registering_takes_just_the_port_that_is_named_or_none(home: Home) -> None:
    registry = PortRegistry()
    info = registry.register_service("api", home.first_port + 3, pid=os.getpid())
    assert (info.service_name, info.assigned_port, info.pid) == ("api", home.first_port + 3, None)
    with pytest.raises(PortAllocationError, match="belongs to api of python"):
        registry.register_service("other", home.first_port + 3)
    assert registry.get_service("other") is None
    other = SmartPortAllocator(registry).allocate_port("other")
    with pytest.raises(PortAllocationError):
        registry.register_service("other", home.first_port + 3)
    assert registry.get_canonical_port("other") == other
    assert registry.is_port_registered(home.first_port + 3)
    assert registry.get_allocated_ports() == {home.first_port + 3, other}
    moved = registry.update_service("api", assigned_port=home.first_port + 4, config_path="/x")
    assert (moved.assigned_port, moved.config_path) == (home.first_port + 4, "/x")
    assert moved.created_at == info.created_at
    assert not moved.is_stale()


def test_the_pid_of_a_name_is_the_one_that_listens(home: Home) -> None:
    facade = KInfra()
    port = facade.allocate_port("api")
    server = home.serve(port)
    info = facade.get_service_info("api")
    assert info is not None and info.pid == server.pid
    assert facade.list_services()["api"]["pid"] == server.pid
    own = facade.allocate_port("own")
    with http.server.HTTPServer(("127.0.0.1", own), http.server.BaseHTTPRequestHandler) as mine:
        threading.Thread(target=mine.serve_forever, daemon=True).start()
        assert facade.allocate_port("own") == own
        mine.shutdown()


def test_a_released_name_is_forgotten_and_has_its_port_when_it_comes_back(home: Home) -> None:
    facade = KInfra()
    port = facade.allocate_port("api")
    allocator = SmartPortAllocator(PortRegistry())
    assert allocator.list_allocated_services() == {"api": port}
    assert allocator.release_port("api") is True
    assert allocator.release_port("api") is False
    assert facade.get_service_port("api") is None
    assert facade.allocate_port("api") == port


def test_registries_of_other_folders_know_nothing_of_each_other(home: Home) -> None:
    one, other = PortRegistry(home.folder / "one"), PortRegistry(home.folder / "two")
    one.register_service("api", home.first_port + 1)
    assert other.get_service("api") is None
    assert not (home.folder / "one").exists()


def test_ports_of_the_former_version_are_kept(home: Home) -> None:
    former = home.folder / "user" / ".kinfra"
    former.mkdir()
    wanted = home.first_port + 21
    entry = {"service_name": "api", "assigned_port": wanted, "pid": 1}
    text = json.dumps({"version": "1.0", "timestamp": 1.0, "services": {"api": entry}})
    (former / "port_registry.json").write_text(text)
    assert KInfra().allocate_port("api") == wanted
    assert (former / "port_registry.json").read_text() == text


def write_down(home: Home, name: str, port: int, **noted: object) -> None:
    former = home.folder / "user" / ".kinfra"
    former.mkdir(exist_ok=True)
    entry = {"service_name": name, "assigned_port": port, **noted}
    text = json.dumps({"version": "1.0", "timestamp": 1.0, "services": {name: entry}})
    (former / "port_registry.json").write_text(text)


def test_the_port_of_the_former_version_comes_before_one_that_is_preferred(home: Home, script: Path) -> None:
    wanted = home.first_port + 22
    write_down(home, "api", wanted)
    # With another preference, with none, and with another one still.
    for preferred in (home.first_port + 5, None, home.first_port + 4):
        assert KInfra().allocate_port("api", preferred) == wanted
    # Of a service that KInfra runs as well.
    write_down(home, "web", wanted + 1)
    manager = ServiceManager(KInfra())
    command = [sys.executable, str(script)]
    manager.add_service(ServiceConfig("web", command, preferred_port=home.first_port + 6))
    assert manager.start_service("web")
    assert KInfra().get_service_port("web") == wanted + 1
    # One that is asked for by its number is just that.
    write_down(home, "other", wanted + 2)
    assert PortRegistry().register_service("other", home.first_port + 7).assigned_port == home.first_port + 7


def test_the_port_is_left_to_the_very_server_that_the_former_version_had_noted(home: Home) -> None:
    port = home.first_port + 23
    server = home.serve(port)
    write_down(home, "api", port, pid=server.pid, last_seen=time.time())
    facade = KInfra()
    assert facade.allocate_port("api", home.first_port + 5) == port
    assert facade.allocate_port("api") == port
    assert facade.allocate_port("api", home.first_port + 5) == port
    info = facade.get_service_info("api")
    assert info is not None and (info.assigned_port, info.pid) == (port, server.pid)
    claims = home.client.call("port.list", {"project": "python"})["claims"]
    assert [claim["origin"] for claim in claims if claim["node"] == "api"] == ["adopted"]
    moved = json.loads(home.kinfra("ports", "move", "api", "--project", "python", "--json"))["port"]
    assert moved != port
    assert facade.allocate_port("api", home.first_port + 5) == moved
    assert server.poll() is None


@pytest.mark.parametrize("noted", ["nothing", "another pid", "the pid of one that was started before"])
def test_a_port_is_not_left_to_who_is_not_proven_to_be_the_former_server(home: Home, noted: str) -> None:
    port = home.first_port + 24
    server = home.serve(port)
    pid = os.getpid() if noted == "another pid" else server.pid
    seen = time.time() if noted == "another pid" else 5.0
    write_down(home, "api", port, **({} if noted == "nothing" else {"pid": pid, "last_seen": seen}))
    assert KInfra().allocate_port("api") != port
    assert server.poll() is None


def test_a_port_that_is_anothers_since_is_not_left_to_the_former_server(home: Home) -> None:
    port = home.first_port + 25
    PortRegistry(home.folder / "own").register_service("mine", port)
    server = home.serve(port)
    write_down(home, "api", port, pid=server.pid, last_seen=time.time())
    assert KInfra().allocate_port("api", home.first_port + 5) == home.first_port + 5
    assert PortRegistry(home.folder / "own").get_canonical_port("mine") == port


def test_a_name_that_was_forgotten_comes_back_with_its_own_port_whoever_is_on_the_former_one(home: Home) -> None:
    facade, own = KInfra(), home.first_port + 5
    assert facade.allocate_port("api", own) == own
    assert SmartPortAllocator(PortRegistry()).release_port("api")
    port = home.first_port + 26
    server = home.serve(port)
    write_down(home, "api", port, pid=server.pid, last_seen=time.time())
    assert facade.allocate_port("api") == own


def test_many_threads_and_processes_allocate_at_once(home: Home) -> None:
    code = "import kinfra, sys; print(kinfra.KInfra().allocate_port(sys.argv[1]))"
    others = [
        subprocess.Popen([sys.executable, "-c", code, f"p{number}"], stdout=subprocess.PIPE, text=True)
        for number in range(4)
    ]
    ports = {}

    def allocate(name: str) -> None:
        ports[name] = KInfra().allocate_port(name)

    threads = [threading.Thread(target=allocate, args=[f"t{number}"]) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number, other in enumerate(others):
        out, _ = other.communicate()
        ports[f"p{number}"] = int(out)
    assert len(set(ports.values())) == 10
    assert SmartPortAllocator(PortRegistry()).list_allocated_services() == ports


def test_a_file_that_this_package_did_not_write_is_left_alone(home: Home) -> None:
    folder = home.folder / "home" / "state" / "python" / "python"
    folder.mkdir(parents=True)
    (folder / "kinfra.yaml").write_text("project: mine\nservices: {}\n")
    with pytest.raises(PortAllocationError, match="was not written by this package"):
        KInfra().allocate_port("api")
    assert (folder / "kinfra.yaml").read_text() == "project: mine\nservices: {}\n"


def test_what_is_written_is_for_the_user_alone(home: Home) -> None:
    KInfra().allocate_port("api")
    folder = home.folder / "home" / "state" / "python" / "python"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    assert (folder / "kinfra.yaml").read_text().startswith("# Written by the Python package kinfra")
