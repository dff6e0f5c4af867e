"""Names as parts of host names."""

from __future__ import annotations

import re
from typing import Optional

_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


def dns_safe_slug(value: str, default: str = "local", max_length: int = 63) -> str:
    """Lower-case letters and digits, all else as single dashes; ``default`` when nothing is left."""
    slug = re.sub(r"[^a-z0-9]+", "-", value.lower()).strip("-")
    return slug[:max_length].strip("-") or default


def validate_dns_label(label: str) -> bool:
    """Whether it can be one label of a host name."""
    return _LABEL.fullmatch(label.lower()) is not None


def create_subdomain(name: str, domain: str, max_levels: int = 3) -> str:
    """``web`` and ``example.com``: ``web.example.com``. ``max_levels`` is not needed any more: `kinfra tunnels plan`
    warns of names that a certificate doesn't cover."""
    return f"{dns_safe_slug(name)}.{domain}"


def extract_service_name_from_hostname(hostname: str, domain: Optional[str] = None) -> str:
    """The part of a host name before its domain; without one, its first label."""
    if domain is not None and hostname.endswith(f".{domain}"):
        return hostname[: -len(domain) - 1]
    return hostname.split(".", 1)[0]
