"""Under real servers: one summary a request, whatever its client does."""

import json
import re
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import django
import pytest

from tests.support import pages
from tests.support.process import HOST
from tests.support.waiting import settle
from tests.support.web import Server

pytestmark = pytest.mark.once

INFO, ERROR = 6, 3  # syslog's severities
UUID4 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")

GUNICORN = ["gunicorn", "django.core.wsgi:get_wsgi_application()", "--bind", "127.0.0.1:{port}"]
UVICORN = ["uvicorn", "--factory", "django.core.asgi:get_asgi_application", "--port", "{port}"]
WSGI = "django.core.wsgi:get_wsgi_application"
SERVERS = {
    "gunicorn": GUNICORN,
    "gthread": [*GUNICORN, "--threads", "4"],
    "gevent": [*GUNICORN, "--worker-class", "gevent"],
    "waitress": ["waitress", "--call", "--listen=127.0.0.1:{port}", WSGI],
    "uvicorn": UVICORN,
}
NOTICE_WHO_LEAVES = [name for name in SERVERS if name != "uvicorn" or django.VERSION >= (5, 0)]


class Summed(Server):
    """A server of tests.support.pages, and what it writes of requests."""

    def __init__(self, *command: str) -> None:
        super().__init__(*command, DJANGO_SETTINGS_MODULE="tests.support.pages_settings")

    def send(self, *lines: bytes) -> socket.socket:
        """Send the lines of a request; what comes back is to be read."""
        connection = socket.create_connection((HOST, self.port), timeout=30)
        connection.sendall(
            b"\r\n".join([*lines, b"Host: localhost", b"Connection: close", b"", b""])
        )
        return connection

    def lines(self, rid: str) -> list[tuple[Any, ...]]:
        """Logger, severity, message and code of each line of a request, once it has its summary."""
        settle(lambda: ("request.summary", rid) in ((line[0], line[-1]) for line in self._lines()))
        self.get("/")  # more of them would come before the end of this
        return [line[:-1] for line in self._lines() if line[-1] == rid]

    def _lines(self) -> list[tuple[Any, ...]]:
        whole = self.output.rpartition("\n")[0].splitlines()
        lines = [json.loads(line) for line in whole if line.startswith("{")]
        return [
            (
                line["Type"],
                line["Severity"],
                fields.get("msg", ""),
                fields.get("code"),
                fields.get("rid"),
            )
            for line in lines
            for fields in [line["Fields"]]
        ]


@pytest.fixture(scope="module", params=SERVERS)
def server(request: pytest.FixtureRequest) -> Iterator[Summed]:
    with Summed(*SERVERS[request.param]) as server:
        yield server


def summary(severity: int, code: int, message: str = "") -> tuple[Any, ...]:
    return ("request.summary", severity, message, code)


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/unavailable", summary(INFO, 503)),
        ("HEAD", "/", summary(INFO, 200)),
        ("GET", "/missing", summary(INFO, 404)),
        ("GET", "/forbidden", summary(INFO, 403)),
        ("GET", "/bad", summary(INFO, 400)),
        ("GET", "/raises", summary(ERROR, 500, "100% broken")),
        ("GET", "/stream", summary(INFO, 200)),
        ("HEAD", "/stream", summary(INFO, 200)),
        ("GET", "/astream", summary(INFO, 200)),
        ("GET", "/file", summary(INFO, 200)),
        ("HEAD", "/file", summary(INFO, 200)),
        ("GET", "/memory-file", summary(INFO, 200)),
    ],
)
def test_every_request_has_one_summary_with_its_code(
    server: Summed, method: str, path: str, expected: tuple[Any, ...]
) -> None:
    rid = f"{method}{path}"
    answer = server.request(method, path, headers={"X-Request-ID": rid})
    assert (answer.status, answer.headers.get_all("X-Request-ID")) == (expected[-1], [rid])
    lines = server.lines(rid)
    assert [line for line in lines if line[0] == "request.summary"] == [expected]


def test_a_file_arrives_whole(server: Summed) -> None:
    assert server.get("/file").body == Path(pages.__file__).read_bytes()


@pytest.mark.parametrize("path", ["/broken-stream", "/broken-astream"])
def test_a_stream_that_breaks_has_one_summary(server: Summed, path: str) -> None:
    rid = f"GET{path}"
    with server.send(b"GET %b HTTP/1.1" % path.encode(), b"X-Request-ID: %b" % rid.encode()):
        lines = server.lines(rid)
    expected = summary(ERROR, 200, "the stream broke")
    assert [line for line in lines if line[0] == "request.summary"] == [expected]


@pytest.mark.parametrize(
    "headers",
    [
        [b"X-Request-ID: first", b"X-Request-ID: second"],
        [b"X-Request-ID: " + 5000 * b"a"],
        [b'X-Request-ID: "quoted"'],
        [b"X-Request-ID: caf\xc3\xa9"],
        [b"X-Request-ID:"],
    ],
    ids=["two", "long", "quoted", "non-ASCII", "empty"],
)
def test_an_id_that_is_none_is_replaced_by_one_fresh_one(
    server: Summed, headers: list[bytes]
) -> None:
    with (
        server.send(b"GET / HTTP/1.1", *headers) as connection,
        connection.makefile("rb") as answer,
    ):
        ids = re.findall(rb"(?im)^x-request-id: (.*?)\r$", answer.read())
    [rid] = [rid.decode() for rid in ids]
    assert UUID4.fullmatch(rid)
    assert server.lines(rid) == [
        ("tests.support.pages", INFO, "in the view", None),
        summary(INFO, 200),
    ]


def test_requests_that_overlap_keep_their_ids(server: Summed) -> None:
    rids = [f"overlaps-{number}" for number in range(8)]
    with ThreadPoolExecutor(len(rids)) as clients:
        list(clients.map(lambda rid: server.get("/sleeps", headers={"X-Request-ID": rid}), rids))
    assert [server.lines(rid) for rid in rids] == len(rids) * [
        [
            ("tests.support.pages", INFO, "good night", None),
            ("tests.support.pages", INFO, "good morning", None),
            summary(INFO, 200),
        ]
    ]


@pytest.mark.parametrize("server", NOTICE_WHO_LEAVES, indirect=True)
def test_a_client_that_leaves_during_the_response_ends_it_within_the_request(
    server: Summed,
) -> None:
    path = b"/endless-astream" if "uvicorn" in server.command() else b"/endless-stream"
    with server.send(b"GET %b HTTP/1.1" % path, b"X-Request-ID: leaves") as connection:
        connection.recv(1000)
    assert server.lines("leaves") == [
        ("tests.support.pages", INFO, "the end", None),
        summary(INFO, 200),
    ]


if "uvicorn" in NOTICE_WHO_LEAVES:

    @pytest.mark.parametrize("server", ["uvicorn"], indirect=True)
    def test_a_client_that_leaves_before_the_response_has_the_status_that_nginx_gives_it(
        server: Summed,
    ) -> None:
        with server.send(b"GET /waits HTTP/1.1", b"X-Request-ID: left"):
            settle(lambda: '"waiting"' in server.output)
        assert server.lines("left") == [
            ("tests.support.pages", INFO, "waiting", None),
            summary(INFO, 499),
        ]
