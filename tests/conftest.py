"""Fixtures: real servers, one of each a run, started when the first test asks.

What is not on the machine skips the tests that need it, and says how to get it. With CI in the
environment a run that skipped anything has failed.
"""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest

import dockerflow
from tests.support.process import Missing
from tests.support.services import MariaDB, PgBouncer, PostgreSQL, Redis
from tests.support.web import Chromium

Service = TypeVar("Service")
STALE = (
    "this is {}, which need not be the package of {}: run the tests by `python3 tests/run.py`,"
    " or in the environment that `python3 tests/run.py dev` makes"
)


def pytest_sessionstart() -> None:
    # A job in the background ignores SIGINT, one under nohup SIGHUP, and so would every process
    # that they start.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    package = Path(dockerflow.__file__).parent
    checkout = Path(__file__).parents[1]
    if "TOX_ENV_NAME" in os.environ:
        if Path(sys.prefix) not in package.parents:
            pytest.exit(f"tox tests the wheel that it built, but this is {package}", returncode=1)
    elif package != checkout / "dockerflow":
        pytest.exit(STALE.format(package, checkout), returncode=1)


def pytest_sessionfinish(session: pytest.Session) -> None:
    # pytest-xdist kills a worker that takes more than 10 s to exit, before coverage has saved.
    if "COVERAGE_PROCESS_START" in os.environ:
        import coverage  # noqa: PLC0415 (not in every environment)

        if measured := coverage.Coverage.current():
            measured.save()
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if "CI" in os.environ and reporter and reporter.stats.get("skipped"):
        reporter.write_line("CI is set: a run that skips tests has failed", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One more than there are processors, because most tests wait."""
    return (os.cpu_count() or 1) + 1


def available(service: Callable[[], Service]) -> Service:
    try:
        return service()
    except Missing as missing:
        pytest.skip(str(missing))


@pytest.fixture(scope="session")
def running_postgresql() -> Iterator[PostgreSQL]:
    with available(PostgreSQL) as server:
        yield server


@pytest.fixture
def postgresql(running_postgresql: PostgreSQL) -> Iterator[PostgreSQL]:
    """A PostgreSQL that the test may fill, freeze or stop: the next finds it running and empty."""
    yield running_postgresql
    running_postgresql.revive()
    running_postgresql.empty()


@pytest.fixture
def pgbouncer(postgresql: PostgreSQL) -> Iterator[PgBouncer]:
    """A PgBouncer with one connection to PostgreSQL, for which clients wait 2 s."""
    with available(
        lambda: PgBouncer(postgresql, pool_mode="transaction", query_wait_timeout=2)
    ) as pooler:
        yield pooler


@pytest.fixture(scope="session")
def running_redis() -> Iterator[Redis]:
    with available(Redis) as server:
        yield server


@pytest.fixture
def redis_server(running_redis: Redis) -> Iterator[Redis]:
    """A Redis that the test may fill, freeze or stop: the next finds it running and empty."""
    yield running_redis
    running_redis.revive()
    running_redis.empty()


@pytest.fixture(scope="session")
def running_mariadb() -> Iterator[MariaDB]:
    with available(MariaDB) as server:
        yield server


@pytest.fixture
def mariadb(running_mariadb: MariaDB) -> Iterator[MariaDB]:
    """A MariaDB that the test may fill, freeze or stop: the next finds it running and empty."""
    yield running_mariadb
    running_mariadb.revive()
    running_mariadb.empty()


@pytest.fixture(scope="session")
def chromium() -> Chromium:
    return available(Chromium)
