"""``python -m dockerflow``, run the way a container runs it."""

import os
import subprocess
import sys
from pathlib import Path

import dockerflow

# the package that this process tests, from whatever directory; the coverage measurement goes along
ENVIRONMENT = {
    "PATH": os.environ["PATH"],
    "PYTHONPATH": str(Path(dockerflow.__file__).parents[1]),
    "PYTHONWARNINGS": "error",
    **{name: value for name, value in os.environ.items() if name.startswith("COVERAGE_")},
}
# a signal may come between open() and what closes the file
INTERRUPTIBLE = {**ENVIRONMENT, "PYTHONWARNINGS": "error,ignore::ResourceWarning"}


def arguments(*words):
    return [sys.executable, "-m", "dockerflow", *map(str, words)]


def run(*words, cwd=None, **variables):
    """Return (exit status, stdout, stderr)."""
    done = subprocess.run(
        arguments(*words),
        cwd=cwd,
        env={**ENVIRONMENT, **variables},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr
