"""Queries that do not mistake a stale connection for a database that is down."""

from __future__ import annotations

from typing import Any

from django.db import Error
from django.db.backends.base.base import BaseDatabaseWrapper


def select(connection: BaseDatabaseWrapper, sql: str) -> list[tuple[Any, ...]]:
    """All rows. A connection that turns out to be dead is replaced, once.

    :raises django.db.Error: as the second try left it
    """
    try:
        return _select(connection, sql)
    except Error:
        # Pings after an error, and closes what does not answer; in a transaction it does nothing.
        connection.close_if_unusable_or_obsolete()
        if connection.connection is not None:
            raise
    if connection.vendor == "postgresql" and (pool := getattr(connection, "pool", None)):
        pool.check()  # the others in it have died as well
    return _select(connection, sql)


def _select(connection: BaseDatabaseWrapper, sql: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows
