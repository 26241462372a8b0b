"""The file of an SQLite database, looked at from outside: SQLite would create what is missing."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from weakref import WeakKeyDictionary

from django.db.backends.base.base import BaseDatabaseWrapper

SQLITE_DEFAULT_TIMEOUT = 5.0  # seconds; sqlite3's own default for the wait for a lock
# Device, inode, size and time of the last change of the file behind each connection
_seen: WeakKeyDictionary[BaseDatabaseWrapper, tuple[int, int, int, int]] = WeakKeyDictionary()


@dataclass(frozen=True)
class File:
    """The path of a database, and whether ``NAME`` opens it for nothing but reading."""

    path: str
    is_opened_read_only: bool = False

    def look(self, connection: BaseDatabaseWrapper) -> None:
        """Raise where a connection would find no file, or one that it may not read.

        The file is not opened: closing it would drop the locks of all connections of this process.
        An open connection answers from its memory where it can; if the file has changed since the
        last look, it is made to read it again. If another file is in its place, the connection is
        closed: it would go on with the one that was removed.
        https://www.sqlite.org/howtocorrupt.html
        https://www.sqlite.org/pragma.html#pragma_shrink_memory

        :raises OSError: with the reason
        """
        status = os.stat(self.path)  # noqa: PTH116 (Path takes three times as long)
        seen = status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns
        before = _seen.get(connection)
        if before and before[:2] != seen[:2]:
            connection.close()
        if connection.connection is None and not _may(self.path, os.R_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), self.path)
        if before != seen:
            if connection.connection is not None:
                _pragma(connection, "shrink_memory")
            _seen[connection] = seen

    @contextmanager
    def limited_wait(self, connection: BaseDatabaseWrapper, seconds: float) -> Iterator[None]:
        """Have a connection that is made within this wait no longer than this for a lock.

        Not by a pragma afterwards: newer releases of SQLite read the file, and wait for it, in what
        Django executes when it connects.
        """
        given = connection.get_connection_params

        def limited() -> dict[str, Any]:
            parameters = given()
            return {
                **parameters,
                "timeout": min(parameters.get("timeout", SQLITE_DEFAULT_TIMEOUT), seconds),
            }

        vars(connection)["get_connection_params"] = limited
        try:
            yield
        finally:
            del vars(connection)["get_connection_params"]

    def is_missing(self) -> bool:
        """Whether there is no file, or none that this user may look for."""
        return not os.path.exists(self.path)  # noqa: PTH110 (Path.exists() may raise)

    def can_be_created(self) -> bool:
        """Whether it is missing, and this user may create it, as ``migrate`` does."""
        may_write = _may(Path(self.path).parent, os.W_OK | os.X_OK)
        return may_write and not self.is_opened_read_only and self.is_missing()

    def why_not_writable(self) -> str | None:
        """Why nothing can be written to it; None where it can be."""
        if self.is_opened_read_only:
            return f"NAME opens {self.path} for reading only"
        folder = Path(self.path).resolve().parent
        if sys.platform != "win32" and os.statvfs(folder).f_flag & os.ST_RDONLY:
            return f"{folder} is on a file system that is mounted read-only"
        if not _may(self.path, os.W_OK):
            return f"this user has no permission to write to {self.path}"
        if not _may(folder, os.W_OK | os.X_OK):
            return f"this user has no permission to write to {folder}, for SQLite's journal"
        return None


def is_opened(error: Exception) -> bool:
    """Whether SQLite has opened the file, and what is wrong is in it, or a lock on it."""
    name = getattr(error.__cause__, "sqlite_errorname", "")
    return name.startswith(("SQLITE_BUSY", "SQLITE_CORRUPT", "SQLITE_LOCKED", "SQLITE_NOTADB"))


def _pragma(connection: BaseDatabaseWrapper, text: str) -> list[tuple[Any, ...]]:
    """What a pragma of the connection itself returns, past those who log or count queries."""
    cursor = connection.connection.cursor()
    try:
        rows: list[tuple[Any, ...]] = cursor.execute(f"PRAGMA {text}").fetchall()
    finally:
        cursor.close()
    return rows


def file_of(connection: BaseDatabaseWrapper) -> File | None:
    """The database's file; None where it is in memory, temporary, or no file at all.

    :raises django.core.exceptions.ImproperlyConfigured: the settings have no NAME
    """
    return _file(os.fspath(connection.get_connection_params()["database"]))


@lru_cache
def _file(name: str) -> File | None:
    if not name.startswith("file:"):
        return None if name == ":memory:" or "://" in name else File(name)
    path, options = _uri(name)
    in_files = options.get("vfs", "unix").startswith(("unix", "win32"))
    if path in {"", ":memory:"} or options.get("mode") == "memory" or not in_files:
        return None
    is_immutable = options.get("immutable", "0").lower() in {"1", "on", "true", "yes"}
    return File(path, options.get("mode") == "ro" or is_immutable)


def is_private(connection: BaseDatabaseWrapper) -> bool:
    """Whether each connection to the database has one of its own, in memory.

    https://www.sqlite.org/inmemorydb.html
    """
    name = str(connection.settings_dict["NAME"])
    if connection.vendor != "sqlite" or not name.startswith("file:"):
        return connection.vendor == "sqlite" and name == ":memory:"
    path, options = _uri(name)
    if options.get("vfs") == "memdb":
        return not path.startswith("/")
    in_memory = path in {"", ":memory:"} or options.get("mode") == "memory"
    return in_memory and options.get("cache") != "shared"


def _uri(name: str) -> tuple[str, dict[str, str]]:
    """Path and options: https://www.sqlite.org/uri.html."""
    uri = urlsplit(name)
    return unquote(uri.path), {key: values[-1] for key, values in parse_qs(uri.query).items()}


def _may(path: str | Path, mode: int) -> bool:
    return os.access(path, mode, effective_ids=os.access in os.supports_effective_ids)
