"""Whether the databases answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage
from django.db import Error
from django.db.backends.base.base import BaseDatabaseWrapper

from dockerflow.django.checks.connecting import Database
from dockerflow.django.checks.database_rounds import UnavailableError
from dockerflow.django.checks.subjects import database_aliases, subjects


@subjects("database", database_aliases, first=True)
def check_database_connected(
    app_configs: Sequence[AppConfig] | None, database: str, **kwargs: Any
) -> list[CheckMessage]:
    """A database answers one query, which writes nothing.

    E001 where no connection can be had, E002 where the query fails, E003 where Django cannot make
    anything of the database's settings.
    """
    try:
        connected = Database(database)
        try:
            connected.select(_query(connected.connection))
        except Error as error:
            raise connected.unusable(error) from error
    except UnavailableError as unavailable:
        return [unavailable.message]
    return []


def _query(connection: BaseDatabaseWrapper) -> str:
    if connection.vendor == "sqlite":
        # It answers SELECT 1 without a look at the file, which may be garbage, or locked.
        return "SELECT 1 FROM sqlite_master LIMIT 1"
    return f"SELECT 1{connection.features.bare_select_suffix}"
