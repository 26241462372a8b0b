"""Whether the databases answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.apps import AppConfig
from django.core import checks
from django.core.checks import CheckMessage
from django.core.exceptions import ImproperlyConfigured
from django.db import Error, connections

from dockerflow import health
from dockerflow.django.checks.queries import select
from dockerflow.django.checks.subjects import database_aliases, subjects


@subjects("database", database_aliases, first=True)
def check_database_connected(
    app_configs: Sequence[AppConfig] | None, database: str, **kwargs: Any
) -> list[CheckMessage]:
    """A database answers a ``SELECT 1``.

    E001 where no connection can be had, E002 where it answers no query, E003 where Django cannot
    make anything of its settings.
    """
    return list(_problems(database))


def _problems(alias: str) -> Iterator[CheckMessage]:
    connection = None
    try:
        connection = connections[alias]
        connection.ensure_connection()
        select(connection, f"SELECT 1{connection.features.bare_select_suffix}")
    except ImproperlyConfigured as error:
        text = f'Database "{alias}" is misconfigured: {error}'
        yield checks.Error(text, id=health.ERROR_MISCONFIGURED_DATABASE)
    except Error as error:
        if connection is None or connection.connection is None:
            text = f'Could not connect to database "{alias}": {error}'
            yield checks.Error(text, id=health.ERROR_CANNOT_CONNECT_DATABASE)
        else:
            text = f'Database "{alias}" is connected and answers no query: {error}'
            yield checks.Error(text, id=health.ERROR_UNUSABLE_DATABASE)
