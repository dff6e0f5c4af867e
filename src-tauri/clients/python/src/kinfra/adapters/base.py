"""What a resource is, and what is done with it: a description that KInfra's engine starts, watches and stops."""

from __future__ import annotations

import logging
from dataclasses import asdict, dataclass, field, replace
from enum import Enum
from typing import Any, Callable, Dict, FrozenSet, Mapping, Optional, Tuple

from .. import _resources
from .._answer import YES, Answer
from .._entries import Entry
from .._project import GeneratedProject
from ..exceptions import ConfigurationError, NotSupportedYetError
from ..port_registry import DEFAULT_PROJECT

_log = logging.getLogger("kinfra")

# From a key and a value to what is written in the place of the value.
Hide = Callable[[str, str], str]


class HealthCheckStrategy(Enum):
    TCP = "tcp"
    HTTP = "http"
    COMMAND = "command"
    CUSTOM = "custom"


@dataclass
class ResourceState:
    """As the engine sees it. ``container_id`` is the name of the container, which Docker takes for an id too;
    ``metadata`` has the engine's own words: ``type``, ``phase``, ``health``, ``detail``."""

    name: str
    running: bool = False
    healthy: bool = False
    pid: Optional[int] = None
    container_id: Optional[str] = None
    port: Optional[int] = None
    error: Optional[str] = None
    metadata: Dict[str, Any] = field(default_factory=dict)

    def as_dict(self) -> Dict[str, Any]:
        return asdict(self)


class ResourceAdapter:
    """One resource, of the project of names that nobody gave another, or of its `ResourceManager`. Constructing one
    touches nothing. Methods can be called as they are, or awaited."""

    kind = "resource"
    required: Tuple[str, ...] = ()
    known: FrozenSet[str] = frozenset()
    """The keys that mean something, beside ``type``."""
    idle: FrozenSet[str] = frozenset()
    """Those that meant something in KInfra 1.0, and nothing any more."""
    advice = "use its own tools, and hand its address to services by ServiceConfig.env"
    start_timeout = _resources.START_TIMEOUT
    """How many seconds a start is waited for."""

    def __init__(self, name: str, config: Mapping[str, Any]) -> None:
        missing = [key for key in self.required if not config.get(key)]
        if missing:
            raise ConfigurationError(f"the resource {name} lacks {', '.join(missing)}")
        self.name = name
        self.config: Dict[str, Any] = dict(config)
        self.state = ResourceState(name)
        self._project = GeneratedProject(DEFAULT_PROJECT)

    def start(self) -> Answer:
        """Starts it, or restarts it where it runs with other settings; returns when it is healthy.

        Raises ServiceError when it does not come up, ServiceConflictError when its port is another's,
        ConfigurationError for what makes no sense, NotSupportedYetError for what the engine can't do yet.
        """
        _resources.start(self._project, [self])
        return YES

    def stop(self) -> Answer:
        """Stops it, and what depends on it; whether it is gone. Data stay, and so do its port and its container. In a cloud
        it is paused, or left alone."""
        self.check_supported()
        return Answer(_resources.stop(self._project, [self.name]))

    def restart(self) -> Answer:
        """Stops and starts it."""
        self.stop()
        return self.start()

    def is_running(self) -> Answer:
        self.check_supported()
        return Answer(self.get_state().running)

    def check_health(self) -> Answer:
        """What the engine's last probe said."""
        self.check_supported()
        return Answer(self.get_state().healthy)

    def get_state(self) -> ResourceState:
        """As the engine sees it now, else what `update_state` noted."""
        seen = _resources.seen(self._project, self.name)
        if not seen:
            return self.state
        metadata = {**self.state.metadata, **seen.pop("metadata")}
        return replace(self.state, **seen, metadata=metadata)

    def update_state(self, **fields: Any) -> None:
        """Notes what the caller knows of it."""
        for name, value in fields.items():
            if not hasattr(self.state, name):
                raise ConfigurationError(f"a resource's state has no {name}")
            setattr(self.state, name, value)

    def check_supported(self) -> None:
        """Raises NotSupportedYetError for what the engine can't do yet."""

    def entry(self, hide: Hide) -> Entry:
        """What is written for it into the generated ``kinfra.yaml``. Touches nothing.

        Raises ConfigurationError, or NotSupportedYetError.
        """
        self.check_supported()
        strange = sorted(set(map(str, self.config)) - {"type", *self.known, *self.idle})
        if strange:
            # A key that was misspelt had no effect, and nobody heard of it.
            _log.warning("the resource %s: %s has no meaning and is ignored", self.name, ", ".join(strange))
        return self.translated(hide)

    def translated(self, hide: Hide) -> Entry:
        raise unsupported(self)

    def prepare(self) -> None:
        """What has to be there before it is started."""

    def wrong(self, what: str, hint: Optional[str] = None) -> ConfigurationError:
        return ConfigurationError(f"the resource {self.name}: {what}", hint=hint)


def unsupported(adapter: ResourceAdapter, kind: Optional[str] = None) -> NotSupportedYetError:
    return NotSupportedYetError(
        f"KInfra's engine can't manage the {kind or adapter.kind} resource {adapter.name} yet", hint=adapter.advice
    )
