"""The proxy before a backing service: what a client sees while it is cut, silent, and back."""

import contextlib
import socket
import socketserver
import ssl
import subprocess
import threading

import pytest

from dockerflow.cli.verify.proxy import HOST, Proxy
from tests.conftest import available
from tests.support.process import find_program

SILENCE = 0.3  # seconds


class Echo(socketserver.BaseRequestHandler):
    def handle(self):
        with contextlib.suppress(ConnectionError):
            while data := self.request.recv(1 << 16):
                self.request.sendall(data)


@pytest.fixture
def service():
    """The port of a server that sends back what it receives."""
    with socketserver.ThreadingTCPServer((HOST, 0), Echo) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=[0.01])
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


@pytest.fixture
def proxy(service):
    with Proxy(HOST, service) as proxy:
        yield proxy


@contextlib.contextmanager
def client(proxy):
    with socket.create_connection((HOST, proxy.port), 5) as connection:
        yield connection


def read(connection, length):
    """That many bytes, or what comes before the end."""
    with connection.makefile("rb") as stream:
        return stream.read(length)


def answer(connection):
    """What comes back for one byte, or the exception's class."""
    try:
        connection.sendall(b"x")
        return connection.recv(1)
    except OSError as error:
        return type(error)


def connect(proxy):
    """What comes back on a new connection, or the exception's class."""
    try:
        with client(proxy) as connection:
            connection.settimeout(SILENCE)
            return answer(connection)
    except OSError as error:
        return type(error)


def test_everything_is_passed_on(proxy):
    data = bytes(range(256)) * 40_000
    with client(proxy) as connection:
        threading.Thread(target=connection.sendall, args=[data]).start()
        received = read(connection, len(data))

    assert received == data
    assert proxy.connections == 1


def test_the_end_of_one_direction_is_passed_on(proxy):
    with client(proxy) as connection:
        connection.sendall(b"last words")
        connection.shutdown(socket.SHUT_WR)
        received = read(connection, 100)

    assert received == b"last words"


def test_cut_resets_connections_and_refuses_new_ones(proxy):
    with client(proxy) as connection:
        before = answer(connection)
        proxy.cut()
        after = answer(connection)

    assert (before, after) == (b"x", ConnectionResetError)
    assert [connect(proxy), connect(proxy)] == [ConnectionRefusedError] * 2


def test_silence_answers_neither_old_nor_new_connections(proxy):
    with client(proxy) as connection:
        connection.settimeout(SILENCE)
        before = answer(connection)
        proxy.silence()
        after = answer(connection)

    assert (before, after) == (b"x", TimeoutError)
    assert connect(proxy) is TimeoutError


def test_what_was_silent_goes_on_where_it_was(proxy):
    with client(proxy) as old:
        proxy.silence()
        with client(proxy) as new:
            old.sendall(b"old")
            new.sendall(b"new")
            proxy.restore()
            received = [read(each, 3) for each in (old, new)]

    assert received == [b"old", b"new"]


def test_what_was_cut_takes_connections_again_on_the_same_port(proxy):
    for _ in range(3):
        proxy.cut()
        refused = connect(proxy)
        proxy.restore()

        assert (refused, connect(proxy)) == (ConnectionRefusedError, b"x")


@pytest.fixture
def certificate(tmp_path):
    """A certificate for db.example.com with its key, in one file."""
    openssl = available(lambda: find_program("openssl", hint="apt-get install openssl"))
    path = tmp_path / "certificate.pem"
    names = ["-subj", "/CN=db.example.com", "-addext", "subjectAltName=DNS:db.example.com"]
    subprocess.run(
        [
            *(openssl, "req", "-x509", "-nodes", "-newkey", "rsa:2048", *names),
            *("-keyout", path, "-out", tmp_path / "public.pem"),
        ],
        check=True,
        capture_output=True,
    )
    path.write_bytes(path.read_bytes() + (tmp_path / "public.pem").read_bytes())
    return path


@pytest.mark.parametrize(
    ("name", "expected"),
    [("db.example.com", b"x"), (HOST, ssl.SSLCertVerificationError)],
)
def test_tls_is_passed_through_and_the_name_is_the_servers(certificate, name, expected):
    server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_side.load_cert_chain(certificate)
    client_side = ssl.create_default_context(cafile=certificate)
    listener = socket.create_server((HOST, 0))

    def serve():
        with (
            contextlib.suppress(OSError),
            server_side.wrap_socket(listener.accept()[0], True) as it,
        ):
            it.sendall(it.recv(1))

    thread = threading.Thread(target=serve)
    thread.start()
    with Proxy(HOST, listener.getsockname()[1]) as proxy, client(proxy) as connection:
        try:
            with client_side.wrap_socket(connection, server_hostname=name) as encrypted:
                received = answer(encrypted)
        except ssl.SSLError as error:
            received = type(error)
    thread.join()
    listener.close()

    assert received == expected


def test_a_service_that_is_not_there_ends_the_connection(service):
    with socket.create_server((HOST, 0)) as listener:
        nowhere = listener.getsockname()[1]
    with Proxy(HOST, nowhere) as proxy, client(proxy) as connection:
        received = connection.recv(1)

    assert received == b""


@pytest.mark.parametrize("fault", [None, "cut", "silence"])
def test_no_port_thread_or_connection_is_left_behind(service, fault, caplog):
    with Proxy(HOST, service) as proxy:
        connection = socket.create_connection((HOST, proxy.port), 5)
        answer(connection)
        running = [thread.name for thread in threading.enumerate()]
        if fault:
            getattr(proxy, fault)()
    with connection:
        after = answer(connection)

    assert f"proxy {proxy.port}" in running
    assert after is ConnectionResetError
    assert connect(proxy) is ConnectionRefusedError
    assert f"proxy {proxy.port}" not in [thread.name for thread in threading.enumerate()]
    assert caplog.records == []
