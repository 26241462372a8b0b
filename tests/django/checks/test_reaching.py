"""check_url, check_connects and check_host_resolves: other services, from a real socket."""

import contextlib
import http.server
import socket
import ssl
import threading

import pytest

from dockerflow.django.checks import check_connects, check_host_resolves, check_url
from tests.support.browser import wsgi
from tests.support.process import unused_port


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        status = int(self.path[1:4])
        self.send_response(status)
        if status in {301, 302, 307}:
            self.send_header("Location", self.path[4:] or "/200")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args):
        pass


@pytest.fixture(scope="module")
def web():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def silent():
    """The address of a server that accepts connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"127.0.0.1:{listener.getsockname()[1]}"


@pytest.fixture
def garbled():
    """The address of a server that speaks no HTTP."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve():
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    with connection:
                        connection.sendall(b"220 mail.example.com ESMTP\r\n")

        threading.Thread(target=serve, daemon=True).start()
        yield f"127.0.0.1:{listener.getsockname()[1]}"


@pytest.fixture
def closed():
    return f"127.0.0.1:{unused_port()}"


@pytest.fixture
def heartbeat(settings):
    settings.DOCKERFLOW_HEARTBEAT_DETAILS = "always"

    def heartbeat(*checks):
        settings.DOCKERFLOW_CHECKS = checks
        answer = wsgi("/__heartbeat__")
        return answer.status_code, answer.json()["details"]

    return heartbeat


def found(check, **subject):
    [*messages] = check.subjects.function(app_configs=None, **subject)
    return [(message.level, message.id, message.msg) for message in messages]


@pytest.mark.parametrize("status", [200, 204, 299])
def test_a_url_that_answers_2xx_is_fine(web, status):
    assert found(check_url, url=f"http://{web}/{status}") == []


@pytest.mark.parametrize(
    ("status", "problem"),
    [
        (301, "answered 301 Moved Permanently, a redirect to /200"),
        (307, "answered 307 Temporary Redirect, a redirect to /200"),
        ("302http://[bad", "answered 302 Found, a redirect to http://[bad"),
        (404, "answered 404 Not Found"),
        (500, "answered 500 Internal Server Error"),
        (503, "answered 503 Service Unavailable"),
    ],
)
def test_any_other_status_is_named_and_no_redirect_followed(web, status, problem):
    url = f"http://{web}/{status}"

    assert found(check_url, url=url) == [(40, "dockerflow.health.E028", f"{url} {problem}")]


def test_a_url_where_nothing_listens(closed):
    url = f"http://{closed}/"

    assert found(check_url, url=url) == [
        (40, "dockerflow.health.E028", f"{url} did not answer: Connection refused")
    ]


def test_a_server_that_speaks_no_http(garbled):
    url = f"http://{garbled}/"
    reason = "BadStatusLine: 220 mail.example.com ESMTP\r\n"

    assert found(check_url, url=url) == [
        (40, "dockerflow.health.E028", f"{url} did not answer: {reason}")
    ]


def test_the_certificates_of_all_authorities_are_read_once(web, monkeypatch):
    reads = []
    monkeypatch.setattr(ssl.SSLContext, "load_default_certs", lambda *_: reads.append(1))
    for _ in range(3):
        assert found(check_url, url=f"http://{web}/200") == []

    assert len(reads) <= 1  # none where another test has read them


def test_a_silent_server_is_named_in_time(settings, heartbeat, silent):
    settings.DOCKERFLOW_HEARTBEAT_TIMEOUT = 0.5
    status, details = heartbeat(f"check_url[http://{silent}/]")

    assert (status, details["check_url"]["messages"]) == (
        500,
        {"dockerflow.health.E028": f"http://{silent}/ did not answer: no answer within 0.4 s"},
    )


def test_several_urls_are_told_apart(heartbeat, web, closed):
    status, details = heartbeat(f"check_url[http://{web}/200,http://{closed}/]")
    subjects = details["check_url"]["subjects"]

    assert status == 500
    assert {name: subject["status"] for name, subject in subjects.items()} == {
        f"http://{web}/200": "ok",
        f"http://{closed}/": "error",
    }


@pytest.mark.parametrize(
    ("url", "clause"),
    [
        ("ftp://example.com/", "is not an http or https URL"),
        ("example.com", "is not an http or https URL"),
        ("http://", "is not an http or https URL"),
        ("http://[::1/", "is not a URL"),
        ("http://host:99999/", "is not a URL"),
        ("https://me:pw@example.com/", "has a user or a password, which the answer would show"),
        ("http://example.com/a b", "has characters that must be percent-encoded"),
    ],
)
def test_what_is_no_url_is_refused(url, clause):
    with pytest.raises(ValueError, match=f"^{clause}$"):
        check_url.subjects.parse(url)


def test_a_port_that_accepts_connections_is_fine(silent):
    assert found(check_connects, address=check_connects.subjects.parse(silent)) == []


def test_there_is_no_longest_timeout(settings, silent):
    settings.DOCKERFLOW_HEARTBEAT_TIMEOUT = 1e11

    assert found(check_connects, address=check_connects.subjects.parse(silent)) == []


def test_a_port_that_refuses_connections(heartbeat, closed):
    status, details = heartbeat(f"check_connects[{closed}]")

    assert (status, details["check_connects"]["messages"]) == (
        500,
        {"dockerflow.health.E029": f"Could not connect to {closed}: Connection refused"},
    )


@pytest.mark.parametrize(
    ("text", "shown"),
    [("db:5432", "db:5432"), ("[::1]:80", "[::1]:80"), ("10.0.0.1:1", "10.0.0.1:1")],
)
def test_an_address_is_host_and_port(text, shown):
    assert str(check_connects.subjects.parse(text)) == shown


@pytest.mark.parametrize(
    "text", ["db", "db:", ":80", "db:0", "db:65536", "::1:80", "a b:80", "x:y"]
)
def test_what_is_no_address_is_refused(text):
    with pytest.raises(ValueError, match=r"^is not host:port$"):
        check_connects.subjects.parse(text)


def test_a_name_with_an_address_is_fine():
    assert found(check_host_resolves, host="localhost") == []


def test_a_name_without_an_address(heartbeat):
    status, details = heartbeat("check_host_resolves[nowhere.invalid]")
    [(message_id, text)] = details["check_host_resolves"]["messages"].items()

    assert (status, message_id) == (500, "dockerflow.health.E030")
    assert text.startswith("The name nowhere.invalid has no address: ")


@pytest.mark.parametrize("host", ["redis..svc", "a" * 64, "nul\0"])
def test_what_can_be_the_name_of_no_host_has_no_address(host, heartbeat):
    status, details = heartbeat(f"check_host_resolves[{host}]", f"check_connects[{host}:6379]")
    found = {name: list(checked["messages"]) for name, checked in details.items()}

    assert (status, found) == (
        500,
        {
            "check_host_resolves": ["dockerflow.health.E030"],
            "check_connects": ["dockerflow.health.E029"],
        },
    )


@pytest.mark.parametrize("text", ["http://example.com", "example.com:80", "a b", ""])
def test_what_is_no_host_is_refused(text):
    with pytest.raises(ValueError, match=r"^is not the name of a host$"):
        check_host_resolves.subjects.parse(text)
