"""An exception as text that what comes from outside can't forge."""

import traceback
from types import TracebackType
from typing import TypeAlias

from dockerflow.logging.jsonable import text

ExcInfo: TypeAlias = (
    "tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]"
)


def safer_format_traceback(
    exc_typ: type[BaseException] | None,
    exc_val: BaseException | None,
    exc_tb: TracebackType | None,
) -> str:
    """Return the traceback of an exception, of those before it and of those in its group.

    Exceptions and their notes are shown by their ``repr``: the texts of errors often hold what a
    user sent, and so it can't start a line of its own.
    """
    return "Uncaught exception:\n" + _chain(exc_typ, exc_val, exc_tb, set())


def failure(exc_info: ExcInfo) -> dict[str, str]:
    """Return ``error`` and ``traceback`` of what :func:`sys.exc_info` returns, or should return."""
    try:
        return {"error": text(exc_info[1]), "traceback": safer_format_traceback(*exc_info)}
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
    for inner in _group(exc_val):
        if id(inner) not in seen:
            lines.append("\nOne of the exceptions in the group above:\n\n")
            lines.append(_chain(type(inner), inner, inner.__traceback__, seen))
    return "".join(lines)


def _group(exc_val: BaseException | None) -> tuple[BaseException, ...]:
    return exc_val.exceptions if isinstance(exc_val, BaseExceptionGroup) else ()
