"""``python -m dockerflow probe``: one line, 0 or 1, in time."""

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tests.support import web
from tests.support.command import arguments, run
from tests.support.deploys import Deployed, certificate

pytestmark = pytest.mark.once

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Server:
    """A TCP server that reads a request and says to it what it is told to."""

    def __init__(self, reply=OK, pause=0.0, family=socket.AF_INET):
        self.reply, self.pause = reply, pause
        self.requests = []
        self.listener = socket.create_server(("", 0), family=family)
        self.port = self.listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/__lbheartbeat__"
        self.thread = threading.Thread(target=self.serve)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *error):
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join(10)

    def serve(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                with client, contextlib.suppress(OSError):
                    self.requests.append(client.recv(65536))
                    self.answer(client)

    def answer(self, client):
        if not self.pause:
            client.sendall(self.reply)
            return
        for byte in self.reply:
            client.sendall(bytes([byte]))
            time.sleep(self.pause)


def test_a_good_answer_passes():
    with Server() as server:
        status, out, err = run("probe", server.url)

    assert (status, err) == (0, "")
    assert out.startswith(f"{server.url}: 200 OK in ")
    assert out.endswith(" ms\n")
    (request,) = server.requests
    assert request.startswith(b"GET /__lbheartbeat__ HTTP/1.1\r\n")


def test_without_a_url_the_load_balancers_heartbeat_on_port_is_requested():
    with Server() as server:
        status, out, _ = run("probe", PORT=str(server.port))

    assert (status, out.split(": ")[0]) == (0, server.url)


def test_the_default_url_begins_with_the_script_name():
    with Server() as server:
        status, out, _ = run("probe", PORT=str(server.port), SCRIPT_NAME="/shop/café/")

    assert (status, server.requests[0].split(b" ")[1]) == (0, b"/shop/caf%C3%A9/__lbheartbeat__")
    url = f"http://127.0.0.1:{server.port}/shop/caf%C3%A9/__lbheartbeat__"
    assert out.startswith(f"{url}: 200 OK in ")


@pytest.mark.parametrize("name", ["", " ", "/"])
def test_a_script_name_that_says_nothing_is_none(name):
    with Server() as server:
        status, out, _ = run("probe", PORT=str(server.port), SCRIPT_NAME=name)

    assert (status, out.split(": ")[0]) == (0, server.url)


def test_a_probe_passes_where_gunicorn_has_a_script_name():
    command = ["gunicorn", "django.core.wsgi:get_wsgi_application()", "--bind=127.0.0.1:{port}"]
    with Prefixed(*command, SCRIPT_NAME="/shop") as server:
        environment = {"PORT": str(server.port)}
        answers = [run("probe", **environment), run("probe", **environment, SCRIPT_NAME="/shop")]

    assert [status for status, _, _ in answers] == [1, 0]


class Prefixed(web.Server):
    def is_ready(self):
        with contextlib.suppress(OSError, http.client.HTTPException):
            return self.get("/shop/__lbheartbeat__").status == 200
        return False


def address(listener):
    return f"http://127.0.0.1:{listener.getsockname()[1]}/"


@pytest.mark.parametrize("port", [{}, {"PORT": ""}, {"PORT": " "}])
def test_without_a_port_it_is_8000(port):
    _, out, err = run("probe", "--timeout", "2", **port)

    assert (out + err).split(": ")[0] == "http://127.0.0.1:8000/__lbheartbeat__"


@pytest.mark.parametrize(
    ("reply", "line"),
    [
        (b"HTTP/1.1 204 No Content\r\n\r\n", "204 No Content in "),
        (b"HTTP/1.0 200\r\n\r\n" + bytes(3 << 20), "200 in "),
        (b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n" + OK, "200 OK in "),
        (b"HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n" + OK, "200 OK in "),
        (b"HTTP/1.0 103 Early Hints\r\nConnection: close\r\n\r\n" + OK, "200 OK in "),
    ],
)
def test_any_2xx_passes(reply, line):
    with Server(reply) as server:
        status, out, err = run("probe", server.url)

    assert (status, err) == (0, "")
    assert out.startswith(f"{server.url}: {line}")


@pytest.mark.parametrize(
    ("reply", "line"),
    [
        (b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n", "503 Service Unav"),
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "404 Not Found in "),
        (
            b"HTTP/1.1 301 Moved Permanently\r\nLocation: https://h/\r\nContent-Length: 0\r\n\r\n",
            "301 Moved Permanently to https://h/ in ",
        ),
        (b"", "the connection was closed without an answer\n"),
        (
            b"HTTP/1.1 103 Early Hints\r\n\r\n",
            "the connection was closed without an answer\n",
        ),
        (
            b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 500 Internal Server Error\r\n\r\n",
            "500 Internal Server Error in ",
        ),
        (b"HTTP/1.1 101 Switching Protocols\r\n\r\n", "101 Switching Protocols in "),
        (
            b"HTTP/1.1 302 \x1b[31mFound\x07\r\nLocation: /\x1b]0;owned\x07\x9b2J\r\n\r\n",
            "302 [31mFound to / ]0;owned 2J in ",
        ),
        (b"HTTP/1.1 500 " + 500 * b"x" + b"\r\n\r\n", f"500 {293 * 'x'}... in "),
        (b"SSH-2.0-OpenSSH\r\n", "the answer is not HTTP\n"),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok",
            "the connection was closed in the middle of the answer\n",
        ),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nok",
            "the connection was closed in the middle of the answer\n",
        ),
    ],
)
def test_anything_else_fails_and_is_reported(reply, line):
    with Server(reply) as server:
        status, out, err = run("probe", server.url)

    assert (status, out) == (1, "")
    assert err.startswith(f"{server.url}: {line}")
    assert err.count("\n") == 1


def test_an_https_url_of_an_http_server_is_named():
    with Server(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n") as server:
        url = server.url.replace("http:", "https:")
        result = run("probe", url)

    assert result == (1, "", f"{url}: the answer is not TLS; is it an http URL?\n")


def test_a_certificate_that_nobody_trusts_is_named(tmp_path):
    with Deployed(tls=certificate(tmp_path)) as server:
        status, out, err = run("probe", server.url)

    assert (status, out) == (1, "")
    assert err == f"{server.url}: its certificate is not trusted: self-signed certificate\n"


def test_a_port_where_nothing_listens_fails():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = address(listener)

    assert run("probe", url) == (1, "", f"{url}: connection refused, nothing listens there\n")


def test_a_host_that_has_no_address_fails():
    status, out, err = run("probe", "http://nowhere.invalid/")

    assert (status, out) == (1, "")
    assert err.startswith("http://nowhere.invalid/: ")


@pytest.mark.parametrize(
    ("reply", "missing"),
    [
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 1000, "no answer"),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + b"x" * 1000,
            "only the beginning of an answer (200)",
        ),
    ],
)
def test_the_timeout_bounds_an_answer_that_drips(reply, missing):
    with Server(reply, pause=0.02) as server:
        begun = time.monotonic()
        status, out, err = run("probe", server.url, "--timeout", "1.5")
        seconds = time.monotonic() - begun

    assert (status, out, err) == (1, "", f"{server.url}: {missing} in 1.5 s\n")
    assert seconds < 8


def test_the_timeout_bounds_a_server_that_is_silent():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = address(listener)
        answer = run("probe", url, "--timeout", "0.3")

    assert answer == (1, "", f"{url}: no answer in 0.3 s\n")


def test_proxies_are_not_used():
    with Server() as server:
        assert run("probe", server.url, http_proxy="http://127.0.0.1:1")[0] == 0


def test_a_redirect_is_not_followed():
    with Server() as target:
        reply = f"HTTP/1.1 302 Found\r\nLocation: {target.url}\r\nContent-Length: 0\r\n\r\n"
        with Server(reply.encode()) as server:
            status, _, err = run("probe", server.url)

    assert status == 1
    assert err.startswith(f"{server.url}: 302 Found to {target.url} in ")
    assert target.requests == []


@pytest.mark.skipif(not Path("/proc/net/if_inet6").exists(), reason="has no IPv6")
def test_an_ipv6_address_may_be_requested():
    with Server(family=socket.AF_INET6) as server:
        status, _, _ = run("probe", f"http://[::1]:{server.port}/x?y=1")

    assert status == 0
    assert server.requests[0].startswith(b"GET /x?y=1 HTTP/1.1\r\nHost: [::1]:")


@pytest.mark.parametrize(
    ("words", "port", "complaint"),
    [
        (
            ["localhost:8000"],
            "",
            "'localhost:8000' is not an http or https URL; write http://localhost:8000",
        ),
        (["ftp://h/"], "", "'ftp://h/' is not an http or https URL"),
        (
            ["example.com/x?y=1"],
            "",
            "'example.com/x?y=1' is not an http or https URL; write http://example.com/x?y=1",
        ),
        (["unix:/run/x.sock"], "", "'unix:/run/x.sock' is not an http or https URL"),
        (
            ["/__lbheartbeat__"],
            "",
            (
                "'/__lbheartbeat__' is not an http or https URL; write"
                " http://HOST:PORT/__lbheartbeat__"
            ),
        ),
        ([""], "", "the URL is empty"),
        ([" "], "", "the URL is empty"),
        (["http://[::1"], "", "a URL has brackets only around an IPv6 address"),
        (["http://[h]/"], "", "a URL has brackets only around an IPv6 address"),
        (
            ["http://a..b/"],
            "",
            "'http://a..b/' has a host name with a part that is empty or too long",
        ),
        (["http:///x"], "", "'http:///x' is not an http or https URL"),
        (["http://h/a b"], "", "'http://h/a b' has characters that a URL can't have"),
        (["http://h/é"], "", "'http://h/é' has characters that a URL can't have"),
        (["http://h:x/"], "", "'http://h:x/' has a port that is no number from 0 to 65535"),
        (["http://me:hu/sh@h/"], "", "the URL has a port that is no number from 0 to 65535"),
        (["me:hush@h/"], "", "the URL is not an http or https URL"),
        (["me/hush@h"], "", "the URL is not an http or https URL"),
        (["http://me:hush@h/"], "", "a URL with a user or a password can't be requested"),
        ([], "http", "PORT is 'http', not a number from 1 to 65535"),
        ([], "65536", "PORT is '65536', not a number from 1 to 65535"),
        ([], "0", "PORT is '0', not a number from 1 to 65535"),
        *(
            (
                ["--timeout", text],
                "",
                f"argument --timeout: '{text}' is not a number of seconds from above 0 to 86400",
            )
            for text in ("0", "nan", "soon", "86401")
        ),
    ],
)
def test_what_can_not_be_requested_is_wrong_usage(words, port, complaint):
    status, out, err = run("probe", *words, PORT=port)

    assert (status, out) == (2, "")
    assert err.splitlines()[-1] == f"python -m dockerflow probe: error: {complaint}"


def test_a_script_name_that_is_not_a_path_is_a_wrong_usage():
    status, out, err = run("probe", SCRIPT_NAME="shop")

    assert (status, out) == (2, "")
    assert err.splitlines()[-1] == (
        "python -m dockerflow probe: error: SCRIPT_NAME is 'shop', not a path that begins with /"
    )


def test_a_url_makes_port_unimportant():
    with Server() as server:
        assert run("probe", server.url, PORT="http")[0] == 0


def test_the_probe_loads_no_more_than_an_http_client_needs():
    script = (
        "import sys; before = set(sys.modules);"
        "import dockerflow.__main__, dockerflow.cli.probe;"
        "print(*sorted(set(sys.modules) - before))"
    )
    command = [sys.executable, "-c", script]
    loaded = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()

    heavy = {"asyncio", "django", "json", "logging", "subprocess", "urllib.request"}
    assert heavy & set(loaded) == set()


def test_ctrl_c_ends_the_wait_without_a_traceback():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = address(listener)
        with subprocess.Popen(
            arguments("probe", url, "--timeout", "60"),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as process:
            client, _ = listener.accept()
            with client:
                os.kill(process.pid, signal.SIGINT)
                out, err = process.communicate(timeout=10)

    assert (process.returncode, out, err) == (130, b"", b"interrupted\n")
