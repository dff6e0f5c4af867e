"""Answers that can be used at once and awaited too.

Services, resources and orchestrators had coroutines in KInfra 1.0, and have plain methods now. Old code awaits what
they give, or hands it to `asyncio.run` or `gather`; new code uses it as it is. By then all is done either way.
"""

from __future__ import annotations

from typing import Any, Coroutine, Dict, Generator, NoReturn, TypeVar

Value = TypeVar("Value")


class _Done:
    """The coroutine's half of an answer, which has ended before it is begun."""

    def _value(self) -> Any:
        return self

    def send(self, _: Any) -> NoReturn:
        raise StopIteration(self._value())

    def throw(self, kind: Any, value: Any = None, traceback: Any = None) -> NoReturn:
        raise value if value is not None else kind

    def close(self) -> None:
        return None

    def __await__(self) -> Generator[Any, Any, Any]:
        return self._value()
        yield


class Answer(_Done, int, Coroutine[Any, Any, bool]):
    """Yes or no: an ``int`` that is 1 or 0, since nothing can be derived from ``bool``."""

    def _value(self) -> bool:
        return bool(self)

    def __repr__(self) -> str:
        return repr(bool(self))


class DictAnswer(_Done, Dict[str, Value], Coroutine[Any, Any, Dict[str, Value]]):
    """Several things by name."""

    # `gather` puts what it is given into a dictionary.
    __hash__ = object.__hash__  # type: ignore[assignment]

    def _value(self) -> Dict[str, Value]:
        return dict(self)


YES = Answer(1)
NO = Answer(0)
