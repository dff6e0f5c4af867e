"""Descriptions of resources by their types."""

from .api import APIAdapter
from .base import HealthCheckStrategy, ResourceAdapter, ResourceState
from .cloud import NeonAdapter, SupabaseAdapter, VercelAdapter
from .command import CommandAdapter
from .daemon import SystemDaemonAdapter
from .docker import DockerAdapter
from .factory import ResourceFactory, resource_from_dict

__all__ = [
    "APIAdapter",
    "CommandAdapter",
    "DockerAdapter",
    "HealthCheckStrategy",
    "NeonAdapter",
    "ResourceAdapter",
    "ResourceFactory",
    "ResourceState",
    "SupabaseAdapter",
    "SystemDaemonAdapter",
    "VercelAdapter",
    "resource_from_dict",
]
