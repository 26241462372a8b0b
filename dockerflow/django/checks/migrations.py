"""Whether the migrations are applied."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.apps import AppConfig
from django.core import checks
from django.core.checks import CheckMessage
from django.core.exceptions import ImproperlyConfigured
from django.db import Error, connections

from dockerflow import health
from dockerflow.django.checks.subjects import database_aliases, subjects
from dockerflow.django.checks.unapplied import unapplied

NAMED_MIGRATIONS = 10


@subjects("database", database_aliases)
def check_migrations_applied(
    app_configs: Sequence[AppConfig] | None, database: str, **kwargs: Any
) -> list[CheckMessage]:
    """A database has all migrations of the apps it holds.

    W001 for each app that lacks some, I001 for a database that cannot be asked.
    """
    labels = None if app_configs is None else {app.label for app in app_configs}
    return list(_problems(database, labels))


def _problems(alias: str, labels: set[str] | None) -> Iterator[CheckMessage]:
    try:
        found = unapplied(connections[alias])
    except (ImproperlyConfigured, Error) as error:
        text = f'Database "{alias}" cannot be asked for its migrations: {error}'
        yield checks.Info(text, id=health.INFO_CANT_CHECK_MIGRATIONS)
        return
    for label, names in found.items():
        if labels is None or label in labels:
            named = ", ".join(names[:NAMED_MIGRATIONS])
            more = len(names) - NAMED_MIGRATIONS
            text = f'Database "{alias}" lacks {len(names)} of the migrations of {label}: {named}'
            yield checks.Warning(
                text + (f" and {more} more" if more > 0 else ""),
                hint="Run manage.py migrate.",
                id=health.WARNING_UNAPPLIED_MIGRATION,
            )
