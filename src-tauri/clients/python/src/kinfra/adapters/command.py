from __future__ import annotations

from .base import ResourceAdapter


class CommandAdapter(ResourceAdapter):
    kind = "command"
    required = ("start_command", "stop_command")
    advice = "run it as a service: ServiceConfig(command=…)"
