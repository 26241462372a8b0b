"""What a middleware adds to a request: ours beside its peers, and beside none at all.

``python -m tests.benchmarks.requests [rounds]``, with Mozilla's package in the folder that the
environment variable MOZILLA_DOCKERFLOW names (``pip install --no-deps --target``).

Each middleware has a process of its own (request_worker.py) and the same small project there:
sessions, users, and a view that looks at neither. The processes take turns, so that a busy machine
is equally busy for all; what is told is the median over the rounds of the processor time beyond
that of no middleware at all. Log lines are formatted as is usual for each, and written to nowhere.
"""

import contextlib
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
from typing import NamedTuple

from tests.benchmarks.packages import BASELINE, MOZILLA, OURS, available, python_path, show_change

ROUNDS = 40
LIMIT = "no middleware"
CANDIDATES = [
    LIMIT,
    OURS,
    BASELINE,
    "dockerflow (json)",  # without a faster encoder
    MOZILLA,
    "django-structlog",
    "django-guid",  # writes no line of its own
    "django-log-request-id",
]
SCENARIOS = [(server, who) for server in ("wsgi", "asgi") for who in ("anonymous", "signed in")]


class Turn(NamedTuple):
    """What a hundred requests came to: seconds and queries for one."""

    seconds: float
    queries: float


class Worker:
    """The process of one candidate."""

    def __init__(self, candidate: str, folder: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.benchmarks.request_worker", candidate],
            cwd=folder,  # not this one: in a checkout, it holds our package
            env={**os.environ, "PYTHONPATH": python_path(candidate)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def turn(self, scenario: tuple[str, str]) -> Turn:
        self._process.stdin.write(json.dumps(scenario) + "\n")
        self._process.stdin.flush()
        return Turn(*json.loads(self._process.stdout.readline()))

    def close(self) -> None:
        self._process.communicate()


def measure(workers: dict[str, Worker], scenario: tuple[str, str], rounds: int) -> dict[str, float]:
    """Print, and return, what each candidate adds to a request, in seconds."""
    turns: dict[str, list[Turn]] = {candidate: [] for candidate in workers}
    for number in range(rounds + 2):
        for candidate in random.sample(list(workers), len(workers)):
            turn = workers[candidate].turn(scenario)
            if number >= 2:  # by then everything is imported, connected and warm
                turns[candidate].append(turn)
    base = [turn.seconds for turn in turns[LIMIT]]
    added = {
        candidate: statistics.median(turn.seconds - b for turn, b in zip(taken, base, strict=True))
        for candidate, taken in turns.items()
    }
    print(f"\n{' '.join(scenario)}: {statistics.median(base) * 1e6:.0f} us without a middleware")
    print(f"{'':24}{'adds':>10}{'Mozilla = 1':>13}{'queries':>9}")
    for candidate, taken in turns.items():
        print(
            f"{candidate:24}{added[candidate] * 1e6:>7.1f} us"
            f"{added[candidate] / added[MOZILLA]:>13.2f}{taken[-1].queries:>9.0f}"
        )
    return added


def main(rounds: int) -> None:
    with contextlib.ExitStack() as stack:
        workers = {
            candidate: stack.enter_context(
                contextlib.closing(
                    Worker(candidate, stack.enter_context(tempfile.TemporaryDirectory()))
                )
            )
            for candidate in available(CANDIDATES)
        }
        added = {scenario: measure(workers, scenario, rounds) for scenario in SCENARIOS}
    show_change(
        {
            f"added to a request: {' '.join(scenario)}": (found[OURS], found[BASELINE])
            for scenario, found in added.items()
            if BASELINE in found
        }
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else ROUNDS)
