from __future__ import annotations

from .base import ResourceAdapter


class SystemDaemonAdapter(ResourceAdapter):
    kind = "system daemon"
    advice = "start it by systemctl or launchctl, and wait for it by ServiceManager.add_resource"
