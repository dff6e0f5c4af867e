"""Clouds that KInfra 1.0 spoke to as to any HTTP API. They are known by the address of theirs, and looked after as what
they are: a description says by its endpoints and bodies which service is meant."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Callable, Dict, FrozenSet, Mapping, Optional
from urllib.parse import urlsplit

from ..._entries import Entry, literal
from ..base import Hide, ResourceAdapter
from ._base import on_stop

_RENDER = "https://api.render.com/v1"
_RAILWAY = "https://backboard.railway.com/graphql/v2"
# It was there when KInfra 1.0 was written.
_RAILWAY_BEFORE = "https://backboard.railway.app/graphql/v2"

_SERVICE = re.compile(r"(?P<base>.*?)/services/(?P<service>[^/]+)")
_PROJECT_TOKEN = "project-access-token"


@dataclass(frozen=True)
class Cloud:
    """One of them. ``keys`` are those that mean something beside an API's."""

    keys: FrozenSet[str]
    translated: Callable[[ResourceAdapter, Hide], Entry]


def cloud_at(url: str) -> Optional[Cloud]:
    return CLOUDS.get(urlsplit(url).hostname or "")


def _render(adapter: ResourceAdapter, hide: Hide) -> Entry:
    """A start resumes the service, and a stop suspends it, where that is what the endpoints said."""
    config = adapter.config
    address = urlsplit(str(config["api_base_url"]))
    endpoints = [str(config.get(f"{it}_endpoint") or "") for it in ("start", "stop", "status", "health")]
    # Also one that has the service in each of its endpoints.
    paths = [address.path.rstrip("/") + endpoint for endpoint in endpoints]
    found = next((match for match in map(_SERVICE.match, paths) if match is not None), None)
    if found is None:
        raise adapter.wrong(
            "its api_base_url names no service at Render, and KInfra looks after nothing else there",
            f"it looks like {_RENDER}/services/srv-…, as templates.resources.render_service writes it",
        )
    for name, verb in (("start", "resume"), ("stop", "suspend")):
        endpoint = str(config.get(f"{name}_endpoint") or "")
        if endpoint and endpoint.rstrip("/").rpartition("/")[2] != verb:
            raise adapter.wrong(
                f"its {name}_endpoint is {endpoint}, and what KInfra does at Render to {name} a service is /{verb}",
                f"write that, or nothing; what else can be done there, kinfra resource {adapter.name} lists",
            )
    entry: Entry = {"type": "render", "token": _token(adapter, hide, "Render")}
    base = f"{address.scheme}://{address.netloc}{found['base']}"
    if base != _RENDER:
        entry["url"] = literal(base)
    entry["service"] = literal(found["service"])
    entry["on_stop"] = on_stop(adapter, "pause" if config.get("stop_endpoint") else "leave")
    return entry


def _railway(adapter: ResourceAdapter, hide: Hide) -> Entry:
    config = adapter.config
    auth = _auth_of(config)
    is_of_project = auth.get("type") == "api_key" and str(auth.get("header_name")).lower() == _PROJECT_TOKEN
    token_of = config.get("token_of") or ("project" if is_of_project else "account")
    if token_of not in ("account", "project"):
        raise adapter.wrong(f"token_of is {token_of!r}", "it is account or project")
    named = {key: _named(config, key) for key in ("project", "environment", "service")}
    if named["service"] is None:
        raise adapter.wrong(
            "neither a service_id nor its start_body says which service at Railway it is",
            "add service_id, as templates.resources.railway_service does",
        )
    if named["project"] is None and token_of == "account":
        raise adapter.wrong(
            "it does not say which project at Railway the service is in",
            'add project_id, its id or name; with token_of="project" and a token of the project it needs none',
        )
    key = str(auth.get("api_key") or "") if is_of_project else None
    entry: Entry = {"type": "railway", "token": _token(adapter, hide, "Railway", key)}
    base = str(config["api_base_url"]).rstrip("/")
    if base not in (_RAILWAY, _RAILWAY_BEFORE):
        entry["url"] = literal(base)
    if token_of == "project":
        entry["token_of"] = "project"
    entry.update({key: literal(name) for key, name in named.items() if name is not None})
    if config.get("rate"):
        entry["rate"] = str(config["rate"])
    return entry


CLOUDS: Dict[str, Cloud] = {
    "api.render.com": Cloud(frozenset(("on_stop",)), _render),
    **dict.fromkeys(
        ("backboard.railway.com", "backboard.railway.app"),
        Cloud(frozenset(("service_id", "project_id", "environment_id", "token_of", "rate")), _railway),
    ),
}
"""By the hosts of their APIs. What they run for their users has other ones, and is no business of theirs."""


def _auth_of(config: Mapping[str, Any]) -> Mapping[str, Any]:
    auth = config.get("auth")
    return auth if isinstance(auth, Mapping) else {}


def _token(adapter: ResourceAdapter, hide: Hide, vendor: str, key: Optional[str] = None) -> str:
    auth = _auth_of(adapter.config)
    token = key or (auth.get("token") if auth.get("type") == "bearer" else None)
    if not token:
        raise adapter.wrong(
            f"its auth has no key for {vendor}", 'auth={"type": "bearer", "token": …}: a value, or ${secret:NAME}'
        )
    return hide("token", str(token))


def _named(config: Mapping[str, Any], what: str) -> Optional[str]:
    """The id of a service, a project or an environment: by its own key, or in what was sent."""
    said = config.get(f"{what}_id")
    bodies = (config.get("start_body"), config.get("stop_body"))
    return str(said) if said else next((it for it in (_within(body, f"{what}Id") for body in bodies) if it), None)


def _within(body: Any, name: str) -> Optional[str]:
    """The value that has this name somewhere in a request of GraphQL's, with its variables or in its query."""
    if isinstance(body, str):
        match = re.search(rf'\b{name}"?\s*:\s*"([^"$]+)"', body)
        return None if match is None else match[1]
    if isinstance(body, Mapping):
        found = body.get(name)
        if isinstance(found, str) and found:
            return found
        body = list(body.values())
    if isinstance(body, (list, tuple)):
        return next((found for found in (_within(it, name) for it in body) if found), None)
    return None
