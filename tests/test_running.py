"""Checks run the way that Django runs code, and leave a project's own tests alone."""

import os
import subprocess
import sys

import pytest

from tests import suite
from tests.web import python_path

RUNNERS = {
    "django": ["-m", "django", "test", "--noinput", "tests", "--pattern=suite.py"],
    "pytest": ["-m", "pytest", "-p", "no:cacheprovider", "--create-db", suite.__file__],
}


def run_suite(runner, **environment):
    return subprocess.run(
        [sys.executable, "-W", "error", *RUNNERS[runner]],
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "PYTHONPATH": python_path(),
            **environment,
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("runner", RUNNERS)
def test_a_projects_tests_work_with_sqlite_in_memory(runner):
    done = run_suite(runner)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("runner", RUNNERS)
def test_a_projects_tests_work_with_postgresql_and_their_database_is_dropped(runner, postgresql):
    done = run_suite(runner, DATABASE_URL=postgresql.url, CONN_MAX_AGE="60")
    assert done.returncode == 0, done.stdout
    databases = postgresql.execute("SELECT datname FROM pg_database ORDER BY datname")
    assert databases == [("postgres",), ("template0",), ("template1",)]
