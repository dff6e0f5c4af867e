"""One connection to the control socket: JSON in lines, an answer for each question, and updates for who watches."""

from __future__ import annotations

import json
import os
import socket
import time
from pathlib import Path
from typing import Any, Dict, Optional

from ._version import __version__
from .exceptions import EngineUnavailableError

PROTOCOL = 1


class Refused(Exception):
    """Nobody listens on the socket."""


class Connection:
    """Used by one thread, for one question or one watch."""

    def __init__(self, path: Path, timeout: float) -> None:
        self._deadline = time.monotonic() + timeout
        self._read = b""
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self._socket.settimeout(max(timeout, 0.001))
            self._socket.connect(str(path))
        except (FileNotFoundError, ConnectionRefusedError) as error:
            self._socket.close()
            raise Refused from error
        except OSError as error:
            self._socket.close()
            raise EngineUnavailableError(f"cannot reach the KInfra engine on {path}: {error}") from error

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._socket.close()

    def hello(self) -> Dict[str, Any]:
        """Who answers. Raises Refused when the other side is about to end, and says nothing any more."""
        try:
            self.ask("hello", {"protocol": PROTOCOL, "version": __version__, "pid": os.getpid()})
            frame = self.receive()
        except EngineUnavailableError as error:
            raise Refused from error
        if frame is None:
            raise EngineUnavailableError("the KInfra engine does not say a word: it may be stopped")
        answer: Dict[str, Any] = frame["reply"]["outcome"].get("ok", {})
        if answer.get("protocol") != PROTOCOL:
            raise EngineUnavailableError(
                f"the KInfra engine speaks version {answer.get('protocol')} of its protocol, this package {PROTOCOL}",
                hint="update the older of both: pip install --upgrade kinfra, or KInfra itself",
            )
        return answer

    def ask(self, command: str, params: Dict[str, Any]) -> None:
        """Sends a question; the answer comes by `receive`."""
        frame = {"id": 1, "command": command, "params": params}
        try:
            self._socket.sendall(json.dumps(frame).encode() + b"\n")
        except OSError as error:
            raise _gone() from error

    def receive(self) -> Optional[Dict[str, Any]]:
        """The next frame; None when the time is over."""
        while b"\n" not in self._read:
            left = self._deadline - time.monotonic()
            if left <= 0:
                return None
            self._socket.settimeout(left)
            try:
                data = self._socket.recv(1 << 16)
            except socket.timeout:
                return None
            except OSError as error:
                raise _gone() from error
            if not data:
                raise _gone()
            self._read += data
        line, self._read = self._read.split(b"\n", 1)
        frame: Dict[str, Any] = json.loads(line)
        return frame


def _gone() -> EngineUnavailableError:
    return EngineUnavailableError("the KInfra engine has ended, or closed the connection")
