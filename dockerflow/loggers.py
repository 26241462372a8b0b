"""Loggers that no configuration turns off by not naming them."""

from __future__ import annotations

import logging


def enabled(logger: logging.Logger) -> logging.Logger:
    """Return the logger, enabled.

    By default, :func:`logging.config.dictConfig` and :func:`logging.config.fileConfig` disable
    every logger that exists and that they do not name. Which ones exist depends on the order of
    imports, and that is no reason for a failing heartbeat to go unlogged. Levels, handlers and
    filters count as ever.
    """
    logger.disabled = False
    return logger
