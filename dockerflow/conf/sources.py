"""The settings file in a directory: found, parsed when it has changed, and remembered.

Settings are read several times a request, and hardly ever does a file with settings change. So it
is looked at once a second.
"""

from __future__ import annotations

import configparser
import math
import os
import stat
import time
from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

from dockerflow.conf import kinds

T = TypeVar("T")

INTERVAL = 1  # seconds between two looks


class SettingsFile(Generic[T]):
    """The first file of several names that a directory holds."""

    def __init__(self, readers: Mapping[str, Callable[[str], T]], nothing: T) -> None:
        self._readers = readers
        self._none = "", nothing
        self._parsed: tuple[object, T] = None, nothing
        self._last: tuple[object, float, tuple[str, T] | str] = None, -math.inf, self._none

    def find(self, directory: Any) -> tuple[str, T]:
        """Path and content of the file; an empty path and ``nothing`` where there is none.

        :raises ValueError: ``directory`` is no path, or the file is no good
        """
        last, looked, found = self._last
        now = time.monotonic()
        # In tests that freeze the time, even this clock goes back.
        if not 0 <= now - looked < INTERVAL or (last is not directory and last != directory):
            try:
                found = self._look(str(kinds.path.parse(directory)))
            except ValueError as error:
                found = str(error)
            self._last = directory, now, found
        if isinstance(found, str):
            raise ValueError(found)
        return found

    def _look(self, folder: str) -> tuple[str, T]:
        for name, read in self._readers.items():
            path = f"{folder}/{name}"
            try:
                status = os.stat(path)  # noqa: PTH116 (Path is slow)
            except OSError:
                continue
            if stat.S_ISREG(status.st_mode):  # .env may be a virtual environment
                return path, self._content(path, status, read)
        return self._none

    def _content(self, path: str, status: os.stat_result, read: Callable[[str], T]) -> T:
        identity = path, status.st_mtime_ns, status.st_size, status.st_ino
        known, content = self._parsed
        if known != identity:
            try:
                content = read(path)
            except configparser.ParsingError as error:
                # Not its text, which quotes the line, and with it a secret perhaps.
                line = getattr(error, "lineno", None) or error.errors[0][0]
                raise ValueError(
                    f"{path} cannot be read: line {line} is no NAME=value below a [settings]"
                ) from None
            except (OSError, UnicodeDecodeError, configparser.Error) as error:
                raise ValueError(f"{path} cannot be read: {error}") from None
            self._parsed = identity, content
        return content
