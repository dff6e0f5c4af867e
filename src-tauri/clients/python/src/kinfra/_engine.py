"""Starts an engine without a desktop where none runs, as ``kinfra up -d`` does."""

from __future__ import annotations

import os
import select
import shutil
import subprocess
import threading
import time

from .exceptions import EngineUnavailableError

# As long as the kinfra command itself waits.
LONGEST_START = 15.0

_starting = threading.Lock()


def program() -> str:
    """The ``kinfra`` program: the one that ``KINFRA_BIN`` names, else the first one on the ``PATH``.

    Raises EngineUnavailableError when there is none.
    """
    named = os.environ.get("KINFRA_BIN")
    if named:
        if not os.access(named, os.X_OK):
            raise EngineUnavailableError(f"KINFRA_BIN is {named}, and that can't be run")
        return named
    found = shutil.which("kinfra")
    if found is None:
        raise EngineUnavailableError(
            "no KInfra engine runs, and there is no program kinfra to start one",
            hint="start the KInfra app, put the kinfra program on the PATH, or name it by KINFRA_BIN",
        )
    return found


def start() -> None:
    """Starts an engine in the background and returns when it answers, or has ended.

    Raises EngineUnavailableError when there is no program, or it can't be run.
    """
    with _starting:
        _start()


def _start() -> None:
    path = program()
    environment = dict(os.environ)
    # A service that starts an engine is not its parent: it would be ended with the service.
    environment.pop("KINFRA_RUN", None)
    try:
        child = subprocess.Popen(
            [path, "host", "--detached"],
            cwd="/",
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
    except OSError as error:
        raise EngineUnavailableError(f"cannot start {path}: {error}") from error
    # It lives on its own; only its end has to be seen by somebody.
    threading.Thread(target=child.wait, daemon=True, name="kinfra-engine").start()
    output = child.stdout
    if output is None:
        return
    with output:
        # It closes this when it answers; its end closes it too. Which of both it was is seen by asking.
        deadline = time.monotonic() + LONGEST_START
        while time.monotonic() < deadline:
            ready, _, _ = select.select([output], [], [], 0.1)
            if ready and not os.read(output.fileno(), 4096):
                return
