"""A short chaos run, from one seed; ``python3 tests/run.py -e chaos`` is a long one."""

import os
import subprocess
import sys

import pytest

from tests.support.process import python_path

pytestmark = pytest.mark.once

FAULTS = [
    "PostgreSQL silent",
    "PostgreSQL restarted",
    "django_migrations locked",
    "max_connections in use",
    "Redis frozen",
    "packets to Redis dropped",  # where that is possible
]
OPTIONS = [
    "--server=gthread",
    "--seed=1",
    f"--faults={len(FAULTS)}",
    "--busy=1",  # with other tests
    *(f"--only={name}" for name in FAULTS),
]


def test_the_heartbeat_keeps_its_promises_while_databases_and_caches_break():
    done = subprocess.run(
        [sys.executable, "-m", "tests.chaos", *OPTIONS],
        env={**os.environ, "PYTHONPATH": python_path()},
        capture_output=True,
        text=True,
        check=False,
    )
    if "not found: " in done.stderr:
        pytest.skip(done.stderr)

    last = done.stdout.splitlines()[-1]
    assert (done.returncode, last) == (0, f"{len(FAULTS)} faults, 0 violations"), (
        done.stdout + done.stderr
    )
