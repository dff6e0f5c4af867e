from __future__ import annotations

from .base import ResourceAdapter


class SystemDaemonAdapter(ResourceAdapter):
    kind = "system daemon"
    advice = (
        "start it by systemctl or launchctl before the services that need it; told of it by "
        "ServiceManager.add_resource, start_all begins none of them while it takes no connections"
    )
