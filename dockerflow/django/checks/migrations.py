"""Whether the migrations are applied."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from typing import Any

from django.apps import AppConfig
from django.core import checks
from django.core.checks import CheckMessage
from django.db import Error
from django.db.migrations.recorder import MigrationRecorder

from dockerflow import health
from dockerflow.django.checks.connecting import Database, unusable_hint
from dockerflow.django.checks.database_rounds import UnavailableError
from dockerflow.django.checks.driver_errors import is_lost, is_missing_right, is_missing_table
from dockerflow.django.checks.subjects import database_aliases, subjects
from dockerflow.django.checks.unapplied import Applied, Migrations, current_migrations

NAMED_MIGRATIONS = 10


@subjects("database", database_aliases)
def check_migrations_applied(
    app_configs: Sequence[AppConfig] | None, database: str, **kwargs: Any
) -> list[CheckMessage]:
    """A database has all migrations of the apps it holds.

    W001 for each app that lacks some. I001 where no connection can be had, E013 where this user may
    not read the applied migrations, E002 where they cannot be read for another reason. A database
    into which the routers let no migrations is not asked.
    """
    labels = None if app_configs is None else {app.label for app in app_configs}
    migrations = current_migrations()
    if not migrations.allowed_in(database, labels):
        return []
    return list(_problems(migrations, database, labels))


def _problems(
    migrations: Migrations, alias: str, labels: set[str] | None
) -> Iterator[CheckMessage]:
    try:
        applied = _applied(Database(alias))
    except UnavailableError as unavailable:
        text = f'Could not read the migrations of database "{alias}": {unavailable}'
        yield checks.Info(text, id=health.INFO_CANT_CHECK_MIGRATIONS)
    except _ForbiddenError as forbidden:
        text = f'Database "{alias}" does not let this user read its migrations: {forbidden}'
        yield checks.Error(text, id=health.ERROR_MIGRATIONS_FORBIDDEN)
    except Error as error:
        text = f'Database "{alias}" is connected, but its migrations cannot be read: {error}'
        hint = unusable_hint(alias)
        yield checks.Error(text, hint=hint, id=health.ERROR_UNUSABLE_DATABASE)
    else:
        for label, names in migrations.unapplied(alias, applied, labels).items():
            yield _unapplied_message(alias, label, names)


def _unapplied_message(alias: str, label: str, names: list[str]) -> CheckMessage:
    named = ", ".join(names[:NAMED_MIGRATIONS])
    more = len(names) - NAMED_MIGRATIONS
    plural = "s" if len(names) > 1 else ""
    named += f" and {more} more" if more > 0 else ""
    # Not "auth: 0001_initial", which reads like a secret and its value.
    text = f'Database "{alias}" has {len(names)} unapplied migration{plural} of {label} ({named})'
    return checks.Warning(
        text,
        hint=health.ADVICE[health.WARNING_UNAPPLIED_MIGRATION],
        id=health.WARNING_UNAPPLIED_MIGRATION,
    )


class _ForbiddenError(Exception):
    """This user may not read the table; the text is the reason."""


def _applied(database: Database) -> Applied:
    """The applied migrations, none where there is no table.

    Not :class:`MigrationRecorder`, which asks for the table's name first, and makes an instance of
    a model of each row.

    :raises _ForbiddenError: this user may not read the table
    :raises django.db.Error: the table cannot be read
    """
    quote = database.connection.ops.quote_name
    sql = f"SELECT {quote('app')}, {quote('name')} FROM {quote(_table())}"  # noqa: S608
    try:
        return database.select(sql, savepoint=True)
    except Error as error:
        if is_missing_right(error):
            raise _ForbiddenError(error) from error
        if not _is_missing(database, error):
            raise
    return []


def _table() -> str:
    return MigrationRecorder.Migration._meta.db_table


def _is_missing(database: Database, error: Error) -> bool:
    """Whether a query has failed because there is no table.

    :raises _ForbiddenError: there is one, which is hidden from this user
    """
    match database.connection.vendor:
        case "mysql":
            return is_missing_table(error)
        case "postgresql":
            if is_missing_table(error) and (schema := _hidden_schema(database)):
                raise _ForbiddenError(f"no USAGE on schema {schema}") from error
            return is_missing_table(error)
        case "sqlite":
            is_possible = is_missing_table(error)
        case _:
            is_possible = not is_lost(error)
    return is_possible and not MigrationRecorder(database.connection).has_table()


def _hidden_schema(database: Database) -> str | None:
    """The schema on the ``search_path`` that has the table, and that this user may not use.

    PostgreSQL passes over such a schema and says that there is no table.
    """
    try:
        found = database.select(
            "SELECT nspname, current_setting('search_path'), current_user"  # noqa: S608
            " FROM pg_catalog.pg_class JOIN pg_catalog.pg_namespace n ON n.oid = relnamespace"
            f" WHERE relname = '{_table()}' AND NOT has_schema_privilege(n.oid, 'USAGE')",
            savepoint=True,
        )
    except Error:  # as in a transaction that the first query has spoiled
        return None
    for schema, search_path, user in found:
        names = next(csv.reader([search_path], skipinitialspace=True))
        if schema in [user if name == "$user" else name for name in names]:
            return str(schema)
    return None
