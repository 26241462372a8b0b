"""What one heartbeat takes: ours beside its peers, and beside what no heartbeat can be faster than.

``python -m tests.benchmarks.heartbeat [rounds]``, with the packages of requirements.txt, and with
Mozilla's package in the folder that the environment variable MOZILLA_DOCKERFLOW names
(``pip install --no-deps --target``).

Each candidate has a process of its own (heartbeat_worker.py) and the same project there
(project.py), with about 20 migrations and about 300, on SQLite and PostgreSQL. The requests go
through Django's WSGI and ASGI handlers, without a web server. The processes take turns, so that a
busy machine is equally busy for all; what is told is medians. django-health-check and
django-watchman look at the databases and not at migrations. What asks a database in the thread of
the request has no deadline; what has one cannot be faster than two queries in another thread.
"""

import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator

from tests.benchmarks.packages import BASELINE, MOZILLA, OURS, available, python_path, show_change
from tests.support.services import PostgreSQL

ROUNDS = 20
ONE_QUERY, BARE = "a view with one query", "a bare middleware"
DEADLINE = "two queries in a thread"
HEARTBEAT, LBHEARTBEAT = "/__heartbeat__", "/__lbheartbeat__"
CANDIDATES = {
    HEARTBEAT: [
        *(ONE_QUERY, DEADLINE, OURS, BASELINE, MOZILLA),
        *("django-health-check", "django-watchman"),
    ],
    LBHEARTBEAT: [BARE, OURS, BASELINE, MOZILLA],
}
COUNTS = {HEARTBEAT: 5, LBHEARTBEAT: 100}  # requests a turn
SERVERS = ["wsgi", "asgi"]
DATABASES = {
    "SQLite": ("sqlite", "600"),
    "PostgreSQL, persistent connections": ("postgresql", "600"),
    "PostgreSQL, CONN_MAX_AGE=0": ("postgresql", "0"),
}
MIGRATIONS = ["300", "20"]

Medians = dict[tuple[str, str], float]  # seconds by candidate and server


class Worker:
    """The process of one candidate."""

    def __init__(self, candidate: str, environment: dict[str, str], folder: str) -> None:
        # Not the terminal: Mozilla's package logs every check there, every time.
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 (close() does)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.benchmarks.heartbeat_worker", candidate],
            cwd=folder,  # not this one: in a checkout, it holds our package
            env={**os.environ, **environment, "PYTHONPATH": python_path(candidate)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
        )

    def turn(self, server: str, path: str) -> list[float]:
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(json.dumps([server, path, COUNTS[path]]) + "\n")
            self._process.stdin.flush()
        if answer := self._process.stdout.readline():
            return json.loads(answer)
        self._errors.seek(0)
        sys.exit(f"{self._process.args[-1]} ended:\n{self._errors.read()[-5000:]}")

    def close(self) -> None:
        self._process.communicate()
        self._errors.close()


def measure(path: str, environment: dict[str, str], folder: str, rounds: int) -> Medians:
    """Let the candidates take turns."""
    with contextlib.ExitStack() as stack:
        workers = {
            candidate: stack.enter_context(
                contextlib.closing(Worker(candidate, environment, folder))
            )
            for candidate in available(CANDIDATES[path])
        }
        seconds = {(candidate, server): [] for candidate in workers for server in SERVERS}
        for number in range(rounds + 2):
            for (candidate, server), taken in seconds.items():
                turn = workers[candidate].turn(server, path)
                if number >= 2:  # by then everything is imported, connected and warm
                    taken.extend(turn)
    return {key: statistics.median(taken) for key, taken in seconds.items()}


def show(title: str, medians: Medians) -> None:
    print(f"\n{title}")
    print(f"{'':24}{'WSGI':>10}{'of ours':>9}{'ASGI':>13}{'of ours':>9}")
    for candidate in dict.fromkeys(candidate for candidate, _ in medians):
        line = f"{candidate:24}"
        for server in SERVERS:
            taken = medians[candidate, server]
            line += f"{taken * 1e3:>10.3f} ms{taken / medians[OURS, server]:>7.2f} "
        print(line, flush=True)


@contextlib.contextmanager
def databases(folder: str) -> Iterator[dict[tuple[str, str], str]]:
    """A migrated database of each kind for each number of migrations."""
    with PostgreSQL() as postgresql:
        urls = {}
        for migrations in MIGRATIONS:
            postgresql.execute(f"CREATE DATABASE with{migrations}")
            urls["sqlite", migrations] = f"sqlite:///{folder}/{migrations}.sqlite3"
            urls["postgresql", migrations] = f"{postgresql.url.rpartition('/')[0]}/with{migrations}"
        for (_, migrations), url in urls.items():
            subprocess.run(
                [sys.executable, "-m", "django", "migrate", "--skip-checks", "--verbosity=0"],
                env={
                    **os.environ,
                    **variables(url, "0", migrations),
                    "DJANGO_SETTINGS_MODULE": "tests.benchmarks.project",
                    "PYTHONPATH": python_path(OURS),
                },
                cwd=folder,
                check=True,
            )
        yield urls


def variables(url: str, max_age: str, migrations: str) -> dict[str, str]:
    return {"DATABASE_URL": url, "CONN_MAX_AGE": max_age, "MIGRATIONS": migrations}


def main(rounds: int) -> None:
    with tempfile.TemporaryDirectory() as folder, databases(folder) as urls:
        found = {}
        for name, (kind, max_age) in DATABASES.items():
            for migrations in MIGRATIONS:
                environment = variables(urls[kind, migrations], max_age, migrations)
                medians = measure(HEARTBEAT, environment, folder, rounds)
                show(f"heartbeat: {name}, about {migrations} migrations", medians)
                found[name, migrations] = medians
        show("lbheartbeat", lbheartbeat := measure(LBHEARTBEAT, environment, folder, rounds))
    print("\nWith 300 migrations, as many times as long as with 20:")
    for name in DATABASES:
        many, few = found[name, "300"], found[name, "20"]
        growth = {key: many[key] / few[key] for key in many}
        print(
            f"{name:36}"
            + "".join(
                f"{candidate} {growth[candidate, 'wsgi']:.1f} (WSGI)"
                f" {growth[candidate, 'asgi']:.1f} (ASGI)  "
                for candidate in (OURS, MOZILLA)
            )
        )
    titled = {f"heartbeat: {name}, {count}": medians for (name, count), medians in found.items()}
    show_change(
        {
            f"{title}, {server}": (medians[OURS, server], medians[BASELINE, server])
            for title, medians in {**titled, "lbheartbeat": lbheartbeat}.items()
            for server in SERVERS
            if (BASELINE, server) in medians
        }
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else ROUNDS)
