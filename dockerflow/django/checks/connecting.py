"""Connecting to a database and reading from it, the same way for every check of databases.

Nothing is tried twice, with one exception: a connection that was open before, and that proves dead
when it is used for the first time, is replaced once.

The checks that one heartbeat makes of one database run one after the other in one thread, and what
the first of them could not have is not tried again by the others.
"""

from __future__ import annotations

import sys
import time
import traceback
from contextlib import AbstractContextManager, nullcontext, suppress
from functools import cached_property
from typing import Any

from django.core import checks
from django.core.exceptions import ImproperlyConfigured
from django.db import Error, connections, transaction

from dockerflow import health
from dockerflow.django.checks.database_rounds import UnavailableError, current_round
from dockerflow.django.checks.driver_errors import connect_hint, is_lost
from dockerflow.django.checks.sqlite_files import File, file_of, is_opened
from dockerflow.django.checks.timeouts import check_timeout

Rows = list[tuple[Any, ...]]
MISSING_FILE_HINT = (
    "Run manage.py migrate, or mount the volume of the file. If another database was meant, the"
    " variable with its address, such as DATABASE_URL, may not be set."
)
UNREADABLE_FILE_HINT = (
    "Check that this is a file, its permissions and those of its directory, and the user that the"
    " service runs as."
)
UNUSABLE_FILE_HINT = (
    "Another process may hold a lock on the file; if not, the file is damaged or is no database:"
    " restore it from a backup."
)


def unusable_hint(alias: str) -> str | None:
    """What to do about a database whose queries fail; None where there is nothing special to do."""
    return UNUSABLE_FILE_HINT if connections[alias].vendor == "sqlite" else None


class Database:
    """A database that is connected, for the time of one check.

    :raises UnavailableError: no connection can be had, or this heartbeat has reported it before
    """

    def __init__(self, alias: str) -> None:
        self.alias = alias
        self._may_be_dead = False
        self._round = current_round()
        if earlier := self._round.unavailable.get(alias):
            raise earlier.with_traceback(None)
        try:
            self.connection = connections[alias]
            if seconds := self._round.seconds_of_another(alias):
                raise self._cannot_connect(f"another check has waited for it for {seconds:.1f} s")
            self._open()
        except UnavailableError:
            raise
        except Exception as error:
            raise self._failed(error) from error

    def select(self, sql: str, *, savepoint: bool = False) -> Rows:
        """All rows that a query returns.

        :param savepoint: keep a transaction of the caller usable when the query fails
        :raises django.db.Error: the query failed
        :raises UnavailableError: the connection was dead, and a new one cannot be had
        """
        started = time.monotonic()
        try:
            rows = self._select(sql, savepoint=savepoint)
        except Error as error:
            if not self._may_be_dead or not self._is_lost(error, time.monotonic() - started):
                raise
            self._renew()
            rows = self._select(sql, savepoint=savepoint)
        self._may_be_dead = False
        self._round.in_use.add(self.alias)
        return rows

    def unusable(self, error: Error) -> UnavailableError:
        """What to raise for a database that is connected and answers no query at all."""
        text = f'Database "{self.alias}" is connected, but a query failed: {error}'
        hint = unusable_hint(self.alias)
        return self._report(health.ERROR_UNUSABLE_DATABASE, text, str(error), hint)

    def _report(
        self, message_id: str, text: str, reason: str, hint: str | None = None
    ) -> UnavailableError:
        message = checks.Error(text, hint=hint, id=message_id)
        # Not the one that is raised, whose traceback keeps what failed alive.
        self._round.unavailable[self.alias] = UnavailableError(reason, message)
        return UnavailableError(reason, message)

    def _open(self) -> None:
        connection = self.connection
        is_in_use = connection.in_atomic_block or self.alias in self._round.in_use
        if connection.connection is not None and is_in_use:
            return
        if self.file:
            try:
                self.file.look(connection)
            except OSError as error:
                raise self._cannot_connect(str(error.strerror)) from error
        with suppress(Error):
            connection.close_if_health_check_failed()
        if connection.connection is None:
            self._connect()
            # What Django's own pool hands out may have been in it for long.
            self._may_be_dead = self._pool is not None
        else:
            self._may_be_dead = True

    @cached_property
    def file(self) -> File | None:
        """The file of an SQLite database."""
        return file_of(self.connection) if self.connection.vendor == "sqlite" else None

    def _connect(self) -> None:
        limit: AbstractContextManager[None] = nullcontext()
        if self.file and self._round.owns_connections:
            limit = self.file.limited_wait(self.connection, check_timeout())
        try:
            with limit:
                self.connection.ensure_connection()
        except Error as error:
            self._close()
            _release(error)
            if self.file and is_opened(error):
                raise self.unusable(error) from error
            raise self._cannot_connect(str(error)) from error
        except Exception as error:
            self._close()
            raise self._failed(error) from error
        self._round.in_use.add(self.alias)

    def _failed(self, error: Exception) -> UnavailableError:
        """What to raise for an error that is not the database's own: its settings, its backend."""
        if isinstance(error, ImproperlyConfigured):
            return self._misconfigured(str(error))
        reason = f"{type(error).__name__}: {error}"
        # As of drivers, for an option that they do not know, or a value that they cannot use
        if isinstance(error, (TypeError, ValueError)):
            return self._misconfigured(reason)
        return self._unconnected(reason, connect_hint(reason))

    def _misconfigured(self, reason: str) -> UnavailableError:
        text = f'Database "{self.alias}" is misconfigured: {reason}'
        hint = "Correct it in DATABASES, or leave it out of DOCKERFLOW_DATABASES."
        return self._report(health.ERROR_MISCONFIGURED_DATABASE, text, reason, hint)

    def _cannot_connect(self, reason: str) -> UnavailableError:
        hint = connect_hint(reason)
        if self.file:
            reason = f"{self.file.path}: {reason}"
            hint = MISSING_FILE_HINT if self.file.is_missing() else UNREADABLE_FILE_HINT
        return self._unconnected(reason, hint)

    def _unconnected(self, reason: str, hint: str | None) -> UnavailableError:
        text = f'Could not connect to database "{self.alias}": {reason}'
        return self._report(health.ERROR_CANNOT_CONNECT_DATABASE, text, reason, hint)

    def _close(self) -> None:
        """Leave no connection that is dead, or that was made and could not be set up."""
        if not self.connection.in_atomic_block:
            with suppress(Error):  # MySQL's drivers raise when they close what is closed
                self.connection.close()

    def _renew(self) -> None:
        self._close()
        if pool := self._pool:
            pool.check()  # the others in it have died as well
        self._connect()

    @property
    def _pool(self) -> Any:
        """Django's own pool of psycopg's connections; other backends may have pools of any kind.

        https://docs.djangoproject.com/en/stable/ref/databases/#connection-pool
        """
        psycopg_pool = sys.modules.get("psycopg_pool")
        if psycopg_pool is None or not self.connection.settings_dict["OPTIONS"].get("pool"):
            return None
        pool = getattr(self.connection, "pool", None)
        return pool if isinstance(pool, psycopg_pool.ConnectionPool) else None

    def _is_lost(self, error: Error, seconds: float) -> bool:
        # MySQL's drivers give up a query and its connection at this option with the same error.
        limit = self.connection.settings_dict["OPTIONS"].get("read_timeout")
        return is_lost(error) and not (limit and seconds >= limit)

    def _select(self, sql: str, *, savepoint: bool) -> Rows:
        if savepoint and self.connection.in_atomic_block:
            with transaction.atomic(using=self.alias):
                return self._select(sql, savepoint=False)
        try:
            with self.connection.cursor() as cursor:
                cursor.execute(sql)
                rows: Rows = cursor.fetchall()
                return rows
        except Error:
            self._end_transaction()
            raise

    def _end_transaction(self) -> None:
        """Have the next query succeed where ``AUTOCOMMIT = False`` has begun a transaction."""
        if self._round.owns_connections and not self.connection.settings_dict["AUTOCOMMIT"]:
            with suppress(Error):
                self.connection.rollback()


def _release(error: BaseException) -> None:
    """Let go of what the frames of an error keep: psycopg's have the socket of a failed dial.

    It would stay open until Python collects garbage. And psycopg's pool keeps the error of
    everybody who has waited in vain, with all frames around it, until it has connections again.
    """
    cause = error.__cause__
    inner = cause and cause.__context__
    for each in (error, cause, inner if type(inner) is type(cause) else None):
        if each is not None:
            traceback.clear_frames(each.__traceback__)
            each.__traceback__ = None
