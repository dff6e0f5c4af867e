"""Names whose project `kinfra migrate` gave a `kinfra.yaml` of its own: old scripts go on with the service there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Dict, List, Tuple

import pytest
from conftest import MARK, SERVER, Cloudflare, Home, program, status_of, wait_until

from kinfra import ConfigurationError, KInfra, PortAllocationError, smart_infra_manager
from kinfra.smart_infra_manager import SmartInfraManager, get_smart_infra_manager


def manager(project: str = "atoms_mcp", domain: str = "kooshapari.com") -> SmartInfraManager:
    with pytest.warns(DeprecationWarning):
        return get_smart_infra_manager(project, domain)


class Atoms:
    """A project as KInfra 1.0 left it, in a folder whose name is not the one in calls."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.port = home.first_port + 7
        self.folder = home.folder / "user" / "atoms"
        self.folder.mkdir()
        self.script = self.folder / "start_server.py"
        self.script.write_text(SERVER)
        self.keep("atoms_mcp", self.port)

    @property
    def file(self) -> Path:
        return self.folder / "kinfra.yaml"

    def keep(self, project: str, port: int, **more: Any) -> None:
        """As the manager of that version did."""
        kept = self.home.folder / "user" / ".kinfra_smart_infra" / f"{project}_config.json"
        kept.parent.mkdir(exist_ok=True)
        kept.write_text(json.dumps({"project_name": project, "assigned_port": port, **more}))

    def migrate(self) -> bytes:
        """What it wrote."""
        self.home.kinfra("migrate", "--yes", "--from", str(self.home.folder / "user"), str(self.folder))
        return self.file.read_bytes()

    def use(self) -> None:
        """Of a configuration that was written by hand since."""
        self.home.kinfra("add", str(self.folder))


@pytest.fixture
def atoms(home: Home, monkeypatch: pytest.MonkeyPatch) -> Atoms:
    atoms = Atoms(home)
    # That of the library, which is one port as well, is the same for all tests.
    monkeypatch.setitem(smart_infra_manager._RANGES, "atoms_mcp", (atoms.port, atoms.port))
    return atoms


def generated(home: Home) -> List[str]:
    folder = home.folder / "home" / "state" / "python"
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*")) if folder.is_dir() else []


def test_a_moved_project_keeps_its_port_and_a_script_starts_and_stops_its_own_service(home: Home, atoms: Atoms) -> None:
    written = atoms.migrate()
    it = manager()
    assert it.allocate_persistent_port() == atoms.port
    config = it.get_project_config()
    assert (config["project_name"], config["assigned_port"]) == ("atoms_mcp", atoms.port)
    assert (config["server_running"], config["process_pid"], config["tunnel_url"]) == (False, None, None)
    assert it.stop_test_server() is False

    assert it.setup_infrastructure(start_server=True) == (atoms.port, None)
    status = json.loads(home.kinfra("status", "--project", "atoms", "--json"))
    assert [(node["name"], node["phase"], node["health"]) for node in status["nodes"]] == [
        ("server", "running", "healthy")
    ]
    config = manager().get_project_config()
    assert (config["server_running"], config["process_pid"]) == (True, status["nodes"][0]["pid"])
    assert "start_server.py --port" in home.processes()[config["process_pid"]]
    assert it.get_port_occupant(atoms.port)["is_our_project"] is True  # type: ignore[index]
    # Again, and by another program: it is the same server.
    assert manager().start_test_server(atoms.port) is True
    assert manager().get_project_config()["process_pid"] == config["process_pid"]

    assert it.stop_test_server() is True
    assert it.stop_test_server() is False
    assert status_of(f"http://127.0.0.1:{atoms.port}/health") is None
    assert manager().start_test_server(atoms.port, str(atoms.script)) is True
    assert len(it.kill_our_project_processes()) == 1
    assert it.is_port_available(atoms.port)
    assert it.allocate_persistent_port() == atoms.port
    assert (atoms.file.read_bytes(), generated(home)) == (written, [])


def test_what_the_caller_saves_is_kept_beside_and_never_in_the_users_folder(home: Home, atoms: Atoms) -> None:
    atoms.migrate()
    before = sorted(atoms.folder.iterdir())
    it = manager()
    it.save_project_config({**it.get_project_config(), "mine": "x"})
    config = manager().get_project_config()
    assert (config["mine"], config["assigned_port"]) == ("x", atoms.port)
    assert manager().allocate_persistent_port() == atoms.port
    assert sorted(atoms.folder.iterdir()) == before


def test_another_script_or_port_than_the_configured_is_refused_with_what_to_do(home: Home, atoms: Atoms) -> None:
    written = atoms.migrate()
    it = manager()
    other = atoms.folder / "other_server.py"
    other.write_text(SERVER)
    with pytest.raises(ConfigurationError, match=r"other_server.py can't be run .* server of .*kinfra.yaml") as refused:
        it.start_test_server(atoms.port, str(other))
    assert refused.value.hint == "write this script there as `run` of server, or name none"
    # Of another project.
    namesake = home.folder / "start_server.py"
    namesake.write_text(SERVER)
    with pytest.raises(ConfigurationError, match="can't be run"):
        it.start_test_server(atoms.port, str(namesake))
    with pytest.raises(ConfigurationError, match=f"has port {atoms.port}, not {atoms.port + 1}") as refused:
        it.start_test_server(atoms.port + 1)
    assert f"kinfra ports move server --to {atoms.port + 1} --project atoms" in str(refused.value)
    assert it.get_project_config()["server_running"] is False
    assert atoms.file.read_bytes() == written


def test_a_server_that_does_not_come_up_is_told(home: Home, atoms: Atoms, caplog: pytest.LogCaptureFixture) -> None:
    atoms.script.write_text("raise SystemExit('no license')")
    atoms.migrate()
    assert manager().start_test_server(atoms.port) is False
    assert "the server of atoms_mcp did not come up" in caplog.text
    assert "no license" in caplog.text


def test_a_name_is_found_by_the_port_that_it_had_whatever_its_project_is_called_since(home: Home, atoms: Atoms) -> None:
    written = atoms.migrate().decode()
    atoms.file.write_text(written.replace("project: atoms", "project: molecules"))
    atoms.use()
    it = manager()
    assert it.allocate_persistent_port() == atoms.port
    assert it.start_test_server(atoms.port) is True
    assert it.stop_test_server() is True


def test_a_service_that_is_called_otherwise_since_is_meant_with_the_port_that_it_has_now(
    home: Home, atoms: Atoms
) -> None:
    written = atoms.migrate().decode()
    elsewhere = f"{home.first_port + 20}-{home.first_port + 29}"
    atoms.file.write_text(written.replace("50002-50002", elsewhere).replace("server:", "mcp:"))
    atoms.use()
    it = manager()
    port = it.allocate_persistent_port()
    assert port == int(home.kinfra("port", "mcp", "--project", "atoms"))
    assert it.start_test_server(port) is True
    assert it.stop_test_server() is True


def test_a_configuration_that_is_broken_is_told_and_nothing_is_generated_beside_it(home: Home, atoms: Atoms) -> None:
    atoms.migrate()
    atoms.file.write_text("services: 7\n")
    home.quit()
    with pytest.raises(PortAllocationError, match=r"server of .*/atoms/kinfra.yaml has no port: .*services"):
        manager().allocate_persistent_port()
    assert generated(home) == []


SERVICES: Dict[str, Tuple[Dict[str, Any], str]] = {
    "the one that is named so": ({"api": {"run": "x"}, "server": {"run": "x"}, "web": {"run": "x"}}, "server"),
    "the only one with a port": ({"api": {"run": "x"}, "worker": {"run": "x", "port": "none"}}, "api"),
    "the main one": ({"api": {"run": "x", "route": "/"}, "db": {"run": "x"}, "web": {"run": "x"}}, "api"),
    "the main one by its name": ({"api": {"run": "x"}, "web": {"run": "x"}}, "web"),
}


@pytest.mark.parametrize("which", SERVICES)
def test_a_project_of_the_name_has_the_names_server(home: Home, which: str) -> None:
    services, expected = SERVICES[which]
    folder = home.folder / "somewhere"
    folder.mkdir()
    (folder / "kinfra.yaml").write_text(json.dumps({"project": "My Shop", "services": services}))
    home.kinfra("add", str(folder))
    port = int(home.kinfra("port", expected, "--project", "my-shop"))
    assert [manager(name).allocate_persistent_port() for name in ("My Shop", "my_shop")] == [port, port]
    assert generated(home) == []
    assert manager("shop").allocate_persistent_port() != port


def test_a_project_of_the_name_that_serves_nothing_is_another(home: Home) -> None:
    folder = home.folder / "shop"
    folder.mkdir()
    services = {"jobs": {"run": "x", "port": "none"}}
    (folder / "kinfra.yaml").write_text(json.dumps({"services": services}))
    home.kinfra("add", str(folder))
    it = manager("shop")
    assert it.allocate_persistent_port() == it.get_project_config()["assigned_port"]
    assert "kinfra.yaml" in " ".join(generated(home))


def test_what_was_generated_before_stays_what_is_meant(home: Home, script: Path) -> None:
    port = manager("shop").allocate_persistent_port()
    folder = home.folder / "shop"
    folder.mkdir()
    (folder / "kinfra.yaml").write_text(json.dumps({"services": {"server": {"run": "x"}}}))
    home.kinfra("add", str(folder))
    it = manager("shop")
    assert it.allocate_persistent_port() == port
    assert it.start_test_server(port, str(script)) is True


INSIDE = """
import json, os, sys
from kinfra.smart_infra_manager import get_smart_infra_manager
it = get_smart_infra_manager("atoms_mcp")
port = it.allocate_persistent_port()
told = [it.kill_our_project_processes(), it.stop_test_server(), it.start_test_server(port)]
told += [it.get_project_config()["process_pid"], port]
print("told", json.dumps(told), flush=True)
"""


def test_the_service_itself_may_ask_and_neither_ends_nor_starts_itself(home: Home, atoms: Atoms) -> None:
    atoms.script.write_text(INSIDE + SERVER)
    written = atoms.migrate().decode()
    # As where the engine is the user's usual one: it is not told to services.
    shell = (
        f"env KINFRA_HOME={home.folder / 'home'} KINFRA_BIN={program('kinfra')} PYTHONWARNINGS=ignore {sys.executable}"
    )
    atoms.file.write_text(written.replace("run: python3", f"run: {shell}"))
    atoms.use()
    assert manager().start_test_server(atoms.port) is True
    home.wait_for_log("atoms", "server", f"told [[], false, false, null, {atoms.port}]")
    assert status_of(f"http://127.0.0.1:{atoms.port}/health") == 200


def test_it_is_made_public_through_the_engine_by_the_name_that_is_written_there(
    home: Home, atoms: Atoms, cloudflare: Cloudflare, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = atoms.migrate()
    monkeypatch.setenv("AUTO_TUNNEL", "yes")
    it = manager()
    port, url = it.setup_infrastructure(start_server=True)
    assert url is not None and url.endswith(".trycloudflare.com")
    wait_until("visitors to get through", lambda: cloudflare.visit(f"{url}/health") == 200)
    assert it.get_project_config()["tunnel_url"] == url
    assert it.start_cloudflare_tunnel(port) == url
    assert [found["url_arg"] for found in it.get_existing_cloudflared_processes()] == [url]
    assert it.kill_tunnel_for_port(port + 1) is False
    assert it.kill_tunnel_for_port(port) is True
    assert it.kill_tunnel_for_port(port) is False
    assert it.get_project_config()["tunnel_url"] is None
    assert atoms.file.read_bytes() == written


def test_a_domain_that_is_not_written_there_is_refused_and_one_that_is_leads_there(
    home: Home,
    atoms: Atoms,
    cloudflare: Cloudflare,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setenv("KINFRA_SECRET_CLOUDFLARE_MAIN", cloudflare.told["token"])
    written = atoms.migrate().decode()
    atoms.file.write_text(written + "    public: {host: atoms.example.com, when_stopped: withdraw}\n")
    atoms.use()
    assert manager(domain="shop.example.com").start_cloudflare_tunnel(atoms.port) is None
    assert "write `public: shop.example.com` there" in caplog.text
    home.kinfra("accounts", "add", "main", "--stored")
    it = manager(domain="atoms.example.com")
    assert it.start_test_server(atoms.port) is True
    assert it.start_cloudflare_tunnel(atoms.port) == "https://atoms.example.com"
    wait_until("visitors to get through", lambda: cloudflare.visit("https://atoms.example.com/health") == 200)
    assert manager().start_cloudflare_tunnel(atoms.port) == "https://atoms.example.com"


def test_a_program_of_its_own_gets_the_port_without_its_old_files(home: Home, atoms: Atoms) -> None:
    atoms.migrate()
    nobody = home.folder / "nobody"
    nobody.mkdir()
    code = (
        "from kinfra import smart_infra_manager as it; "
        f"it._RANGES['atoms_mcp'] = ({atoms.port}, {atoms.port}); "
        "print(it.get_smart_infra_manager('atoms_mcp').allocate_persistent_port())"
    )
    environment = {**os.environ, "HOME": str(nobody), "PYTHONWARNINGS": "ignore"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == str(atoms.port), done.stderr


def test_a_server_of_the_former_version_that_runs_is_told_and_never_ended(home: Home, atoms: Atoms) -> None:
    # It is no child of the home: only this test ends it.
    environment = {**{name: value for name, value in os.environ.items() if name != MARK}, "PORT": str(atoms.port)}
    with subprocess.Popen(
        [sys.executable, str(atoms.script)], cwd=atoms.folder, env=environment, stdout=subprocess.DEVNULL
    ) as server:
        try:
            wait_until("it to answer", lambda: status_of(f"http://127.0.0.1:{atoms.port}/health") == 200)
            noted = {"server_running": True, "process_pid": server.pid, "server_start_time": time.time()}
            atoms.keep("atoms_mcp", atoms.port, **noted)
            atoms.migrate()
            it = manager()
            assert it.allocate_persistent_port() == atoms.port
            assert it.start_test_server(atoms.port) is True
            config = it.get_project_config()
            assert (config["server_running"], config["process_pid"]) == (True, server.pid)
            assert (it.stop_test_server(), it.kill_our_project_processes()) == (False, [])
            home.quit()
            assert server.poll() is None
        finally:
            server.kill()


def test_a_moved_project_without_a_folder_is_the_generated_one_as_ever(home: Home, atoms: Atoms, script: Path) -> None:
    port = home.first_port + 8
    atoms.keep("pilot", port)
    atoms.migrate()
    it = manager("pilot")
    assert it.allocate_persistent_port() == port
    assert it.config_dir == home.folder / "home" / "state" / "python" / "pilot"
    assert it.start_test_server(port, str(script)) is True
    assert manager().get_project_config()["server_running"] is False


def test_a_name_of_the_registry_that_became_such_a_service_has_another_port_and_leaves_it_its_own(
    home: Home, atoms: Atoms
) -> None:
    registry = home.folder / "user" / ".kinfra" / "port_registry.json"
    registry.parent.mkdir()
    registry.write_text(json.dumps({"services": {"atoms-server": {"assigned_port": atoms.port}}}))
    atoms.migrate()
    facade = KInfra()
    assert facade.get_service_port("atoms-server") is None
    port = facade.allocate_port("atoms-server")
    assert port != atoms.port
    assert facade.get_service_port("atoms-server") == port
    assert manager().allocate_persistent_port() == atoms.port


def test_a_project_whose_folder_is_moved_later_is_meant_from_then_on(home: Home, atoms: Atoms) -> None:
    # As the window does it at first start: no folder is known yet.
    nothing = home.folder / "nothing"
    nothing.mkdir()
    home.kinfra("migrate", "--yes", "--from", str(home.folder / "user"), str(nothing))
    assert manager().allocate_persistent_port() == atoms.port
    assert "kinfra.yaml" in " ".join(generated(home))
    written = atoms.migrate()
    assert manager().allocate_persistent_port() == atoms.port
    assert "kinfra.yaml" not in " ".join(generated(home))
    assert manager().start_test_server(atoms.port, str(atoms.script)) is True
    status = json.loads(home.kinfra("status", "--project", "atoms", "--json"))
    assert status["nodes"][0]["phase"] == "running"
    assert manager().stop_test_server() is True
    assert atoms.file.read_bytes() == written
