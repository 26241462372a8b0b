"""What importing takes: the middleware, the checks and the logging, after ``django.setup()``.

``python -m tests.benchmarks.imports [rounds]``, with Mozilla's package in the folder that the
environment variable MOZILLA_DOCKERFLOW names (``pip install --no-deps --target``).

Each turn is a process of its own, which compiles nothing: what is told is the median of the turns.
"""

import os
import random
import statistics
import subprocess
import sys
import tempfile

from tests.benchmarks.packages import BASELINE, MOZILLA, OURS, available, python_path, show_change

ROUNDS = 30
CANDIDATES = [OURS, BASELINE, MOZILLA]
PROGRAM = """
import time
import django
django.setup()
started = time.perf_counter()
import dockerflow.django.middleware
import dockerflow.django.checks
import dockerflow.logging
print(time.perf_counter() - started)
"""


def turn(candidate: str, folder: str) -> float:
    """Seconds of one process."""
    inherited = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=folder,  # not this one: in a checkout, it holds our package
        env={
            **inherited,
            "DJANGO_SETTINGS_MODULE": "tests.benchmarks.request_project",
            "PYTHONPATH": python_path(candidate),
        },
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return float(done.stdout)


def main(rounds: int) -> None:
    candidates = available(CANDIDATES)
    turns: dict[str, list[float]] = {candidate: [] for candidate in candidates}
    with tempfile.TemporaryDirectory() as folder:
        for number in range(rounds + 1):
            for candidate in random.sample(candidates, len(candidates)):
                seconds = turn(candidate, folder)
                if number:  # by then everything is compiled
                    turns[candidate].append(seconds)
    medians = {candidate: statistics.median(taken) for candidate, taken in turns.items()}
    print("\nimports after django.setup()")
    for candidate, seconds in medians.items():
        ratio = seconds / medians[OURS]
        print(f"{candidate:24}{seconds * 1e3:>10.1f} ms{ratio:>7.2f} of ours")
    if BASELINE in medians:
        show_change({"imports": (medians[OURS], medians[BASELINE])})


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else ROUNDS)
