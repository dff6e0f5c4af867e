from __future__ import annotations

from ..._entries import Entry
from ..base import Hide
from ._base import CloudAdapter

_TARGETS = ("production", "preview")


class VercelAdapter(CloudAdapter):
    """What a project at Vercel serves: its newest deployment of ``target``. A start deploys nothing, and a stop deletes and
    cancels nothing; ``kinfra resource NAME`` says how to do the former by hand."""

    kind = "Vercel"
    engine_type = "vercel"
    token_variable = "VERCEL_TOKEN"
    known = frozenset(("access_token", "api_base_url", "project_name", "team_id", "target", "branch"))
    # `deployment_id` and `auto_promote` meant something that is done no more: whoever says them is told.
    idle = frozenset(("use_sdk",))

    def translated(self, hide: Hide) -> Entry:
        if not self.config.get("project_name"):
            raise self.wrong(
                "it lacks project_name",
                "KInfra looks after what a project serves, and not after one deployment: name the project, or its id",
            )
        target = str(self.config.get("target") or "production")
        if target not in _TARGETS:
            raise self.wrong(f"there is no target {target!r}", f"targets: {', '.join(_TARGETS)}")
        texts = self.texts(project="project_name", team="team_id", branch="branch")
        return {**self.account(hide), **texts, "target": target}
