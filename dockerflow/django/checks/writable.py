"""Whether the databases take writes, without writing to them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.apps import AppConfig
from django.core import checks
from django.core.checks import CheckMessage
from django.db import Error, connections

from dockerflow import health
from dockerflow.django.checks.connecting import Database, unusable_hint
from dockerflow.django.checks.database_rounds import UnavailableError
from dockerflow.django.checks.subjects import database_aliases, subjects

# Which of them there are depends on the version; MariaDB 12 has more words for on than one.
MYSQL_VARIABLES = (
    "read_only",
    "super_read_only",
    "innodb_read_only",
    "transaction_read_only",
    "tx_read_only",
)
SQLITE_HINT = (
    "Check how the volume of the file is mounted, the permissions of the file and of its directory,"
    " and NAME and OPTIONS in DATABASES."
)


@subjects("database", database_aliases)
def check_database_writable(
    app_configs: Sequence[AppConfig] | None, database: str, **kwargs: Any
) -> list[CheckMessage]:
    """A database takes writes; one that was demoted in a failover still answers every query.

    E014 where it takes none, I004 where that cannot be asked of this kind of database, and E001 to
    E003 as of ``check_database_connected``.
    """
    return list(_problems(database))


def _problems(alias: str) -> Iterator[CheckMessage]:
    try:
        reason = _why_not(Database(alias))
    except UnavailableError as unavailable:
        yield unavailable.message
    except NotImplementedError:
        text = f'Database "{alias}" is of a kind that this check does not support'
        yield checks.Info(text, id=health.INFO_CANT_CHECK_WRITES)
    except Error as error:
        text = (
            f'Database "{alias}" is connected, but does not say whether it accepts writes: {error}'
        )
        hint = unusable_hint(alias)
        yield checks.Error(text, hint=hint, id=health.ERROR_UNUSABLE_DATABASE)
    else:
        if reason is not None:
            text = f'Database "{alias}" accepts no writes: {reason}'
            hint = SQLITE_HINT if connections[alias].vendor == "sqlite" else None
            yield checks.Error(text, hint=hint, id=health.ERROR_READ_ONLY_DATABASE)


def _why_not(database: Database) -> str | None:
    """Why a database takes no writes; None where it takes them.

    :raises NotImplementedError: it is of a kind that cannot be asked
    :raises django.db.Error: the query failed
    """
    match database.connection.vendor:
        case "postgresql":
            return _postgresql(database)
        case "mysql":
            return _mysql(database)
        case "sqlite":
            return _sqlite(database)
        case _:
            raise NotImplementedError


def _postgresql(database: Database) -> str | None:
    sql = "SELECT pg_is_in_recovery(), current_setting('transaction_read_only')"
    [(is_in_recovery, read_only)] = database.select(sql, savepoint=True)
    if is_in_recovery:
        return "it is in recovery, as a standby is"
    return "transaction_read_only is on" if read_only == "on" else None


def _mysql(database: Database) -> str | None:
    names = ", ".join(f"'{name}'" for name in MYSQL_VARIABLES)
    rows = database.select(f"SHOW VARIABLES WHERE Variable_name IN ({names})", savepoint=True)
    on = [name for name, value in rows if value.upper() != "OFF"]
    return f"{', '.join(on)} is on" if on else None


def _sqlite(database: Database) -> str | None:
    [(query_only,)] = database.select("PRAGMA query_only", savepoint=True)
    if query_only:
        return "query_only is on"
    return database.file.why_not_writable() if database.file else None
