"""``python -m dockerflow verify --backing``: what is tried, and what is left behind."""

import json
import shlex
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.support.command import INTERRUPTIBLE, arguments, run
from tests.support.services import Redis
from tests.support.verification import command, failures, new_mark, running, verify
from tests.support.walkthrough import blocks

pytestmark = pytest.mark.once

CHECKOUT = Path(__file__).parents[3]
FLASK = shlex.join([sys.executable, str(CHECKOUT / "tests/support/backing/flask_app.py")])
RECORD = 'echo "$REDIS_URL $PORT" > addresses; exec '


def recording(*words):
    return shlex.join(["sh", "-c", RECORD + command(*words)])


def reachable(app):
    """Which of the proxy's and the application's ports still take connections."""
    url, port = (app / "addresses").read_text().split()
    found = []
    for number in (urlsplit(url).port, int(port)):
        with socket.socket() as client:
            if client.connect_ex(("127.0.0.1", number)) == 0:
                found.append(number)
    return found


def test_a_heartbeat_that_never_asks_its_service_fails(app, redis_server):
    status, outcomes, found = verify(
        app,
        *("--timeout", "1", "--backing", "REDIS_URL", "--command", recording()),
        REDIS_URL=redis_server.url,
    )

    assert (status, failures(outcomes)) == (1, ["heartbeat-backing"])
    assert found["heartbeat-backing"] == (
        "REDIS_URL cut: 200 OK, and nothing has connected to where REDIS_URL points"
    )
    assert outcomes["heartbeat-silent"] == "not checked"
    assert reachable(app) == []


def test_a_heartbeat_that_fails_from_the_start_is_not_tried_further(app, redis_server):
    status, outcomes, found = verify(
        app,
        *("--timeout", "1", "--backing", "REDIS_URL", "--command", command("database down")),
        REDIS_URL=redis_server.url,
    )

    assert (status, failures(outcomes)) == (1, ["heartbeat-backing"])
    assert found["heartbeat-backing"] == (
        "the heartbeat answers 503 Service Unavailable while every service is there"
    )
    assert found["recovers"] == "the heartbeat has to answer 200 first"


def test_the_address_is_replaced_in_the_url_and_in_the_command_and_never_shown(app):
    with Redis(password="hush") as redis_server:
        words = ["sh", "-c", 'printenv REDIS_URL > seen; echo "$1" >> seen', "sh"]
        line = f"{shlex.join(words)} $REDIS_URL"
        status, out, err = run(
            *("verify", "--backing", "REDIS_URL", "--command", line),
            cwd=app,
            REDIS_URL=redis_server.url,
        )

    from_environment, from_command = (app / "seen").read_text().split()
    assert from_environment == from_command
    assert from_command.startswith("redis://:hush@127.0.0.1:")
    assert urlsplit(from_command).port != redis_server.port
    assert (status, err) == (1, "")
    assert "hush" not in out


@pytest.mark.parametrize(
    ("flaw", "failed"),
    [
        ("blind", []),
        ("", ["heartbeat-backing", "heartbeat-silent"]),
        ("needs it for the load balancer", ["heartbeat-backing", "heartbeat-silent"]),
    ],
)
def test_without_an_optional_service_the_heartbeat_passes(app, postgresql, flaw, failed):
    status, outcomes, found = verify(
        app,
        *("--timeout", "4", "--optional-backing", "DATABASE_URL"),
        *("--command", f"{FLASK} {shlex.quote(flaw)}"),
        DATABASE_URL=postgresql.url,
    )

    also = ["lbheartbeat-backing"] if "load balancer" in flaw else []
    assert (status, sorted(set(failures(outcomes)) - {"mozlog"})) == (
        1 if failed else 0,
        failed + also,
    )
    assert found["heartbeat-backing"].startswith(
        "DATABASE_URL (optional) cut: " + ("500 " if failed else "200 OK in ")
    )
    assert found["heartbeat-silent"].startswith(
        "DATABASE_URL (optional) silent: " + ("500 " if failed else "200 OK in ")
    )


def test_an_application_may_connect_after_it_has_begun_to_listen(app, postgresql):
    _, outcomes, _ = verify(
        app,
        *("--timeout", "4", "--backing", "DATABASE_URL"),
        *("--command", f"{FLASK} 'connects late'"),
        DATABASE_URL=postgresql.url,
    )

    assert set(failures(outcomes)) <= {"mozlog"}
    assert outcomes["heartbeat-silent"] == "passed"


def test_a_client_that_connects_again_for_ever_gets_the_advice_to_limit_that(app, postgresql):
    status, out, _ = run(
        *("verify", "--json", "--timeout", "2", "--backing", "DATABASE_URL"),
        *("--command", f"{FLASK} 'connects for ever'"),
        cwd=app,
        DATABASE_URL=postgresql.url,
    )

    lines = {line["name"]: line for line in json.loads(out)["lines"]}
    assert (status, lines["heartbeat-backing"]["found"]) == (
        1,
        "DATABASE_URL cut: no answer in 2 s",
    )
    assert lines["heartbeat-backing"]["fix"].startswith("Limit how long the client of the service")


def test_a_process_that_is_restarted_did_not_stay_up(app, postgresql):
    script = f'trap "kill 0" TERM; while true; do {FLASK} dies & wait; done'
    _, outcomes, found = verify(
        app,
        *("--timeout", "3", "--backing", "DATABASE_URL"),
        *("--command", shlex.join(["bash", "-c", script])),
        DATABASE_URL=postgresql.url,
    )

    assert "stays-up" in failures(outcomes)
    assert found["stays-up"] == ("DATABASE_URL cut: it was restarted and listens on a new socket")


def test_the_end_of_the_process_is_reported_with_its_last_output(app, postgresql):
    _, outcomes, found = verify(
        app,
        *("--timeout", "3", "--backing", "DATABASE_URL", "--command", f"{FLASK} dies"),
        DATABASE_URL=postgresql.url,
    )

    assert found["stays-up"].startswith(
        "DATABASE_URL cut: it ended, with exit status 3; last output: "
    )
    assert outcomes["stop"] == "not checked"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("moment", [0, 1])  # seconds after the start: starting, cut
def test_a_signal_leaves_no_process_and_no_port_behind(app, redis_server, number, moment):
    mark = new_mark()
    with subprocess.Popen(
        arguments("verify", "--backing", "REDIS_URL", "--command", recording("", mark)),
        cwd=app,
        env={**INTERRUPTIBLE, "REDIS_URL": redis_server.url},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        while not (app / "addresses").exists() and process.poll() is None:
            time.sleep(0.01)
        time.sleep(moment)
        process.send_signal(number)
        out, err = process.communicate(timeout=20)

    assert (process.returncode, out, err) == (
        128 + number,
        "",
        "interrupted; nothing is left running\n",
    )
    assert running(mark) == []
    assert reachable(app) == []


@pytest.mark.parametrize("flaw", ["crashes", "dies", "hangs", "leaves a daemon"])
def test_a_failure_leaves_no_process_and_no_port_behind(app, redis_server, flaw):
    mark = new_mark()

    verify(
        app,
        *("--timeout", "1", "--start-timeout", "2", "--backing", "REDIS_URL"),
        *("--command", recording(flaw, mark)),
        REDIS_URL=redis_server.url,
    )

    assert running(mark) == []
    assert reachable(app) == []


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["http://h", "--backing", "X"], "--backing and --optional-backing need --command"),
        (["--dockerfile", "x", "--optional-backing", "X"], "--backing and --optional-backing ne"),
        (
            ["--command", "x", "--backing", "X", "--optional-backing", "X"],
            "X is given as --backing and as --optional-backing",
        ),
        (
            ["--command", "x", "--backing", "X"],
            "--backing X: there is no such environment variable, or it is empty",
        ),
        (
            ["--command", "x", "--optional-backing", "X"],
            "--optional-backing X: there is no such environment variable, or it is empty",
        ),
        (
            ["--command", "x", "--backing", "Y"],
            "--backing Y: its URL has no host, and a socket file can't be cut",
        ),
        (
            ["--command", "x", "--backing", "Z"],
            "--backing Z: nothing accepts connections at 127.0.0.1, port 1 (Connection refused)",
        ),
    ],
)
def test_a_service_that_can_not_be_tried_is_wrong_usage(words, complaint):
    status, out, err = run("verify", *words, Y="sqlite:///hush", Z="redis://:hush@127.0.0.1:1/0")

    assert (status, out) == (2, "")
    assert err.splitlines()[-1].startswith(f"python -m dockerflow verify: error: {complaint}")
    assert "hush" not in err


def test_the_workflow_of_the_documentation_is_one(tmp_path):
    [workflow] = [
        step.text
        for step in blocks((CHECKOUT / "docs" / "verify.rst").read_text())
        if step.caption == ".github/workflows/verify.yml"
    ]
    (tmp_path / "verify.yml").write_text(workflow)
    schema = ("--builtin-schema", "vendor.github-workflows")
    done = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", *schema, tmp_path / "verify.yml"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stdout) == (0, "ok -- validation done\n")
