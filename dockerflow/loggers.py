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


def write(logger: logging.Logger, level: int, message: str, *args: object, **options: Any) -> None:
    """Log a record, whatever a filter or handler of the project raises.

    Such an exception is printed to stderr, as :mod:`logging` does with those of handlers, unless
    :data:`logging.raiseExceptions` is false.

    :param options: those of :meth:`logging.Logger.log`
    """
    try:
        enabled(logger).log(level, message, *args, stacklevel=2, **options)
    except Exception:
        if logging.raiseExceptions:
            traceback.print_exc()
