"""What a log record has of an exception, without the credentials that it may quote."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from typing import Any, TypedDict

from dockerflow.scrub import scrub


class Arguments(TypedDict):
    """Keyword arguments of a logger's methods."""

    exc_info: BaseException | None
    extra: dict[str, Any]


def arguments(error: BaseException | None, **extra: Any) -> Arguments:
    """Return what to log an exception with: itself, where nothing in it has to be masked.

    Otherwise its text and its traceback, masked, are the fields ``error`` and ``traceback`` of the
    record, which has no ``exc_info``: formatters and what else watches the log would quote it.

    :param extra: further fields of the record
    """
    if error is None:
        return {"exc_info": None, "extra": extra}
    try:
        shown = "".join(traceback.format_exception(error))
        texts = [shown, *map(repr, _related(error, set()))]
        masked = [scrub(text) for text in texts]
    except BaseException:  # of an exception that runs code of its own when it is shown
        return {"exc_info": None, "extra": {**extra, "error": type(error).__name__}}
    if masked == texts:
        return {"exc_info": error, "extra": extra}
    return {"exc_info": None, "extra": {**extra, "error": masked[1], "traceback": masked[0]}}


def _related(error: BaseException | None, seen: set[int]) -> Iterator[object]:
    """The exception, those before it, those in its group, and the notes of all of them."""
    if error is None or id(error) in seen:
        return
    seen.add(id(error))
    yield error
    yield getattr(error, "__notes__", None)
    yield from _related(error.__cause__, seen)
    yield from _related(error.__context__, seen)
    for inner in error.exceptions if isinstance(error, BaseExceptionGroup) else ():
        yield from _related(inner, seen)
