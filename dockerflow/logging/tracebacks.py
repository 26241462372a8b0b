"""Exceptions as text in which nobody outside can forge a line."""

from __future__ import annotations

import traceback
from types import TracebackType
from typing import Any

from dockerflow.logging.jsonable import text


def safer_format_traceback(
    exc_typ: type[BaseException] | None,
    exc_val: BaseException | None,
    exc_tb: TracebackType | None,
) -> str:
    """Return the traceback of an exception below the line ``Uncaught exception:``.

    For code that handles what nothing else has caught, such as :data:`sys.excepthook`. Exceptions
    before it (``__cause__``, ``__context__``) and in its group are included. Exceptions and their
    notes are shown by their ``repr``, because their texts often hold what a user sent, which could
    otherwise start a line of its own.
    """
    return "Uncaught exception:\n" + _chain(exc_typ, exc_val, exc_tb, set())


def exception_fields(exc_info: Any) -> dict[str, str]:
    """Return the fields ``error`` and ``traceback`` of a record's ``exc_info``.

    That is usually what :func:`sys.exc_info` returns; anything else is shown as ``error``.
    """
    try:
        exc_typ, exc_val, exc_tb = exc_info
        if exc_typ is None and exc_val is None:  # exc_info=True where nothing was raised
            return {}
        # The exception may well have been caught, so this does not start with "Uncaught exception".
        lines = _chain(exc_typ, exc_val, exc_tb, set())
        return {"error": text(exc_val), "traceback": f"Traceback (most recent call last):\n{lines}"}
    except Exception:  # somebody's logger.error(..., exc_info=("a", "b"))
        return {"error": text(exc_info)}


def _chain(
    exc_typ: type[BaseException] | None,
    exc_val: BaseException | None,
    exc_tb: TracebackType | None,
    seen: set[int],
) -> str:
    blocks = []
    while True:
        seen.add(id(exc_val))
        blocks.append(_block(exc_typ, exc_val, exc_tb, seen))
        if exc_val is None:
            break
        before = exc_val.__cause__
        link = "The above exception was the direct cause of this one:"
        if before is None and not exc_val.__suppress_context__:
            before = exc_val.__context__
            link = "While the above exception was being handled, this one occurred:"
        if before is None or id(before) in seen:
            break
        blocks.append(f"\n{link}\n\n")
        exc_typ, exc_val, exc_tb = type(before), before, before.__traceback__
    return "".join(reversed(blocks))


def _block(
    exc_typ: type[BaseException] | None,
    exc_val: BaseException | None,
    exc_tb: TracebackType | None,
    seen: set[int],
) -> str:
    notes = getattr(exc_val, "__notes__", ())
    notes = notes if isinstance(notes, (list, tuple)) else [notes]
    lines = traceback.format_tb(exc_tb)
    lines += [f"{text(shown)}\n" for shown in (exc_typ, exc_val, *notes)]
    for inner in exc_val.exceptions if isinstance(exc_val, BaseExceptionGroup) else ():
        if id(inner) not in seen:
            lines.append("\nOne of the exceptions in the group above:\n\n")
            lines.append(_chain(type(inner), inner, inner.__traceback__, seen))
    return "".join(lines)
