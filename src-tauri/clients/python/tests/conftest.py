"""A KInfra of each test's own: an empty home, a range of ports, and nothing left when the test has ended."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Optional, TextIO, TypeVar

import pytest

from kinfra import smart_infra_manager
from kinfra._client import Client

Found = TypeVar("Found")

REPOSITORY = Path(__file__).resolve().parents[4]
# By it everything that a test starts is found again, as in the tests of Rust.
MARK = "TEST_HOME"
SOON = 30.0

# Between the ports that KInfra chooses by default and those that the kernel gives to outgoing connections; the same
# ranges and locks as the tests of Rust take.
FIRST, PER_RANGE, RANGES = 29_000, 50, 74
USUAL_RANGE = smart_infra_manager._RANGE


def program(name: str) -> Path:
    """A program of the workspace: beside the one that KINFRA_BIN names, else in target/debug."""
    named = os.environ.get("KINFRA_BIN")
    folder = Path(named).parent if named else REPOSITORY / os.environ.get("CARGO_TARGET_DIR", "target") / "debug"
    path = folder / name
    assert path.is_file(), f"{path} is not built; run ./dev test, or: cargo build --workspace --bins"
    return path


def wait_for(what: str, find: Callable[[], Optional[Found]]) -> Found:
    """What `find` gives as soon as it is not None, nor False."""
    deadline = time.monotonic() + SOON
    while True:
        found = find()
        if found is not None and found is not False:
            return found
        assert time.monotonic() < deadline, f"waited {SOON:g} s in vain for {what}"
        time.sleep(0.02)


def wait_until(what: str, test: Callable[[], bool]) -> None:
    wait_for(what, lambda: test() or None)


class Home:
    """One test's KInfra."""

    def __init__(self, folder: Path, first_port: int) -> None:
        self.folder = folder
        self.first_port = first_port
        self.client = Client()
        self._servers: List[subprocess.Popen[bytes]] = []

    @property
    def config(self) -> Path:
        return self.folder / "home" / "config"

    def kinfra(self, *arguments: str) -> str:
        """What the command prints, which has to succeed."""
        done = subprocess.run([program("kinfra"), *arguments], capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, f"kinfra {arguments}: {done.stdout}{done.stderr}"
        return done.stdout

    def wait_for_log(self, project: str, service: str, line: str) -> None:
        """What a service prints is in its log a moment later."""
        wait_until(f"{service} to print {line}", lambda: line in self.kinfra("logs", service, "--project", project))

    def hello(self) -> Any:
        return self.client.call("hello", {"protocol": 1, "version": "test", "pid": os.getpid()})

    def kill_engine(self) -> None:
        pid = self.hello()["pid"]
        os.kill(pid, signal.SIGKILL)
        wait_until("a killed engine to be gone", lambda: not self.client.is_there())

    def quit(self) -> None:
        """Ends the engine, and all that it runs."""
        if not self.client.is_there():
            return
        pid = self.hello()["pid"]
        self.client.call("engine.quit", {"mode": "stop_services"})
        wait_until("the engine to be gone", lambda: pid not in self.processes())

    def serve(self, port: int) -> subprocess.Popen[bytes]:
        """A server that the test runs, and KInfra does not."""
        command = [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1"]
        # It is no child of the home: only this test ends it.
        environment = {name: value for name, value in os.environ.items() if name != MARK}
        nowhere = subprocess.DEVNULL
        server = subprocess.Popen(command, cwd=self.folder, env=environment, stdout=nowhere, stderr=nowhere)
        self._servers.append(server)
        wait_until("a server to answer", lambda: status_of(f"http://127.0.0.1:{port}/") == 200)
        return server

    def processes(self) -> Dict[int, str]:
        """Everything that was started from here and lives."""
        found = {}
        mark = f"{MARK}={self.folder}".encode()
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit() or int(entry.name) == os.getpid():
                continue
            with contextlib.suppress(OSError):
                # A zombie has neither any more, and a keeper no environment from the start.
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                if f"{self.folder}/" in command or mark in (entry / "environ").read_bytes().split(b"\0"):
                    found[int(entry.name)] = command
        return found

    def close(self) -> None:
        for server in self._servers:
            server.kill()
            server.wait()
        with contextlib.suppress(Exception):
            self.quit()

        def all_gone() -> bool:
            left = self.processes()
            for pid in left:
                with contextlib.suppress(OSError):
                    os.kill(pid, signal.SIGKILL)
            return not left

        wait_until("the processes of a test to end", all_gone)
        shutil.rmtree(self.folder, ignore_errors=True)


class Cloudflare:
    """The whole of it that the tests of Rust have, on loopback."""

    def __init__(self, told: Dict[str, Any]) -> None:
        self.told = told

    def state(self) -> Any:
        return self._ask("/state", None)

    def order(self, **what: Any) -> None:
        self._ask("/control", json.dumps(what).encode())

    def _ask(self, path: str, data: Optional[bytes]) -> Any:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(self.told["control"] + path, data) as answer:
            text = answer.read()
        return json.loads(text) if data is None else None

    def visit(self, url: str) -> int:
        """The status that a visitor from outside gets."""
        command = ["curl", "--silent", "--output", os.devnull, "--write-out", "%{http_code}", "--noproxy", "*"]
        command += ["--cacert", self.told["authority"], "--connect-to", f"::{self.told['visitors']}", url]
        return int(subprocess.run(command, capture_output=True, text=True, check=False).stdout or 0)


def status_of(url: str, host: Optional[str] = None) -> Optional[int]:
    """The status that a URL answers with; None when nobody does."""
    request = urllib.request.Request(url, headers={"Host": host} if host else {})
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=5) as answer:
            status: int = answer.status
            return status
    except urllib.error.HTTPError as error:
        with error:
            return error.code
    except OSError:
        return None


def take_ports() -> tuple[TextIO, int]:
    folder = Path(tempfile.gettempdir()) / f"kinfra-tests-{os.getuid()}"
    folder.mkdir(exist_ok=True)
    for number in reversed(range(RANGES)):
        file = open(folder / f"ports-{number}", "w")  # noqa: SIM115 # it is the lock
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.close()
            continue
        return file, FIRST + number * PER_RANGE
    raise AssertionError(f"no range of ports is free; see {folder}")


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    lock, first = take_ports()
    folder = Path(tempfile.mkdtemp(prefix="kinfra-test-"))
    kinfra = program("kinfra")
    for name in list(os.environ):
        if name.startswith(("KINFRA_", "XDG_", "ATOMS_")) or name in ("AUTO_TUNNEL", "PORT"):
            monkeypatch.delenv(name)
    (folder / "user").mkdir()
    variables = {
        "KINFRA_BIN": str(kinfra),
        "KINFRA_HOME": str(folder / "home"),
        "KINFRA_PROXY_PORT": "0",
        "KINFRA_PORT_RANGE": f"{first}-{first + PER_RANGE - 1}",
        "HOME": str(folder / "user"),
        MARK: str(folder),
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    # That of legacy projects is the same for all; tests that run side by side are to have no port in common.
    monkeypatch.setattr(smart_infra_manager, "_RANGE", (first, first + PER_RANGE - 1))
    monkeypatch.chdir(folder)
    home = Home(folder, first)
    try:
        yield home
    finally:
        home.close()
        lock.close()


@pytest.fixture
def cloudflare(home: Home) -> Iterator[Cloudflare]:
    process = subprocess.Popen([program("fake-cloudflare")], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    told = json.loads(process.stdout.readline())
    programs = home.folder / "programs"
    programs.mkdir()
    (programs / "cloudflared").symlink_to(program("fake-cloudflared"))
    keys = ("api", "quick_service", "edge", "visitors", "authority")
    settings = {"program": str(programs / "cloudflared"), **{key: told[key] for key in keys}}
    home.config.mkdir(parents=True)
    (home.config / "settings.yaml").write_text(json.dumps({"cloudflare": settings}))
    try:
        yield Cloudflare(told)
    finally:
        home.close()
        process.send_signal(signal.SIGTERM)
        process.wait()
        process.stdout.close()


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """A skipped test proves nothing, so `./dev test` lists it."""
    path = os.environ.get("KINFRA_SKIPS")
    if path and report.skipped:
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        with open(path, "a") as skips:
            skips.write(f"{report.nodeid}: {reason.removeprefix('Skipped: ')}\n")


SERVER = """
import http.server, os, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write((os.environ.get("GREETING", "hello") + " " + self.path).encode())
    def log_message(self, *words):
        print("served", self.path, flush=True)
http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
"""


@pytest.fixture
def script(home: Home) -> Path:
    """A server in a file of its own, which answers everything with 200."""
    path = home.folder / "app" / "server.py"
    path.parent.mkdir()
    path.write_text(SERVER)
    return path


def read_json(path: Path) -> Any:
    return json.loads(path.read_text())
