"""``dockerflow.cli.verify.run.verify``, called by a program that has a life of its own."""

import json
import subprocess
import sys

import pytest

from tests.support.command import ENVIRONMENT
from tests.support.verification import command, failures

pytestmark = pytest.mark.once

PROGRAM = """
import ctypes, json, os, signal, subprocess, sys, threading, time
from dockerflow.cli.verify.run import verify

def handler(*_): pass

def children():
    # one that it has, one that it starts under way, and one that ends under way
    kept.append(subprocess.Popen(["sleep", "600"]))
    ended.append(subprocess.Popen(["sh", "-c", "exit 7"]))

kept, ended = [subprocess.Popen(["sleep", "600"])], []
signal.signal(signal.SIGTERM, handler)
threading.Timer(0.3, children).start()
reports = [verify(command=sys.argv[1])]
thread = threading.Thread(target=lambda: reports.append(verify(command=sys.argv[1])))
thread.start()
thread.join()
subreaper = ctypes.c_int(-1)
ctypes.CDLL(None).prctl(37, ctypes.byref(subreaper), 0, 0, 0)  # PR_GET_CHILD_SUBREAPER
print(json.dumps({
    "reports": [json.loads(report.json()) for report in reports],
    "kept": [child.poll() for child in kept],
    "ended": [child.wait() for child in ended],
    "subreaper": subreaper.value,
    "handlers": [signal.getsignal(signal.SIGTERM) is handler,
                 signal.getsignal(signal.SIGINT) is signal.default_int_handler],
    "threads": threading.active_count(),
}))
for child in kept:
    child.kill()
    child.wait()
"""


def test_a_program_that_calls_verify_keeps_its_children_flags_and_signal_handlers(app):
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, command("leaves a daemon", "x")],
        cwd=app,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stderr == ""
    found = json.loads(done.stdout)
    reports = found.pop("reports")
    assert [report["conforms"] for report in reports] == [True, True]
    outcomes = [{line["name"]: line["outcome"] for line in report["lines"]} for report in reports]
    assert [failures(each) for each in outcomes] == [[], []]
    assert found == {
        "kept": [None, None],
        "ended": [7],
        "subreaper": 0,
        "handlers": [True, True],
        "threads": 1,
    }
