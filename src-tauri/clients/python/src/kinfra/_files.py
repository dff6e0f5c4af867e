"""Files that several processes write: replaced whole, and changed by one at a time."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from pathlib import Path
from typing import Iterator

from .exceptions import EngineUnavailableError, KInfraError


def make_folder(folder: Path) -> None:
    """For this user alone."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def replace(path: Path, text: str) -> None:
    """Writes a file so that nobody ever sees a part of it, for this user alone, and durably."""
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with open(handle, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            os.replace(name, path)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(name)
            raise
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise KInfraError(f"cannot write {path}: {error}") from error


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Holds a lock file, against other threads and other processes; the system gives it back however we end."""
    if sys.platform == "win32":
        raise EngineUnavailableError("there is no KInfra engine for Windows yet")
    import fcntl

    try:
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise KInfraError(f"cannot lock {path}: {error}") from error
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
    finally:
        os.close(file)
