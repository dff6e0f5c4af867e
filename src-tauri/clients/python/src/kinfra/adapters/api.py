from __future__ import annotations

from .base import ResourceAdapter


class APIAdapter(ResourceAdapter):
    kind = "HTTP API"
    required = ("api_base_url",)
    advice = "call the API yourself before the services that need it are started"
