"""Which lines of an access log are dropped."""

import logging

import pytest

from dockerflow.logging.access import PassingProbeFilter


class Atoms(dict):
    """What gunicorn passes: https://docs.gunicorn.org/en/stable/settings.html#access-log-format."""

    def __getitem__(self, key):
        return super().get(key, "-")


def gunicorn(path, status):
    atoms = Atoms(U=path, s=str(status), r=f"GET {path} HTTP/1.1", q="")
    return record('%(h)s "%(r)s" %(s)s', atoms)


def uvicorn(path, status):
    return record('%s - "%s %s HTTP/%s" %d', "127.0.0.1:5", "GET", path, "1.1", status)


def runserver(path, status):
    return record('"%s" %s %s', f"GET {path} HTTP/1.1", str(status), "12")


def record(message, *args):
    return logging.LogRecord("access", logging.INFO, "server.py", 1, message, args, None)


@pytest.mark.parametrize("server", [gunicorn, uvicorn, runserver])
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
def test_a_probe_that_passed_is_not_written(server, path, status, written):
    assert PassingProbeFilter().filter(server(path, status)) is written


@pytest.mark.parametrize("server", [uvicorn, runserver])
def test_a_query_string_makes_no_difference(server):
    paths = ["/__heartbeat__?from=kubelet", "/search?q=/__heartbeat__"]
    passed = [PassingProbeFilter().filter(server(path, 200)) for path in paths]
    assert passed == [False, True]


@pytest.mark.parametrize("args", [(), ("a",), ("", 1, 2), (1, 2, 3), ({},), (1, 2, 3, 4, 5)])
def test_a_line_about_something_else_is_written(args):
    assert PassingProbeFilter().filter(record("Listening at: %s", *args))
