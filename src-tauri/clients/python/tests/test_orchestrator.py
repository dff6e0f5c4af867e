from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import List

import pytest
from conftest import Home, read_json

from kinfra import (
    ConfigurationError,
    KInfra,
    OrchestrationError,
    OrchestratorConfig,
    ResourceConfig,
    ServiceConfig,
    ServiceOrchestrator,
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
