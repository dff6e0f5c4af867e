from __future__ import annotations

from ..base import ResourceAdapter


class SupabaseAdapter(ResourceAdapter):
    kind = "Supabase"
    advice = "use the tools of Supabase, and hand its address to services by ServiceConfig.env"
