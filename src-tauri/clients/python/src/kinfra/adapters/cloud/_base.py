"""What descriptions of resources in clouds have in common: who asks, and what a stop means."""

from __future__ import annotations

import os
from typing import Optional

from ..._entries import Entry, literal
from ..base import Hide, ResourceAdapter

# The engine waits for 20 minutes, and its reason is better than none.
START_TIMEOUT = 1500.0

_ON_STOP = ("pause", "leave")


class CloudAdapter(ResourceAdapter):
    """A resource that a cloud runs. Its token is a value, ``${secret:NAME}``, or that of the vendor's usual variable; the
    variable is read with each start. ``api_base_url`` is where the vendor's API is, if not at its usual place."""

    engine_type = ""
    token_key = "access_token"
    token_variable = ""
    start_timeout = START_TIMEOUT

    def account(self, hide: Hide) -> Entry:
        """The keys that all vendors have."""
        token = self.config.get(self.token_key) or os.environ.get(self.token_variable)
        if not token:
            raise self.wrong(
                f"it lacks {self.token_key}",
                f"say it, as a value or as ${{secret:NAME}}, or set {self.token_variable}",
            )
        entry: Entry = {"type": self.engine_type, "token": hide(self.token_key, str(token))}
        entry.update(self.texts(url="api_base_url"))
        return entry

    def texts(self, **keys: str) -> Entry:
        """By the engine's keys, what is said of these."""
        return {key: literal(str(self.config[own])) for key, own in keys.items() if self.config.get(own)}


def on_stop(adapter: ResourceAdapter, usual: str) -> str:
    """What becomes of it when it is stopped: the word of its user's, else `usual`."""
    said: Optional[str] = adapter.config.get("on_stop")
    if said is not None and said not in _ON_STOP:
        raise adapter.wrong(f"on_stop is {said!r}", f"it is {' or '.join(_ON_STOP)}")
    return said or usual
