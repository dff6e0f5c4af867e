"""What a resource is: a description that can be read and handed on, until KInfra's engine can start it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from enum import Enum
from typing import Any, Dict, Mapping, NoReturn, Optional, Tuple

from ..exceptions import ConfigurationError, NotSupportedYetError


class HealthCheckStrategy(Enum):
    TCP = "tcp"
    HTTP = "http"
    COMMAND = "command"
    CUSTOM = "custom"


@dataclass
class ResourceState:
    """As far as it is known: nothing is looked at yet."""

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
    """One resource. All that would act raises NotSupportedYetError."""

    kind = "resource"
    required: Tuple[str, ...] = ()
    advice = (
        "start it by its own tools before the services that need it; told of it by ServiceManager.add_resource, "
        "start_all begins none of them while it takes no connections"
    )

    def __init__(self, name: str, config: Mapping[str, Any]) -> None:
        missing = [key for key in self.required if not config.get(key)]
        if missing:
            raise ConfigurationError(f"the resource {name} lacks {', '.join(missing)}")
        self.name = name
        self.config: Dict[str, Any] = dict(config)
        self.state = ResourceState(name, error=f"KInfra does not manage a {self.kind} resource yet")

    def start(self) -> NoReturn:
        raise unsupported(self)

    def stop(self) -> NoReturn:
        raise unsupported(self)

    def restart(self) -> NoReturn:
        raise unsupported(self)

    def is_running(self) -> NoReturn:
        raise unsupported(self)

    def check_health(self) -> NoReturn:
        raise unsupported(self)

    def get_state(self) -> ResourceState:
        return self.state

    def update_state(self, **fields: Any) -> None:
        """Notes what the caller knows of it."""
        for name, value in fields.items():
            if not hasattr(self.state, name):
                raise ConfigurationError(f"a resource's state has no {name}")
            setattr(self.state, name, value)


def unsupported(adapter: ResourceAdapter) -> NotSupportedYetError:
    return NotSupportedYetError(
        f"KInfra's engine can't manage the {adapter.kind} resource {adapter.name} yet", hint=adapter.advice
    )
