"""One more real database among Django's, for the time of a test."""

from collections.abc import Iterator, Mapping
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


def limited(options: Mapping[str, Any], seconds: int) -> dict[str, Any]:
    """The options of a database whose queries wait no longer than this, for a lock or otherwise."""
    return {
        **options,
        "OPTIONS": {
            "django.db.backends.sqlite3": {"timeout": seconds},
            "django.db.backends.postgresql": {"options": f"-c statement_timeout={seconds}s"},
            "django.db.backends.mysql": {"init_command": f"SET max_statement_time = {seconds}"},
        }[options["ENGINE"]],
    }
