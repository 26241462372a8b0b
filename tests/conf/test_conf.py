"""Where a setting's value comes from, its typed value, and the error about a bad one."""

import os
import subprocess
import sys
import time
from pathlib import Path

import environ
import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import override_settings
from django.utils.functional import SimpleLazyObject

from dockerflow.conf import Conf, conf, lenient, sources
from dockerflow.conf.sources import INTERVAL
from tests.support.web import python_path

DEFAULT_CHECKS = [
    "dockerflow.django.checks.check_database_connected",
    "dockerflow.django.checks.check_migrations_applied",
]
CACHES = "dockerflow.django.checks.check_caches"

DEFAULTS = {
    "BASE_DIR": Path("/app"),
    "DOCKERFLOW_VERSION_CALLBACK": "dockerflow.version.get_version",
    "DOCKERFLOW_CHECKS": DEFAULT_CHECKS,
    "DOCKERFLOW_OPTIONAL_CHECKS": [],
    "DOCKERFLOW_DATABASES": None,
    "DOCKERFLOW_HEARTBEAT_FAIL_LEVEL": "warning",
    "DOCKERFLOW_HEARTBEAT_FAILED_STATUS_CODE": 500,
    "DOCKERFLOW_HEARTBEAT_TIMEOUT": 5.0,
    "DOCKERFLOW_HEARTBEAT_TTL": 0.0,
    "DOCKERFLOW_HEARTBEAT_DETAILS": "debug",
    "DOCKERFLOW_HEARTBEAT_TOKEN": None,
    "DOCKERFLOW_DRAIN_FILE": None,
    "DOCKERFLOW_REQUEST_ID_HEADER_NAME": "X-Request-ID",
    "DOCKERFLOW_REQUEST_ID_IN_RESPONSE": True,
    "DOCKERFLOW_SUMMARY_LOG_QUERYSTRING": False,
    "DOCKERFLOW_ERROR_ENDPOINT": False,
    "DOCKERFLOW_METRICS": [],
    "DOCKERFLOW_LOG_FORMAT": "mozlog",
    "DOCKERFLOW_LOG_LEVEL": "INFO",
    "DOCKERFLOW_LOG_ACCESS": False,
}

# setting: (as a Django setting, as text, typed)
GOOD = {
    "DOCKERFLOW_VERSION_CALLBACK": ("os.getcwd", "os.getcwd", "os.getcwd"),
    "DOCKERFLOW_CHECKS": ({CACHES}, CACHES, [CACHES]),
    "DOCKERFLOW_OPTIONAL_CHECKS": ([CACHES], f'["{CACHES}"]', [CACHES]),
    "DOCKERFLOW_DATABASES": (["default"], "default", ["default"]),
    "DOCKERFLOW_HEARTBEAT_FAIL_LEVEL": ("error", "Error", "error"),
    "DOCKERFLOW_HEARTBEAT_FAILED_STATUS_CODE": (503, "503", 503),
    "DOCKERFLOW_HEARTBEAT_TIMEOUT": (2, "2", 2.0),
    "DOCKERFLOW_HEARTBEAT_TTL": (1.5, "1.5", 1.5),
    "DOCKERFLOW_HEARTBEAT_DETAILS": ("never", "never", "never"),
    "DOCKERFLOW_HEARTBEAT_TOKEN": ("s3cret", "s3cret", "s3cret"),
    "DOCKERFLOW_DRAIN_FILE": (Path("/tmp/drain"), "/tmp/drain", Path("/tmp/drain")),
    "DOCKERFLOW_REQUEST_ID_HEADER_NAME": ("traceparent", "traceparent", "traceparent"),
    "DOCKERFLOW_REQUEST_ID_IN_RESPONSE": (False, "no", False),
    "DOCKERFLOW_SUMMARY_LOG_QUERYSTRING": (True, "yes", True),
    "DOCKERFLOW_ERROR_ENDPOINT": (1, "on", True),
    "DOCKERFLOW_METRICS": (("statsd",), "statsd", ["statsd"]),
    "DOCKERFLOW_LOG_FORMAT": ("console", "console", "console"),
    "DOCKERFLOW_LOG_LEVEL": ("DEBUG", "debug", "DEBUG"),
    "DOCKERFLOW_LOG_ACCESS": (True, "true", True),
}


def python(program, **environment):
    """What the program prints, in a Python of its own."""
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONPATH": python_path(), "PYTHONWARNINGS": "error", **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr


# Every setting


def test_every_setting_is_tested_for_its_default_and_with_a_good_value():
    # A new setting? Add it to DEFAULTS and GOOD.
    names = [setting.name for setting in conf]

    assert list(DEFAULTS) == names
    assert ["BASE_DIR", *GOOD] == names


def test_a_setting_that_is_set_nowhere_has_its_default(settings):
    del settings.BASE_DIR

    assert {setting.name: conf.resolve(setting) for setting in conf} == {
        name: (value, "default") for name, value in DEFAULTS.items()
    }


def test_a_default_is_the_callers_own(settings):
    conf.DOCKERFLOW_CHECKS.append("more")

    assert conf.DOCKERFLOW_CHECKS == DEFAULT_CHECKS


def test_every_setting_says_in_a_sentence_what_it_does():
    assert [setting.name for setting in conf if not setting.help.endswith(".")] == []


@pytest.mark.parametrize("name", GOOD)
def test_a_django_setting_is_taken(settings, name):
    given, _, typed = GOOD[name]
    setattr(settings, name, given)

    assert conf.resolve(getattr(Conf, name)) == (typed, "Django setting")


@pytest.mark.parametrize("name", GOOD)
def test_an_environment_variable_is_taken(monkeypatch, name):
    _, text, typed = GOOD[name]
    monkeypatch.setenv(name, text)

    assert conf.resolve(getattr(Conf, name)) == (typed, "environment")


@pytest.mark.parametrize("name", GOOD)
def test_an_entry_in_the_env_file_is_taken(base_dir, name):
    _, text, typed = GOOD[name]
    (base_dir / ".env").write_text(f"# comment\n{name}={text}\n")

    assert conf.resolve(getattr(Conf, name)) == (typed, f"{base_dir}/.env")


@pytest.mark.parametrize("name", GOOD)
def test_an_entry_in_settings_ini_is_taken(base_dir, name):
    _, text, typed = GOOD[name]
    (base_dir / "settings.ini").write_text(f"[settings]\n{name} = {text}\n")

    assert conf.resolve(getattr(Conf, name)) == (typed, f"{base_dir}/settings.ini")


@pytest.mark.parametrize("name", DEFAULTS)
@pytest.mark.parametrize("blank", ["", "  "])
def test_blank_in_the_environment_or_a_file_is_not_set(
    base_dir, settings, monkeypatch, name, blank
):
    (base_dir / ".env").write_text(f"{name}='{blank}'\n")
    monkeypatch.setenv(name, blank)
    if name == "BASE_DIR":
        del settings.BASE_DIR

    assert conf.resolve(getattr(Conf, name)) == (DEFAULTS[name], "default")


@pytest.mark.parametrize("name", DEFAULTS)
def test_none_in_django_settings_asks_for_the_default(settings, monkeypatch, name):
    monkeypatch.setenv(name, "anything else")
    setattr(settings, name, None)

    assert conf.resolve(getattr(Conf, name)) == (DEFAULTS[name], "Django setting")


@pytest.mark.parametrize("name", DEFAULTS)
@pytest.mark.parametrize("blank", ["", " \n"])
def test_a_blank_django_setting_is_not_set(settings, monkeypatch, name, blank):
    setattr(settings, name, blank)
    unset = conf.resolve(getattr(Conf, name))
    monkeypatch.setenv(name, GOOD.get(name, (None, "/srv", None))[1])
    in_environment = conf.resolve(getattr(Conf, name))

    typed = GOOD.get(name, (None, None, Path("/srv")))[2]
    assert [unset, in_environment] == [(DEFAULTS[name], "default"), (typed, "environment")]


def test_a_set_is_a_list_in_the_order_of_the_alphabet(settings):
    settings.DOCKERFLOW_DATABASES = {"replica", "default", "archive"}

    assert conf.DOCKERFLOW_DATABASES == ["archive", "default", "replica"]


QUOTES = "is enclosed in quotes; write the value without quotes."
COMMENT = "contains a comment; write the comment on a line of its own."


@pytest.mark.parametrize("name", DEFAULTS)
@pytest.mark.parametrize("leftover", ['"{}"', "'{}'", "{} # why", "{}\t#why", "# {}", "{} ; why"])
def test_a_value_that_kept_its_quotes_or_a_comment_is_refused(
    settings, monkeypatch, name, leftover
):
    text = leftover.format(GOOD.get(name, (None, "/srv", None))[1])
    monkeypatch.setenv(name, text)
    if name == "BASE_DIR":
        del settings.BASE_DIR
    in_environment = conf.problems()
    setattr(settings, name, text)

    setting = getattr(Conf, name)
    what = COMMENT if "why" in text or text[0] == "#" else QUOTES
    problem = f"{setting.show(text)} {what}"
    problem += f" Expected {setting.kind.expected}."
    assert in_environment == [f"{name} (environment): {problem}"]
    assert conf.problems() == [f"{name} (Django setting): {problem}"]


def test_a_number_sign_that_starts_no_comment_is_a_part_of_the_value(monkeypatch):
    monkeypatch.setenv("DOCKERFLOW_HEARTBEAT_TOKEN", "#hu#sh;")

    assert conf.DOCKERFLOW_HEARTBEAT_TOKEN == "#hu#sh;"


def test_a_json_array_may_hold_what_looks_like_a_comment(monkeypatch):
    monkeypatch.setenv("DOCKERFLOW_DATABASES", '["default", "the #2"]')

    assert conf.DOCKERFLOW_DATABASES == ["default", "the #2"]


def test_a_directory_is_refused_as_the_drain_file(monkeypatch, tmp_path):
    monkeypatch.setenv("DOCKERFLOW_DRAIN_FILE", str(tmp_path))

    assert conf.problems() == [
        (
            f"DOCKERFLOW_DRAIN_FILE (environment): '{tmp_path}' is a directory."
            " Expected the absolute path of a file."
        )
    ]


CHOSEN = " a list of checks by name or dotted path, comma-separated or as a JSON array."


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("BASE_DIR", 5, "5 is of type int. Expected a path."),
        (
            "DOCKERFLOW_VERSION_CALLBACK",
            "version",
            "'version' is not a dotted path. Expected the dotted path of a function.",
        ),
        (
            "DOCKERFLOW_VERSION_CALLBACK",
            "dockerflow.version.get_verison",
            (
                "'dockerflow.version.get_verison' does not exist: dockerflow.version has no"
                " get_verison; did you mean get_version? Expected the dotted path of a function."
            ),
        ),
        (
            "DOCKERFLOW_CHECKS",
            "dockerflow.django.cheks.check_caches",
            "'dockerflow.django.cheks.check_caches' does not exist: there is no module"
            " dockerflow.django.cheks; did you mean dockerflow.django.checks? Expected" + CHOSEN,
        ),
        (
            "DOCKERFLOW_CHECKS",
            "none",
            "'none' does not exist: dockerflow.django.checks has no none; a check of your own needs"
            " its module: shop.checks.check_stock. Expected" + CHOSEN,
        ),
        (
            "DOCKERFLOW_CHECKS",
            "check_redis",
            "'check_redis' does not exist: dockerflow.django.checks has no check_redis;"
            " did you mean check_redis_connected? Expected" + CHOSEN,
        ),
        (
            "DOCKERFLOW_CHECKS",
            "check_database,check_caches",
            "'check_database,check_caches' holds 'check_database', which does not exist:"
            " dockerflow.django.checks has no check_database;"
            " did you mean check_database_connected? Expected" + CHOSEN,
        ),
        (
            "DOCKERFLOW_CHECKS",
            "nope.x",
            "'nope.x' does not exist: there is no module nope. Expected" + CHOSEN,
        ),
        (
            "DOCKERFLOW_CHECKS",
            "check_url[https://me:hunter2@pay.example/x]",
            "'check_url[https://***@pay.example/x]' names 'https://***@pay.example/x', which has a"
            " user or a password, which the answer would show. Expected" + CHOSEN,
        ),
        (
            "DOCKERFLOW_CHECKS",
            "check_url[https://pay.example/x?token=hunter2],check_cachs",
            "'check_url[https://pay.example/x?token=***],check_cachs' holds 'check_cachs', which"
            " does not exist: dockerflow.django.checks has no check_cachs;"
            " did you mean check_caches? Expected" + CHOSEN,
        ),
        (
            "DOCKERFLOW_OPTIONAL_CHECKS",
            "check_url[https://me:hunter2@pay.example/x",
            "'check_url[https://***@pay.example/x' has brackets that do not match. Expected"
            + CHOSEN,
        ),
        (
            "DOCKERFLOW_OPTIONAL_CHECKS",
            "[",
            "'[' is not a JSON array (Expecting value: line 1 column 2 (char 1)). Expected"
            + CHOSEN,
        ),
        (
            "DOCKERFLOW_DATABASES",
            "defualt",
            (
                "'defualt' is not in DATABASES; did you mean default?"
                " Expected a list of database aliases."
            ),
        ),
        (
            "DOCKERFLOW_DATABASES",
            "main",
            "'main' is not in DATABASES; known: default. Expected a list of database aliases.",
        ),
        (
            "DOCKERFLOW_DATABASES",
            "default,defualt",
            (
                "'default,defualt' holds 'defualt', which is not in DATABASES;"
                " did you mean default? Expected a list of database aliases."
            ),
        ),
        (
            "DOCKERFLOW_HEARTBEAT_FAIL_LEVEL",
            "warn",
            "'warn' is not debug, info, warning, error or critical; did you mean warning?",
        ),
        (
            "DOCKERFLOW_DATABASES",
            "DEFUALT",
            (
                "'DEFUALT' is not in DATABASES; did you mean default?"
                " Expected a list of database aliases."
            ),
        ),
        (
            "DOCKERFLOW_HEARTBEAT_FAIL_LEVEL",
            "WARN",
            "'WARN' is not debug, info, warning, error or critical; did you mean warning?",
        ),
        (
            "DOCKERFLOW_METRICS",
            "Statd",
            (
                "'Statd' is not statsd or opentelemetry; did you mean statsd? Expected a list of"
                " statsd and opentelemetry, comma-separated or as a JSON array."
            ),
        ),
        (
            "DOCKERFLOW_HEARTBEAT_FAILED_STATUS_CODE",
            "429",
            "'429' is out of range. Expected a whole number from 500 to 599.",
        ),
        (
            "DOCKERFLOW_HEARTBEAT_TIMEOUT",
            "0",
            "'0' is out of range. Expected a number of seconds, above 0.",
        ),
        (
            "DOCKERFLOW_HEARTBEAT_TTL",
            "-1",
            "'-1' is out of range. Expected a number of seconds, 0 or more.",
        ),
        (
            "DOCKERFLOW_HEARTBEAT_DETAILS",
            "True",
            "'True' is not debug, always or never.",
        ),
        (
            "DOCKERFLOW_HEARTBEAT_DETAILS",
            "ALLWAYS",
            "'ALLWAYS' is not debug, always or never; did you mean always?",
        ),
        (
            "DOCKERFLOW_HEARTBEAT_TOKEN",
            "two words",
            (
                "(hidden) holds blanks or characters that no Authorization header can carry."
                " Expected a secret of printable ASCII characters without blanks."
            ),
        ),
        (
            "DOCKERFLOW_DRAIN_FILE",
            False,
            "False is of type bool. Expected the absolute path of a file.",
        ),
        (
            "DOCKERFLOW_DRAIN_FILE",
            "run/drain",
            "'run/drain' is not absolute. Expected the absolute path of a file.",
        ),
        (
            "DOCKERFLOW_REQUEST_ID_HEADER_NAME",
            "X Id",
            "'X Id' is not a header name. Expected the name of an HTTP header.",
        ),
        (
            "DOCKERFLOW_REQUEST_ID_HEADER_NAME",
            "HTTP_X_REQUEST_ID",
            (
                "'HTTP_X_REQUEST_ID' is a key of request.META; write X-Request-ID."
                " Expected the name of an HTTP header."
            ),
        ),
        (
            "DOCKERFLOW_SUMMARY_LOG_QUERYSTRING",
            "maybe",
            (
                "'maybe' is neither true nor false."
                " Expected true, yes, on, t, y, 1 or false, no, off, f, n, 0."
            ),
        ),
        (
            "DOCKERFLOW_ERROR_ENDPOINT",
            "enabled",
            (
                "'enabled' is neither true nor false."
                " Expected true, yes, on, t, y, 1 or false, no, off, f, n, 0."
            ),
        ),
        (
            "DOCKERFLOW_LOG_FORMAT",
            "json",
            "'json' is not mozlog or console.",
        ),
        (
            "DOCKERFLOW_LOG_LEVEL",
            "WARN",
            "'WARN' is not DEBUG, INFO, WARNING, ERROR or CRITICAL; did you mean WARNING?",
        ),
        (
            "DOCKERFLOW_LOG_LEVEL",
            "critcal",
            "'critcal' is not DEBUG, INFO, WARNING, ERROR or CRITICAL; did you mean CRITICAL?",
        ),
    ],
)
def test_the_error_has_name_source_value_and_what_was_expected(
    settings, monkeypatch, name, value, problem
):
    setattr(settings, name, value)
    in_django = conf.problems()
    delattr(settings, name)
    monkeypatch.setenv(name, str(value))
    in_environment = conf.problems()

    assert in_django == [f"{name} (Django setting): {problem}"]
    if isinstance(value, str):
        assert in_environment == [f"{name} (environment): {problem}"]


def test_no_databases_for_the_checks_that_need_one_is_an_error_of_that_setting(monkeypatch):
    monkeypatch.setenv("DOCKERFLOW_DATABASES", "[]")
    without_brackets = conf.problems()
    monkeypatch.setenv("DOCKERFLOW_CHECKS", "check_database_connected[default],check_caches")
    with_brackets = conf.problems()

    assert without_brackets == [
        (
            "DOCKERFLOW_DATABASES (environment): '[]' names no database for"
            " check_database_connected and check_migrations_applied."
            " Expected a list of database aliases."
        )
    ]
    assert with_brackets == []


def test_a_setting_cannot_be_assigned(monkeypatch):
    with pytest.raises(AttributeError, match="override_settings or monkeypatch"):
        conf.DOCKERFLOW_HEARTBEAT_TIMEOUT = 1.0
    with pytest.raises(AttributeError, match="cannot be assigned"):
        monkeypatch.setattr(conf, "DOCKERFLOW_HEARTBEAT_TIMEOUT", 1.0)
    monkeypatch.setenv("DOCKERFLOW_HEARTBEAT_TIMEOUT", "9")

    assert conf.DOCKERFLOW_HEARTBEAT_TIMEOUT == 9


def test_the_error_about_a_value_in_a_file_has_its_path(base_dir):
    (base_dir / ".env").write_text("DOCKERFLOW_HEARTBEAT_TIMEOUT=soon\n")

    with pytest.raises(ImproperlyConfigured) as refusal:
        conf.DOCKERFLOW_HEARTBEAT_TIMEOUT  # noqa: B018
    assert str(refusal.value) == (
        f"DOCKERFLOW_HEARTBEAT_TIMEOUT ({base_dir}/.env): 'soon' is not a number."
        " Expected a number of seconds, above 0."
    )


def test_an_empty_list_is_an_empty_list(monkeypatch):
    monkeypatch.setenv("DOCKERFLOW_CHECKS", "[]")

    assert conf.DOCKERFLOW_CHECKS == []


def test_a_list_is_no_shell_command(monkeypatch):
    monkeypatch.setenv("DOCKERFLOW_DATABASES", "a, b,,c#d,it's,x\\y")

    assert conf.DOCKERFLOW_DATABASES == ["a", "b", "c#d", "it's", "x\\y"]


# Precedence


def test_a_value_is_djangos_or_the_environments_or_the_files_or_the_default(
    base_dir, settings, monkeypatch
):
    (base_dir / ".env").write_text("DOCKERFLOW_HEARTBEAT_TTL=4\n")
    (base_dir / "settings.ini").write_text("[settings]\nDOCKERFLOW_HEARTBEAT_TTL = 3\n")
    monkeypatch.setenv("DOCKERFLOW_HEARTBEAT_TTL", "2")
    settings.DOCKERFLOW_HEARTBEAT_TTL = 1
    seen = [conf.DOCKERFLOW_HEARTBEAT_TTL]
    del settings.DOCKERFLOW_HEARTBEAT_TTL
    seen.append(conf.DOCKERFLOW_HEARTBEAT_TTL)
    monkeypatch.delenv("DOCKERFLOW_HEARTBEAT_TTL")
    seen.append(conf.DOCKERFLOW_HEARTBEAT_TTL)
    (base_dir / "settings.ini").unlink()
    seen.append(conf.DOCKERFLOW_HEARTBEAT_TTL)
    (base_dir / ".env").unlink()
    seen.append(conf.DOCKERFLOW_HEARTBEAT_TTL)

    assert seen == [1, 2, 3, 4, 0]


def test_override_settings_holds_inside_of_its_block_nested_too():
    seen = [conf.DOCKERFLOW_HEARTBEAT_TTL]
    with override_settings(DOCKERFLOW_HEARTBEAT_TTL=1):
        seen.append(conf.DOCKERFLOW_HEARTBEAT_TTL)
        with override_settings(DOCKERFLOW_HEARTBEAT_TTL=2):
            seen.append(conf.DOCKERFLOW_HEARTBEAT_TTL)
        seen.append(conf.DOCKERFLOW_HEARTBEAT_TTL)
    seen.append(conf.DOCKERFLOW_HEARTBEAT_TTL)

    assert seen == [0, 1, 2, 1, 0]


def test_a_changed_environment_holds_from_the_next_read(monkeypatch):
    with monkeypatch.context() as inside:
        inside.setenv("DOCKERFLOW_HEARTBEAT_TTL", "7")
        changed = conf.DOCKERFLOW_HEARTBEAT_TTL

    assert (changed, conf.DOCKERFLOW_HEARTBEAT_TTL) == (7, 0)


# The file in BASE_DIR


def test_base_dir_may_come_from_the_environment(settings, monkeypatch, tmp_path):
    (tmp_path / ".env").write_text("DOCKERFLOW_HEARTBEAT_TTL=4\n")
    del settings.BASE_DIR
    monkeypatch.setenv("BASE_DIR", f" {tmp_path} ")

    assert conf.resolve(Conf.BASE_DIR) == (tmp_path, "environment")
    assert conf.resolve(Conf.DOCKERFLOW_HEARTBEAT_TTL) == (4, f"{tmp_path}/.env")


def test_base_dir_may_be_the_path_of_another_library(base_dir, settings):
    settings.BASE_DIR = environ.Path(str(base_dir))  # which cannot be hashed
    (base_dir / ".env").write_text("DOCKERFLOW_HEARTBEAT_TTL=4\n")

    assert conf.resolve(Conf.DOCKERFLOW_HEARTBEAT_TTL) == (4, f"{base_dir}/.env")


def test_a_base_dir_of_none_does_not_mean_a_directory_called_none(settings, monkeypatch, tmp_path):
    (tmp_path / "None").mkdir()
    (tmp_path / "None/.env").write_text("DOCKERFLOW_HEARTBEAT_TTL=4\n")
    monkeypatch.chdir(tmp_path)
    settings.BASE_DIR = None

    assert conf.DOCKERFLOW_HEARTBEAT_TTL == 0


def test_base_dir_is_not_read_from_the_file(base_dir):
    (base_dir / ".env").write_text("BASE_DIR=/elsewhere\n")

    assert conf.resolve(Conf.BASE_DIR) == (base_dir, "Django setting")


def test_a_file_in_a_parent_directory_is_not_read(base_dir):
    (base_dir.parent / ".env").write_text("DOCKERFLOW_HEARTBEAT_TTL=4\n")

    assert conf.DOCKERFLOW_HEARTBEAT_TTL == 0


def test_settings_ini_is_the_file_where_both_are_there(base_dir):
    (base_dir / ".env").write_text("DOCKERFLOW_HEARTBEAT_TTL=4\nDOCKERFLOW_LOG_LEVEL=ERROR\n")
    (base_dir / "settings.ini").write_text("[settings]\nDOCKERFLOW_HEARTBEAT_TTL = 3\n")

    assert (conf.DOCKERFLOW_HEARTBEAT_TTL, conf.DOCKERFLOW_LOG_LEVEL) == (3, "INFO")


def test_a_virtual_environment_called_env_is_no_settings_file(base_dir):
    (base_dir / ".env/bin").mkdir(parents=True)

    assert conf.problems() == []


@pytest.mark.parametrize("content", ["DOCKERFLOW_HEARTBEAT_TTL=5", "DOCKERFLOW_HEARTBEAT_TTL=55"])
def test_a_changed_file_is_read_again(base_dir, content):
    path = base_dir / ".env"
    path.write_text("DOCKERFLOW_HEARTBEAT_TTL=4")
    before = path.stat().st_mtime_ns
    assert conf.DOCKERFLOW_HEARTBEAT_TTL == 4

    other = base_dir / "other"
    other.write_text(content)
    os.utime(other, ns=(before, before))
    other.replace(path)

    assert f"DOCKERFLOW_HEARTBEAT_TTL={conf.DOCKERFLOW_HEARTBEAT_TTL:g}" == content


def test_a_changed_file_is_read_within_a_second(base_dir, monkeypatch):
    monkeypatch.setattr(sources, "INTERVAL", INTERVAL)
    path = base_dir / ".env"
    path.write_text("DOCKERFLOW_HEARTBEAT_TTL=4")
    assert conf.DOCKERFLOW_HEARTBEAT_TTL == 4
    path.write_text("DOCKERFLOW_HEARTBEAT_TTL=55")
    time.sleep(1)
    assert conf.DOCKERFLOW_HEARTBEAT_TTL == 55


class Bytes:
    """A path that is not text."""

    def __fspath__(self):
        return b"/srv"


class Broken:
    """An object that fails whenever it is looked at."""

    def __str__(self):
        raise RuntimeError("no request")

    __repr__ = __str__


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        (
            "DOCKERFLOW_DRAIN_FILE",
            Bytes(),
            "is of type Bytes. Expected the absolute path of a file.",
        ),
        (
            "DOCKERFLOW_LOG_FORMAT",
            Broken(),
            "<Broken> is of type Broken. Expected mozlog or console.",
        ),
        (
            "DOCKERFLOW_LOG_ACCESS",
            Broken(),
            (
                "<Broken> cannot be used: RuntimeError: no request."
                " Expected true, yes, on, t, y, 1 or false, no, off, f, n, 0."
            ),
        ),
    ],
)
def test_an_object_that_cannot_be_read_is_one_problem_with_the_name(settings, name, value, problem):
    setattr(settings, name, value)

    shown = "" if isinstance(value, Broken) else f"{value!r} "
    assert conf.problems() == [f"{name} (Django setting): {shown}{problem}"]


def test_a_lazy_path_is_a_path(settings):
    settings.DOCKERFLOW_DRAIN_FILE = SimpleLazyObject(lambda: Path("/run/drain"))

    assert (conf.problems(), conf.DOCKERFLOW_DRAIN_FILE) == ([], Path("/run/drain"))


def test_a_list_that_is_nested_without_end_is_a_bad_value(monkeypatch):
    monkeypatch.setenv("DOCKERFLOW_DATABASES", 100_000 * "[")
    [problem] = conf.problems()
    assert "is not a JSON array (" in problem


def test_an_unchanged_file_is_not_read_again(base_dir):
    path = base_dir / ".env"
    path.write_text("DOCKERFLOW_HEARTBEAT_TTL=4")
    assert conf.DOCKERFLOW_HEARTBEAT_TTL == 4
    stat = path.stat()
    path.write_text("DOCKERFLOW_HEARTBEAT_TTL=5")
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))

    assert conf.DOCKERFLOW_HEARTBEAT_TTL == 4


def test_a_file_that_cannot_be_parsed_is_one_problem_among_the_others(base_dir, monkeypatch):
    path = base_dir / "settings.ini"
    path.write_text("[settings]\nDOCKERFLOW_LOG_LEVEL = DEBUG\nDOCKERFLOW_LOG_FORMAT\n")
    monkeypatch.setenv("DOCKERFLOW_ERROR_ENDPOINT", "maybe")
    monkeypatch.setenv("DOCKERFLOW_EROR_ENDPOINT", "1")

    with pytest.raises(ImproperlyConfigured) as refusal:
        conf.validate()
    assert str(refusal.value) == (
        "Invalid Dockerflow settings:\n"
        f"- {path} cannot be used: line 3 is not NAME = value below [settings].\n"
        "- DOCKERFLOW_ERROR_ENDPOINT (environment): 'maybe' is neither true nor false."
        " Expected true, yes, on, t, y, 1 or false, no, off, f, n, 0.\n"
        "- DOCKERFLOW_EROR_ENDPOINT (environment) is not a setting of Dockerflow;"
        " did you mean DOCKERFLOW_ERROR_ENDPOINT?"
    )


@pytest.mark.parametrize("value", ["100%", "%hush", "%(hush)s"])
def test_the_error_about_an_entry_that_cannot_be_read_does_not_quote_it(base_dir, value):
    path = base_dir / "settings.ini"
    path.write_text(f"[settings]\nDOCKERFLOW_DRAIN_FILE = {value}\n")

    assert conf.problems() == [
        f"DOCKERFLOW_DRAIN_FILE ({path}) cannot be read: in an ini file, % is written %%."
    ]


def test_the_projects_own_decouple_still_finds_the_projects_own_file(tmp_path):
    (tmp_path / ".env").write_text("SECRET_KEY=from the project's file\n")
    (tmp_path / "shop.py").write_text("from decouple import config\nKEY = config('SECRET_KEY')\n")
    program = f"""
import sys
from dockerflow.conf import conf
conf.DOCKERFLOW_CHECKS
conf.validate()
sys.path.insert(0, {str(tmp_path)!r})
import shop
print(shop.KEY)
"""

    assert python(program) == "from the project's file\n"


# Secrets


@pytest.fixture
def secret_file(tmp_path):
    """A file as Docker and Kubernetes mount secrets."""
    path = tmp_path / "secret"
    path.write_text("hush\r\n")
    return path


def test_a_secret_may_be_read_from_a_file_without_the_newline_at_its_end(monkeypatch, secret_file):
    monkeypatch.setenv("DOCKERFLOW_HEARTBEAT_TOKEN_FILE", str(secret_file))

    assert conf.resolve(Conf.DOCKERFLOW_HEARTBEAT_TOKEN) == (
        "hush",
        f"DOCKERFLOW_HEARTBEAT_TOKEN_FILE, {secret_file}",
    )


def test_a_secrets_file_may_be_named_by_django_or_by_the_settings_file(
    base_dir, settings, secret_file
):
    (base_dir / ".env").write_text(f"DOCKERFLOW_HEARTBEAT_TOKEN_FILE={secret_file}\n")
    in_file = conf.DOCKERFLOW_HEARTBEAT_TOKEN
    other = base_dir / "other"
    other.write_text("hush hush".replace(" ", "-"))
    settings.DOCKERFLOW_HEARTBEAT_TOKEN_FILE = other

    assert (in_file, conf.DOCKERFLOW_HEARTBEAT_TOKEN) == ("hush", "hush-hush")


def test_a_secret_and_its_file_follow_the_same_precedence(
    base_dir, settings, monkeypatch, secret_file
):
    (base_dir / ".env").write_text("DOCKERFLOW_HEARTBEAT_TOKEN=from-env-file\n")
    monkeypatch.setenv("DOCKERFLOW_HEARTBEAT_TOKEN_FILE", str(secret_file))
    seen = [conf.DOCKERFLOW_HEARTBEAT_TOKEN]
    settings.DOCKERFLOW_HEARTBEAT_TOKEN = "from-django"
    seen.append(conf.DOCKERFLOW_HEARTBEAT_TOKEN)

    assert seen == ["hush", "from-django"]


def test_both_a_secret_and_its_file_are_one_too_many(monkeypatch, secret_file):
    monkeypatch.setenv("DOCKERFLOW_HEARTBEAT_TOKEN", "hush")
    monkeypatch.setenv("DOCKERFLOW_HEARTBEAT_TOKEN_FILE", str(secret_file))

    assert conf.problems() == [
        (
            "DOCKERFLOW_HEARTBEAT_TOKEN and DOCKERFLOW_HEARTBEAT_TOKEN_FILE (environment)"
            " are both set. Set one."
        )
    ]


def test_a_file_name_that_is_none_or_blank_is_not_set(settings, monkeypatch):
    settings.DOCKERFLOW_HEARTBEAT_TOKEN_FILE = None
    monkeypatch.setenv("DOCKERFLOW_HEARTBEAT_TOKEN", "hush")

    assert conf.DOCKERFLOW_HEARTBEAT_TOKEN == "hush"


def test_only_a_secret_is_read_from_a_file(monkeypatch, secret_file):
    monkeypatch.setenv("DOCKERFLOW_LOG_LEVEL_FILE", str(secret_file))

    assert conf.problems() == []
    assert conf.unknown_names() == [
        (
            "DOCKERFLOW_LOG_LEVEL_FILE (environment) is not a setting of Dockerflow;"
            " did you mean DOCKERFLOW_LOG_LEVEL?"
        )
    ]


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (None, "No such file or directory"),
        (b"hush\xff", "it is not UTF-8"),
    ],
)
def test_a_secrets_file_that_cannot_be_read_is_a_problem(
    monkeypatch, secret_file, content, complaint
):
    if content is None:
        secret_file.unlink()
    else:
        secret_file.write_bytes(content)
    monkeypatch.setenv("DOCKERFLOW_HEARTBEAT_TOKEN_FILE", str(secret_file))

    assert conf.problems() == [
        (
            f"DOCKERFLOW_HEARTBEAT_TOKEN_FILE (environment): '{secret_file}' cannot be read:"
            f" {complaint}."
            " Expected the path of a file that holds the secret."
        )
    ]


def test_a_secrets_file_that_is_no_path_is_a_problem(settings):
    settings.DOCKERFLOW_HEARTBEAT_TOKEN_FILE = ["hush"]

    assert conf.problems() == [
        (
            "DOCKERFLOW_HEARTBEAT_TOKEN_FILE (Django setting): (hidden) is not a path."
            " Expected the path of a file that holds the secret."
        )
    ]


def test_a_secret_where_the_path_of_its_file_belongs_is_not_shown(monkeypatch):
    monkeypatch.setenv("DOCKERFLOW_HEARTBEAT_TOKEN_FILE", "hush")

    assert conf.problems() == [
        (
            "DOCKERFLOW_HEARTBEAT_TOKEN_FILE (environment): (hidden) cannot be read: No such file"
            " or directory. Expected the path of a file that holds the secret."
        )
    ]


def test_a_secret_is_not_read_from_a_pipe_which_may_take_forever(monkeypatch, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    monkeypatch.setenv("DOCKERFLOW_HEARTBEAT_TOKEN_FILE", str(tmp_path / "pipe"))

    assert conf.problems() == [
        (
            f"DOCKERFLOW_HEARTBEAT_TOKEN_FILE (environment): '{tmp_path}/pipe' is a pipe."
            " Expected the path of a file that holds the secret."
        )
    ]


def test_an_empty_secrets_file_is_a_problem(monkeypatch, secret_file):
    secret_file.write_text("\n")
    monkeypatch.setenv("DOCKERFLOW_HEARTBEAT_TOKEN_FILE", str(secret_file))

    assert conf.problems() == [
        (
            f"DOCKERFLOW_HEARTBEAT_TOKEN (DOCKERFLOW_HEARTBEAT_TOKEN_FILE, {secret_file}):"
            " (hidden) is blank."
            " Expected a secret of printable ASCII characters without blanks."
        )
    ]


@pytest.fixture(params=["Django", "environment", "settings file", "secret file"])
def bad_secret(request, base_dir, settings, monkeypatch, secret_file):
    """``hush hush`` as the token, which no header can carry, from each of its sources."""
    if request.param == "Django":
        settings.DOCKERFLOW_HEARTBEAT_TOKEN = "hush hush"
    elif request.param == "environment":
        monkeypatch.setenv("DOCKERFLOW_HEARTBEAT_TOKEN", "hush hush")
    elif request.param == "settings file":
        (base_dir / ".env").write_text("DOCKERFLOW_HEARTBEAT_TOKEN=hush hush\n")
    else:
        secret_file.write_text("hush hush")
        monkeypatch.setenv("DOCKERFLOW_HEARTBEAT_TOKEN_FILE", str(secret_file))


@pytest.mark.usefixtures("bad_secret")
def test_the_error_about_a_bad_secret_does_not_show_it(caplog):
    with pytest.raises(ImproperlyConfigured) as refusal:
        conf.validate()
    shown = f"{refusal.value!r} {conf.problems()} {conf!r} {Conf.DOCKERFLOW_HEARTBEAT_TOKEN!r}"
    assert "DOCKERFLOW_HEARTBEAT_TOKEN" in shown
    assert "hush" not in shown + caplog.text
    assert refusal.value.__cause__ is None
    assert lenient.DOCKERFLOW_HEARTBEAT_TOKEN is None


def test_a_good_secret_is_hidden():
    assert Conf.DOCKERFLOW_HEARTBEAT_TOKEN.show("hush") == "(hidden)"
    assert Conf.DOCKERFLOW_HEARTBEAT_TOKEN.show(None) == "None"
    assert Conf.DOCKERFLOW_LOG_LEVEL.show("INFO") == "'INFO'"


# Names


def unknown(name, source, meant=None):
    hint = f"; did you mean {meant}?" if meant else "."
    return f"{name} ({source}) is not a setting of Dockerflow{hint}"


def test_an_unknown_name_is_reported_wherever_it_is_set(base_dir, settings, monkeypatch):
    settings.DOCKERFLOW_HEARTBEAT_TIME_OUT = 3
    settings.DOCKERFLOWED = True
    monkeypatch.setenv("DOCKERFLOW_CHECK", "a.b")
    monkeypatch.setenv("DOCKERFLOW_QQQQQQQQQQQQQQQQQQ", "")
    monkeypatch.setenv("dockerflow_log_level", "DEBUG")
    monkeypatch.setenv("dockerflow_of_somebody_else", "1")
    (base_dir / ".env").write_text("DOCKERFLOW_TTL=1\nOTHER=1\n")

    assert conf.unknown_names() == [
        unknown("DOCKERFLOW_CHECK", "environment", "DOCKERFLOW_CHECKS"),
        unknown("DOCKERFLOW_HEARTBEAT_TIME_OUT", "Django setting", "DOCKERFLOW_HEARTBEAT_TIMEOUT"),
        unknown("DOCKERFLOW_QQQQQQQQQQQQQQQQQQ", "environment"),
        unknown("DOCKERFLOW_TTL", f"{base_dir}/.env", "DOCKERFLOW_HEARTBEAT_TTL"),
        unknown("dockerflow_log_level", "environment", "DOCKERFLOW_LOG_LEVEL"),
    ]


def test_an_unknown_name_in_settings_ini_is_reported(base_dir):
    path = base_dir / "settings.ini"
    path.write_text("[settings]\nDOCKERFLOW_LOG_LEVL = INFO\n")

    assert conf.unknown_names() == [unknown("DOCKERFLOW_LOG_LEVL", path, "DOCKERFLOW_LOG_LEVEL")]


def test_the_variables_of_a_service_in_kubernetes_are_not_ours(settings, monkeypatch):
    for name in (
        "DOCKERFLOW_PORT",
        "DOCKERFLOW_PORT_8000_TCP",
        "DOCKERFLOW_PORT_8000_TCP_ADDR",
        "DOCKERFLOW_PORT_8000_TCP_PORT",
        "DOCKERFLOW_PORT_8000_TCP_PROTO",
        "DOCKERFLOW_SERVICE_HOST",
        "DOCKERFLOW_SERVICE_PORT",
        "DOCKERFLOW_SERVICE_PORT_HTTP",
        "DOCKERFLOW_WEB_PORT_53_UDP",
        "DOCKERFLOW_WEB_SERVICE_HOST",
    ):
        monkeypatch.setenv(name, "tcp://10.0.0.7:8000")
    settings.DOCKERFLOW_PORT = 8000

    assert conf.unknown_names() == [unknown("DOCKERFLOW_PORT", "Django setting")]


def test_every_known_name_is_known(settings):
    for name in DEFAULTS:
        setattr(settings, name, None)
    settings.DOCKERFLOW_HEARTBEAT_TOKEN_FILE = None

    assert conf.unknown_names() == []


# Starting


def test_good_settings_are_no_reason_to_refuse(settings):
    for name, (given, _, _) in GOOD.items():
        setattr(settings, name, given)

    assert (conf.problems(), conf.unknown_names(), conf.validate()) == ([], [], None)


def test_every_bad_value_is_in_the_one_refusal(monkeypatch):
    monkeypatch.setenv("DOCKERFLOW_CHECKS", "dockerflow.django.checks.check_databse_connected")
    monkeypatch.setenv("DOCKERFLOW_HEARTBEAT_TIMEOUT", "abc")
    monkeypatch.setenv("DOCKERFLOW_HEARTBEAT_DETIALS", "always")

    with pytest.raises(ImproperlyConfigured) as refusal:
        conf.validate()
    assert str(refusal.value) == (
        "Invalid Dockerflow settings:\n"
        "- DOCKERFLOW_CHECKS (environment):"
        " 'dockerflow.django.checks.check_databse_connected' does not exist:"
        " dockerflow.django.checks has no check_databse_connected;"
        " did you mean check_database_connected? Expected" + CHOSEN + "\n"
        "- DOCKERFLOW_HEARTBEAT_TIMEOUT (environment): 'abc' is not a number."
        " Expected a number of seconds, above 0.\n"
        "- DOCKERFLOW_HEARTBEAT_DETIALS (environment) is not a setting of Dockerflow;"
        " did you mean DOCKERFLOW_HEARTBEAT_DETAILS?"
    )


def test_before_the_refusal_a_bad_value_reads_as_its_default(monkeypatch):
    monkeypatch.setenv("DOCKERFLOW_LOG_FORMAT", "xml")
    monkeypatch.setenv("DOCKERFLOW_LOG_LEVEL", "debug")

    assert (lenient.DOCKERFLOW_LOG_FORMAT, lenient.DOCKERFLOW_LOG_LEVEL) == ("mozlog", "DEBUG")
