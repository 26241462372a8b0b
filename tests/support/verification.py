"""``python -m dockerflow verify`` of container_app, what it reports, and what it leaves behind."""

import json
import os
import shlex
import sys
import time
from pathlib import Path

from dockerflow.cli.verify.requirements import READ
from dockerflow.cli.verify.specification import REQUIREMENTS
from tests.support import container_app
from tests.support.command import run

APP = [sys.executable, container_app.__file__]
ABOUT_DOCKERFILE = [line.name for line in REQUIREMENTS if line.needs == READ]


def command(*words):
    return shlex.join([*APP, *map(str, words)])


def verify(directory, *words, **variables):
    """Return (exit status, outcomes by name, what was found by name)."""
    status, out, err = run(
        *("verify", "--json", "--stop-timeout", "2", *words), cwd=directory, **variables
    )
    assert err == ""
    return status, *outcomes_and_findings(out)


def outcomes_and_findings(report):
    """Return the outcomes by name and what was found by name, of a report as JSON."""
    lines = json.loads(report)["lines"]
    return (
        {line["name"]: line["outcome"] for line in lines},
        {line["name"]: line["found"] for line in lines},
    )


def failures(outcomes):
    return sorted(name for name, outcome in outcomes.items() if outcome == "failed")


def new_mark():
    """Return a word that only the command lines of one test have."""
    return f"mark-{os.getpid()}-{time.time_ns()}"


def running(mark):
    """Return the ids of the other processes that have ``mark`` in their command line."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if mark.encode() in path.read_bytes() and int(path.parent.name) != os.getpid():
                found.append(int(path.parent.name))
        except OSError:
            continue
    return found


def left_in(namespace, mark):
    """Return the ids of the processes in a PID namespace that have ``mark`` in their environment.

    The namespace is given as /proc/PID/ns/pid links to it. Its number alone would not do: the
    system gives the number of one that is gone to the next.
    """
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            if str((path / "ns/pid").readlink()) == namespace:
                found += [int(path.name)] * (mark.encode() in (path / "environ").read_bytes())
        except OSError:
            continue
    return found
