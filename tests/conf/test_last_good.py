"""What comes from a file and goes bad after the start: the last good value, and one log record."""

import logging
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import Client

from dockerflow.conf import Conf, conf, lenient
from tests.support.process import python_path

TTL = "DOCKERFLOW_HEARTBEAT_TTL"
BLANKS = "blanks or characters that no Authorization header can carry"
STAYS = "The last good value stays in use."


@pytest.fixture
def ini(base_dir):
    """``settings.ini`` with a good value, read once."""
    path = base_dir / "settings.ini"
    path.write_text(f"[settings]\n{TTL} = 1\n")
    assert conf.DOCKERFLOW_HEARTBEAT_TTL == 1
    return path


@pytest.fixture
def token(tmp_path, monkeypatch):
    """A token's file, read once."""
    path = tmp_path / "token"
    path.write_text("sesame\n")
    monkeypatch.setenv("DOCKERFLOW_HEARTBEAT_TOKEN_FILE", str(path))
    assert conf.DOCKERFLOW_HEARTBEAT_TOKEN == "sesame"
    yield path
    monkeypatch.delenv("DOCKERFLOW_HEARTBEAT_TOKEN_FILE")
    assert conf.DOCKERFLOW_HEARTBEAT_TOKEN is None


@pytest.fixture
def records(caplog):
    """Takes the level and text of what has been logged since the last time."""
    caplog.set_level(logging.INFO, "dockerflow.conf")

    def records():
        taken = [
            (r.levelname, r.getMessage()) for r in caplog.records if r.name == "dockerflow.conf"
        ]
        caplog.clear()
        return taken

    return records


def problem(name, path, clause, setting=None):
    expected = getattr(Conf, setting or name).kind.expected
    return f"{name} ({path}): {clause}. Expected {expected}."


def test_a_value_that_goes_bad_is_the_last_good_one_until_it_is_good_again(ini, records):
    seen = []
    for value in ("ten", "ten ", "eleven", "2"):
        ini.write_text(f"[settings]\n{TTL} = {value}\n")
        seen.append(([conf.DOCKERFLOW_HEARTBEAT_TTL for _ in range(3)], records()))

    error = problem(TTL, ini, "'ten' is not a number")
    assert seen == [
        ([1, 1, 1], [("ERROR", f"{error} {STAYS}")]),
        ([1, 1, 1], []),
        ([1, 1, 1], []),
        ([2, 2, 2], [("INFO", f"{TTL}: valid again")]),
    ]


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("DOCKERFLOW_HEARTBEAT_TIMEOUT", "2", "0"),
        ("DOCKERFLOW_HEARTBEAT_DETAILS", "never", "sometimes"),
        ("DOCKERFLOW_DRAIN_FILE", "/tmp/drain", '"/tmp/drain" # quoted'),
        ("DOCKERFLOW_DRAIN_FILE", "/tmp/drain", "/tmp"),
        ("DOCKERFLOW_CHECKS", "tests.support.sample_checks.passes", "tests.support.nowhere.passes"),
        ("DOCKERFLOW_VERSION_CALLBACK", "os.getcwd", "os.nowhere"),
        ("DOCKERFLOW_DATABASES", "default", "[]]"),
        ("DOCKERFLOW_DATABASES", "default", "defualt"),
        ("DOCKERFLOW_HEARTBEAT_TOKEN", "sesame", "open sesame"),
        ("DOCKERFLOW_LOG_LEVEL", "DEBUG", "100%"),
    ],
)
def test_it_holds_for_every_kind_of_value(base_dir, records, name, good, bad):
    path = base_dir / "settings.ini"
    path.write_text(f"[settings]\n{name} = {good}\n")
    before = conf.resolve(getattr(Conf, name))
    path.write_text(f"[settings]\n{name} = {bad}\n")

    assert conf.resolve(getattr(Conf, name)) == before
    [(level, text)] = records()
    assert (level, text.startswith(f"{name} ({path})")) == ("ERROR", True)
    assert "sesame" not in text


def test_a_name_that_was_not_in_the_file_has_its_default(ini, records):
    ini.write_text("[settings]\nDOCKERFLOW_HEARTBEAT_TIMEOUT = 0\n")

    assert (conf.DOCKERFLOW_HEARTBEAT_TIMEOUT, conf.DOCKERFLOW_HEARTBEAT_TTL) == (5, 0)
    assert [level for level, _ in records()] == ["ERROR"]


def test_a_file_that_comes_into_being_with_a_bad_value_changes_nothing(base_dir, records):
    before = conf.DOCKERFLOW_HEARTBEAT_TTL
    (base_dir / ".env").write_text(f"{TTL}=ten\nDOCKERFLOW_LOG_LEVEL=DEBUG\n")

    assert (before, conf.DOCKERFLOW_HEARTBEAT_TTL, conf.DOCKERFLOW_LOG_LEVEL) == (0, 0, "DEBUG")
    assert [level for level, _ in records()] == ["ERROR"]


def test_what_else_changes_in_the_file_is_taken(ini, records):
    ini.write_text(f"[settings]\n{TTL} = ten\nDOCKERFLOW_LOG_LEVEL = DEBUG\n")

    assert (conf.DOCKERFLOW_HEARTBEAT_TTL, conf.DOCKERFLOW_LOG_LEVEL) == (1, "DEBUG")


def test_several_bad_values_are_one_record(ini, records):
    ini.write_text(f"[settings]\n{TTL} = ten\nDOCKERFLOW_LOG_LEVEL = LOUD\n")
    bad = conf.DOCKERFLOW_LOG_LEVEL, [level for level, _ in records()]
    ini.write_text(f"[settings]\n{TTL} = 1\nDOCKERFLOW_LOG_LEVEL = INFO\n")
    good = conf.DOCKERFLOW_LOG_LEVEL, records()

    assert bad == ("INFO", ["ERROR"])
    assert good == ("INFO", [("INFO", f"{TTL}, DOCKERFLOW_LOG_LEVEL: valid again")])


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"oops\n", "line 1 is not NAME = value below [settings]"),
        (b"[settings]\nDOCKERFLOW_HEARTBEAT_TTL\n", "line 2 is not NAME = value below [settings]"),
        (b"[settings]\nPASSWORD = hush\xff\n", "it is not UTF-8"),
        (b"[uwsgi]\n", "it has no [settings] section"),
        (b"", "it has no [settings] section"),
    ],
)
def test_a_file_that_cannot_be_used_any_more_keeps_what_it_had(ini, records, content, reason):
    ini.write_bytes(content)
    bad = [conf.DOCKERFLOW_HEARTBEAT_TTL for _ in range(3)], records()
    ini.write_text(f"[settings]\n{TTL} = 2\n")
    good = conf.DOCKERFLOW_HEARTBEAT_TTL, records()

    assert bad == ([1, 1, 1], [("ERROR", f"{ini} cannot be used: {reason}. {STAYS}")])
    assert good == (2, [("INFO", f"{ini}: valid again")])


@pytest.mark.parametrize("replace", [Path.mkdir, os.mkfifo])
def test_what_takes_the_place_of_the_file_and_is_none_keeps_what_it_had(ini, records, replace):
    ini.rename(ini.with_name("moved"))
    replace(ini)
    bad = conf.DOCKERFLOW_HEARTBEAT_TTL, records()
    ini.rename(ini.with_name("odd"))
    ini.with_name("moved").rename(ini)
    good = conf.DOCKERFLOW_HEARTBEAT_TTL, records()

    assert bad == (1, [("ERROR", f"{ini} cannot be used: it is not a file. {STAYS}")])
    assert good == (1, [("INFO", f"{ini}: valid again")])


@pytest.mark.parametrize("replace", [Path.mkdir, os.mkfifo])
def test_a_secret_whose_file_is_none_any_more_is_the_last_good_one(token, records, replace):
    token.unlink()
    replace(token)

    assert conf.DOCKERFLOW_HEARTBEAT_TOKEN == "sesame"
    assert [level for level, _ in records()] == ["ERROR"]


def test_a_bad_value_is_not_in_order_while_the_file_cannot_be_used(ini, records):
    seen = []
    for content in (f"[settings]\n{TTL} = ten\n", "oops\n", f"[settings]\n{TTL} = 2\n"):
        ini.write_text(content)
        seen.append((conf.DOCKERFLOW_HEARTBEAT_TTL, [level for level, _ in records()]))

    assert seen == [(1, ["ERROR"]), (1, ["ERROR"]), (2, ["INFO"])]


def test_a_file_that_is_deleted_sets_nothing(ini, records):
    ini.write_text(f"[settings]\n{TTL} = ten\n")
    bad = conf.DOCKERFLOW_HEARTBEAT_TTL
    ini.unlink()

    assert (bad, conf.DOCKERFLOW_HEARTBEAT_TTL) == (1, 0)
    assert [level for level, _ in records()] == ["ERROR", "INFO"]


UNSEARCHABLE = f"""
import logging, os, sys
from pathlib import Path
from django.conf import settings
from dockerflow.conf import conf, sources, settings_file
sources.INTERVAL = 0
logging.basicConfig(format="%(levelname)s %(message)s", stream=sys.stdout)
file = Path(sys.argv[1])
settings.configure(BASE_DIR=file.parent, DATABASES={{}})
values = [conf.{TTL}]  # which imports the rest: another user may not read this Python
if os.getuid() == 0:
    os.chown(file.parent, 65534, 65534)
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
file.parent.chmod(0)
values += [conf.{TTL}, conf.{TTL}]
file.parent.chmod(0o755)
values += [conf.{TTL}]
file.unlink()
values += [conf.{TTL}]
print(values)
"""


@pytest.mark.parametrize("name", [".env", "settings.ini"])
def test_a_directory_that_cannot_be_searched_any_more_is_not_a_deleted_file(shared, name):
    file = shared / name
    file.write_text(f"[settings]\n{TTL} = 1\n")
    done = subprocess.run(
        [sys.executable, "-P", "-c", UNSEARCHABLE, str(file)],
        env={"PYTHONPATH": python_path()},
        capture_output=True,
        text=True,
        check=False,
    )

    error = f"ERROR {file} cannot be used: it cannot be read (Permission denied). {STAYS}"
    assert (done.stdout, done.stderr) == (f"{error}\n[1.0, 1.0, 1.0, 1.0, 0.0]\n", "")


def test_a_bad_value_that_the_environment_overrides_is_no_fault(ini, records, monkeypatch):
    monkeypatch.setenv(TTL, "3")
    ini.write_text(f"[settings]\n{TTL} = ten\n")

    assert (conf.DOCKERFLOW_HEARTBEAT_TTL, records()) == (3, [])


@pytest.mark.parametrize(
    ("name", "contents", "errors"),
    [
        (
            ".env",
            [f"{TTL}=ten\n", f"{TTL}=eleven\n"],
            [f"'{value}' is not a number. Expected" for value in ("ten", "eleven")],
        ),
        (
            "settings.ini",
            [f"[settings]\n{TTL} = 100%\n", f"[settings]\nA = 1\n{TTL} = 100%\n"],
            ["in an ini file, % is written %%."] * 2,
        ),
        (
            "settings.ini",
            [f"{TTL} = 1\n", f"[settings]\n{TTL}\n"],
            [f"line {n} is not NAME = value below [settings]." for n in (1, 2)],
        ),
    ],
)
def test_what_was_never_good_is_an_error_until_it_is(base_dir, records, name, contents, errors):
    for content, error in zip(contents, errors, strict=True):
        (base_dir / name).write_text(content)
        with pytest.raises(ImproperlyConfigured) as refusal:
            conf.DOCKERFLOW_HEARTBEAT_TTL  # noqa: B018
        assert error in str(refusal.value)
        assert lenient.DOCKERFLOW_HEARTBEAT_TTL == 0
    (base_dir / name).write_text(f"[settings]\n{TTL}=1\n")

    assert (conf.DOCKERFLOW_HEARTBEAT_TTL, records()) == (1, [])


def test_a_bad_value_is_a_problem_all_the_same(ini, base_dir):
    ini.write_text(f"[settings]\n{TTL} = ten\n")

    assert conf.problems() == [problem(TTL, ini, "'ten' is not a number")]


# Secrets in files


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "cannot be read: No such file or directory"),
        ("", "is blank"),
        ("open sesame", "holds blanks or characters that no Authorization header can carry"),
        ('"sesame"', "is enclosed in quotes; write the value without quotes"),
        ("sesame".encode("utf-16"), "cannot be read: it is not UTF-8"),
    ],
)
def test_a_secrets_file_that_goes_bad_leaves_the_last_good_secret(token, records, content, reason):
    if content is None:
        token.unlink()
    else:
        token.write_bytes(content if isinstance(content, bytes) else content.encode())
    bad = [conf.DOCKERFLOW_HEARTBEAT_TOKEN for _ in range(3)], records()
    token.write_text("other\n")
    good = conf.DOCKERFLOW_HEARTBEAT_TOKEN, records()

    assert bad[0] == ["sesame"] * 3
    [(level, text)] = bad[1]
    assert (level, reason in text, "sesame" in text) == ("ERROR", True, False)
    assert text.endswith(STAYS)
    assert good == ("other", [("INFO", "DOCKERFLOW_HEARTBEAT_TOKEN_FILE: valid again")])


def test_a_fault_is_logged_once_and_is_a_problem_with_the_cause_that_it_has_now(
    ini, token, records
):
    causes = []
    for break_again in (
        lambda: token.write_text("a b"),
        token.unlink,
        lambda: token.write_text(""),
    ):
        break_again()
        reads = [conf.DOCKERFLOW_HEARTBEAT_TOKEN for _ in range(2)]
        [problem] = conf.problems()
        causes.append((reads, problem.split(". ")[0], [level for level, _ in records()]))

    name = "DOCKERFLOW_HEARTBEAT_TOKEN"
    good = ["sesame", "sesame"]
    assert causes == [
        (
            good,
            f"{name} ({name}_FILE, {token}): (hidden) holds {BLANKS}",
            ["ERROR"],
        ),
        (
            good,
            f"{name}_FILE (environment): '{token}' cannot be read: No such file or directory",
            [],
        ),
        (good, f"{name} ({name}_FILE, {token}): (hidden) is blank", []),
    ]


def test_a_bad_value_of_the_settings_file_is_a_problem_as_it_is_now(ini, records):
    seen = []
    for value in ("ten", "eleven"):
        ini.write_text(f"[settings]\n{TTL} = {value}\n")
        seen.append((conf.DOCKERFLOW_HEARTBEAT_TTL, conf.problems(), len(records())))

    assert seen == [
        (1, [problem(TTL, ini, "'ten' is not a number")], 1),
        (1, [problem(TTL, ini, "'eleven' is not a number")], 0),
    ]


def test_a_byte_order_mark_is_not_a_part_of_a_secret(token, records):
    token.write_text("other\n", encoding="utf-8-sig")

    assert (conf.DOCKERFLOW_HEARTBEAT_TOKEN, records()) == ("other", [])


def test_another_path_of_a_secret_that_leads_nowhere_is_an_error(token, monkeypatch):
    monkeypatch.setenv("DOCKERFLOW_HEARTBEAT_TOKEN_FILE", "/nowhere/token")

    with pytest.raises(ImproperlyConfigured):
        conf.DOCKERFLOW_HEARTBEAT_TOKEN  # noqa: B018


def test_another_path_in_the_settings_file_that_leads_nowhere_is_not_taken(
    base_dir, tmp_path, records
):
    (tmp_path / "token").write_text("sesame")
    path = base_dir / ".env"
    path.write_text(f"DOCKERFLOW_HEARTBEAT_TOKEN_FILE={tmp_path}/token\n")
    before = conf.DOCKERFLOW_HEARTBEAT_TOKEN
    path.write_text("DOCKERFLOW_HEARTBEAT_TOKEN_FILE=/nowhere/token\n")

    assert (before, conf.DOCKERFLOW_HEARTBEAT_TOKEN) == ("sesame", "sesame")
    [(level, text)] = records()
    assert (level, "'/nowhere/token' cannot be read: No such file" in text) == ("ERROR", True)


def test_a_secret_beside_its_file_in_the_settings_file_is_not_taken(base_dir, tmp_path, records):
    (tmp_path / "token").write_text("sesame")
    path = base_dir / ".env"
    line = f"DOCKERFLOW_HEARTBEAT_TOKEN_FILE={tmp_path}/token\n"
    path.write_text(line)
    before = conf.DOCKERFLOW_HEARTBEAT_TOKEN
    path.write_text(f"{line}DOCKERFLOW_HEARTBEAT_TOKEN=other\n")

    assert (before, conf.DOCKERFLOW_HEARTBEAT_TOKEN) == ("sesame", "sesame")
    [(level, text)] = records()
    assert (level, "are both set" in text) == ("ERROR", True)


# In a running process


def test_a_heartbeat_goes_on_and_serves_what_it_did(ini, token, settings, caplog):
    settings.DOCKERFLOW_HEARTBEAT_DETAILS = "never"
    settings.DOCKERFLOW_CHECKS = []
    client, answers = Client(), []

    def ask(**headers):
        response = client.get("/__heartbeat__", headers=headers)
        answers.append(
            (response.status_code, response.json()["status"], "details" in response.json())
        )

    for content in (f"[settings]\n{TTL} = ten\n", "oops\n"):
        ini.write_text(content)
        ask()
    token.unlink()
    ask()
    ask(authorization="Bearer sesame")
    ask(authorization="Bearer other")

    assert answers == [(200, "ok", False)] * 3 + [(200, "ok", True), (200, "ok", False)]
    assert [(r.name, r.levelname) for r in caplog.records] == [("dockerflow.conf", "ERROR")] * 3


def test_many_threads_log_it_once(ini, token, records):
    ini.write_text(f"[settings]\n{TTL} = ten\n")
    token.unlink()
    barrier = threading.Barrier(20)
    seen = []

    def read():
        barrier.wait()
        for _ in range(20):
            seen.append((conf.DOCKERFLOW_HEARTBEAT_TTL, conf.DOCKERFLOW_HEARTBEAT_TOKEN))

    threads = [threading.Thread(target=read) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert set(seen) == {(1, "sesame")}
    assert [level for level, _ in records()] == ["ERROR", "ERROR"]


FORKS = """
import logging, os, sys, threading
from pathlib import Path
logging.basicConfig(level=logging.INFO, stream=sys.stdout, format="%(levelname)s")
from django.conf import settings
settings.configure(BASE_DIR=Path(sys.argv[1]))
from dockerflow.conf import conf, sources
sources.INTERVAL = 0
file = settings.BASE_DIR / ".env"
def write(text):  # at once: between truncating and writing, the file would set nothing
    new = file.with_name("new")
    new.write_text(text)
    new.replace(file)
write("DOCKERFLOW_HEARTBEAT_TTL=1")
before = conf.DOCKERFLOW_HEARTBEAT_TTL
stop = threading.Event()
def read():
    while not stop.is_set():
        conf.DOCKERFLOW_HEARTBEAT_TTL
for _ in range(4):
    threading.Thread(target=read, daemon=True).start()
children = []
for _ in range(20):
    child = os.fork()
    if not child:
        if not children:
            write("DOCKERFLOW_HEARTBEAT_TTL=ten")
        os._exit(0 if conf.DOCKERFLOW_HEARTBEAT_TTL == 1 else 1)
    children.append(child)
print({os.waitpid(child, 0)[1] for child in children})
stop.set()
"""


def test_a_forked_process_goes_on_like_its_parent(tmp_path):
    done = subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", FORKS, str(tmp_path)],
        env={**os.environ, "PYTHONPATH": python_path()},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert (done.stdout.splitlines()[-1:], done.stderr) == (["{0}"], "")
    assert set(done.stdout.splitlines()[:-1]) <= {"ERROR"}


def test_a_logging_configuration_that_disables_loggers_does_not_silence_it(tmp_path):
    program = f"""
import logging.config
from pathlib import Path
from django.conf import settings
import dockerflow.conf
settings.configure(
    BASE_DIR=Path({str(tmp_path)!r}),
    INSTALLED_APPS=["dockerflow.django"],
    LOGGING={{"version": 1, "disable_existing_loggers": True}},
)
import django
django.setup()
(settings.BASE_DIR / ".env").write_text("{TTL}=ten")
dockerflow.conf.sources.INTERVAL = 0
dockerflow.conf.conf.{TTL}
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONPATH": python_path()},
        capture_output=True,
        text=True,
        check=False,
    )

    error = problem(TTL, Path(tmp_path, ".env"), "'ten' is not a number")
    assert done.stderr == f"{error} {STAYS}\n"
