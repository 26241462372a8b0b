"""``python -m dockerflow verify`` of container_app, and what it told."""

import json
import shlex
import sys

from tests.support import container_app
from tests.support.command import run

APP = [sys.executable, container_app.__file__]


def command(*words):
    return shlex.join([*APP, *map(str, words)])


def verify(directory, *words):
    """Return (exit status, outcomes by name, what was seen by name)."""
    status, out, err = run("verify", "--json", "--stop-timeout", "2", *words, cwd=directory)
    assert err == ""
    lines = json.loads(out)["lines"]
    return (
        status,
        {line["name"]: line["outcome"] for line in lines},
        {line["name"]: line["seen"] for line in lines},
    )


def failures(outcomes):
    return sorted(name for name, outcome in outcomes.items() if outcome == "failed")
