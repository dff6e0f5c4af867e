from __future__ import annotations

from ..base import UnsupportedAdapter


class NeonAdapter(UnsupportedAdapter):
    kind = "Neon"
    advice = "use the tools of Neon, and hand its address to services by ServiceConfig.env"
