"""Checks run the way that Django runs code, and leave a project's own tests alone."""

import os
import subprocess
import sys

import pytest

from tests.support import suite
from tests.support.web import python_path

JUNK = "expected a list of messages"

RUNNERS = {
    "django": ["-m", "django", "test", "--noinput", "tests", "--pattern=suite.py"],
    "pytest": [
        *("-m", "pytest", "-p", "no:cacheprovider", "--import-mode=importlib"),
        *("--create-db", suite.__file__),
    ],
}


def passes(app_configs, **kwargs):
    return []


@pytest.fixture
def heartbeat(client, settings, db):
    """What a heartbeat with these settings answers: status code and what each check said."""
    settings.DOCKERFLOW_HEARTBEAT_DETAILS = "always"

    def heartbeat(**values):
        for name, value in values.items():
            setattr(settings, name, value)
        response = client.get("/__heartbeat__")
        details = response.json()["details"].items()
        return response.status_code, {name: result["messages"] for name, result in details}

    return heartbeat


def is_interrupted(app_configs, **kwargs):
    raise KeyboardInterrupt


def test_ctrl_c_ends_a_run_in_the_callers_thread(heartbeat):
    with pytest.raises(KeyboardInterrupt):
        heartbeat(DOCKERFLOW_CHECKS=[f"{__name__}.is_interrupted"])


def python(*arguments, **environment):
    return subprocess.run(
        [sys.executable, *arguments],
        cwd="/",  # in a checkout, Python would import that
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "PYTHONPATH": python_path(),
            **environment,
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("runner", RUNNERS)
def test_a_projects_tests_work_with_sqlite_in_memory(runner):
    done = python("-W", "error", *RUNNERS[runner])
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("runner", RUNNERS)
def test_a_projects_tests_work_with_postgresql_and_their_database_is_dropped(runner, postgresql):
    done = python(
        *("-W", "error", *RUNNERS[runner]), DATABASE_URL=postgresql.url, CONN_MAX_AGE="60"
    )
    assert done.returncode == 0, done.stdout
    databases = postgresql.execute("SELECT datname FROM pg_database ORDER BY datname")
    assert databases == [("postgres",), ("template0",), ("template1",)]


def test_a_database_in_memory_is_the_one_that_the_caller_migrated():
    program = """
import django
django.setup()
from django.core.management import call_command
from django.test import Client

call_command("migrate", verbosity=0)
print(Client().get("/__heartbeat__").content.decode())
"""
    done = python("-W", "error", "-c", program, DATABASE_URL="sqlite://:memory:")
    assert done.stdout == '{"status": "ok"}\n'


def test_a_forked_child_looks_at_migrations_whatever_its_parent_was_doing(tmp_path):
    program = """
import os, signal, threading
import django
django.setup()
from django.core.management import call_command
from django.db.migrations.loader import MigrationLoader
from dockerflow.django.checks import check_migrations_applied

call_command("migrate", verbosity=0)
read, hanging = MigrationLoader.load_disk, threading.Event()

def hang(loader):
    if threading.current_thread() is not threading.main_thread():
        hanging.set()
        threading.Event().wait()
    read(loader)

MigrationLoader.load_disk = hang
threading.Thread(target=check_migrations_applied, args=(None,), daemon=True).start()
hanging.wait()
if pid := os.fork():
    os._exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
signal.alarm(30)
print(check_migrations_applied(None), flush=True)
os._exit(0)
"""
    done = python("-W", "ignore", "-c", program, DATABASE_URL=f"sqlite:///{tmp_path}/db.sqlite3")
    assert (done.returncode, done.stdout) == (0, "[]\n")


def test_checks_of_one_name_go_by_their_paths(heartbeat):
    paths = [
        f"{__name__}.passes",
        "tests.support.fault_checks.passes",
        "tests.support.fault_checks.awaits",
    ]
    assert heartbeat(DOCKERFLOW_CHECKS=paths) == (
        200,
        {f"{__name__}.passes": {}, "tests.support.fault_checks.passes": {}, "awaits": {}},
    )


def test_a_check_that_is_required_and_optional_runs_once_and_counts(heartbeat):
    path = "tests.support.fault_checks.returns_none"
    messages = {"dockerflow.health.C003": f"returns_none returned NoneType, {JUNK}"}
    assert heartbeat(DOCKERFLOW_CHECKS=[path], DOCKERFLOW_OPTIONAL_CHECKS=[path]) == (
        500,
        {"returns_none": messages},
    )


def test_an_optional_check_is_shown_and_fails_nothing(heartbeat):
    messages = {"dockerflow.health.C002": "raises raised ValueError: boom"}
    assert heartbeat(
        DOCKERFLOW_CHECKS=["tests.support.fault_checks.passes"],
        DOCKERFLOW_OPTIONAL_CHECKS=["tests.support.fault_checks.raises"],
    ) == (200, {"passes": {}, "raises": messages})


def test_a_silenced_message_is_not_reported(heartbeat):
    checks = [
        "tests.support.fault_checks.counts_users",
        "tests.support.fault_checks.names_its_thread",
    ]
    assert heartbeat(DOCKERFLOW_CHECKS=checks, SILENCED_SYSTEM_CHECKS=["tests.I002"]) == (
        200,
        {"counts_users": {}, "names_its_thread": {"tests.I001": "main thread"}},
    )
