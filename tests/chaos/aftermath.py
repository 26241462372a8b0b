"""What a fault leaves behind: nothing but an ERROR and an INFO record in the log."""

import json
import os
import time
from collections import defaultdict
from collections.abc import Callable

import psutil

from tests.chaos.failures import HEALTHY
from tests.chaos.watched import THREADS, Watched
from tests.chaos.window import Window

SETTLED = 15  # seconds, at most, until everything is back where it was
# Threads that a process may have more than at the beginning, since they are made when needed: those
# in which gunicorn serves requests, and those of asyncio, in which Django logs a status of 500.
# https://docs.python.org/3/library/concurrent.futures.html#threadpoolexecutor
SPARE = {"sync": 0, "gthread": THREADS, "uvicorn": (os.cpu_count() or 1) + 4}

Key = tuple[int, str, str]  # process, check and subject


class Records:
    """What a server logs of its checks."""

    def __init__(self, watched: Watched) -> None:
        self._server = watched.server
        self._position = 0  # in its output
        self._levels: dict[Key, list[str]] = defaultdict(list)
        self._others: list[str] = []
        self.failing: set[Key] = set()
        self.take()

    def read(self) -> None:
        """Read what has been written since the last time."""
        with self._server.log.open() as log:
            log.seek(self._position)
            while (line := log.readline()).endswith("\n"):
                self._position = log.tell()
                self._add(line)

    def take(self) -> tuple[dict[Key, list[str]], list[str]]:
        """Return the levels of the checks' records, and what else is worth a look, since then."""
        self.read()
        taken = dict(self._levels), self._others
        self._levels, self._others = defaultdict(list), []
        return taken

    def _add(self, line: str) -> None:
        record = json.loads(line) if line.startswith("{") else {"Type": "", "Severity": 0}
        if record["Type"] == "dockerflow.checks.registry":
            key = record["Pid"], record["Fields"]["check"], record["Fields"]["subject"]
            level = {3: "ERROR", 6: "INFO"}.get(record["Severity"], line)
            self._levels[key].append(level)
            (self.failing.add if level == "ERROR" else self.failing.discard)(key)
        elif record["Severity"] < 6:
            self._others.append(line)


def judge_recovery(window: Window, watched: Watched, records: Records) -> None:
    """Wait until everything is back where it was, and report what is not."""

    def expect(expected: str, surplus: Callable[[], object]) -> None:
        deadline = time.monotonic() + SETTLED
        while seen := surplus():
            if time.monotonic() > deadline:
                window.report(time.monotonic(), watched, expected, seen)
                return
            watched.burst()  # a process notices when it is asked
            time.sleep(0.1)

    def failing() -> object:
        records.read()
        return records.failing

    expect("an INFO record after each ERROR record", failing)
    expect("no more threads and file descriptors than before", lambda: _surplus(watched))
    expect("no more connections to PostgreSQL and Redis than before", watched.more_connections)
    if (processes := watched.processes()) != watched.family:
        expected = f"the processes {_ids(watched.family)}"
        window.report(time.monotonic(), watched, expected, _ids(processes))


def _ids(processes: list[psutil.Process]) -> list[int]:
    return [process.pid for process in processes]


def _surplus(watched: Watched) -> dict[int, str]:
    found = {}
    for pid, (threads, descriptors) in watched.resources().items():
        had_threads, had_descriptors = watched.had.get(pid, (threads, descriptors))
        if threads > had_threads + SPARE[watched.kind] or descriptors > had_descriptors:
            found[pid] = (
                f"{threads} threads after {had_threads},"
                f" {descriptors} file descriptors after {had_descriptors}"
            )
    return found


def judge_records(window: Window, watched: Watched, records: Records) -> None:
    found, others = records.take()
    for (pid, check, subject), levels in found.items():
        changes = max(1, len(levels) // 2) if window.fault.may_flap else 1
        what = f"of {check}[{subject}] in process {pid}"
        if check not in window.fault.failure.edges or subject == HEALTHY:
            window.report(window.ended, watched, f"no record {what}", levels)
        elif levels != ["ERROR", "INFO"] * changes:
            window.report(window.ended, watched, f"one ERROR, one INFO record {what}", levels)
    for line in others:
        window.report(window.ended, watched, "no other record above INFO", line)
