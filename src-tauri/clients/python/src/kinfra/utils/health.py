"""Probes from here, without an engine. Times are seconds unless a name says otherwise."""

from __future__ import annotations

import asyncio
import http.client
import socket
import time
import urllib.error
import urllib.request
from typing import Any, Dict, Optional, Tuple

# What Cloudflare answers where no tunnel, or nothing behind it, is reached.
TUNNEL_ERRORS = (502, 503, 504, 530)


def check_tcp_health(host: str = "localhost", port: int = 5432, timeout: float = 2.0) -> bool:
    """Whether something takes connections there."""
    try:
        with socket.create_connection((host, port), timeout):
            return True
    except (OSError, OverflowError):
        return False


def check_http_health(url: str, timeout: float = 2.0, expected_status: int = 200, method: str = "GET") -> bool:
    """Whether it answers with just this status."""
    return http_status(url, timeout, method) == expected_status


async def check_http_health_async(
    url: str, timeout: float = 2.0, expected_status: int = 200, method: str = "GET"
) -> bool:
    """The same, without holding up the event loop."""
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(None, check_http_health, url, timeout, expected_status, method)


def wait_for_http_health(url: str, timeout: float = 20.0) -> bool:
    """Asks again and again, after pauses of 0.5 s growing to 2 s, until it answers 200 or the time is over. ``/healthz``
    is added to a URL that ends neither in it nor in ``/health``."""
    if not url.endswith(("/health", "/healthz")):
        url = f"{url.rstrip('/')}/healthz"
    deadline, pause = time.monotonic() + timeout, 0.5
    while True:
        left = deadline - time.monotonic()
        if left <= 0:
            return False
        if check_http_health(url, min(4.0, left)):
            return True
        time.sleep(max(0.0, min(pause, deadline - time.monotonic())))
        pause = min(pause * 1.5, 2.0)


def check_tunnel_health(hostname: str, port: int, timeout: float = 5.0) -> Dict[str, Any]:
    """Keys: ``local_service_up``, ``tunnel_reachable``, ``response_time_ms`` (None when not reached), and ``reason``.

    Any answer but 502, 503, 504 and 530 comes from behind the tunnel, also one that refuses.
    """
    started = time.monotonic()
    status, reason = _ask(f"https://{hostname}", timeout, "HEAD")
    reached = status is not None and status not in TUNNEL_ERRORS
    return {
        "local_service_up": check_tcp_health("localhost", port),
        "tunnel_reachable": reached,
        "response_time_ms": (time.monotonic() - started) * 1000 if reached else None,
        "reason": f"status {status}" if status is not None else reason,
    }


async def check_tunnel_health_async(hostname: str, port: int, timeout: float = 5.0) -> Dict[str, Any]:
    """The same, without holding up the event loop, and with the same idea of what is healthy."""
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(None, check_tunnel_health, hostname, port, timeout)


def http_status(url: str, timeout: float, method: str = "GET") -> Optional[int]:
    """The status of the answer; None when there is none."""
    return _ask(url, timeout, method)[0]


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


# A proxy of the user's is not asked for what runs on this machine, and a redirect is an answer.
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect)
_OPENER_OUTSIDE = urllib.request.build_opener(_NoRedirect)


def _ask(url: str, timeout: float, method: str) -> Tuple[Optional[int], str]:
    opener = _OPENER_OUTSIDE if url.startswith("https:") else _OPENER
    try:
        with opener.open(urllib.request.Request(url, method=method), timeout=timeout) as answer:
            status: int = answer.status
            return status, ""
    except urllib.error.HTTPError as error:
        with error:
            return error.code, ""
    except (OSError, ValueError, http.client.HTTPException) as error:
        return None, str(error)
