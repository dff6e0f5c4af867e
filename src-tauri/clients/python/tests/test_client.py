from __future__ import annotations

import json
import os
import socket
import stat
import threading
from pathlib import Path
from typing import Any, Iterator, List

import pytest
from conftest import Home

from kinfra import EngineUnavailableError, KInfra, KInfraError, PortAllocationError
from kinfra._client import Client, apply
from kinfra._home import Home as Folders
from kinfra._siphash import siphash13


def test_where_nothing_runs_and_nothing_can_be_started_that_is_said(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KINFRA_BIN")
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(EngineUnavailableError, match=r"no KInfra engine runs.*KINFRA_BIN"):
        Client().snapshot()
    with pytest.raises(PortAllocationError, match="start the KInfra app"):
        KInfra().allocate_port("api")
    monkeypatch.setenv("KINFRA_BIN", "/nowhere/kinfra")
    with pytest.raises(EngineUnavailableError, match="KINFRA_BIN is /nowhere/kinfra"):
        Client().snapshot()


def test_a_program_that_starts_no_engine_is_told(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    program = home.folder / "kinfra"
    program.write_text("#!/bin/sh\nexit 3\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("KINFRA_BIN", str(program))
    with pytest.raises(EngineUnavailableError, match=r"none answers on .*kinfra host"):
        Client().snapshot()


def test_an_engine_that_is_there_is_used_and_many_calls_at_once_start_only_one(home: Home) -> None:
    pids: List[int] = []
    threads = [threading.Thread(target=lambda: pids.append(home.hello()["pid"])) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(pids) == 8 and len(set(pids)) == 1
    assert home.hello()["host"] == "headless"


def test_a_home_with_a_long_path_is_found(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    deep = home.folder / ("d" * 60) / ("e" * 60)
    monkeypatch.setenv("KINFRA_HOME", str(deep))
    port = KInfra().allocate_port("api")
    assert home.kinfra("port", "api", "--project", "python").strip() == str(port)
    assert str(Client().home.control_socket).startswith(f"/tmp/kinfra-{os.getuid()}/")


def test_the_folders_are_those_of_the_command() -> None:
    plain = Folders.from_environment({"HOME": "/home/me"})
    assert plain.control_socket == Path(f"/tmp/kinfra-{os.getuid()}/control.sock")
    assert plain.generated_projects == Path("/home/me/.local/state/kinfra/python")
    xdg = {"HOME": "/home/me", "XDG_RUNTIME_DIR": "/run/user/7", "XDG_STATE_HOME": "relative"}
    assert Folders.from_environment(xdg).control_socket == Path("/run/user/7/kinfra/control.sock")
    assert Folders.from_environment(xdg).state == Path("/home/me/.local/state/kinfra")
    own = Folders.from_environment({"KINFRA_HOME": "/k"})
    assert (own.state, own.runtime) == (Path("/k/state"), Path("/k/run"))


def test_the_hash_is_the_one_of_the_engine() -> None:
    # What Rust's DefaultHasher gives for nothing at all.
    assert siphash13(b"") == 0xD1FBA762150C532C


def test_what_the_engine_refuses_has_its_code_and_what_to_do(home: Home) -> None:
    with pytest.raises(KInfraError, match="no project is named nowhere") as told:
        Client().call("stack.start", {"project": "nowhere"})
    assert told.value.code == "unknown_project"
    assert told.value.hint is not None and "kinfra add" in told.value.hint
    with pytest.raises(KInfraError) as told:
        Client().call("no.such.command")
    assert told.value.code == "invalid_request"


@pytest.fixture
def stubborn(home: Home) -> Iterator[Any]:
    """What sits on the socket of an engine and says just what it is told to."""
    path = Client().home.control_socket
    path.parent.mkdir(parents=True)
    said: List[bytes] = []
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    for line in said:
                        connection.recv(1 << 16)
                        connection.sendall(line)
                    if said:
                        connection.recv(1 << 16)
                        connection.recv(1 << 16)

        threading.Thread(target=serve, daemon=True).start()
        yield said
        listener.shutdown(socket.SHUT_RDWR)
    path.unlink()


def hello(protocol: int) -> bytes:
    return json.dumps({"reply": {"id": 1, "outcome": {"ok": {"protocol": protocol}}}}).encode() + b"\n"


def test_an_engine_of_another_protocol_is_refused_by_its_number(stubborn: Any) -> None:
    stubborn.append(hello(9))
    with pytest.raises(EngineUnavailableError, match="version 9 of its protocol, this package 1"):
        Client().snapshot()


def test_an_engine_that_does_not_answer_is_given_up_in_time(stubborn: Any) -> None:
    stubborn.append(hello(1))
    with pytest.raises(EngineUnavailableError, match=r"no answer to stack\.start within 0\.2 s"):
        Client().call("stack.start", {}, timeout=0.2)
    assert Client().until(lambda state: True, timeout=0.2) is None


def test_updates_are_applied_to_the_state() -> None:
    state: Any = {}
    project = {"slug": "shop", "nodes": [{"name": "web", "phase": "stopped"}]}
    assert apply(state, {"type": "snapshot", "value": {"revision": 1, "projects": [project]}})

    def delta(**change: Any) -> Any:
        return {"type": "delta", "value": {"revision": 2, "change": change}}

    assert apply(state, delta(type="node", slug="shop", node={"name": "web", "phase": "running"}))
    assert state["projects"][0]["nodes"] == [{"name": "web", "phase": "running"}]
    assert apply(state, delta(type="project", project={"slug": "other", "nodes": []}))
    assert apply(state, delta(type="engine", engine={"pid": 1}))
    assert apply(state, delta(type="project_removed", slug="shop"))
    assert state == {"revision": 1, "projects": [{"slug": "other", "nodes": []}], "engine": {"pid": 1}}
    assert not apply(state, {"type": "notice", "value": {}})
    with pytest.raises(EngineUnavailableError, match="has ended"):
        apply(state, {"type": "ended"})
