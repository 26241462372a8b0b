"""Draining: while ``DOCKERFLOW_DRAIN_FILE`` exists, the heartbeat fails and runs no checks."""

from __future__ import annotations

import logging
import os
import threading
from typing import TYPE_CHECKING

from dockerflow.conf import conf
from dockerflow.loggers import write

if TYPE_CHECKING:
    from pathlib import Path

logger = logging.getLogger("dockerflow.django")


class _Process:
    """What this process has found last."""

    lock = threading.Lock()
    file: Path | None = None

    @classmethod
    def after_fork(cls) -> None:
        cls.lock = threading.Lock()  # another thread may have held it


os.register_at_fork(after_in_child=_Process.after_fork)


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
        message = "Draining: %s exists, so the heartbeat fails until it is removed"
        write(logger, logging.WARNING, message, file)
    else:
        write(logger, logging.INFO, "No longer draining: %s is gone", before)
