from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from conftest import Home, status_of, wait_until

from kinfra import KInfra, ServiceConfig, ServiceManager
from kinfra._sharing import look_after

KEYS = ["service_name", "port", "status", "healthy", "checks", "message"]


def test_an_unknown_name_is_not_found(home: Home) -> None:
    told = KInfra().health_check("nobody")
    assert list(told) == KEYS
    assert (told["status"], told["healthy"], told["port"]) == ("not_found", False, None)
    assert told["checks"] == {"port_bound": False, "tunnel": False}


def test_a_server_of_the_caller_is_healthy_while_it_answers(home: Home) -> None:
    facade = KInfra()
    port = facade.allocate_port("api")
    told = facade.health_check("api")
    assert (told["status"], told["message"]) == ("unhealthy", f"nothing listens on port {port}")
    server = home.serve(port)
    told = facade.health_check("api")
    assert (told["status"], told["healthy"], told["port"]) == ("healthy", True, port)
    assert told["checks"] == {"port_bound": True, "tunnel": False}
    server.kill()
    server.wait()
    assert facade.health_check("api")["status"] == "unhealthy"


def test_a_service_of_kinfra_is_unknown_on_its_way_up_then_healthy_then_not(home: Home, script: Path) -> None:
    wait = "import os, time\nwhile not os.path.exists('go'): time.sleep(0.02)\n"
    slow = f"{wait}exec(open({str(script)!r}).read())"
    manager = ServiceManager(KInfra())
    manager.add_service(ServiceConfig("api", [sys.executable, "-c", slow], health_check_interval=0.2))
    manager._write(["api"])
    home.client.call("stack.start", {"project": "python", "services": ["api"]})
    assert manager.kinfra.health_check("api")["status"] == "unknown"
    (home.folder / "go").touch()
    wait_until("it to be healthy", lambda: manager.kinfra.health_check("api")["healthy"])
    pid = manager.get_status()["services"]["api"]["pid"]
    os.kill(pid, signal.SIGSTOP)
    wait_until("it not to answer", lambda: manager.kinfra.health_check("api")["status"] != "healthy")
    os.kill(pid, signal.SIGCONT)
    wait_until("it to be healthy again", lambda: manager.kinfra.health_check("api")["healthy"])
    manager.stop_service("api")
    assert manager.kinfra.health_check("api")["status"] == "unhealthy"


def test_a_server_of_the_caller_is_looked_after_wherever_it_is_first_and_never_ended(home: Home) -> None:
    facade = KInfra()
    port = facade.allocate_port("api")
    proxy = home.hello()["proxy_port"]

    def through_proxy() -> bool:
        return status_of(f"http://127.0.0.1:{proxy}/", "api.python.localhost") == 200

    # It comes after its name is looked after…
    look_after(facade.registry._project, "api")
    assert not through_proxy()
    server = home.serve(port)
    wait_until("the server to be led to", through_proxy)
    # …and is there before.
    home.kinfra("down", "--project", "python")
    assert server.poll() is None
    look_after(facade.registry._project, "api")
    proxy = home.hello()["proxy_port"]
    wait_until("the server to be led to again", through_proxy)
    assert facade.get_service_info("api").pid == server.pid  # type: ignore[union-attr]
    assert facade.registry.unregister_service("api")
    home.quit()
    assert server.poll() is None
    assert status_of(f"http://127.0.0.1:{port}/") == 200
