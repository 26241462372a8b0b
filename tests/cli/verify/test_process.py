"""``python -m dockerflow verify --command``: how it is started and stopped, and surely ended."""

import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dockerflow.cli.verify.process import Interrupted, Interrupts
from tests.support.command import ENVIRONMENT, arguments, run
from tests.support.verification import command, failures, verify

pytestmark = pytest.mark.once


def running(text):
    """Return the ids of the processes that have ``text`` in their command line."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if text.encode() in path.read_bytes() and int(path.parent.name) != os.getpid():
                found.append(int(path.parent.name))
        except OSError:
            continue
    return found


def test_variables_of_the_command_are_filled_in_and_no_shell_is_asked(app):
    words = [sys.executable, "-c", "import sys; sys.exit(str(sys.argv[1:]))"]
    line = f"{shlex.join(words)} '$HOME and ${{HOME}}' $NOTHING '*' ';'"

    status, out, _ = run("verify", "--json", "--command", line, cwd=app, HOME="/root")

    assert status == 1
    assert "['/root and /root', '$NOTHING', '*', ';']" in out


def test_a_daemon_that_the_application_left_behind_is_gone_afterwards(app):
    mark = f"mark-{os.getpid()}-{time.time_ns()}"

    status, outcomes, _ = verify(app, "--command", command("leaves a daemon", mark))

    assert (status, failures(outcomes)) == (0, [])
    assert running(mark) == []


@pytest.mark.parametrize("flaw", ["", "hangs", "ignores SIGTERM", "never answers", "drips"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_verify_and_leaves_nothing_running(app, flaw, number):
    mark = f"mark-{os.getpid()}-{time.time_ns()}"
    with subprocess.Popen(
        arguments("verify", "--command", command(flaw, mark)),
        cwd=app,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        deadline = time.monotonic() + 20
        while len(running(mark)) < 2 and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.01)
        if process.poll() is None:
            process.send_signal(number)
        out, err = process.communicate(timeout=20)

    assert (process.returncode, out, err) == (
        128 + number,
        "",
        "interrupted, nothing is left running\n",
    )
    assert running(mark) == []


def test_a_signal_while_a_process_starts_or_ends_is_kept_until_that_is_done():
    done = []

    def start():
        with interrupts.held():
            os.kill(os.getpid(), signal.SIGHUP)
            done.append("started")

    with Interrupts() as interrupts, pytest.raises(Interrupted) as caught:
        start()

    assert (done, caught.value.number) == (["started"], signal.SIGHUP)


def test_a_signal_that_is_ignored_stays_so(app):
    with subprocess.Popen(
        ["nohup", *arguments("verify", "--start-timeout", "2", "--command", command("hangs"))],
        cwd=app,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        while not running("container_app.py hangs") and process.poll() is None:
            time.sleep(0.01)
        process.send_signal(signal.SIGHUP)
        out, _ = process.communicate(timeout=30)

    assert process.returncode == 1
    assert b"after 2 s it did not listen on $PORT" in out


@pytest.mark.parametrize("way", ["waits for SIGTERM", "dies of SIGTERM after all"])
def test_a_signal_may_be_handled_in_many_ways(app, way):
    status, outcomes, _ = verify(app, "--command", command(way))

    assert (status, failures(outcomes)) == (0, [])


def test_a_command_that_does_not_exist_fails_on_its_port(app):
    status, outcomes, seen = verify(app, "--command", "no-such-program --bind $PORT")

    assert (status, failures(outcomes)) == (1, ["port"])
    assert seen["port"].startswith("it can't be started: [Errno 2] No such file or directory")
