"""``python -m dockerflow verify URL``: a running container, asked from outside."""

import json
import signal
import socket
import subprocess
import sys
import time

import pytest

from tests.support import container_app
from tests.support.command import ENVIRONMENT, INTERRUPTIBLE, arguments, run

pytestmark = pytest.mark.once


class Site:
    """The application of container_app, running."""

    def __init__(self, flaw, directory):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self.process = subprocess.Popen(
            [sys.executable, container_app.__file__, flaw],
            env={**ENVIRONMENT, "PORT": str(port)},
            cwd=directory,
            stdout=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 20
        with socket.socket() as client:
            while client.connect_ex(("127.0.0.1", port)) and time.monotonic() < deadline:
                time.sleep(0.05)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.process.kill()
        self.process.wait(10)


def test_a_running_container_is_checked_for_what_can_be_seen_from_outside(tmp_path):
    with Site("", tmp_path) as site:
        status, out, err = run("verify", "--json", site.url + "/")

    outcomes = {line["name"]: line["outcome"] for line in json.loads(out)["lines"]}
    assert (status, err) == (0, "")
    assert {name for name, outcome in outcomes.items() if outcome != "not checked"} == {
        "version",
        "version-keys",
        "heartbeat",
        "lbheartbeat",
        "lbheartbeat-backing",
        "static",
    }
    assert "failed" not in outcomes.values()


def test_a_running_container_that_does_not_conform_fails(tmp_path):
    with Site("redirect", tmp_path) as site:
        status, out, _ = run("verify", site.url)

    assert status == 1
    assert out.count("found  301 Moved Permanently to https://example.com/\n") == 3


@pytest.mark.parametrize(
    "flaw",
    ["one page for all", "another page for all", "yes to all", "echoes all", "JSON for all"],
)
def test_an_application_that_answers_every_path_passes_nothing(tmp_path, flaw):
    with Site(flaw, tmp_path) as site:
        _, out, _ = run("verify", "--json", site.url)

    outcomes = {line["name"]: line["outcome"] for line in json.loads(out)["lines"]}
    assert [name for name, outcome in outcomes.items() if outcome == "passed"] == []


def test_where_nothing_listens_nothing_conforms():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"

    status, out, _ = run("verify", url)

    assert status == 1
    assert out.count("found  connection refused, nothing listens there\n") == 3
    assert out.count("fix    Start it, or give verify the address at which it answers.\n") == 3


def test_a_container_that_never_answers_is_given_up_in_time():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        begun = time.monotonic()
        status, out, _ = run("verify", url, "--timeout", "0.5")

    assert status == 1
    assert out.count("found  no answer in 0.5 s\n") == 3
    assert time.monotonic() - begun < 20


def test_a_signal_ends_the_requests_to_a_url():
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        subprocess.Popen(
            arguments("verify", f"http://127.0.0.1:{listener.getsockname()[1]}"),
            env=INTERRUPTIBLE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as process,
    ):
        client, _ = listener.accept()
        with client:
            process.send_signal(signal.SIGTERM)
            _, err = process.communicate(timeout=20)

    assert (process.returncode, err) == (143, b"interrupted; nothing is left running\n")
