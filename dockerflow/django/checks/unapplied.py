"""Which migrations a database still lacks, at the price of one query.

Django's loader reads every migration file and builds the graph of them all, which takes tens of
milliseconds in a grown project. Here the files are read once a process, and the graph is built
again only when the applied migrations are others than last time.
"""

from __future__ import annotations

import os
from collections import defaultdict
from threading import Lock

from django.apps import apps
from django.conf import settings
from django.db import DatabaseError, router
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from dockerflow.django.checks.queries import select

# In the order of the table, which it keeps while nothing changes; comparing sets takes longer.
Rows = list[tuple[str, str]]


class _Loader(MigrationLoader):
    """Django's loader, with the files read once."""

    _is_read = False

    def __init__(self) -> None:
        super().__init__(None, load=False, ignore_no_migrations=True)
        self.load_disk()

    def load_disk(self) -> None:
        if not self._is_read:
            super().load_disk()
            self._is_read = True


class _Migrations:
    """What is on disk, for one list of apps, and what was found out with it."""

    def __init__(self) -> None:
        self._reset()
        os.register_at_fork(after_in_child=self._reset)  # another thread may hold the lock

    def _reset(self) -> None:
        self._lock = Lock()
        self._apps: object = None
        self._loader: _Loader | None = None
        self._found: dict[str, tuple[Rows, dict[str, list[str]]]] = {}

    def unapplied(self, connection: BaseDatabaseWrapper) -> dict[str, list[str]]:
        with self._lock:
            loader = self._current_loader()
            if not loader.disk_migrations:
                return {}
        applied = _applied(connection)
        with self._lock:
            known, found = self._found.get(connection.alias, (None, {}))
            if applied != known:
                found = _find(loader, connection)
                self._found[connection.alias] = applied, found
            return found

    def _current_loader(self) -> _Loader:
        now = list(apps.get_app_configs()), settings.MIGRATION_MODULES
        if self._loader is None or self._apps != now:
            self._apps, self._loader, self._found = now, _Loader(), {}
        return self._loader


_migrations = _Migrations()


def unapplied(connection: BaseDatabaseWrapper) -> dict[str, list[str]]:
    """The names of the unapplied migrations by app label, for the apps that have any.

    :raises django.db.Error: the database cannot be read
    """
    return {
        label: names
        for label, names in _migrations.unapplied(connection).items()
        if _is_migrated_here(connection.alias, label)
    }


def _applied(connection: BaseDatabaseWrapper) -> Rows:
    recorder = MigrationRecorder(connection)
    if connection.in_atomic_block:  # where a query that fails would spoil the transaction
        return list(recorder.applied_migrations())
    quote = connection.ops.quote_name
    table = quote(recorder.Migration._meta.db_table)
    try:
        return select(connection, f"SELECT {quote('app')}, {quote('name')} FROM {table}")  # noqa: S608
    except DatabaseError:
        if recorder.has_table():
            raise
        return []


def _find(loader: _Loader, connection: BaseDatabaseWrapper) -> dict[str, list[str]]:
    loader.connection = connection
    try:
        loader.build_graph()
    finally:
        loader.connection = None
    found = defaultdict(list)
    for label, name in sorted(loader.graph.nodes.keys() - loader.applied_migrations.keys()):
        found[label].append(name)
    return dict(found)


def _is_migrated_here(alias: str, label: str) -> bool:
    """Whether the database routers let any of an app's models live in a database."""
    models = list(apps.get_app_config(label).get_models(include_auto_created=True))
    if not models:
        return router.allow_migrate(alias, label)
    return any(router.allow_migrate_model(alias, model) for model in models)
