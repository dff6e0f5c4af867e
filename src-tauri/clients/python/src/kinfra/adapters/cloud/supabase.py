from __future__ import annotations

from ..base import UnsupportedAdapter


class SupabaseAdapter(UnsupportedAdapter):
    kind = "Supabase"
    advice = "use the tools of Supabase, and hand its address to services by ServiceConfig.env"
