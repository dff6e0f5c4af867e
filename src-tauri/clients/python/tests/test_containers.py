"""A container of a Docker engine of the test's own, as the tests of Rust start theirs."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Iterator

import pytest
from conftest import REPOSITORY, Home, status_of, wait_until

from kinfra import ResourceManager, ServiceError
from kinfra.templates import resources

IMAGE = "kinfra-test"


class Docker:
    """One engine, with an image of a web server. No registry is asked."""

    def __init__(self, folder: Path, first_port: int) -> None:
        self.folder = folder
        self.host = f"unix://{folder}/docker.sock"
        # No other test has these ports, so none has these addresses.
        addresses = f"base=10.{first_port >> 8}.{first_port & 255}.0/24,size=28"
        command = ["dockerd", "--iptables=false", "--bridge", "none", "--shutdown-timeout", "10"]
        command += ["--data-root", f"{folder}/data", "--exec-root", f"{folder}/exec", "--pidfile", f"{folder}/pid"]
        command += ["--host", self.host, "--default-address-pool", addresses]
        environment = {name: value for name, value in os.environ.items() if name != "TEST_HOME"}
        with open(folder / "log", "w") as log:
            # However the test ends.
            command = ["setpriv", "--pdeathsig", "TERM", *command]
            self.engine = subprocess.Popen(command, stdout=log, stderr=log, env=environment)

    def comes_up(self) -> bool:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and self.engine.poll() is None:
            if self("version").returncode == 0:
                return True
            time.sleep(0.02)
        return False

    def __call__(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "DOCKER_HOST": self.host}
        return subprocess.run(["docker", *arguments], capture_output=True, text=True, env=environment, check=False)

    def said(self, *arguments: str) -> str:
        done = self(*arguments)
        assert done.returncode == 0, f"docker {arguments}: {done.stderr}"
        return done.stdout.strip()

    def close(self) -> None:
        if self.engine.poll() is None:
            everything = self("ps", "--all", "--quiet").stdout.split()
            if everything:
                self("rm", "--force", "--volumes", *everything)
            # They are the machine's, and would stay.
            self("network", "prune", "--force")
            self.engine.terminate()
            self.engine.wait(30)
        mounts = [line.split(" ")[1] for line in Path("/proc/mounts").read_text().splitlines()]
        for mount in mounts:
            if mount.startswith(f"{self.folder}/"):
                subprocess.run(["umount", mount], check=False)
        shutil.rmtree(self.folder, ignore_errors=True)


@pytest.fixture
def docker(home: Home, monkeypatch: pytest.MonkeyPatch) -> Iterator[Docker]:
    if os.geteuid() != 0:
        pytest.skip("only the superuser can start a Docker engine")
    missing = [name for name in ("docker", "dockerd", "setpriv", "apt-get") if shutil.which(name) is None]
    if missing:
        pytest.skip(f"not on this platform: {', '.join(missing)} is not there")
    engine = Docker(Path(tempfile.mkdtemp(prefix="kinfra-docker-")), home.first_port)
    try:
        if not engine.comes_up():
            log = (engine.folder / "log").read_text().splitlines()
            pytest.skip(f"not on this platform: no Docker engine can run here: {log[-1] if log else 'it said nothing'}")
        build = [str(REPOSITORY / "tests/fixtures/images/build"), "tiny", str(REPOSITORY / "target/images")]
        packed = subprocess.run(build, stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
        engine.said("load", "--quiet", "--input", packed)
        engine.said("tag", "kinfra-test/tiny", IMAGE)
        monkeypatch.setenv("DOCKER_HOST", engine.host)
        yield engine
    finally:
        with contextlib.suppress(Exception):
            home.quit()
        engine.close()


def test_a_container_listens_on_loopback_and_stays_with_its_data_when_it_is_stopped(home: Home, docker: Docker) -> None:
    port, data = home.first_port, home.folder / "data"
    manager = ResourceManager()
    config = resources.custom_docker(
        IMAGE,
        ports={port: 80},
        environment={"APP_PASSWORD": "hunter22"},
        volumes={str(data): "/kept", "more": "/more"},
        health_check_type="http",
        health_check_port=port,
        health_check_path="/",
        container_name="my-own",
        cleanup_on_stop=True,
    )
    manager.add_resource("web", config)
    assert manager.start_all()
    status = manager.get_status("web")
    assert (status["running"], status["healthy"], status["port"], status["error"]) == (True, True, port, None)
    assert status_of(f"http://127.0.0.1:{port}/") == 200
    container = status["container_id"]
    assert docker.said("ps", "--format", "{{.Names}}") == container == "kinfra-python-web"
    assert docker.said("port", container) == f"80/tcp -> 127.0.0.1:{port}"
    # The container has it, and no file of the project's and no command line.
    assert "APP_PASSWORD=hunter22" in docker.said("inspect", "--format", "{{.Config.Env}}", container)
    assert "hunter22" not in manager._project.file.read_text()
    for pid in home.processes():
        assert b"hunter22" not in Path(f"/proc/{pid}/cmdline").read_bytes()
    assert data.is_dir()
    mounted = docker.said("inspect", "--format", "{{range .Mounts}}{{.Destination}} {{end}}", container).split()
    assert sorted(mounted) == ["/kept", "/more"]

    made = docker.said("inspect", "--format", "{{.Id}}", container)
    assert manager.stop_all()
    # The engine's own list is a moment late.
    wait_until("the container to have ended", lambda: docker.said("ps", "--quiet") == "")
    assert docker.said("inspect", "--format", "{{.Id}}", container) == made, "a stop took the container away"
    assert manager.start_resource("web")
    assert docker.said("inspect", "--format", "{{.Id}}", container) == made

    # Other settings make another container, around the same volume.
    config["environment"] = {"APP_PASSWORD": "hunter22", "COLOR": "blue"}
    manager.add_resource("web", config)
    assert manager.start_resource("web")
    assert docker.said("inspect", "--format", "{{.Id}}", container) != made
    assert "COLOR=blue" in docker.said("inspect", "--format", "{{.Config.Env}}", container)
    assert docker.said("volume", "ls", "--quiet") == "kinfra-python-web-more"

    # One that ends is told of, and does not look as if it ran.
    docker.said("kill", container)
    wait_until("it to come up again", lambda: bool(manager.resources["web"].check_health()))
    assert manager.stop_all()


def test_an_image_that_is_nowhere_is_told(home: Home, docker: Docker) -> None:
    manager = ResourceManager()
    manager.add_resource("web", resources.custom_docker("127.0.0.1:1/nothing:1", port=home.first_port))
    with pytest.raises(ServiceError, match=r"the resource web did not come up: .*127\.0\.0\.1:1/nothing"):
        manager.start_all()
    assert manager.get_status("web")["running"] is False
