"""Public URLs, by the stand-ins that the tests of Rust have: a whole Cloudflare on loopback, and its cloudflared."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from conftest import Cloudflare, Home, status_of, wait_until

from kinfra import (
    KInfra,
    PortRegistry,
    ServiceConfig,
    ServiceManager,
    TunnelError,
    TunnelManager,
    get_smart_infra_manager,
)


def cloudflareds(home: Home) -> int:
    return sum("programs/cloudflared" in command for command in home.processes().values())


def test_a_server_of_the_caller_is_public_by_a_quick_tunnel_until_that_is_ended(
    home: Home, cloudflare: Cloudflare
) -> None:
    facade = KInfra()
    told = facade.allocate_and_tunnel("api")
    assert set(told) == {"service_name", "port", "tunnel_info", "url", "hostname"}
    info = told["tunnel_info"]
    assert told["url"] == f"https://{info.hostname}" and info.hostname.endswith(".trycloudflare.com")
    assert (info.port, info.status, cloudflareds(home)) == (told["port"], "running", 1)
    assert info.process_pid in home.processes()
    # The server may come later than its tunnel; until then visitors see a page.
    assert cloudflare.visit(told["url"]) == 503
    server = home.serve(told["port"])
    wait_until("visitors to get through", lambda: cloudflare.visit(told["url"]) == 200)
    assert facade.get_service_url("api") == told["url"]
    status = facade.get_tunnel_status("api")
    assert (status["url"], status["tunnel_running"], status["tunnel_healthy"]) == (told["url"], True, True)
    health = facade.health_check("api")
    assert (health["status"], health["checks"]) == ("healthy", {"port_bound": True, "tunnel": True})
    assert facade.list_services()["api"]["hostname"] == info.hostname

    assert facade.cleanup("api") is True
    wait_until("cloudflared to be gone", lambda: cloudflareds(home) == 0)
    assert cloudflare.visit(told["url"]) != 200
    assert server.poll() is None
    assert facade.get_service_port("api") == told["port"]
    assert facade.get_service_url("api") == f"http://127.0.0.1:{told['port']}"
    assert facade.get_tunnel_status("api")["tunnel_running"] is False


def test_a_tunnel_that_is_lost_is_told_and_leaving_the_facade_ends_its_own_alone(
    home: Home, cloudflare: Cloudflare
) -> None:
    with KInfra() as other:
        other_url = other.allocate_and_tunnel("other")["url"]
        with KInfra() as facade:
            port = facade.allocate_port("api")
            home.serve(port)
            facade.start_tunnel("api", port)
            cloudflared = facade.get_tunnel_status("api")
            assert cloudflared["tunnel_healthy"]
            cloudflare.order(do="lose")
            wait_until("the loss to be told", lambda: facade.health_check("api")["status"] == "degraded")
            assert facade.health_check("api")["checks"] == {"port_bound": True, "tunnel": False}
            cloudflare.order(do="come_back")
            wait_until("it to be back", lambda: facade.health_check("api")["status"] == "healthy")
        assert KInfra().get_tunnel_status("api")["url"] is None
        assert KInfra().get_tunnel_status("other")["url"] == other_url
        wait_until("its own to be gone", lambda: cloudflareds(home) == 1)
    wait_until("all to be gone", lambda: cloudflareds(home) == 0)


def test_names_of_ones_own_are_made_by_the_account_and_others_records_stay(
    home: Home, cloudflare: Cloudflare, monkeypatch: pytest.MonkeyPatch, script: Path
) -> None:
    monkeypatch.setenv("KINFRA_SECRET_CLOUDFLARE_MAIN", cloudflare.told["token"])
    cloudflare.order(do="add_record", type="A", name="old.example.com", content="192.0.2.1")
    facade = KInfra("shop.example.com")
    port = facade.allocate_port("web")
    home.kinfra("accounts", "add", "main", "--stored")
    home.serve(port)
    info = facade.start_tunnel("web", port)
    assert info.hostname == "shop.example.com"
    wait_until("visitors to get through", lambda: cloudflare.visit("https://shop.example.com/") == 200)

    manager = ServiceManager(facade)
    run = [sys.executable, str(script)]
    config = ServiceConfig("api", run, enable_tunnel=True, tunnel_domain="shop.example.com", path_prefix="/api")
    manager.add_service(config)
    manager.start_service("api")
    wait_until("the path to be public", lambda: facade.get_service_url("api") == "https://shop.example.com/api")
    wait_until("visitors of the path", lambda: cloudflare.visit("https://shop.example.com/api/x") == 200)
    home.wait_for_log("python", "api", "served /api/x")

    separate = TunnelManager(PortRegistry(), "example.com", use_unified_tunnel=False)
    assert separate.start_tunnel("My Docs", facade.allocate_port("My Docs")).hostname == "my-docs.example.com"
    with pytest.raises(TunnelError, match=r"no Cloudflare account .* reaches elsewhere\.org; .*: example\.com"):
        facade.start_tunnel("web", port, domain="elsewhere.org")
    with pytest.raises(TunnelError, match=r"old\.example\.com|record"):
        facade.start_tunnel("web", port, domain="old.example.com")
    names = {record["name"]: record["content"] for record in cloudflare.state()["records"]}
    assert names["old.example.com"] == "192.0.2.1"
    manager.shutdown()


def test_without_an_account_a_domain_that_was_asked_for_is_refused(home: Home, cloudflare: Cloudflare) -> None:
    facade = KInfra()
    port = facade.allocate_port("api")
    with pytest.raises(TunnelError, match="kinfra accounts add"):
        facade.start_tunnel("api", port, domain="shop.example.com")
    with pytest.raises(TunnelError, match="kinfra accounts add"):
        KInfra("shop.example.com").start_tunnel("api", port)
    assert cloudflareds(home) == 0


def test_a_service_that_is_to_be_public_is_so_with_its_start(home: Home, cloudflare: Cloudflare, script: Path) -> None:
    manager = ServiceManager(KInfra())
    manager.add_service(ServiceConfig("api", [sys.executable, str(script)], enable_tunnel=True))
    assert manager.start_all()
    wait_until("it to be public", lambda: manager.get_status()["services"]["api"]["tunnel_url"] is not None)
    url = manager.get_status()["services"]["api"]["tunnel_url"]
    wait_until("visitors to get through", lambda: cloudflare.visit(url) == 200)
    assert manager.kinfra.tunnel_manager.stop_tunnel("api") is True
    assert manager.get_status()["services"]["api"]["state"] == "running"
    manager.shutdown()
    wait_until("cloudflared to be gone", lambda: cloudflareds(home) == 0)


def test_without_cloudflared_it_says_how_to_get_one_and_nothing_is_public(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    facade = KInfra()
    port = facade.allocate_port("api")
    with pytest.raises(TunnelError, match="cloudflared") as told:
        facade.start_tunnel("api", port)
    assert told.value.code == "connector_missing"
    assert "kinfra tunnels install" in str(told.value)
    assert facade.get_tunnel_status("api")["url"] is None


def test_a_token_in_the_code_is_not_used_and_that_is_said(home: Home) -> None:
    with pytest.warns(UserWarning, match="kinfra accounts add"):
        TunnelManager(PortRegistry(), cf_api_token="secret")
    assert not home.client.is_there()


def test_the_former_manager_has_its_tunnel_when_the_variable_says_so(
    home: Home, cloudflare: Cloudflare, script: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUTO_TUNNEL", "yes")
    monkeypatch.chdir(script.parent)
    with pytest.warns(DeprecationWarning):
        it = get_smart_infra_manager("shop")
    port, url = it.setup_infrastructure(start_server=True)
    assert url is not None and url.endswith(".trycloudflare.com")
    wait_until("visitors to get through", lambda: cloudflare.visit(f"{url}/health") == 200)
    config = it.get_project_config()
    assert (config["tunnel_url"], config["server_running"]) == (url, True)
    assert it.start_cloudflare_tunnel(port) == url
    processes = it.get_existing_cloudflared_processes()
    assert [(process["port"], process["url_arg"]) for process in processes] == [(port, url)]
    assert processes[0]["pid"] != os.getpid()
    assert it.start_cloudflare_tunnel(port, force_restart=True) not in (None, url)
    assert it.kill_tunnel_for_port(port + 1) is False
    assert it.kill_tunnel_for_port(port) is True
    assert it.get_project_config()["tunnel_url"] is None
    assert status_of(f"http://127.0.0.1:{port}/health") == 200
