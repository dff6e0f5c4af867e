from __future__ import annotations

import re
from typing import Any, Dict, Mapping, Optional
from urllib.parse import urlsplit

from .._entries import Entry, literal
from .base import Hide, ResourceAdapter, unsupported
from .cloud._addresses import cloud_at
from .cloud._base import START_TIMEOUT

# A request to AWS is signed, which no description of an API says how to do.
_AWS_RDS = re.compile(r"^rds\..*\.amazonaws\.com(\.cn)?$")

# What APIs call it. A word that is in no list is taken for one on the way up.
_STATES = {
    "running": ["running", "true"],
    "stopping": ["stopping"],
    "stopped": ["stopped", "false", "not running", "suspended", "paused", "inactive", "exited"],
    "failed": ["failed", "error", "crashed"],
    "starting": [],
}

_NO_SECRET = "its auth lacks {}"


class APIAdapter(ResourceAdapter):
    """What an HTTP API starts and stops.

    How it is, is asked at ``status_endpoint``: ``state`` says where in the answer (``/status``; ``/running`` for a truth
    value), ``states`` what its words mean (``{"running": ["ACTIVE"]}``). Where there is no ``status_endpoint``, the
    ``health_endpoint`` is asked. A service at Render or Railway, known by its address, is looked after as what it is.
    """

    kind = "HTTP API"
    required = ("api_base_url",)
    known = frozenset(
        (
            "api_base_url",
            "auth",
            "start_endpoint",
            "start_method",
            "start_body",
            "stop_endpoint",
            "stop_method",
            "stop_body",
            "status_endpoint",
            "health_endpoint",
            "health_check",
            "state",
            "states",
        )
    )

    def __init__(self, name: str, config: Mapping[str, Any]) -> None:
        super().__init__(name, config)
        self._cloud = cloud_at(str(self.config["api_base_url"]))
        if self._cloud is not None:
            self.known = self.known | self._cloud.keys
            self.start_timeout = START_TIMEOUT

    def check_supported(self) -> None:
        if _AWS_RDS.search(urlsplit(str(self.config["api_base_url"])).hostname or ""):
            raise unsupported(self, "AWS RDS")

    def translated(self, hide: Hide) -> Entry:
        if self._cloud is not None:
            return self._cloud.translated(self, hide)
        entry: Entry = {"type": "api", "url": literal(str(self.config["api_base_url"]))}
        auth = self._auth(hide)
        if auth is not None:
            entry["auth"] = auth
        for key, name, usual in (("start", "start", "/start"), ("end", "stop", "/stop")):
            request = self._request(name, usual, hide)
            if request is not None:
                entry[key] = request
        status = self._status()
        if status is not None:
            entry["status"] = status
        return entry

    def _request(self, name: str, usual: str, hide: Hide) -> Optional[Dict[str, Any]]:
        path = self.config.get(f"{name}_endpoint", usual)
        if not path:
            return None
        request: Dict[str, Any] = {
            "method": str(self.config.get(f"{name}_method") or "POST").upper(),
            "path": literal(str(path)),
        }
        body = self.config.get(f"{name}_body")
        if body:
            request["body"] = _as_written(body)
        return request

    def _status(self) -> Optional[Dict[str, Any]]:
        config = self.config
        path = config.get("status_endpoint", "/status")
        if path:
            states = {**_STATES, **(config.get("states") or {})}
            unknown = sorted(set(states) - set(_STATES))
            if unknown:
                raise self.wrong(f"states has no {', '.join(unknown)}", f"states: {', '.join(_STATES)}")
            words = {key: [_word(word) for word in words] for key, words in states.items() if words}
            return {"path": literal(str(path)), "state": str(config.get("state") or "/status"), **words}
        path = config.get("health_endpoint", "/health")
        if not path:
            return None
        check = config.get("health_check") or {}
        status: Dict[str, Any] = {"path": literal(str(path)), "expect": [int(check.get("expected_status") or 200)]}
        expected = dict(check.get("expected_response") or {})
        if len(expected) > 1:
            raise self.wrong("its expected_response has several fields, and the engine looks at one", "say one of them")
        for field, value in expected.items():
            status.update({"state": f"/{_token(str(field))}", "running": [_word(value)]})
        return status

    def _auth(self, hide: Hide) -> Optional[Dict[str, Any]]:
        auth = self.config.get("auth") or {}
        kind = auth.get("type") or "none"

        def given(key: str) -> str:
            if not auth.get(key):
                raise self.wrong(_NO_SECRET.format(key))
            return str(auth[key])

        if kind == "none":
            return None
        if kind == "bearer":
            return {"bearer": hide("token", given("token"))}
        if kind == "basic":
            return {"basic": {"user": literal(given("username")), "password": hide("password", given("password"))}}
        if kind == "api_key":
            return {"header": {str(auth.get("header_name") or "X-API-Key"): hide("api_key", given("api_key"))}}
        if kind == "custom":
            headers = auth.get("headers")
            if not isinstance(headers, Mapping) or not headers:
                raise self.wrong(_NO_SECRET.format("headers"))
            return {"header": {str(name): hide(f"header-{name}", str(value)) for name, value in headers.items()}}
        raise self.wrong(f"there is no auth of type {kind!r}", "types: none, bearer, basic, api_key, custom")


def _as_written(value: Any) -> Any:
    if isinstance(value, str):
        return literal(value)
    if isinstance(value, Mapping):
        return {str(name): _as_written(it) for name, it in value.items()}
    if isinstance(value, (list, tuple)):
        return [_as_written(it) for it in value]
    return value


def _word(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _token(field: str) -> str:
    """Of a JSON pointer."""
    return field.replace("~", "~0").replace("/", "~1")
