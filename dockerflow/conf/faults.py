"""What is wrong with files since the process has started, and the log records about it."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Mapping

from dockerflow.loggers import write

logger = logging.getLogger("dockerflow.conf")


class Faults:
    """Faults by name; each is logged when it appears and when it has gone.

    A fault is logged once in a process, whichever thread finds it first.
    """

    _lock = threading.Lock()

    def __init__(self) -> None:
        #: A line for each fault that is there now, by its name
        self.lines: Mapping[str, str] = {}

    @classmethod
    def after_fork(cls) -> None:
        cls._lock = threading.Lock()  # another thread may have held it

    def update(self, lines: Mapping[str, str]) -> None:
        """Replace the faults by these, and log the difference.

        :param lines: what is wrong, by the name of the setting or the path of the file
        """
        if not lines and not self.lines:
            return
        with Faults._lock:
            before, self.lines = self.lines, dict(lines)
        new = [line for name, line in lines.items() if name not in before]
        gone = [name for name in before if name not in lines]
        if new:
            write(logger, logging.ERROR, "%s The last good value stays in use.", " ".join(new))
        if gone:
            write(logger, logging.INFO, "%s: valid again", ", ".join(gone))


os.register_at_fork(after_in_child=Faults.after_fork)
