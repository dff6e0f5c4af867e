"""What is sent and what is understood, against the committed twin of the engine's wire schema."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Set

import pytest
from conftest import REPOSITORY

import kinfra
from kinfra import (
    ConfigurationError,
    EngineUnavailableError,
    KInfraError,
    PortAllocationError,
    ServiceError,
    TunnelError,
)
from kinfra._client import _ERRORS, error_of, outcome

SCHEMA = (REPOSITORY / "ui/src/lib/rpc/rpc.ts").read_text()


def union(name: str) -> Set[str]:
    """The words of `export type NAME = "a" | "b";`."""
    found = re.search(rf'export type {name} = ((?:"\w+"(?: \| )?)+);', SCHEMA)
    assert found is not None, name
    return set(re.findall(r'"(\w+)"', found[1]))


def sent() -> Set[str]:
    """The commands that stand in the source."""
    assert kinfra.__file__ is not None
    text = "".join(path.read_text() for path in sorted(Path(kinfra.__file__).parent.rglob("*.py")))
    return set(re.findall(r'\.(?:call|ask)\(\s*"([a-z._]+)"', text))


def test_every_command_that_is_sent_is_one_of_the_engine() -> None:
    commands = set(re.findall(r'\{ "command": "([a-z._]+)"', SCHEMA))
    assert {"hello", "state.watch", "stack.start", "tunnel.share"} <= sent() <= commands


def test_every_code_that_has_an_exception_is_one_of_the_engine() -> None:
    assert set(_ERRORS) <= union("ErrorCode")


def test_every_code_of_a_pause_is_one_of_the_engine() -> None:
    from kinfra import _resources

    assert set(_resources._PAUSED) == {code for code in union("ErrorCode") if code.startswith("resource_paused")}


def test_every_word_of_a_state_is_one_of_the_engine() -> None:
    from kinfra import _outcomes, _sharing

    phases = set(_outcomes.ACTIVE) | {"waiting", "stopped", "exited", "failed", "crash_looping"}
    assert phases == union("Phase")
    assert union("Health") == {"unknown", "starting", "healthy", "degraded", "unhealthy"}
    assert {*_sharing.UP, *_sharing.BROKEN, "connecting"} == union("TunnelStatus")


@pytest.mark.parametrize(
    "code, expected",
    [
        ("port_taken", PortAllocationError),
        ("port_claimed", PortAllocationError),
        ("tunnel_refused", TunnelError),
        ("connector_missing", TunnelError),
        ("engine_unreachable", EngineUnavailableError),
        ("config_unknown_dependency", ConfigurationError),
        ("config_of_tomorrow", ConfigurationError),
        ("folder_missing", ConfigurationError),
        ("not_healthy", ServiceError),
        ("unknown_service", ServiceError),
        ("code_of_tomorrow", KInfraError),
    ],
)
def test_a_problem_of_the_engine_is_the_exception_of_its_kind(code: str, expected: type) -> None:
    first = {"code": code, "message": "the first", "hint": "do this"}
    with pytest.raises(KInfraError) as told:
        outcome({"failed": {"problems": [first, {"code": "io", "message": "the second"}]}})
    error = told.value
    assert type(error) is expected
    assert (error.code, error.hint, len(error.problems)) == (code, "do this", 2)
    assert str(error) == "the first; the second (do this)"


def test_a_refusal_without_a_reason_is_an_exception_all_the_same() -> None:
    assert type(error_of([])) is KInfraError
    assert str(error_of([]))
