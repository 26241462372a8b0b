"""One failed attempt to connect to a database is shared by the checks of a heartbeat."""

import gc
import socket
import threading
import weakref
from contextlib import closing

import django
import psutil
import pytest
from django.db import connections

from dockerflow.django.checks.connecting import Database, UnavailableError
from dockerflow.django.checks.database_rounds import inline_round
from tests.support.databases import database
from tests.support.process import unused_port


@pytest.fixture
def hanging_up(django_db_blocker):
    """A database server that hangs up on everybody; how often it was called."""
    calls = []

    def answer():
        while True:
            try:
                client, _ = server.accept()
            except OSError:
                return
            calls.append(client.getpeername())
            client.close()

    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        thread = threading.Thread(target=answer)
        thread.start()
        options = {"HOST": "127.0.0.1", "PORT": server.getsockname()[1], "NAME": "shop"}
        with (
            database("shop", ENGINE="django.db.backends.postgresql", **options),
            django_db_blocker.unblock(),
        ):
            yield calls
        server.shutdown(socket.SHUT_RDWR)
        thread.join()


def attempt():
    with pytest.raises(UnavailableError) as failure:
        Database("shop")
    return failure.value


def test_within_a_heartbeat_a_database_that_failed_is_not_called_again(hanging_up):
    with inline_round():
        first, second = attempt(), attempt()

    assert second.message is first.message
    assert len(hanging_up) == 1


def test_the_next_heartbeat_calls_again(hanging_up):
    for _ in range(2):
        with inline_round():
            attempt()

    assert len(hanging_up) == 2


def test_outside_of_a_heartbeat_every_attempt_calls(hanging_up):
    attempt()
    attempt()

    assert len(hanging_up) == 2


def test_a_connection_that_is_open_stays(tmp_path, django_db_blocker):
    options = {"ENGINE": "django.db.backends.sqlite3", "NAME": tmp_path / "db.sqlite3"}
    options["NAME"].touch()
    with database("shop", **options), django_db_blocker.unblock(), inline_round():
        Database("shop")
        opened = connections["shop"].connection
        Database("shop")

        assert connections["shop"].connection is opened


def test_an_attempt_that_times_out_leaves_no_socket_behind(django_db_blocker):
    process = psutil.Process()
    with (
        closing(socket.create_server(("127.0.0.1", 0))) as silent,
        database(
            "shop",
            ENGINE="django.db.backends.postgresql",
            NAME="shop",
            HOST="127.0.0.1",
            PORT=silent.getsockname()[1],
            OPTIONS={"connect_timeout": 2},  # seconds, the least that libpq takes
        ),
        django_db_blocker.unblock(),
    ):
        gc.collect()
        gc.disable()  # which would close it some time
        try:
            before = process.num_fds()
            attempt()
            after = process.num_fds()
        finally:
            gc.enable()

    assert after == before


class Mark:
    """An object of a caller."""


if django.VERSION >= (5, 1):  # which brought the pool

    def test_a_pool_that_is_exhausted_keeps_nothing_of_who_has_waited(django_db_blocker):
        with (
            database(
                "shop",
                ENGINE="django.db.backends.postgresql",
                NAME="shop",
                HOST="127.0.0.1",
                PORT=unused_port(),
                OPTIONS={"pool": {"min_size": 1, "timeout": 0.1}},  # seconds
            ),
            django_db_blocker.unblock(),
        ):

            def marked():
                mark = Mark()
                attempt()
                return weakref.ref(mark)

            mark = marked()
            gc.collect()
            kept = mark()
            connections["shop"].close_pool()

        assert kept is None
