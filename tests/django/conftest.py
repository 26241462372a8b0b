"""What the tests of dockerflow.django share: how requests are served, and what they log."""

from collections.abc import Iterator

import pytest
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.test import override_settings

from tests.support.browser import WIRINGS
from tests.support.stack import ASGI, WSGI, Log


@pytest.fixture(params=[WSGI, ASGI])
def server(request: pytest.FixtureRequest) -> WSGI | ASGI:
    return request.param()


@pytest.fixture
def log() -> Iterator[Log]:
    with Log() as log:
        yield log


@pytest.fixture(params=WIRINGS)
def wiring(request: pytest.FixtureRequest) -> Iterator[str]:
    """How the endpoints are served."""
    with override_settings(**WIRINGS[request.param]):
        yield request.param


@pytest.fixture(autouse=True)
def no_database_in_memory_stays_open() -> Iterator[None]:
    """Closes what a test has opened: with it, a heartbeat would run its checks in this thread."""
    yield
    for connection in connections.all(initialized_only=True):
        if connection.settings_dict["NAME"] == ":memory:":
            BaseDatabaseWrapper.close(connection)  # SQLite's own leaves one in memory open
