"""``python -m dockerflow verify --command``: how it is started and stopped, and always ended."""

import json
import os
import shlex
import signal
import subprocess
import sys
import textwrap
import time

import pytest

from dockerflow.cli.verify.interrupts import Interrupted, Interrupts
from tests.support.command import ENVIRONMENT, INTERRUPTIBLE, arguments, run
from tests.support.verification import (
    command,
    failures,
    new_mark,
    outcomes_and_findings,
    running,
    verify,
)

pytestmark = pytest.mark.once


def test_variables_of_the_command_are_filled_in_without_a_shell(app):
    words = [sys.executable, "-c", "import sys; sys.exit(str(sys.argv[1:]))"]
    line = f"{shlex.join(words)} '$HOME and ${{HOME}}' $NOTHING '*' ';'"

    status, out, _ = run("verify", "--json", "--command", line, cwd=app, HOME="/root")

    assert status == 1
    assert "['/root and /root', '$NOTHING', '*', ';']" in out


def test_a_daemon_that_the_application_left_behind_is_gone_afterwards(app):
    mark = new_mark()

    status, outcomes, _ = verify(app, "--command", command("leaves a daemon", mark))

    assert (status, failures(outcomes)) == (0, [])
    assert running(mark) == []


@pytest.mark.parametrize("flaw", ["", "hangs", "ignores SIGTERM", "never answers", "drips"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_verify_and_leaves_nothing_running(app, flaw, number):
    mark = new_mark()
    with subprocess.Popen(
        arguments("verify", "--command", command(flaw, mark)),
        cwd=app,
        env=INTERRUPTIBLE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        deadline = time.monotonic() + 20
        while len(running(mark)) < 3 and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.01)
        if process.poll() is None:
            process.send_signal(number)
        out, err = process.communicate(timeout=20)

    assert (process.returncode, out, err) == (
        128 + number,
        "",
        "interrupted; nothing is left running\n",
    )
    assert running(mark) == []


def test_nothing_is_left_running_where_verify_itself_is_killed(app):
    mark = new_mark()
    with subprocess.Popen(
        arguments("verify", "--command", command("leaves a daemon", mark)),
        cwd=app,
        env=ENVIRONMENT,
        stdout=subprocess.DEVNULL,
    ) as process:
        deadline = time.monotonic() + 20
        while len(running(mark)) < 3 and time.monotonic() < deadline:
            time.sleep(0.01)
        process.kill()
    while running(mark) and time.monotonic() < deadline:
        time.sleep(0.01)

    assert process.returncode == -signal.SIGKILL
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
    mark = new_mark()
    words = ["verify", "--start-timeout", "2", "--command", command("hangs", mark)]
    with subprocess.Popen(
        ["nohup", *arguments(*words)],
        cwd=app,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        while len(running(mark)) < 3 and process.poll() is None:
            time.sleep(0.01)
        process.send_signal(signal.SIGHUP)
        out, _ = process.communicate(timeout=30)

    assert process.returncode == 1
    assert b"after 2 s it did not listen on $PORT" in out


@pytest.mark.parametrize(
    ("flaw", "name", "what"),
    [
        ("", "stop", "it ended 0."),
        ("no handler", "stop", "it was still running 2 s after SIGTERM: it has no handler for it"),
        ("crashes", "port", "it ended before it answered, with exit status 1; last output: "),
    ],
)
def test_what_verify_ignores_and_blocks_is_not_inherited(app, flaw, name, what):
    script = """
        import os, signal, sys
        for number in (signal.SIGCHLD, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
        os.execv(sys.argv[1], sys.argv[1:])
    """
    words = arguments("verify", "--json", "--stop-timeout", "2", "--command", command(flaw))
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script), *words],
        cwd=app,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
    )

    _, found = outcomes_and_findings(done.stdout)
    assert found[name].startswith(what)


@pytest.mark.parametrize("way", ["waits for SIGTERM", "raises SIGTERM again and ends"])
def test_a_signal_may_be_handled_in_many_ways(app, way):
    status, outcomes, _ = verify(app, "--command", command(way))

    assert (status, failures(outcomes)) == (0, [])


def test_a_password_in_the_last_output_is_masked(app):
    line = shlex.join(["sh", "-c", "echo cannot connect to postgres://me:hush@h/d >&2; exit 1"])

    _, _, found = verify(app, "--command", line)

    assert found["port"] == (
        "it ended before it answered, with exit status 1; last output: cannot connect to "
        "postgres://***@h/d"
    )


def test_a_daemon_fails_with_the_advice_to_keep_it_in_the_foreground(app):
    _, out, _ = run("verify", "--json", "--command", "sh -c 'sleep 60 &'", cwd=app)

    port = next(line for line in json.loads(out)["lines"] if line["name"] == "port")
    assert port["found"] == "it ended before it answered, with exit status 0"
    assert port["fix"].startswith("Keep the server in the foreground (no daemon, no &)")


def test_closed_standard_streams_are_not_those_of_the_application(app):
    line = f"{shlex.join(arguments('verify', '--command', command()))} <&- 2>&-"
    done = subprocess.run(
        ["bash", "-c", line], env=ENVIRONMENT, cwd=app, capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stdout.count("  failed  ")) == (0, 0)


def test_a_command_that_does_not_exist_fails_on_its_port(app):
    status, outcomes, found = verify(app, "--command", "no-such-program --bind $PORT")

    assert (status, failures(outcomes)) == (1, ["port"])
    assert found["port"] == "it can't be started: No such file or directory: no-such-program"


def test_a_command_for_a_shell_fails_with_how_to_start_one(app):
    _, out, _ = run("verify", "--json", "--command", "cd /tmp && no-such-program", cwd=app)

    port = next(line for line in json.loads(out)["lines"] if line["name"] == "port")
    assert port["found"] == "it can't be started: No such file or directory: cd"
    assert port["fix"].endswith("for &&, cd or NAME=value, write --command \"sh -c '...'\".")
