"""Which settings file is read, when it is read again, and which lines of it do nothing."""

import os
import subprocess
import sys
import time

import pytest
from django.core.exceptions import ImproperlyConfigured

from dockerflow.conf import conf, sources
from tests.support.process import python_path

TTL = "DOCKERFLOW_HEARTBEAT_TTL"
TIMEOUT = "DOCKERFLOW_HEARTBEAT_TIMEOUT"


# When it is read


def test_a_change_is_seen_at_the_next_look(base_dir):
    seen = []
    for text in ("1", "22", "333"):
        (base_dir / ".env").write_text(f"{TTL}={text}\n")
        seen.append(conf.DOCKERFLOW_HEARTBEAT_TTL)
    (base_dir / ".env").unlink()
    seen.append(conf.DOCKERFLOW_HEARTBEAT_TTL)

    assert seen == [1, 22, 333, 0]


@pytest.mark.parametrize("there", [True, False])
def test_between_two_looks_it_is_what_it_was(base_dir, monkeypatch, there):
    monkeypatch.setattr(sources, "INTERVAL", 60)
    if there:
        (base_dir / ".env").write_text(f"{TTL}=1\n")
    before = conf.DOCKERFLOW_HEARTBEAT_TTL
    (base_dir / ".env").write_text(f"{TTL}=22\n")

    assert before == conf.DOCKERFLOW_HEARTBEAT_TTL == (1 if there else 0)


def test_the_next_look_is_when_the_interval_has_passed(base_dir, monkeypatch):
    monkeypatch.setattr(sources, "INTERVAL", 0.2)
    started = time.monotonic()
    assert conf.DOCKERFLOW_HEARTBEAT_TTL == 0
    (base_dir / ".env").write_text(f"{TTL}=1\n")
    while conf.DOCKERFLOW_HEARTBEAT_TTL == 0:
        assert time.monotonic() < started + 10
    assert time.monotonic() >= started + 0.2


def test_a_clock_that_was_in_the_future_delays_nothing(base_dir, monkeypatch):
    monkeypatch.setattr(sources, "INTERVAL", 1)
    with monkeypatch.context() as future:
        future.setattr(time, "monotonic", lambda: 1e12)
        assert conf.DOCKERFLOW_HEARTBEAT_TTL == 0
    (base_dir / ".env").write_text(f"{TTL}=1\n")

    assert conf.DOCKERFLOW_HEARTBEAT_TTL == 1


def test_another_directory_is_looked_at_at_once(base_dir, settings, monkeypatch):
    monkeypatch.setattr(sources, "INTERVAL", 60)
    before = conf.DOCKERFLOW_HEARTBEAT_TTL
    (base_dir / "other").mkdir()
    (base_dir / "other/.env").write_text(f"{TTL}=1\n")
    settings.BASE_DIR = base_dir / "other"

    assert (before, conf.DOCKERFLOW_HEARTBEAT_TTL) == (0, 1)


# Files of other tools

FOREIGN = {
    "not UTF-8": (".env", b"PASSWORD=p\xe4ssword\n", "it is not UTF-8"),
    "UTF-16": (".env", "PASSWORD=hush\n".encode("utf-16"), "it is not UTF-8"),
    "NUL": (".env", b"PASSWORD=hush\0\n", "it holds NUL characters"),
    "uwsgi": ("settings.ini", b"[uwsgi]\nmodule = shop.wsgi\n", "it has no [settings] section"),
    "uwsgi that sets ours": (
        "settings.ini",
        b"[uwsgi]\nenv = DOCKERFLOW_HEARTBEAT_TTL=1\nenv = DOCKERFLOW_LOG_LEVEL=DEBUG\n",
        "line 3 repeats a name",
    ),
    "other case": ("settings.ini", b"[Settings]\nA = 1\n", "it has no [settings] section"),
    "no section": ("settings.ini", b"A = 1\n", "line 1 is not NAME = value below [settings]"),
    "no ini": ("settings.ini", b"[a]\n<xml>\n", "line 2 is not NAME = value below [settings]"),
    "empty": ("settings.ini", b"", "it has no [settings] section"),
    "binary": ("settings.ini", bytes(range(256)), "it is not UTF-8"),
}


@pytest.mark.parametrize("case", FOREIGN)
def test_a_file_of_another_tool_is_ignored(base_dir, case):
    name, content, reason = FOREIGN[case]
    (base_dir / name).write_bytes(content)

    conf.validate()
    assert (conf.DOCKERFLOW_HEARTBEAT_TTL, conf.unknown_names(), conf.ignored_lines()) == (
        0,
        [],
        [],
    )
    assert conf.ignored_files() == [f"{base_dir}/{name} is ignored: {reason}."]


def test_the_env_file_is_read_where_settings_ini_is_another_tools(base_dir):
    (base_dir / "settings.ini").write_text("[uwsgi]\nmodule = shop.wsgi\n")
    (base_dir / ".env").write_text(f"{TTL}=4\n")

    assert conf.DOCKERFLOW_HEARTBEAT_TTL == 4


def test_an_env_file_that_settings_ini_hides_is_reported_if_it_sets_ours(base_dir):
    (base_dir / "settings.ini").write_text("[settings]\nSECRET_KEY = hush\n")
    (base_dir / ".env").write_text("SECRET_KEY=hush\n")
    without = conf.ignored_files()
    (base_dir / ".env").write_text(f"# {TIMEOUT}=1\n{TTL}=4\n")

    assert conf.DOCKERFLOW_HEARTBEAT_TTL == 0
    assert without == []
    assert conf.ignored_files() == [
        f"{base_dir}/.env is ignored: there is {base_dir}/settings.ini, too."
    ]


def test_what_is_no_file_is_no_settings_file(base_dir):
    (base_dir / ".env/bin").mkdir(parents=True)  # a virtual environment
    os.mkfifo(base_dir / "settings.ini")  # which would block

    assert (conf.problems(), conf.ignored_files()) == ([], [])


def test_a_file_that_fails_to_be_read_is_ignored(base_dir):
    (base_dir / ".env").symlink_to("/proc/self/mem")

    assert conf.problems() == []
    assert conf.ignored_files() == [
        f"{base_dir}/.env is ignored: it cannot be read (Input/output error)."
    ]


START = """
import os, sys
import django
from django.apps import apps
from django.conf import settings
from django.core import checks
settings.configure(BASE_DIR="/nonexistent", INSTALLED_APPS=["dockerflow.django"], DATABASES={})
django.setup()
checks.run_checks(tags=["dockerflow"])  # by now all is imported, which nobody may not be able to
if os.getuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
settings.BASE_DIR = sys.argv[1]
apps.get_app_config("dockerflow").ready()
for message in checks.run_checks(tags=["dockerflow"]):
    if "is ignored: " in message.msg:
        print(message.id, message.msg)
"""


@pytest.mark.parametrize("name", [".env", "settings.ini"])
def test_a_file_that_the_user_may_not_read_does_not_stop_the_start(shared, name):
    """As with systemd, whose environment files are root's, and a service of another user."""
    (shared / name).write_text(f"[settings]\n{TTL}=hush\n")
    (shared / name).chmod(0o600 if os.getuid() == 0 else 0)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", START, str(shared)],
        env={"PYTHONPATH": python_path()},
        capture_output=True,
        text=True,
        check=False,
    )

    reason = "is ignored: it cannot be read (Permission denied)."
    assert (done.stdout, done.stderr) == (f"dockerflow.W009 {shared}/{name} {reason}\n", "")


# Files that are meant for us and broken

BROKEN = {
    "not UTF-8": (".env", f"PASSWORD=hush\n{TTL}=1\n".encode() + b"X=\xff", "it is not UTF-8"),
    "not UTF-8, in the line": (".env", b"\xffDOCKERFLOW_LOG_LEVEL=DEBUG", "it is not UTF-8"),
    "UTF-16": (".env", f"{TTL}=1\n".encode("utf-16"), "it is not UTF-8"),
    "UTF-16 without a mark": (".env", f"{TTL}=1\n".encode("utf-16-le"), "it holds NUL characters"),
    "written in part": (".env", f"{TTL}=1\n".encode() + bytes(40), "it holds NUL characters"),
    "no section": (
        "settings.ini",
        f"{TTL} = 1".encode(),
        "line 1 is not NAME = value below [settings]",
    ),
    "no value": (
        "settings.ini",
        f"[settings]\nPASSWORD = hush\n{TTL}\n".encode(),
        "line 3 is not NAME = value below [settings]",
    ),
    "twice": (
        "settings.ini",
        f"[settings]\n{TTL} = 1\n{TTL.lower()} = 2\n".encode(),
        "line 3 repeats a name",
    ),
    "two sections": (
        "settings.ini",
        f"[settings]\n{TTL} = 1\n[settings]\n".encode(),
        "line 3 repeats a name",
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_file_with_settings_of_ours_stops_the_start_and_is_not_quoted(base_dir, case):
    name, content, reason = BROKEN[case]
    (base_dir / name).write_bytes(content)

    with pytest.raises(ImproperlyConfigured) as refusal:
        conf.validate()
    assert str(refusal.value) == (
        f"Invalid Dockerflow settings:\n- {base_dir}/{name} cannot be used: {reason}."
    )
    assert refusal.value.__cause__ is None


# Lines as they are in the wild


@pytest.mark.parametrize(
    ("name", "before"),
    [(".env", ""), ("settings.ini", "[settings]\n")],
    ids=[".env", "settings.ini"],
)
def test_a_byte_order_mark_is_not_a_part_of_the_first_line(base_dir, name, before):
    (base_dir / name).write_text(f"{before}{TTL}=4\r\n{TIMEOUT}=2\r\n", encoding="utf-8-sig")

    assert (conf.DOCKERFLOW_HEARTBEAT_TTL, conf.DOCKERFLOW_HEARTBEAT_TIMEOUT) == (4, 2)
    assert (conf.ignored_lines(), conf.ignored_files()) == ([], [])


IN_ENV = "Write NAME=value, with NAME in capital letters and nothing before it."
IN_INI = "Write NAME = value below [settings]."


@pytest.mark.parametrize(
    "line",
    [
        f"export {TTL}=4",
        f"  export  {TTL}=4",
        f"declare -x {TTL}=4",
        f"set {TTL}=4",
        f"setenv {TTL} 4",
        f"ENV {TTL}=4",
        f"{TTL.lower()}=4",
        "Dockerflow_Heartbeat_Ttl = 4",
        f"{TTL}: 4",
        f"{TTL}: a=b",
        f"{TTL.lower()}: 4",
        f"- {TTL}=4",
        f'"{TTL}": 4',
        f"'{TTL}'=4",
        f"{TTL} 4",
        TTL,
        f"export\t{TTL}=4",
        f"{TTL}?=4",
        f"{TTL} += 4",
        f'{{"{TTL}": 4}}',
        f"\ufeff{TTL}=4",  # two files put together
        f"\u200b{TTL}=4",  # copied from a page
    ],
)
def test_a_line_of_an_env_file_that_names_a_setting_and_sets_none_is_reported(base_dir, line):
    (base_dir / ".env").write_text(f"# comment\n\n{line}\n{TIMEOUT}=2\n")

    assert (conf.DOCKERFLOW_HEARTBEAT_TTL, conf.DOCKERFLOW_HEARTBEAT_TIMEOUT) == (0, 2)
    assert conf.ignored_lines() == [f"Line 3 of {base_dir}/.env has no effect. {IN_ENV}"]
    assert conf.unknown_names() == []


@pytest.mark.parametrize(
    "line",
    [
        f"{TTL}=4",
        f"  {TTL} = 4",
        f"# export {TTL}=5",
        f"#{TTL.lower()}=5",
        "OTHER=dockerflow_shop",
        "export OTHER=dockerflow_shop",
        "COMPOSE_PROJECT_NAME: dockerflow_shop",
        "DOCKERFLOW=1",
        "./dockerflow_shop",
        "",
    ],
)
def test_any_other_line_of_an_env_file_is_not_reported(base_dir, line):
    (base_dir / ".env").write_text(f"{line}\n")

    assert (conf.ignored_lines(), conf.unknown_names()) == ([], [])


@pytest.mark.parametrize(
    ("content", "numbers"),
    [
        (f"[settings]\n{TIMEOUT} = 2\n{TTL.lower()}: 4\n", []),
        (f"[settings]\n; {TTL.lower()}: 4\n# {TTL} = 4\n", []),
        (f"[DEFAULT]\n{TTL} = 4\n[settings]\n", []),
        (f"[settings]\nexport {TTL} = 4\n", [2]),
        (f"[settings]\nOTHER = 1\n  {TTL} = 4\n", [3]),  # a part of the other's value
        (f"[settings]\n[other]\n{TTL} = 4\n", [3]),
        (f"[other]\n{TTL} = 4\n", [2]),
        ("[settings]\nCHECKS =\n  dockerflow_shop.checks.stock\n", []),
    ],
)
def test_a_line_of_settings_ini_that_names_a_setting_and_sets_none_is_reported(
    base_dir, content, numbers
):
    path = base_dir / "settings.ini"
    path.write_text(content)

    assert conf.ignored_lines() == [f"Line {n} of {path} has no effect. {IN_INI}" for n in numbers]
    assert conf.problems() == []


def test_a_line_that_would_take_long_to_match_does_not(base_dir):
    lines = [piece * 50_000 for piece in ("- ", "'", "a ", "-a ", "a-", '{"')]
    (base_dir / ".env").write_text("\n".join(lines))
    started = time.monotonic()
    assert conf.ignored_lines() == []
    assert time.monotonic() - started < 5
