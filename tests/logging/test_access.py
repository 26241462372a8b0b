"""Which access lines are dropped."""

import logging

import pytest

from dockerflow.logging import AccessFilter


class Atoms(dict):
    """What gunicorn passes: https://docs.gunicorn.org/en/stable/settings.html#access-log-format."""

    def __getitem__(self, key):
        return super().get(key, "-")


def gunicorn(path, status):
    atoms = Atoms(U=path, s=str(status), r=f"GET {path} HTTP/1.1", q="")
    return record("gunicorn.access", '%(h)s "%(r)s" %(s)s', atoms)


def uvicorn(path, status):
    args = ("127.0.0.1:5", "GET", path, "1.1", status)
    return record("uvicorn.access", '%s - "%s %s HTTP/%s" %d', *args)


def granian(path, status):
    details = {"path": path, "status": status, "query_string": "a=b"}
    return record("granian.access", "%(path)s %(status)d", details)


def daphne(path, status):
    return record("daphne.access", '%s "%s" %s %s', "127.0.0.1:5", f"GET {path}", status, 12)


def twisted(path, status):
    line = f'"127.0.0.1" - - [26/Nov/2026:08:38:29 +0000] "GET {path} HTTP/1.1" {status} 2 "-" "-"'
    return record("daphne.server", line)


def runserver(path, status):
    return record("django.server", '"%s" %s %s', f"GET {path} HTTP/1.1", str(status), "12")


def channels(path, status):
    details = {"path": path, "status": status, "method": "GET"}
    return record("django.channels.server", "HTTP %(method)s %(path)s %(status)s", details)


def record(name, message, *args):
    return logging.LogRecord(name, logging.INFO, "server.py", 1, message, args, None)


SERVERS = [gunicorn, uvicorn, granian, daphne, twisted, runserver, channels]


@pytest.fixture
def on():
    yield AccessFilter(written=True)
    AccessFilter()


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize(
    ("path", "status", "written"),
    [
        ("/__lbheartbeat__", 200, False),
        ("/__heartbeat__", 200, False),
        ("/__version__/", 200, False),
        ("/shop/ops/__heartbeat__", 301, False),
        ("/__heartbeat__", 500, True),
        ("/__heartbeat__", 404, True),
        ("/__error__", 200, True),
        ("/", 200, True),
        ("/__heartbeat__/more", 200, True),
        ("/my__heartbeat__", 200, True),
    ],
)
def test_if_access_lines_are_written_those_of_passing_probes_are_not(
    on, server, path, status, written
):
    assert on.filter(server(path, status)) is written


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("path", ["/", "/__heartbeat__"])
@pytest.mark.parametrize("status", [200, 404, 500])
def test_access_lines_are_not_written_by_default(server, path, status):
    assert AccessFilter().filter(server(path, status)) is False


@pytest.mark.parametrize("server", [uvicorn, daphne, twisted, runserver, channels])
def test_a_query_string_makes_no_difference(on, server):
    paths = ["/__heartbeat__?from=kubelet", "/search?q=/__heartbeat__"]

    assert [on.filter(server(path, 200)) for path in paths] == [False, True]


def test_a_probe_whose_status_hypercorn_has_missed_counts_as_passing(on):
    lines = [
        record("hypercorn.access", "%(U)s %(s)s", Atoms(U=path, s="-"))
        for path in ("/__lbheartbeat__", "/__version__", "/")
    ]

    assert [on.filter(line) for line in lines] == [False, False, True]


@pytest.mark.parametrize("outcome", ["[accepted]", "403"])
def test_websockets_of_uvicorn_are_access_lines_too(outcome):
    line = record("uvicorn.error", f'%s - "WebSocket %s" {outcome}', "127.0.0.1:5", "/ws?token=a")

    assert AccessFilter().filter(line) is False
    assert AccessFilter(written=True).filter(line) is True


def test_websockets_of_channels_runserver_are_access_lines_too():
    line = record("django.channels.server", "WebSocket %(path)s", {"path": "/ws?token=a"})

    assert AccessFilter().filter(line) is False
    assert AccessFilter(written=True).filter(line) is True


@pytest.mark.parametrize(
    "name", ["uvicorn.error", "daphne.server", "django.server", "django.channels.server"]
)
@pytest.mark.parametrize(
    "args", [(), ("a",), ("a b", "c d"), ({},), ("http", "127.0.0.1", 8000), (1, 2, 3, 4), 6 * (1,)]
)
def test_a_line_about_something_else_is_written(name, args):
    assert AccessFilter().filter(record(name, "Listening at: %s", *args)) is True


@pytest.mark.parametrize("args", [(), ("a",), ({},), (1, 2, 3)])
def test_a_logger_of_access_lines_writes_nothing_else(args):
    assert (
        AccessFilter().filter(record("gunicorn.access", "in a form of the future", *args)) is False
    )
