from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from pathlib import Path
from typing import List

import pytest
from conftest import Home, read_json, wait_until

from kinfra import (
    ConfigurationError,
    KInfra,
    OrchestrationError,
    OrchestratorConfig,
    ResourceConfig,
    ServiceConfig,
    ServiceOrchestrator,
    run_orchestrator,
)


def started_in_order(home: Home, project: str) -> List[str]:
    project_state = next(it for it in home.client.snapshot()["projects"] if it["slug"] == project)
    nodes = [node for node in project_state["nodes"] if node.get("started_at")]
    return [node["name"] for node in sorted(nodes, key=lambda node: int(node["started_at"]))]


def test_services_come_up_in_the_order_of_their_dependencies_and_go_in_reverse(home: Home, script: Path) -> None:
    facade = KInfra()
    state = home.folder / "states"
    config = OrchestratorConfig("byteport", state_dir=state)
    orchestrator = ServiceOrchestrator(config, facade)
    run = [sys.executable, str(script)]
    # Mentioned before what it depends on.
    orchestrator.add_service(ServiceConfig("web", run), depends_on=["api"])
    orchestrator.add_service(ServiceConfig("api", run), depends_on=["db"])
    orchestrator.add_service(ServiceConfig("db", run))
    assert orchestrator.start_all()
    assert started_in_order(home, "byteport") == ["db", "api", "web"]
    status = orchestrator.get_status()
    assert status["project_name"] == "byteport"
    assert {name: it["health_status"] for name, it in status["services"].items()} == dict.fromkeys(
        ["web", "api", "db"], "healthy"
    )
    # The facade that it was given finds its services.
    assert facade.get_service_port("web") == status["services"]["web"]["port"]
    assert facade.health_check("web")["status"] == "healthy"
    assert "web" in facade.list_services()
    saved = read_json(state / "byteport_state.json")
    assert saved["services"]["web"]["pid"] == status["services"]["web"]["pid"]

    # Another program sees the same, without having heard of the services.
    other = ServiceOrchestrator(OrchestratorConfig("byteport"))
    assert other.load_state()["services"] == status["services"]
    assert orchestrator.stop_all()
    assert {it["state"] for it in orchestrator.get_status()["services"].values()} == {"stopped"}
    assert read_json(state / "byteport_state.json")["services"]["web"]["state"] == "stopped"


def test_it_works_without_being_given_a_facade(home: Home, script: Path, capsys: pytest.CaptureFixture[str]) -> None:
    orchestrator = ServiceOrchestrator(OrchestratorConfig("alone", parallel_startup=True))
    orchestrator.add_service(ServiceConfig("api", [sys.executable, str(script)]))

    async def run() -> None:
        assert (await orchestrator.start_all()) is True
        orchestrator.print_status()
        assert (await orchestrator.stop_all()) is True

    asyncio.run(run())
    assert capsys.readouterr().out.startswith("api  running  healthy  ")


def test_one_that_fails_keeps_only_what_depends_on_it_from_starting(home: Home, script: Path) -> None:
    orchestrator = ServiceOrchestrator(OrchestratorConfig("broken", parallel_startup=True))
    run = [sys.executable, str(script)]
    orchestrator.add_service(ServiceConfig("needs", run), depends_on=["bad"])
    orchestrator.add_service(ServiceConfig("bad", [sys.executable, "-c", "raise SystemExit(3)"]))
    orchestrator.add_service(ServiceConfig("good", run))
    assert not orchestrator.start_all()
    states = {name: it["state"] for name, it in orchestrator.get_status()["services"].items()}
    assert (states["good"], states["needs"]) == ("running", "stopped")
    assert states["bad"] != "running"
    orchestrator.stop_all()


def test_a_dependency_that_nobody_knows_and_a_circle_are_told(home: Home) -> None:
    orchestrator = ServiceOrchestrator(OrchestratorConfig("odd"))
    orchestrator.add_service(ServiceConfig("a", ["true"]), depends_on=["b"])
    with pytest.raises(OrchestrationError, match="a depends on b, which is neither a service nor a resource"):
        orchestrator.start_all()
    orchestrator.add_service(ServiceConfig("b", ["true"]), depends_on=["a"])
    with pytest.raises(ConfigurationError, match=r"circle|each other|cycle"):
        orchestrator.start_all()


def test_a_resource_that_is_depended_on_has_to_be_there(home: Home, script: Path) -> None:
    orchestrator = ServiceOrchestrator(OrchestratorConfig("needy"))
    port = home.first_port + 41
    orchestrator.manager.add_resource(ResourceConfig("postgres", port=port))
    orchestrator.add_service(ServiceConfig("api", [sys.executable, str(script)]), depends_on=["postgres"])
    assert not orchestrator.start_all()
    home.serve(port)
    assert orchestrator.start_all()
    orchestrator.stop_all()


PROGRAM = """
import asyncio, signal, sys
from kinfra import OrchestratorConfig, ServiceConfig, run_orchestrator
services = [ServiceConfig("web", [sys.executable, sys.argv[1]]), ServiceConfig("api", [sys.executable, sys.argv[1]])]
def run():
    return run_orchestrator(OrchestratorConfig("whole"), services, {"web": ["api"]})
async def main():
    return await run()
# Where tests run in the background, a shell has Ctrl-C be ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)
print(bool({"plain": run, "awaited": lambda: asyncio.run(run()), "in a loop": lambda: asyncio.run(main())}[sys.argv[2]]()))
"""


@pytest.mark.parametrize("way", ["plain", "awaited", "in a loop"])
def test_a_whole_program_runs_until_ctrl_c_and_leaves_nothing(home: Home, script: Path, way: str) -> None:
    command = [sys.executable, "-c", PROGRAM, str(script), way]
    orchestrator = ServiceOrchestrator(OrchestratorConfig("whole"))

    def all_run() -> bool:
        services = orchestrator.load_state()["services"]
        return len(services) == 2 and all(it["health_status"] == "healthy" for it in services.values())

    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as program:
        try:
            wait_until("both to be healthy", all_run)
            assert started_in_order(home, "whole") == ["api", "web"]
            program.send_signal(signal.SIGINT)
            told, _ = program.communicate(timeout=30)
        finally:
            program.kill()
    assert {it["state"] for it in orchestrator.load_state()["services"].values()} == {"stopped"}
    # A program's own event loop tells it of Ctrl-C by an exception, when all has been put away.
    assert told == ("" if way == "in a loop" else "True\n")


def test_a_whole_program_whose_services_do_not_come_up_ends_with_no(home: Home, script: Path) -> None:
    services = [ServiceConfig("good", [sys.executable, str(script)]), ServiceConfig("bad", ["/bin/false"])]
    assert not run_orchestrator(OrchestratorConfig("whole"), services)
    left = ServiceOrchestrator(OrchestratorConfig("whole")).load_state()["services"]
    assert "running" not in {it["state"] for it in left.values()}
