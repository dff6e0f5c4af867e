from __future__ import annotations

from ..._entries import Entry
from ..base import Hide
from ._base import CloudAdapter, on_stop


class SupabaseAdapter(CloudAdapter):
    """A project at Supabase, or its branch ``branch_name``. A start restores it, and waits until that is done; a stop
    pauses it (``on_stop="leave"`` leaves it alone)."""

    kind = "Supabase"
    engine_type = "supabase"
    token_variable = "SUPABASE_ACCESS_TOKEN"
    required = ("project_id",)
    known = frozenset(("project_id", "access_token", "api_base_url", "database_password", "branch_name", "on_stop"))
    idle = frozenset(("region", "org_id", "use_sdk"))

    def translated(self, hide: Hide) -> Entry:
        entry = {**self.account(hide), **self.texts(project="project_id", branch="branch_name")}
        password = self.config.get("database_password")
        if password:
            entry["password"] = hide("database_password", str(password))
        return {**entry, "on_stop": on_stop(self, "pause")}
