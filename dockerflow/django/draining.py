"""Draining: while ``DOCKERFLOW_DRAIN_FILE`` exists, the heartbeat fails and runs no checks."""

from __future__ import annotations

import logging
import os
import threading
from typing import TYPE_CHECKING

from dockerflow.conf import conf
from dockerflow.loggers import enabled

if TYPE_CHECKING:
    from pathlib import Path

logger = logging.getLogger("dockerflow.django")


class _Process:
    """What this process has found last."""

    lock = threading.Lock()
    file: Path | None = None


def existing_file() -> Path | None:
    """Return the file of ``DOCKERFLOW_DRAIN_FILE`` while it exists."""
    file = conf.DOCKERFLOW_DRAIN_FILE
    # Path.exists() raises where a directory may not be searched.
    return file if file is not None and os.path.exists(file) else None  # noqa: PTH110


def drain_file() -> Path | None:
    """Return what :func:`existing_file` returns, and log once when that changes."""
    file = existing_file()
    if file != _Process.file:
        with _Process.lock:
            before, _Process.file = _Process.file, file
        if before != file:
            _log(before, file)
    return file


def _log(before: Path | None, file: Path | None) -> None:
    if file is not None:
        enabled(logger).warning(
            "Draining: %s exists, so the heartbeat fails until it is removed", file
        )
    else:
        enabled(logger).info("No longer draining: %s is gone", before)
