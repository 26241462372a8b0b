"""A server that is asked all the time, and what it had before anything broke."""

import http.client
import random
import threading
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from typing import NamedTuple

import psutil

from tests.chaos.failures import CACHE, CONNECTED, MIGRATED, REDIS, TIMEOUT
from tests.chaos.stage import Stage
from tests.support.faults import migrate, serve
from tests.support.waiting import settle
from tests.support.watchdog import family
from tests.support.web import Answer

PATIENCE = 10  # seconds; a client that has no answer by then has none
PAUSE = 0.5  # seconds, at most, between an answer and the next question
PROBERS = 2  # that ask for the heartbeat: the platform and its load balancer, say
CHECKS = [f"dockerflow.django.checks.{name}" for name in (CONNECTED, MIGRATED, REDIS, CACHE)]
# A sync worker that waits for a heartbeat answers nothing else: one more of them than probers.
# gunicorn makes the threads of a gthread worker when they are first needed.
THREADS = 4
ARGUMENTS = {
    "sync": [f"--workers={PROBERS + 1}"],
    "gthread": ["--workers=2", f"--threads={THREADS}"],
    "uvicorn": [],
}


class Asked(NamedTuple):
    """A question, when it was asked and answered (``time.monotonic()``), and what came of it."""

    asked: float
    answered: float
    answer: Answer | Exception


class Prober(threading.Thread):
    """Asks for one path, and soon after each answer again."""

    def __init__(self, watched: "Watched", path: str) -> None:
        super().__init__(daemon=True)
        self._server, self._path = watched.server, path
        self._ended = threading.Event()
        self._asked: deque[Asked] = deque()

    def run(self) -> None:
        while not self._ended.wait(random.uniform(0, PAUSE)):
            self._asked.append(ask(self._server, self._path))

    def take(self) -> list[Asked]:
        """Return what came since the last call."""
        return [self._asked.popleft() for _ in range(len(self._asked))]

    def stop(self) -> None:
        self._ended.set()
        self.join()


def ask(server, path: str) -> Asked:
    asked = time.monotonic()
    try:
        answer = server.get(path, timeout=PATIENCE)
    except (OSError, http.client.HTTPException) as error:
        answer = error
    return Asked(asked, time.monotonic(), answer)


class Watched:
    """A server of one kind on the stage, warm, with everything it had at the beginning."""

    def __init__(self, stack: ExitStack, kind: str, stage: Stage) -> None:
        self.kind = kind
        self.stage = stage
        self.server = stack.enter_context(
            serve(
                kind,
                *CHECKS,
                arguments=ARGUMENTS[kind],
                DJANGO_SETTINGS_MODULE="tests.chaos.settings",
                DOCKERFLOW_HEARTBEAT_TIMEOUT=str(TIMEOUT),
                PGAPPNAME=kind,
                **stage.environment(),
            )
        )
        self.heartbeats = [Prober(self, "/__heartbeat__") for _ in range(PROBERS)]
        self.liveness = Prober(self, "/__lbheartbeat__")
        self._probers = [*self.heartbeats, self.liveness]

    def migrate(self) -> None:
        """Make the tables, for all servers on the stage."""
        migrate(self.server)
        migrate(self.server, "--database=healthy")

    def warm_up(self) -> None:
        """Ask until each process has its connections, and remember what it has then."""
        processes = len(self.processes()) - (self.kind != "uvicorn")

        def is_warm() -> bool:
            self.burst()
            return self.stage.postgresql.connections(self.kind) == processes

        settle(is_warm)
        self.connections = processes
        self.family = self.processes()
        self.had = self.resources()

    def burst(self) -> None:
        """Ask so many at a time that every process is likely to be among them."""
        with ThreadPoolExecutor(PROBERS + 1) as pool:
            list(pool.map(lambda _: ask(self.server, "/__heartbeat__"), range(4 * PROBERS)))

    def start(self, stack: ExitStack) -> None:
        for prober in self._probers:
            prober.start()
            stack.callback(prober.stop)

    def processes(self) -> list[psutil.Process]:
        return family(self.server.pid)

    def more_connections(self) -> str:
        """Say how many there are to the services that break, if there are more than there were."""
        postgresql = self.stage.postgresql.connections(self.kind)
        redis = self.stage.redis_connections()
        if postgresql <= self.connections and redis <= self.stage.had_redis_connections:
            return ""
        return (
            f"{postgresql} to PostgreSQL after {self.connections},"
            f" {redis} to Redis after {self.stage.had_redis_connections}"
        )

    def resources(self) -> dict[int, tuple[int, int]]:
        """Threads and file descriptors of each process, by its id."""
        found = {}
        for process in self.processes():
            with suppress(psutil.NoSuchProcess):
                found[process.pid] = process.num_threads(), process.num_fds()
        return found
