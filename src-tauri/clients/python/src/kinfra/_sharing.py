"""What is public: asked of the engine, and waited for. Nothing here speaks with Cloudflare."""

from __future__ import annotations

import time
from typing import Any, List, Optional, Tuple

from ._client import Client, Json, error_of
from ._entries import external, is_external
from ._known import KnownProject, node_of
from ._project import Entries, GeneratedProject
from .exceptions import KInfraError, TunnelError

# The one that KInfra 1.0 had when nobody said another; it is its author's.
DEFAULT_DOMAIN = "kooshapari.com"

UP = ("healthy", "degraded")
BROKEN = ("off", "down", "unauthorised", "deleted")

# Until a stand-in runs, or its port is known to be taken.
_STAND_IN = 10.0


def place_of(client: Client, domain: Optional[str], default: str, path: str = "/") -> Optional[str]:
    """``host/path`` in a domain of the user's; None: by a name of Cloudflare's own, since nobody asked for a domain.

    Raises TunnelError when no account of KInfra's reaches the domain that was asked for.
    """
    wanted = domain or default
    zones = [zone for account in client.call("account.list")["accounts"] for zone in account["zones"]]
    if any(wanted == zone or wanted.endswith(f".{zone}") for zone in zones):
        return wanted if path in ("", "/") else f"{wanted}/{path.strip('/')}"
    if domain is None and wanted == DEFAULT_DOMAIN:
        return None
    known = ", ".join(sorted(set(zones))) or "none"
    raise TunnelError(
        f"no Cloudflare account that KInfra knows reaches {wanted}; domains that are reached: {known}",
        hint="kinfra accounts add makes one known; without a domain it is a quick tunnel, which needs none",
    )


def public(place: Optional[str], withdraw: bool = False) -> Any:
    """The value of ``public`` for a place."""
    if place is None:
        return "quick"
    return {"host": place, "when_stopped": "withdraw"} if withdraw else place


def prepare_external(project: GeneratedProject, name: str, port: int, place: Optional[str]) -> None:
    """Has a server of the caller's be known, with this port and public place, and looked after from now on."""

    def edit(entries: Entries) -> None:
        entry = entries.setdefault(name, external(port))
        if is_external(entry):
            entry.pop("public", None)
        if place is not None:
            entry["public"] = public(place, withdraw=is_external(entry))

    node = node_of(project.change(edit), name) or {}
    if node.get("port") != port:
        raise TunnelError(f"{name} has port {node.get('port')}, not {port}", hint="use the port of the name")
    if is_external(project.entries()[name]):
        look_after(project, name)


def look_after(project: GeneratedProject, name: str) -> None:
    """Starts the stand-in of a server of the caller's; where that server is there already, it is left its port."""
    node = project.node(name) or {}
    if node.get("phase") in ("starting", "running"):
        return
    slug, client = project.slug(), project.client
    client.call("stack.start", {"project": slug, "services": [name]})
    adopted = False

    def settled(state: Json) -> Optional[Json]:
        node = project.node_in(state, name)
        return node if node is not None and (node["phase"] == "failed" or node.get("pid")) else None

    for _ in range(2):
        node = client.until(settled, _STAND_IN) or {}
        if node.get("phase") != "failed":
            return
        problem = node.get("problem") or {}
        if problem.get("code") != "port_taken" or adopted:
            raise error_of([problem] if problem else [])
        # Whoever is on it is the server itself.
        client.call("port.adopt", {"project": slug, "service": name})
        adopted = True


def share(project: KnownProject, name: str, place: Optional[str], timeout: float) -> Tuple[Json, Json]:
    """Makes a service public and waits until visitors get through; gives its node and what is public of it.

    Raises TunnelError when they don't within ``timeout`` seconds; then it is not public.
    """
    client, slug = project.client, project.slug()
    try:
        client.call("tunnel.share", {"project": slug, "services": [name]})
        deadline, last = time.monotonic() + timeout, ""

        def judge(state: Json) -> Optional[Tuple[Json, Json]]:
            nonlocal last
            node = project.node_in(state, name) or {}
            exposure = exposure_of(node, place)
            if exposure is None:
                return None
            last = exposure["reason"]
            return (node, exposure) if exposure["status"] in UP + BROKEN else None

        found = client.until(judge, max(0.0, deadline - time.monotonic()))
        if found is None:
            raise TunnelError(f"{name} is not reached from outside within {timeout:g} s: {last}")
        if found[1]["status"] in BROKEN:
            raise _broken(client, name, found[1])
        return found
    except KInfraError as error:
        # Nobody would know that it is public after all, some time later.
        client.call("tunnel.unshare", {"project": slug, "services": [name]})
        if isinstance(error, TunnelError):
            raise
        raise TunnelError(f"{name} can't be made public: {error.message}", code=error.code, hint=error.hint) from error


def exposure_of(node: Json, place: Optional[str]) -> Optional[Json]:
    """What is public of a service under this place, or by a name of Cloudflare's own."""
    for exposure in node.get("exposures", []):
        if place is None and exposure["kind"] == "quick":
            found: Json = exposure
            return found
        if place is not None and exposure.get("url") == f"https://{place}":
            named: Json = exposure
            return named
    return None


def open_exposures(node: Json) -> List[Json]:
    """What of it anybody can reach who has the link."""
    return [exposure for exposure in node.get("exposures", []) if exposure["status"] != "off"]


def tunnel_of(state: Json, exposure: Optional[Json]) -> Json:
    """The tunnel that it takes."""
    name = (exposure or {}).get("tunnel")
    tunnels = state.get("engine", {}).get("tunnels", [])
    return next((tunnel for tunnel in tunnels if tunnel["name"] == name), {})


def _broken(client: Client, name: str, exposure: Json) -> TunnelError:
    problem = tunnel_of(client.snapshot(), exposure).get("problem") or {}
    return TunnelError(
        f"{name} can't be made public: {problem.get('message') or exposure['reason']}",
        code=problem.get("code", "tunnel_failed"),
        hint=problem.get("hint") or "kinfra tunnels shows how it fares",
        problems=[problem] if problem else [],
    )
