"""The calls of the library KInfra 1.0, done by KInfra's engine.

Where no engine runs, the first call that needs one starts one in the background: the ``kinfra`` program has to be on the
``PATH``, or named by ``KINFRA_BIN``. Importing and constructing touch nothing.
"""

from . import adapters, middleware_helpers, templates
from ._version import __version__
from .exceptions import (
    ConfigurationError,
    EngineUnavailableError,
    KInfraError,
    NotSupportedYetError,
    OrchestrationError,
    PortAllocationError,
    ProcessManagementError,
    ServiceConflictError,
    ServiceError,
    TunnelError,
)
from .fallback_server import FallbackServer, run_fallback_server
from .kinfra import KInfra, allocate_port, cleanup, cleanup_environment, get_service_url, start_tunnel
from .orchestrator import OrchestratorConfig, ServiceOrchestrator, run_orchestrator
from .port_registry import PortRegistry, ServiceInfo
from .proxy_server import SmartProxyServer, UpstreamConfig, run_smart_proxy
from .resource_manager import ResourceManager, manage_resources, resource_from_dict
from .service_manager import ResourceConfig, ResourceStatus, ServiceConfig, ServiceManager, ServiceStatus
from .smart_allocator import SmartPortAllocator
from .smart_infra_manager import SmartInfraManager, get_smart_infra_manager
from .tunnel_sync import TunnelInfo, TunnelManager
from .utils import (
    check_http_health,
    check_tcp_health,
    check_tunnel_health,
    cleanup_orphaned_processes,
    dns_safe_slug,
    get_port_occupant,
    is_port_free,
    kill_processes_on_port,
    terminate_process,
)

__all__ = [
    "ConfigurationError",
    "EngineUnavailableError",
    "FallbackServer",
    "KInfra",
    "KInfraError",
    "NotSupportedYetError",
    "OrchestrationError",
    "OrchestratorConfig",
    "PortAllocationError",
    "PortRegistry",
    "ProcessManagementError",
    "ResourceConfig",
    "ResourceManager",
    "ResourceStatus",
    "ServiceConfig",
    "ServiceConflictError",
    "ServiceError",
    "ServiceInfo",
    "ServiceManager",
    "ServiceOrchestrator",
    "ServiceStatus",
    "SmartInfraManager",
    "SmartPortAllocator",
    "SmartProxyServer",
    "TunnelError",
    "TunnelInfo",
    "TunnelManager",
    "UpstreamConfig",
    "__version__",
    "adapters",
    "allocate_port",
    "check_http_health",
    "check_tcp_health",
    "check_tunnel_health",
    "cleanup",
    "cleanup_environment",
    "cleanup_orphaned_processes",
    "dns_safe_slug",
    "get_port_occupant",
    "get_service_url",
    "get_smart_infra_manager",
    "is_port_free",
    "kill_processes_on_port",
    "manage_resources",
    "middleware_helpers",
    "resource_from_dict",
    "run_fallback_server",
    "run_orchestrator",
    "run_smart_proxy",
    "start_tunnel",
    "templates",
    "terminate_process",
]
