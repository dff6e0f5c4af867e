"""Small helpers, under the names that they had in KInfra 1.0."""

from .dns import create_subdomain, dns_safe_slug, extract_service_name_from_hostname, validate_dns_label
from .env import load_env_cascade, merge_env_configs, parse_env_file
from .health import (
    check_http_health,
    check_http_health_async,
    check_tcp_health,
    check_tunnel_health,
    check_tunnel_health_async,
    wait_for_http_health,
)
from .process import (
    cleanup_orphaned_processes,
    get_port_occupant,
    is_port_free,
    kill_processes_on_port,
    terminate_process,
)

__all__ = [
    "check_http_health",
    "check_http_health_async",
    "check_tcp_health",
    "check_tunnel_health",
    "check_tunnel_health_async",
    "cleanup_orphaned_processes",
    "create_subdomain",
    "dns_safe_slug",
    "extract_service_name_from_hostname",
    "get_port_occupant",
    "is_port_free",
    "kill_processes_on_port",
    "load_env_cascade",
    "merge_env_configs",
    "parse_env_file",
    "terminate_process",
    "validate_dns_label",
    "wait_for_http_health",
]
