from __future__ import annotations

from ..base import UnsupportedAdapter


class VercelAdapter(UnsupportedAdapter):
    kind = "Vercel"
    advice = "use the tools of Vercel, and hand its address to services by ServiceConfig.env"
