"""``python -m dockerflow rollout``: bounds, interruptions, a terminal."""

import contextlib
import os
import pty
import re
import signal
import socket
import subprocess
import threading
import time

import pytest

from tests.support.command import ENVIRONMENT, arguments, run
from tests.support.deploys import NEW, OLD, Deployed
from tests.support.process import HOST

pytestmark = pytest.mark.once

COMMIT = f"--commit={NEW['commit']}"


@contextlib.contextmanager
def listener(answer):
    """A server that gives each connection to ``answer``, in a thread of its own."""
    with socket.create_server((HOST, 0)) as server:

        def serve():
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    threading.Thread(target=answer, args=(connection,), daemon=True).start()

        threading.Thread(target=serve, daemon=True).start()
        yield f"http://{HOST}:{server.getsockname()[1]}"
        server.shutdown(socket.SHUT_RDWR)


def be_silent(connection):
    with connection, contextlib.suppress(OSError):
        while connection.recv(1000):
            pass


def drip(connection):
    with connection, contextlib.suppress(OSError):
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n")
        while True:
            connection.sendall(b" ")
            time.sleep(0.05)


@pytest.mark.parametrize("answer", [be_silent, drip])
def test_no_answer_is_waited_for_longer_than_there_is_time(answer):
    with listener(answer) as url:
        started = time.monotonic()
        status, _, err = run("rollout", url, COMMIT, "--timeout=1")

    assert status == 1
    assert time.monotonic() - started < 6
    assert err.startswith("not done after 1 s:\n")


@pytest.mark.parametrize("words", [[], ["--json"]])
def test_ctrl_c_ends_it_without_a_traceback(words):
    with listener(be_silent) as url:
        process = subprocess.Popen(
            arguments("rollout", url, COMMIT, *words),
            env=ENVIRONMENT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        time.sleep(1.5)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=10)

    assert (process.returncode, out, err) == (130, "", "interrupted\n")


def on_a_terminal(*words, **variables):
    """Return what a terminal of 60 columns gets."""
    ours, its = pty.openpty()
    process = subprocess.Popen(
        arguments("rollout", *words),
        env={**ENVIRONMENT, "COLUMNS": "60", "LINES": "24", "TERM": "xterm", **variables},
        stdout=its,
        stderr=its,
    )
    os.close(its)
    written = b""
    with contextlib.suppress(OSError):  # EIO at its end
        while chunk := os.read(ours, 10_000):
            written += chunk
    os.close(ours)
    assert process.wait(timeout=10) == 0
    return written.decode().replace("\r\n", "\n")


def test_a_terminal_shows_one_line_for_each_url():
    with Deployed() as one, Deployed() as other:
        other.answers = [(200, OLD)]
        written = on_a_terminal(one.url, other.url, COMMIT, "--times=2")
    screens = written.split("\x1b[2A")
    lines = [re.sub(r"\r\x1b\[2K", "", screen).splitlines() for screen in screens]

    assert {len(screen) for screen in lines} == {2}
    assert max(len(line) for screen in lines for line in screen) <= 59
    assert lines[-1] == [
        f"{one.url}: it is the new build, and works",
        f"{other.url}: it is the new build, and works",
    ]
    assert f"{other.url}: commit is" in written


def test_a_terminal_that_can_do_nothing_gets_plain_lines():
    with Deployed() as server:
        written = on_a_terminal(server.url, COMMIT, TERM="dumb")

    assert "\x1b" not in written
    assert written.splitlines()[-1] == f"{server.url}: it is the new build, and works"
