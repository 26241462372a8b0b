"""One attempt a heartbeat to connect to a database, whose failure all its checks share.

A server that answers nothing makes each attempt last as long as the driver waits for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.db.backends.base.base import BaseDatabaseWrapper

_failures: ContextVar[dict[str, Exception] | None] = ContextVar("connect_failures", default=None)


@contextmanager
def sharing_failures() -> Iterator[None]:
    """Within this, a database to which :func:`connect` failed is not tried again."""
    token = _failures.set({})
    try:
        yield
    finally:
        _failures.reset(token)


def connect(connection: BaseDatabaseWrapper) -> None:
    """Open the connection, unless it is open already.

    Where another check of this heartbeat has just failed to connect to the same database, the same
    exception is raised at once.

    :raises django.db.Error: no connection can be had
    :raises django.core.exceptions.ImproperlyConfigured: the backend refuses its settings
    """
    failures = _failures.get()
    if failures and (failure := failures.get(connection.alias)):
        raise failure.with_traceback(None)
    try:
        connection.ensure_connection()
    except Exception as error:
        if failures is not None:
            failures[connection.alias] = error
        raise
