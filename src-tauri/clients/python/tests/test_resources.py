from __future__ import annotations

import inspect
from typing import Any

import pytest
from conftest import Home

from kinfra import (
    ConfigurationError,
    FallbackServer,
    NotSupportedYetError,
    ResourceManager,
    ServiceError,
    SmartProxyServer,
    middleware_helpers,
    resource_from_dict,
    run_fallback_server,
    run_smart_proxy,
)
from kinfra.adapters import DockerAdapter, HealthCheckStrategy, ResourceFactory
from kinfra.templates import resources

ARGUMENTS = {
    "custom_docker": ["elasticsearch:8", 9200],
    "systemd_service": ["postgresql", 5432],
    "custom_command": ["start", "stop"],
    "api_resource": ["https://api.example.com"],
    "custom_api": ["https://api.example.com", "token"],
    "supabase_project": ["ref"],
    "neon_database": ["id"],
    "render_service": ["srv", "key"],
    "railway_service": ["srv", "key"],
    "aws_rds_instance": ["db"],
    "kubernetes_deployment": ["web"],
}
TEMPLATES = [name for name, it in inspect.getmembers(resources, inspect.isfunction) if not name.startswith("_")]


@pytest.mark.parametrize("name", TEMPLATES)
def test_each_template_is_data_of_a_known_type_and_takes_further_keys(name: str) -> None:
    made = getattr(resources, name)(*ARGUMENTS.get(name, []), labels={"a": "b"})
    assert made["labels"] == {"a": "b"}
    adapter = resource_from_dict(name, made)
    assert (adapter.name, adapter.config) == (name, made)


def test_what_the_engine_can_not_do_yet_can_be_described_and_says_so(home: Home) -> None:
    adapter = resource_from_dict("db", resources.aws_rds_instance("db", access_key="k", secret_key="s"))
    for act in (adapter.start, adapter.stop, adapter.restart, adapter.is_running, adapter.check_health):
        with pytest.raises(NotSupportedYetError, match="can't manage the AWS RDS resource db yet") as told:
            act()
        assert told.value.hint
    assert adapter.get_state().running is False
    manager = ResourceManager()
    manager.add_resource("begins", resources.custom_command(["touch", "begun"], ["true"]))
    manager.add_resource_adapter(adapter)
    with pytest.raises(NotSupportedYetError, match="yet"):
        manager.start_all()
    assert not (home.folder / "begun").exists() and not home.client.is_there(), "one that can't be was seen too late"


def test_the_presets_of_containers_are_what_they_were() -> None:
    made = resources.postgres(port=6543, password="x", data_dir="/data")
    assert made == {
        "type": "docker",
        "image": "postgres:16-alpine",
        "container_name": "kinfra-postgres-6543",
        "ports": {6543: 5432},
        "environment": {"POSTGRES_PASSWORD": "x", "POSTGRES_DB": "postgres", "POSTGRES_USER": "postgres"},
        "volumes": {"/data": "/var/lib/postgresql/data"},
        "restart_policy": "unless-stopped",
        "health_check": {"type": "tcp", "port": 6543},
        "cleanup_on_stop": True,
    }
    assert resources.nats(data_dir="/d")["command"] == ["-js", "-sd", "/data"]
    assert resources.redis()["command"] == ["redis-server", "--appendonly", "yes"]
    assert resources.mongodb()["image"] == "mongo:7"
    assert resources.mysql()["environment"] == {"MYSQL_ROOT_PASSWORD": "mysql", "MYSQL_DATABASE": "mysql"}
    assert resources.custom_docker("x", ports={80: 8080}, command="serve")["command"] == ["serve"]


def test_no_key_of_a_cloud_is_in_a_request() -> None:
    assert "SECRET" not in str(resources.aws_rds_instance("db", access_key="SECRET", secret_key="SECRET"))


def test_what_was_never_a_resource_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="has the type 'magic'"):
        resource_from_dict("x", {"type": "magic"})
    with pytest.raises(ConfigurationError, match="lacks image"):
        resource_from_dict("x", {"type": "docker"})
    many = ResourceFactory.create_many({"db": resources.postgres(), "cache": resources.redis()})
    assert [type(it) for it in many] == [DockerAdapter, DockerAdapter]
    assert HealthCheckStrategy("tcp") is HealthCheckStrategy.TCP


def test_a_manager_knows_what_it_was_given_and_touches_nothing(home: Home) -> None:
    manager = ResourceManager()
    assert manager.start_all() == 1
    manager.add_resource("db", resources.postgres())
    manager.add_resource_adapter(resource_from_dict("cache", resources.redis()))
    with pytest.raises(ServiceError, match="no resource is named other"):
        manager.get_status("other")
    status = manager.get_status("db")
    assert list(status) == ["name", "running", "healthy", "pid", "container_id", "port", "error", "metadata"]
    assert (status["running"], status["healthy"], status["error"]) == (False, False, None)
    assert manager.stop_all() == 1
    assert not home.client.is_there(), "an engine was started to say that there is nothing"


def test_proxy_and_pages_of_this_process_are_none_any_more_and_name_those_of_kinfra() -> None:
    proxy = SmartProxyServer()
    proxy.add_upstream("/api", 8000)
    assert proxy.upstreams["/api"].port == 8000
    pages = FallbackServer()
    pages.set_page("maintenance", "web", message="back at 15:00")
    pages.update_service_status("web", "on its way", state="starting")
    assert pages.services == {"web": {"status_message": "on its way", "state": "starting"}}
    serve: Any
    for serve in (proxy.start, run_smart_proxy):
        with pytest.raises(NotSupportedYetError, match="kinfra url"):
            serve()
    for show in (pages.start, run_fallback_server):
        with pytest.raises(NotSupportedYetError, match="kinfra maintenance on"):
            show()
    proxy.stop()
    pages.stop()


def test_no_path_is_exempt_from_authentication(capsys: pytest.CaptureFixture[str]) -> None:
    assert middleware_helpers.KINFRA_PATHS == []
    assert not middleware_helpers.should_bypass_auth("/__action__/stop/web")
    middleware_helpers.print_integration_guide()
    assert "remove what exempts" in capsys.readouterr().out
