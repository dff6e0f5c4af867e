from __future__ import annotations

from ..._entries import Entry
from ..base import Hide
from ._base import CloudAdapter, on_stop


class NeonAdapter(CloudAdapter):
    """A branch at Neon: ``branch_name``, or the project's default one; ``database`` and ``role``, or the first one and its
    owner. A start wakes its compute, a stop suspends it (``on_stop="leave"`` leaves it alone)."""

    kind = "Neon"
    engine_type = "neon"
    token_key = "api_key"
    token_variable = "NEON_API_KEY"
    required = ("project_id",)
    known = frozenset(("project_id", "api_key", "api_base_url", "branch_name", "database", "role", "on_stop"))
    idle = frozenset(("region", "compute_units", "use_sdk"))

    def translated(self, hide: Hide) -> Entry:
        texts = self.texts(project="project_id", branch="branch_name", database="database", role="role")
        return {**self.account(hide), **texts, "on_stop": on_stop(self, "pause")}
