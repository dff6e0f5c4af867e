"""What can go wrong. The names and their order are those of KInfra 1.0; two are new."""

from __future__ import annotations

from typing import Any, List, Optional, Sequence


class KInfraError(Exception):
    """Any failure of KInfra.

    ``code`` is the engine's error code (``port_taken``), if the engine said it; ``hint`` says what to do next;
    ``problems`` is all that the engine said, as it said it.
    """

    def __init__(
        self,
        message: str = "",
        *,
        code: Optional[str] = None,
        hint: Optional[str] = None,
        problems: Sequence[Any] = (),
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.hint = hint
        self.problems: List[Any] = list(problems)

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message


class PortAllocationError(KInfraError, RuntimeError):
    """A port can't be had. The legacy manager raised a ``RuntimeError`` for it, so it is one too."""


class TunnelError(KInfraError):
    """Something can't be made public."""


class ServiceConflictError(KInfraError):
    """Two services want the same."""


class ProcessManagementError(KInfraError):
    """A process can't be managed: most likely KInfra did not start it."""


class ConfigurationError(KInfraError):
    """What was asked for makes no sense to the engine."""


class ServiceError(KInfraError):
    """A service doesn't come up, or isn't known."""


class OrchestrationError(KInfraError):
    """The services of an orchestrator don't fit together."""


class EngineUnavailableError(KInfraError):
    """No engine runs, and none can be started."""


class NotSupportedYetError(ServiceError, NotImplementedError):
    """KInfra's engine can't do this yet, so this package does not pretend to; the message says what to do."""
