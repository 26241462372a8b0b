"""Logging that no configuration turns off by not naming a logger, and that breaks no answer."""

from __future__ import annotations

import logging
import traceback
from typing import Any


def enabled(logger: logging.Logger) -> logging.Logger:
    """Return the logger, enabled.

    By default, :func:`logging.config.dictConfig` and :func:`logging.config.fileConfig` disable
    every logger that exists and that they do not name. Which ones exist depends on the order of
    imports, and that is no reason for a failing heartbeat to go unlogged. Levels, handlers and
    filters count as ever.
    """
    logger.disabled = False
    return logger


def write(  # noqa: PLR0913 (all but the first three by name)
    logger: logging.Logger,
    level: int,
    message: str,
    *args: object,
    exc_info: BaseException | None = None,
    exc_text: str | None = None,
    extra: dict[str, Any] | None = None,
    place: tuple[str, int, str] | None = None,
) -> None:
    """Log a record, whatever a filter or handler of the project raises.

    Such an exception is printed to stderr, as :mod:`logging` does with those of handlers, unless
    :data:`logging.raiseExceptions` is false.

    :param exc_text: the text of an exception, for a record that shall not have the exception itself
    :param extra: further fields of the record
    :param place: the file, line and function that the record names; by default those of the caller
    """
    try:
        if not enabled(logger).isEnabledFor(level):
            return
        file, line, function = place or logger.findCaller(stacklevel=2)[:3]
        error = (type(exc_info), exc_info, exc_info.__traceback__) if exc_info is not None else None
        record = logger.makeRecord(
            logger.name, level, file, line, message, args, error, function, extra
        )
        record.exc_text = exc_text  # where formatters look for what they have made of exc_info
        logger.handle(record)
    except Exception:
        if logging.raiseExceptions:
            traceback.print_exc()
