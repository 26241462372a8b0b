"""What is wrong with files since the process has started, and the log records about it."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from dockerflow.loggers import write

logger = logging.getLogger("dockerflow.conf")


class Faults:
    """Faults by name; each is logged when it appears and when it has gone.

    A fault is logged once in a process, whichever thread finds it first. The methods of dict that
    are used here are atomic: there is no lock, which a fork could copy while it is held.
    """

    def __init__(self) -> None:
        self._found: dict[str, list[str]] = {}

    @property
    def lines(self) -> dict[str, str]:
        """A line for each fault that is there now, by its name."""
        return {name: line for name, [line] in list(self._found.items())}

    def update(self, lines: Mapping[str, str]) -> None:
        """Replace the faults by these, and log the difference.

        :param lines: what is wrong, by the name of the setting or the path of the file
        """
        if not lines and not self._found:
            return
        found = {name: [line] for name, line in lines.items()}
        new = [entry[0] for name, entry in found.items() if self._is_new(name, entry)]
        gone = [name for name in list(self._found) if name not in lines and self._remove(name)]
        if new:
            write(logger, logging.ERROR, "%s The last good value stays in use.", " ".join(new))
        if gone:
            write(logger, logging.INFO, "%s: valid again", ", ".join(gone))

    def _is_new(self, name: str, entry: list[str]) -> bool:
        known = self._found.setdefault(name, entry)
        if known is entry:
            return True
        known[:] = entry  # it may have another cause by now
        return False

    def _remove(self, name: str) -> bool:
        return self._found.pop(name, None) is not None
