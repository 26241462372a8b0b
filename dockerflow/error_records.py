"""What a log record has of an exception, without the credentials that it may quote."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from typing import Any

from dockerflow.scrub import scrub


def arguments(error: BaseException | None, **extra: Any) -> dict[str, Any]:
    """Return what to pass to :func:`dockerflow.loggers.write` for an exception.

    That is the exception itself, where nothing in it has to be masked. Otherwise it is the masked
    traceback, and the field ``error``, because formatters and whatever else watches the log would
    quote the exception.

    :param extra: further fields of the record
    """
    if error is None:
        return {"extra": extra}
    try:
        shown = "".join(traceback.format_exception(error))
        texts = [shown, *map(repr, _related(error, set()))]
        masked = [scrub(text) for text in texts]
    except BaseException:  # of an exception that runs code of its own when it is shown
        return {"extra": {**extra, "error": type(error).__name__}}
    if masked == texts:
        return {"exc_info": error, "extra": extra}
    return {"exc_text": masked[0].rstrip("\n"), "extra": {**extra, "error": masked[1]}}


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
