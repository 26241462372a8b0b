"""The file of an SQLite database, looked at from outside: SQLite would create what is missing."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from django.db.backends.base.base import BaseDatabaseWrapper


def path(connection: BaseDatabaseWrapper) -> str | None:
    """The path of the database's file; None where it is in memory, temporary, or no file at all.

    :raises django.core.exceptions.ImproperlyConfigured: the settings have no NAME
    """
    name = os.fspath(connection.get_connection_params()["database"])
    if not name.startswith("file:"):
        return None if name == ":memory:" or "://" in name else name
    # https://www.sqlite.org/uri.html
    found, options = unquote(urlsplit(name).path), uri_options(name)
    in_files = options.get("vfs", "unix").startswith(("unix", "win32"))
    in_memory = options.get("mode") == "memory" or found in {"", ":memory:"}
    return found if in_files and not in_memory else None


def uri_options(name: str) -> dict[str, str]:
    """The options of a ``file:`` name, such as ``mode`` and ``immutable``."""
    query = urlsplit(name).query if name.startswith("file:") else ""
    return {option: values[-1] for option, values in parse_qs(query).items()}


def problem(path: str) -> str | None:
    """Why there is no file to be read there, in the words of the system; None where there is one.

    It is not opened: closing it would drop the locks of all connections of this process.
    https://www.sqlite.org/howtocorrupt.html
    """
    try:
        Path(path).stat()
    except OSError as error:
        return error.strerror
    return None if may(path, os.R_OK) else os.strerror(errno.EACCES)


def may(path: str, mode: int) -> bool:
    """Whether this process may do what ``mode`` says, which is that of :func:`os.access`."""
    return os.access(path, mode, effective_ids=os.access in os.supports_effective_ids)
