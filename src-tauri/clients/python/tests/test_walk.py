"""A program of a user of KInfra 1.0, as such programs are: it allocates, runs, orchestrates, publishes and cleans up."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import List

from conftest import Cloudflare, Home, status_of, wait_until

from kinfra import KInfra, ServiceConfig, ServiceManager

PROGRAM = '''
import asyncio
import json
import sys

from kinfra import KInfra, OrchestratorConfig, ServiceConfig, ServiceManager, ServiceOrchestrator

run = [sys.executable, sys.argv[1]]


def pause(**told):
    """Tells what there is now, and goes on when it was looked at."""
    print(json.dumps(told), flush=True)
    sys.stdin.readline()


async def main():
    kinfra = KInfra()
    port = kinfra.allocate_port("my-api", preferred=int(sys.argv[2]))
    manager = ServiceManager(kinfra, enable_fallback_layer=True, enable_resource_management=True)
    manager.add_service(
        ServiceConfig(
            name="my-api",
            command=run,
            preferred_port=port,
            enable_tunnel=True,
            health_check_url="http://localhost:{port}/health",
        )
    )
    assert await manager.start_service("my-api") is True
    monitoring = asyncio.create_task(manager.monitor())

    orchestrator = ServiceOrchestrator(OrchestratorConfig(project_name="byteport"), kinfra)
    orchestrator.add_service(ServiceConfig(name="frontend", command=run), depends_on=["backend"])
    orchestrator.add_service(ServiceConfig(name="backend", command=run, path_prefix="/api"))
    assert await orchestrator.start_all() is True

    names = ["my-api", "frontend", "backend"]
    while not all(kinfra.health_check(name)["healthy"] for name in names):
        await asyncio.sleep(0.05)
    pause(
        ports={name: kinfra.get_service_port(name) for name in names},
        urls={name: kinfra.get_service_url(name) for name in names},
        health={name: kinfra.health_check(name) for name in names},
        listed=sorted(kinfra.list_services()),
    )

    assert kinfra.cleanup("my-api") is True
    assert await orchestrator.stop_all() is True
    assert await manager.shutdown() is True
    await monitoring
    kinfra.cleanup_all()
    pause(ports={name: kinfra.get_service_port(name) for name in names})


asyncio.run(main())
'''


def test_a_program_of_the_former_version_does_what_it_did(home: Home, cloudflare: Cloudflare, script: Path) -> None:
    file = home.folder / "program.py"
    file.write_text(PROGRAM)
    preferred = home.first_port + 17
    command = [sys.executable, "-W", "error", str(file), str(script), str(preferred)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdin is not None and program.stdout is not None
        told = json.loads(program.stdout.readline())
        ports, urls = told["ports"], told["urls"]
        assert ports["my-api"] == preferred
        assert len(set(ports.values())) == 3
        for name, port in ports.items():
            assert status_of(f"http://127.0.0.1:{port}/") == 200, name
            assert told["health"][name]["status"] == "healthy", told
        assert told["listed"] == sorted(ports)
        # From outside…
        assert urls["my-api"].endswith(".trycloudflare.com")
        assert cloudflare.visit(f"{urls['my-api']}/from-outside") == 200
        home.wait_for_log("python", "my-api", "served /from-outside")
        # …and by local names, through the proxy.
        proxy = f"http://127.0.0.1:{home.hello()['proxy_port']}"
        assert status_of(f"{proxy}/by-name", "my-api.python.localhost") == 200
        assert status_of(f"{proxy}/api/by-path", "byteport.localhost") == 200
        home.wait_for_log("byteport", "backend", "served /api/by-path")
        program.stdin.write("\n")
        program.stdin.flush()
        after = json.loads(program.stdout.readline())
        assert after["ports"] == ports
        for port in ports.values():
            assert status_of(f"http://127.0.0.1:{port}/") is None
        assert cloudflare.visit(urls["my-api"]) != 200
        program.stdin.write("\n")
        program.stdin.flush()
        assert program.wait(30) == 0
    wait_until("nothing to be left but the engine", lambda: not left_by(home))
    assert home.client.is_there()


def left_by(home: Home) -> List[str]:
    ours = ("server.py", "programs/cloudflared", "program.py")
    return [command for command in home.processes().values() if any(it in command for it in ours)]


def test_a_name_can_be_new_while_others_run_and_is_ended_when_it_is_given_back(home: Home, script: Path) -> None:
    facade = KInfra()
    manager = ServiceManager(facade)
    manager.add_service(ServiceConfig("one", [sys.executable, str(script)]))
    manager.start_service("one")
    before = manager.get_status()["services"]["one"]
    other = facade.allocate_port("other")
    manager.add_service(ServiceConfig("two", [sys.executable, str(script)], preferred_port=home.first_port + 33))
    manager.start_service("two")
    assert manager.get_status()["services"]["one"]["pid"] == before["pid"]
    assert facade.allocator.release_port("one") is True
    assert status_of(f"http://127.0.0.1:{before['port']}/") is None
    assert facade.get_service_port("one") is None
    assert (facade.get_service_port("other"), facade.get_service_port("two")) == (other, home.first_port + 33)
    assert status_of(f"http://127.0.0.1:{home.first_port + 33}/") == 200
