from __future__ import annotations

from ..base import ResourceAdapter


class NeonAdapter(ResourceAdapter):
    kind = "Neon"
    advice = "use the tools of Neon, and hand its address to services by ServiceConfig.env"
