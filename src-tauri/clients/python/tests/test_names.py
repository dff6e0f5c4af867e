"""What KInfra 1.0 called its things, with their parameters and defaults, as far as they are known."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import subprocess
import sys
from typing import Any, Callable, List

import pytest

import kinfra
from kinfra.services.byteport import BytePortConfig, get_byteport_services


def _words(text: str) -> List[str]:
    return text.split()


MODULES = _words("""
kinfra kinfra.kinfra kinfra.exceptions kinfra.port_registry kinfra.smart_allocator kinfra.tunnel_sync
kinfra.service_manager kinfra.resource_manager kinfra.orchestrator kinfra.proxy_server kinfra.fallback_server
kinfra.smart_infra_manager kinfra.middleware_helpers kinfra.adapters kinfra.adapters.base kinfra.adapters.docker
kinfra.adapters.daemon kinfra.adapters.command kinfra.adapters.api kinfra.adapters.factory kinfra.adapters.cloud
kinfra.adapters.cloud.supabase kinfra.adapters.cloud.vercel kinfra.adapters.cloud.neon kinfra.templates
kinfra.templates.resources kinfra.utils kinfra.utils.dns kinfra.utils.env kinfra.utils.health kinfra.utils.process
kinfra.services kinfra.services.byteport
""")

EXPORTS = _words("""
KInfra PortRegistry ServiceInfo SmartPortAllocator SmartInfraManager get_smart_infra_manager TunnelManager TunnelInfo
ServiceManager ServiceConfig ServiceStatus ResourceConfig ResourceStatus ServiceOrchestrator OrchestratorConfig
FallbackServer run_fallback_server SmartProxyServer UpstreamConfig run_smart_proxy ResourceManager adapters templates
middleware_helpers KInfraError PortAllocationError TunnelError ServiceConflictError ServiceError is_port_free
get_port_occupant terminate_process kill_processes_on_port cleanup_orphaned_processes check_http_health check_tcp_health
check_tunnel_health dns_safe_slug allocate_port start_tunnel get_service_url cleanup cleanup_environment
""")

# Constructors by the name of their class. An ellipsis: it goes on with what is not known of that version.
SIGNATURES = """
kinfra:KInfra(domain='kooshapari.com', config_dir=None)
kinfra:KInfra.allocate_port(name, preferred=None)
kinfra:KInfra.start_tunnel(name, port, domain=None)
kinfra:KInfra.allocate_and_tunnel(name, preferred=None, domain=None)
kinfra:KInfra.get_service_url(name)
kinfra:KInfra.get_service_port(name)
kinfra:KInfra.get_service_info(name)
kinfra:KInfra.get_tunnel_status(name)
kinfra:KInfra.list_services()
kinfra:KInfra.cleanup(name)
kinfra:KInfra.cleanup_all()
kinfra:KInfra.cleanup_environment(grace_period=3.0, force_kill=True, exclude_pids=None)
kinfra:KInfra.health_check(name)
kinfra:allocate_port(name, preferred=None)
kinfra:start_tunnel(name, port, domain=None)
kinfra:get_service_url(name)
kinfra:cleanup(name)
kinfra:cleanup_environment(grace_period=3.0, force_kill=True, exclude_pids=None)
kinfra:ServiceInfo(service_name, assigned_port, pid, last_seen, tunnel_id, tunnel_hostname, config_path, created_at)
kinfra:ServiceInfo.is_stale(max_age=3600.0)
kinfra:ServiceInfo.update_seen()
kinfra:PortRegistry(config_dir=None)
kinfra:PortRegistry.register_service(service_name, port, pid=None)
kinfra:PortRegistry.get_service(service_name)
kinfra:PortRegistry.update_service(service_name, **fields)
kinfra:PortRegistry.unregister_service(service_name)
kinfra:PortRegistry.get_all_services()
kinfra:PortRegistry.get_allocated_ports()
kinfra:PortRegistry.is_port_registered(port)
kinfra:PortRegistry.get_canonical_port(service_name)
kinfra:PortRegistry.validate_port_range(port)
kinfra:SmartPortAllocator(registry)
kinfra:SmartPortAllocator.allocate_port(service_name, preferred_port=None)
kinfra:SmartPortAllocator.release_port(service_name)
kinfra:SmartPortAllocator.get_service_port(service_name)
kinfra:SmartPortAllocator.list_allocated_services()
kinfra:TunnelInfo(tunnel_id, hostname, config_path, port, process_pid=None, status='unknown', created_at, \
last_health_check=None)
kinfra:TunnelManager(registry, domain='kooshapari.com', cf_api_token=None, use_unified_tunnel=True, cleanup_on_start=True)
kinfra:TunnelManager.start_tunnel(service_name, port, path='/', domain=None)
kinfra:TunnelManager.stop_tunnel(service_name)
kinfra:TunnelManager.cleanup_all()
kinfra:TunnelManager.get_tunnel_status(service_name)
kinfra:ServiceConfig(name, command, cwd=None, env=None, port=None, preferred_port=None, enable_tunnel=False, \
tunnel_domain=None, watch_paths=None, watch_patterns=None, restart_on_failure=True, max_restart_attempts=3, \
restart_delay=2.0, health_check_url=None, health_check_interval=10.0, enable_fallback=True, fallback_page='loading', \
fallback_refresh_interval=5, fallback_message=None, path_prefix='/')
kinfra:ResourceConfig(name, host='localhost', port=5432, check_interval=10.0, required=True)
kinfra:ServiceStatus(name, state, pid, port, tunnel_url, started_at, restart_count, last_health_check, health_status, \
error_message)
kinfra:ResourceStatus(name, available, last_check, error_message)
kinfra.service_manager:FileChangeHandler(patterns=None, callback=None, debounce=1.0)
kinfra:ServiceManager(kinfra, enable_fallback_layer=True, enable_resource_management=True)
kinfra:ServiceManager.add_service(config)
kinfra:ServiceManager.add_resource(config)
kinfra:ServiceManager.add_managed_resource(name, config=None)
kinfra:ServiceManager.kill_port_processes(port)
kinfra:ServiceManager.check_resource(name)
kinfra:ServiceManager.check_all_resources()
kinfra:ServiceManager.start_service(name)
kinfra:ServiceManager.reload_service(name)
kinfra:ServiceManager.stop_service(name)
kinfra:ServiceManager.start_all()
kinfra:ServiceManager.monitor()
kinfra:ServiceManager.shutdown()
kinfra:ServiceManager.get_status()
kinfra:ResourceManager()
kinfra:ResourceManager.add_resource(name, config)
kinfra:ResourceManager.add_resource_adapter(adapter)
kinfra:ResourceManager.start_resource(name, monitor_health=True)
kinfra:ResourceManager.stop_resource(name)
kinfra:ResourceManager.start_all()
kinfra:ResourceManager.stop_all()
kinfra:ResourceManager.get_status(name)
kinfra:ResourceManager.get_all_status()
kinfra.resource_manager:manage_resources(configs)
kinfra:OrchestratorConfig(project_name, state_dir=None, parallel_startup=False, startup_timeout=60.0, \
shutdown_timeout=30.0, auto_restart=True, save_state=True)
kinfra:ServiceOrchestrator(config, kinfra=None)
kinfra:ServiceOrchestrator.add_service(config, depends_on=None)
kinfra:ServiceOrchestrator.start_all()
kinfra:ServiceOrchestrator.stop_all()
kinfra:ServiceOrchestrator.monitor()
kinfra:ServiceOrchestrator.get_status()
kinfra:ServiceOrchestrator.print_status()
kinfra:ServiceOrchestrator.load_state()
kinfra.orchestrator:run_orchestrator(config, services, dependencies=None)
kinfra:UpstreamConfig(host='localhost', port=8000, path_prefix='', health_check_interval=5.0, health_check_timeout=2.0, \
is_healthy=False)
kinfra:SmartProxyServer(proxy_port=9100, fallback_port=9000, default_upstream_port=8000, fallback_server=None)
kinfra:SmartProxyServer.add_upstream(path_prefix, port, host='localhost')
kinfra:run_smart_proxy(proxy_port=9100, fallback_port=9000, upstreams=None)
kinfra:FallbackServer(port=9000, templates_dir=None)
kinfra:FallbackServer.set_page(page_type='loading', service_name='Service', refresh_interval=5, message=None)
kinfra:FallbackServer.update_service_status(service_name, status_message=None, port=None, pid=None, uptime=None, \
health_status=None, state=None, logs=None, steps=None)
kinfra:run_fallback_server(port=9000, page_type='loading', service_name='Service', refresh_interval=5)
kinfra:is_port_free(port)
kinfra:get_port_occupant(port)
kinfra:terminate_process(pid, timeout=5.0, force_kill=True)
kinfra:kill_processes_on_port(port, timeout=5.0)
kinfra:cleanup_orphaned_processes(grace_period=3.0, force_kill=True, exclude_pids=None, pattern='cloudflared')
kinfra:check_tcp_health(host='localhost', port=5432, timeout=2.0)
kinfra:check_http_health(url, timeout=2.0, expected_status=200, method='GET')
kinfra:check_tunnel_health(hostname, port, ...)
kinfra.utils:wait_for_http_health(url, timeout=20.0)
kinfra:dns_safe_slug(value, default='local', max_length=63)
kinfra.utils:validate_dns_label(label)
kinfra.utils:create_subdomain(name, domain, max_levels=3)
kinfra.utils:extract_service_name_from_hostname(hostname, ...)
kinfra.utils:parse_env_file(path)
kinfra.adapters:ResourceAdapter(name, config)
kinfra.adapters:resource_from_dict(name, config)
kinfra.adapters:ResourceFactory.create(name, config)
kinfra.adapters:ResourceFactory.create_many(configs)
kinfra.adapters:ResourceState(name, running, healthy, pid, container_id, port, error, metadata)
kinfra.templates.resources:postgres(port=5432, password='postgres', database='postgres', user='postgres', \
version='16-alpine', ...)
kinfra.templates.resources:nats(port=4222, enable_jetstream=True, version='latest', ...)
kinfra.templates.resources:redis(port=6379, enable_persistence=True, version='7-alpine', ...)
kinfra.templates.resources:mongodb(port=27017, version='7', ...)
kinfra.templates.resources:mysql(port=3306, password='mysql', database='mysql', version='8', ...)
kinfra.templates.resources:custom_docker(image, port=None, ports=None, environment=None, volumes=None, command=None, \
health_check_port=None, health_check_type='tcp', health_check_path=None, ...)
kinfra.templates.resources:systemd_service(service_name, health_check_port=None, ...)
kinfra.templates.resources:custom_command(start_command, stop_command, status_command=None, health_check_port=None, ...)
kinfra.templates.resources:api_resource(api_base_url, auth_type='none', auth_token=None, api_key=None, \
start_endpoint='/start', stop_endpoint='/stop', health_endpoint='/health', ...)
kinfra.templates.resources:custom_api(base_url, auth_token=None, ...)
kinfra.templates.resources:supabase_project(project_id, access_token=None, database_password=None, use_sdk=True, ...)
kinfra.templates.resources:vercel_deployment(project_name=None, deployment_id=None, team_id=None, access_token=None, \
target='production', use_sdk=True, ...)
kinfra.templates.resources:neon_database(project_id, api_key=None, branch_name='main', region=None, use_sdk=True, ...)
kinfra.templates.resources:render_service(service_id, api_key, ...)
kinfra.templates.resources:railway_service(service_id, api_key, ...)
kinfra.templates.resources:aws_rds_instance(instance_id, region='us-east-1', access_key=None, secret_key=None, ...)
kinfra.templates.resources:kubernetes_deployment(name, namespace='default', kubeconfig=None, ...)
kinfra:SmartInfraManager(project_name='default', domain='kooshapari.com')
kinfra:get_smart_infra_manager(project_name='default', domain='kooshapari.com')
kinfra:SmartInfraManager.get_project_config()
kinfra:SmartInfraManager.save_project_config(config)
kinfra:SmartInfraManager.is_port_available(port)
kinfra:SmartInfraManager.get_port_occupant(port)
kinfra:SmartInfraManager.is_our_project_process(proc)
kinfra:SmartInfraManager.kill_our_project_processes()
kinfra:SmartInfraManager.allocate_persistent_port()
kinfra:SmartInfraManager.check_tunnel_health(url)
kinfra:SmartInfraManager.check_mcp_server_health(port)
kinfra:SmartInfraManager.get_existing_cloudflared_processes()
kinfra:SmartInfraManager.kill_tunnel_for_port(port)
kinfra:SmartInfraManager.start_cloudflare_tunnel(port, force_restart=False)
kinfra:SmartInfraManager.start_test_server(port, server_script=None)
kinfra:SmartInfraManager.stop_test_server()
kinfra:SmartInfraManager.setup_infrastructure(force_restart_tunnel=False, start_server=False)
kinfra.middleware_helpers:should_bypass_auth(path)
kinfra.middleware_helpers:print_integration_guide()
kinfra.services.byteport:get_byteport_services(config, ...)
"""


@pytest.mark.parametrize("name", MODULES)
def test_every_former_import_path_is_there_and_imports_alone(name: str) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", f"import {name}"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_every_module_is_one_of_the_former_version_or_private() -> None:
    found = {module.name for module in pkgutil.walk_packages(kinfra.__path__, "kinfra.")}
    private = {name for name in found if any(part.startswith("_") for part in name.split("."))}
    assert found - private == set(MODULES) - {"kinfra"}


def test_every_former_name_is_exported() -> None:
    assert [name for name in EXPORTS if not hasattr(kinfra, name)] == []
    assert [name for name in kinfra.__all__ if not hasattr(kinfra, name)] == []


@pytest.mark.parametrize("line", SIGNATURES.strip().splitlines())
def test_parameters_and_defaults_are_as_they_were(line: str) -> None:
    place, _, rest = line.partition("(")
    module, _, path = place.partition(":")
    thing: Any = importlib.import_module(module)
    for part in path.split("."):
        thing = getattr(thing, part)
    expected = rest.rstrip(")")
    found = described(thing)
    if expected.endswith("..."):
        assert found.startswith(expected[:-3].rstrip(", ")), found
    elif inspect.isclass(thing) and "=" not in expected:
        # Only the names of its fields are known.
        assert [part.partition("=")[0] for part in found.split(", ")] == expected.split(", ")
    else:
        assert without_factories(found) == expected


def described(thing: Callable[..., Any]) -> str:
    parameters = [it for it in inspect.signature(thing).parameters.values() if it.name != "self"]
    return ", ".join(str(it.replace(annotation=inspect.Parameter.empty)) for it in parameters)


def without_factories(text: str) -> str:
    return text.replace("=<factory>", "")


def test_the_exceptions_are_related_as_they_were() -> None:
    from kinfra import exceptions

    children = (
        "PortAllocationError TunnelError ServiceConflictError ProcessManagementError ConfigurationError ServiceError"
    )
    for name in [*children.split(), "OrchestrationError", "EngineUnavailableError"]:
        assert issubclass(getattr(exceptions, name), kinfra.KInfraError)
    from kinfra import orchestrator
    from kinfra.service_manager import ServiceError

    assert vars(orchestrator)["OrchestrationError"] is exceptions.OrchestrationError
    # One that is caught by either of its names.
    assert ServiceError is kinfra.ServiceError
    assert issubclass(kinfra.NotSupportedYetError, ServiceError)
    assert issubclass(kinfra.PortAllocationError, RuntimeError)


def test_what_belongs_to_an_application_is_left_to_it() -> None:
    with pytest.raises(kinfra.NotSupportedYetError, match=r"kinfra\.yaml"):
        get_byteport_services(BytePortConfig("/srv/byteport"))
