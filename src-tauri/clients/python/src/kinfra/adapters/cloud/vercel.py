from __future__ import annotations

from ..base import ResourceAdapter


class VercelAdapter(ResourceAdapter):
    kind = "Vercel"
    advice = "use the tools of Vercel, and hand its address to services by ServiceConfig.env"
