"""The settings file in a directory: found, parsed when it has changed, and remembered.

Settings are read several times a request, and hardly ever does a file with settings change. So
what has stayed as it is for some seconds is looked at once a second, and what is new at every read.
"""

from __future__ import annotations

import configparser
import functools
import os
import stat
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Generic, TypeVar

from dockerflow import values

T = TypeVar("T")

INTERVAL = 1  # seconds between two looks
SETTLED = 2  # seconds; some file systems tell time no finer


class SettingsFile(Generic[T]):
    """The first file of several names that a directory holds."""

    def __init__(self, readers: Mapping[str, Callable[[str], T]], nothing: T) -> None:
        self._readers = readers
        self._none = "", nothing
        self._parsed: tuple[object, T] = None, nothing
        self._last: tuple[object, float, tuple[str, T]] = None, 0.0, self._none

    def find(self, directory: Any) -> tuple[str, T]:
        """Path and content of the file; an empty path and ``nothing`` where there is none.

        :raises ValueError: ``directory`` is no path, or the file is no good
        """
        last, until, found = self._last
        if time.monotonic() >= until or (last is not directory and last != directory):
            found, changed = self._look(_folder(directory))
            settled = time.time() - changed > SETTLED
            self._last = directory, time.monotonic() + INTERVAL if settled else 0.0, found
        return found

    def _look(self, folder: str) -> tuple[tuple[str, T], float]:
        """What is there, and when it changed (seconds since the epoch)."""
        changed = 0.0
        with suppress(OSError):
            changed = os.stat(folder).st_mtime  # noqa: PTH116 (Path is slow)
        for name, read in self._readers.items():
            path = f"{folder}/{name}"
            try:
                status = os.stat(path)  # noqa: PTH116
            except OSError:
                continue
            if stat.S_ISREG(status.st_mode):  # .env may be a virtual environment
                return (path, self._content(path, status, read)), max(changed, status.st_mtime)
        return self._none, changed

    def _content(self, path: str, status: os.stat_result, read: Callable[[str], T]) -> T:
        identity = path, status.st_mtime_ns, status.st_size, status.st_ino
        known, content = self._parsed
        if known != identity:
            try:
                content = read(path)
            except (OSError, UnicodeDecodeError, configparser.Error) as error:
                raise ValueError(f"{path} cannot be read: {error}") from None
            self._parsed = identity, content
        return content


@functools.lru_cache(maxsize=1)
def _folder(directory: Any) -> str:
    return str(values.path.parse(directory))
