from __future__ import annotations

from .base import ResourceAdapter


class DockerAdapter(ResourceAdapter):
    kind = "docker"
    required = ("image",)
    advice = "run it as a service, ServiceConfig(command=['docker', 'run', '--rm', …]), and KInfra starts and stops it"
