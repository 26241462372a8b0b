"""One more real database among Django's, for the time of a test."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper


@contextmanager
def database(alias: str, **settings: Any) -> Iterator[None]:
    """``connections[alias]`` is this database; at the end its connection is closed."""
    connections.settings[alias] = connections.configure_settings({"default": settings})["default"]
    try:
        yield
    finally:
        if hasattr(connections._connections, alias):
            BaseDatabaseWrapper.close(connections[alias])  # SQLite's own leaves one in memory open
            del connections[alias]
        del connections.settings[alias]
