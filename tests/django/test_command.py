"""``manage.py dockerflow``, as people run it: a process with a terminal or without."""

import json
import os
import pty
import re
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from dockerflow.conf import conf
from tests.support.web import python_path

BOTH = ["check_database_connected", "check_migrations_applied"]


def command(*arguments, **environment):
    return {
        "args": [sys.executable, "-m", "django", *arguments],
        "env": {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "PYTHONPATH": python_path(),
            **environment,
        },
        "stdin": subprocess.DEVNULL,
    }


def manage(*arguments, **environment):
    return subprocess.run(
        **command(*arguments, **environment), capture_output=True, text=True, check=False
    )


@pytest.fixture
def migrated(tmp_path):
    """The URL of an SQLite database with all migrations applied."""
    url = f"sqlite:///{tmp_path}/db.sqlite3"
    done = manage("migrate", "--skip-checks", DATABASE_URL=url)
    assert done.returncode == 0, done.stderr
    return url


def without_durations(text):
    return re.sub(r" +[0-9.]+ ms", " # ms", text)


def test_a_heartbeat_that_passes_names_its_checks_and_exits_with_0(migrated):
    done = manage("dockerflow", "heartbeat", DATABASE_URL=migrated)
    assert (done.returncode, without_durations(done.stdout), done.stderr) == (
        0,
        "check_database_connected  ok # ms\ncheck_migrations_applied  ok # ms\n",
        "",
    )


def test_a_heartbeat_shows_that_the_service_is_draining(migrated, tmp_path):
    environment = {"DATABASE_URL": migrated, "DOCKERFLOW_DRAIN_FILE": str(tmp_path / "drain")}
    (tmp_path / "drain").touch()
    done = manage("dockerflow", "heartbeat", **environment)
    as_json = json.loads(manage("dockerflow", "heartbeat", "--json", **environment).stdout)

    assert (done.returncode, done.stderr) == (0, "")  # the checks pass
    assert done.stdout.splitlines()[-1] == (
        f"draining: {tmp_path}/drain exists, so that /__heartbeat__ fails"
    )
    assert (as_json["status"], as_json["drain_file"]) == ("draining", f"{tmp_path}/drain")
    assert set(as_json["checks"].values()) == {"ok"}


def test_a_message_may_have_any_level(migrated):
    checks = "tests.support.sample_checks.has_a_level_of_its_own"
    done = manage("dockerflow", "heartbeat", DATABASE_URL=migrated, DOCKERFLOW_CHECKS=checks)
    assert (done.returncode, without_durations(done.stdout), done.stderr) == (
        0,
        "has_a_level_of_its_own  ok # ms\n    tests.X001: below all\n",
        "",
    )


def test_a_heartbeat_that_fails_says_why_and_exits_with_1(tmp_path):
    path = f"{tmp_path}/missing/db.sqlite3"
    done = manage("dockerflow", "heartbeat", DATABASE_URL=f"sqlite:///{path}")
    assert (done.returncode, without_durations(done.stdout), done.stderr) == (
        1,
        (
            "check_database_connected  error # ms\n"
            "    dockerflow.health.E001: Could not connect to database"
            f' "default": {path}: No such file or directory\n'
            "        Run manage.py migrate, or mount the volume of the file. If another database"
            " was meant, the variable with its address, such as DATABASE_URL, may not be set.\n"
            "check_migrations_applied  info # ms\n"
            "    dockerflow.health.I001: Could not read the migrations of database"
            f' "default": {path}: No such file or directory\n'
            "        Look at the other messages about this database first.\n"
        ),
        "CommandError: The heartbeat failed: check_database_connected (error)\n",
    )


def test_the_error_comes_last_where_one_pipe_takes_all(tmp_path):
    run = command("dockerflow", "heartbeat", DATABASE_URL=f"sqlite:///{tmp_path}/missing.sqlite3")
    done = subprocess.run(
        **run, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )

    assert done.stdout.splitlines()[-1] == (
        "CommandError: The heartbeat failed: check_database_connected (error)"
    )


@pytest.mark.parametrize(("verbosity", "tracebacks"), [("1", 0), ("2", 1)])
def test_a_traceback_is_logged_where_it_is_asked_for(verbosity, tracebacks):
    checks = "tests.support.fault_checks.raises"
    done = manage("dockerflow", "-v", verbosity, "heartbeat", DOCKERFLOW_CHECKS=checks)

    assert done.stdout.splitlines()[1] == (
        "    dockerflow.health.C002: raises raised ValueError: boom"
    )
    assert done.stderr.count("Traceback (most recent call last)") == tracebacks


def test_the_fail_level_decides_as_it_does_for_the_endpoint(tmp_path):
    (tmp_path / "empty.sqlite3").touch()
    url = f"sqlite:///{tmp_path}/empty.sqlite3"
    strict = manage("dockerflow", "heartbeat", DATABASE_URL=url)
    lenient = manage(
        "dockerflow", "heartbeat", DATABASE_URL=url, DOCKERFLOW_HEARTBEAT_FAIL_LEVEL="error"
    )
    assert (strict.returncode, lenient.returncode) == (1, 0)


def test_json_is_what_the_endpoint_says_to_those_who_may_see_details(migrated):
    done = manage("dockerflow", "heartbeat", "--json", DATABASE_URL=migrated)
    body = json.loads(done.stdout)
    for details in body["details"].values():
        assert details.pop("duration_ms") >= 0
    assert body == {
        "status": "ok",
        "checks": dict.fromkeys(BOTH, "ok"),
        "details": {key: {"status": "ok", "level": 0, "messages": {}} for key in BOTH},
    }


def test_wait_passes_as_soon_as_the_database_is_up(postgresql):
    assert manage("migrate", DATABASE_URL=postgresql.url).returncode == 0
    postgresql.stop()
    starting = threading.Timer(3, postgresql.start)
    starting.start()
    began = time.monotonic()
    done = manage("dockerflow", "heartbeat", "--wait", "30", DATABASE_URL=postgresql.url)
    elapsed = time.monotonic() - began
    starting.join()
    assert (done.returncode, 3 <= elapsed < 20) == (0, True), (done, elapsed)


def test_wait_gives_up_in_time_and_names_the_check(postgresql):
    postgresql.stop()
    began = time.monotonic()
    done = manage("dockerflow", "heartbeat", "--wait", "2", DATABASE_URL=postgresql.url)
    elapsed = time.monotonic() - began
    assert done.returncode == 1
    assert done.stderr == "CommandError: The heartbeat failed: check_database_connected (error)\n"
    assert 2 <= elapsed < 10


def test_wait_gives_up_in_time_on_a_database_that_hangs(postgresql):
    postgresql.freeze()
    began = time.monotonic()
    done = manage("dockerflow", "heartbeat", "--wait", "2", DATABASE_URL=postgresql.url)
    elapsed = time.monotonic() - began
    assert done.stderr == (
        "CommandError: The heartbeat failed: check_database_connected (critical)\n"
    )
    assert 2 <= elapsed < 10


def test_wait_shows_one_updating_line_on_a_terminal(tmp_path):
    url = f"sqlite:///{tmp_path}/missing/db.sqlite3"
    terminal, end = pty.openpty()
    waiting = command("dockerflow", "heartbeat", "--wait", "1.2", DATABASE_URL=url)
    subprocess.run(**waiting, stdout=subprocess.DEVNULL, stderr=end, check=False)
    os.close(end)
    shown = os.read(terminal, 10_000).decode()
    os.close(terminal)
    lines = shown.split("\r\x1b[K")
    assert lines[1] == "0 s of 1.2 s: check_database_connected (error)"
    assert "The heartbeat failed" in lines[-1]
    assert "\n" not in "".join(lines[:-1])


@pytest.mark.parametrize("seconds", ["0", "-1", "soon", "inf"])
def test_wait_takes_only_seconds(seconds):
    done = manage("dockerflow", "heartbeat", "--wait", seconds)
    assert (done.returncode, done.stderr.splitlines()[-1].partition("error: ")[2]) == (
        2,
        f"argument --wait: {seconds!r} is not a number of seconds above 0",
    )


def test_settings_shows_value_source_kind_and_default_and_hides_secrets():
    done = manage(
        "dockerflow",
        "settings",
        DOCKERFLOW_HEARTBEAT_TTL="2.5",
        DOCKERFLOW_HEARTBEAT_TOKEN="tellnobody",
    )
    assert "tellnobody" not in done.stdout
    assert (
        "DOCKERFLOW_HEARTBEAT_TTL (environment)\n"
        "    2.5\n"
        "    a number of seconds, 0 or more; default 0.0\n"
        "DOCKERFLOW_HEARTBEAT_DETAILS (default)\n"
        "    'debug'\n"
        "    debug, always or never; default 'debug'\n"
        "DOCKERFLOW_HEARTBEAT_TOKEN (environment)\n"
        "    (hidden)\n"
    ) in done.stdout
    assert re.findall(r"^(\w+) \(", done.stdout, re.MULTILINE) == [setting.name for setting in conf]


def test_settings_shows_the_entries_of_a_list_as_they_are_written():
    done = manage(
        "dockerflow",
        "settings",
        DOCKERFLOW_CHECKS="check_database_connected,check_caches[default]",
        DOCKERFLOW_OPTIONAL_CHECKS='["tests.support.shards.check_port[80,443]"]',
    )
    kind = "a list of checks by name or dotted path, comma-separated or as a JSON array"
    assert (
        "DOCKERFLOW_CHECKS (environment)\n"
        "    check_database_connected\n"
        "    check_caches[default]\n"
        f"    {kind}; default check_database_connected, check_migrations_applied\n"
        "DOCKERFLOW_OPTIONAL_CHECKS (environment)\n"
        "    tests.support.shards.check_port[80,443]\n"
        f"    {kind}; default []\n"
    ) in done.stdout


def test_a_heartbeat_names_the_subjects_and_shows_the_hints():
    done = manage(
        *("dockerflow", "heartbeat"),
        DOCKERFLOW_CHECKS="tests.support.shards.check_shard[eu-1]",
        DOCKERFLOW_OPTIONAL_CHECKS="tests.support.shards.check_shard,"
        "tests.support.shards.check_bridge",
    )
    assert (done.returncode, without_durations(done.stdout)) == (
        0,
        (
            "check_shard[eu-1]  ok # ms\n"
            "check_shard[us-1]  ok # ms  (optional)\n"
            "check_bridge       error # ms  (optional)\n"
            "    shop.E002: The bridge is up\n"
            "        Wait for the ship.\n"
        ),
    )


def test_what_a_server_says_does_nothing_to_the_terminal():
    checks = "tests.support.sample_checks.quotes_a_server"
    done = manage("dockerflow", "heartbeat", DOCKERFLOW_CHECKS=checks)

    lines = done.stdout.splitlines()[1:4]
    assert lines == [r"    tests.E002: 500 \x1b[31mdown\x07", "second line", r"        \x9b2J"]


def test_settings_as_json_holds_every_setting_and_no_secret():
    done = manage("dockerflow", "settings", "--json", DOCKERFLOW_HEARTBEAT_TOKEN="tellnobody")
    shown = json.loads(done.stdout)
    assert "tellnobody" not in done.stdout
    assert list(shown) == [setting.name for setting in conf]
    assert shown["DOCKERFLOW_HEARTBEAT_TOKEN"] == {
        "value": "(hidden)",
        "source": "environment",
        "default": None,
        "kind": "a secret of printable ASCII characters without blanks",
    }


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_settings_hides_the_secrets_in_a_list_of_checks(form):
    checks = "check_url[https://pay.example/x?token=hunter2&page=1]"
    done = manage("dockerflow", "settings", *form, DOCKERFLOW_CHECKS=checks)

    assert "check_url[https://pay.example/x?token=***&page=1]" in done.stdout
    assert "hunter2" not in done.stdout


def test_the_example_env_file_reads_back_as_the_defaults(tmp_path):
    example = manage("dockerflow", "settings", "--env-example").stdout
    active = re.sub(r"^#(\w+=)", r"\1", example, flags=re.MULTILINE)
    (tmp_path / ".env").write_text(active)
    in_file = manage("dockerflow", "settings", "--json", BASE_DIR=str(tmp_path))
    for name, shown in json.loads(in_file.stdout).items():
        if name == "BASE_DIR":  # it says where the file is, and would have no effect in it
            continue
        assert shown["value"] == shown["default"], name
        expected = "default" if shown["default"] is None else str(tmp_path / ".env")
        assert shown["source"] == expected, name
    names = re.findall(r"^(\w+)=", active, re.MULTILINE)
    assert names == [setting.name for setting in conf if setting.name != "BASE_DIR"]


def test_settings_ends_with_what_has_no_effect(tmp_path):
    (tmp_path / "settings.ini").write_text("[uwsgi]\n")
    (tmp_path / ".env").write_text("export DOCKERFLOW_HEARTBEAT_TTL=1\n")
    environment = {"BASE_DIR": str(tmp_path), "DOCKERFLOW_DETAILS": "always"}
    done = manage("dockerflow", "settings", **environment)
    as_json = manage("dockerflow", "settings", "--json", **environment)

    _, _, tail = done.stdout.partition("Without effect\n")
    assert tail == (
        "    DOCKERFLOW_DETAILS (environment) is not a setting of Dockerflow;"
        " did you mean DOCKERFLOW_HEARTBEAT_DETAILS?\n"
        f"    {tmp_path}/settings.ini is ignored: it has no [settings] section.\n"
        f"    Line 1 of {tmp_path}/.env has no effect."
        " Write NAME=value, with NAME in capital letters and nothing before it.\n"
    )
    assert list(json.loads(as_json.stdout)) == [setting.name for setting in conf]


def test_version_prints_the_version_object(tmp_path: Path):
    version_object = {"source": "https://example.com/r", "version": "1", "commit": "abcdef0"}
    (tmp_path / "version.json").write_text(json.dumps(version_object))
    done = manage("dockerflow", "version", BASE_DIR=str(tmp_path))
    assert (done.returncode, json.loads(done.stdout)) == (0, version_object)


def test_version_says_what_is_wrong_with_a_broken_file(tmp_path: Path):
    (tmp_path / "version.json").write_text("[]")
    done = manage("dockerflow", "version", BASE_DIR=str(tmp_path))
    [line] = done.stderr.splitlines()
    assert (done.returncode, done.stdout) == (1, "")
    assert line.startswith(f"CommandError: {tmp_path}/version.json ")


@pytest.mark.parametrize(
    ("callback", "problem"),
    [
        ("hush", "OSError: cannot reach https://***@registry"),
        ("junk", "TypeError: it is a list, not a dict"),
        ("unserializable", "TypeError: Object of type object is not JSON serializable"),
    ],
)
def test_version_says_what_is_wrong_with_a_callback(callback, problem):
    path = f"tests.django.test_views.{callback}"
    done = manage("dockerflow", "version", DOCKERFLOW_VERSION_CALLBACK=path)
    assert (done.returncode, done.stdout, done.stderr) == (
        1,
        "",
        f"CommandError: {path}: {problem}\n",
    )


def test_version_says_where_there_is_none(tmp_path: Path):
    done = manage("dockerflow", "version", BASE_DIR=str(tmp_path))
    assert (done.returncode, done.stdout, done.stderr) == (
        1,
        "",
        f"CommandError: {tmp_path} has no version object\n",
    )


def test_a_subcommand_is_needed():
    done = manage("dockerflow")
    assert (done.returncode, "heartbeat,settings,version" in done.stderr) == (2, True)
