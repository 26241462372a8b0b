"""The ready-made LOGGING: with Django, with the servers, with everything that logs by itself."""

import json
import subprocess
import sys
import textwrap
from datetime import date

import pytest

from dockerflow.logging import JsonLogFormatter, MozlogFormatter, SafeJSONEncoder, config
from tests.support.process import python_path


def run(program: str, warnings: str = "error", **environment: str) -> tuple[str, str]:
    """Stdout and stderr of a Python program."""
    done = subprocess.run(
        [sys.executable, "-W", warnings, "-c", textwrap.dedent(program)],
        env={"PYTHONPATH": python_path(), **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout, done.stderr


def records(out: str) -> list[tuple[str, int, str]]:
    """Logger, severity and message of every line, each of which is JSON."""
    lines = map(json.loads, out.splitlines())
    return [(line["Type"], line["Severity"], line["Fields"].get("msg", "")) for line in lines]


EVERYBODY = """
    import logging
    from logging.config import dictConfig
    from dockerflow.logging import config
    dictConfig(config({arguments}))
    dictConfig(config({arguments}))  # a server's, and then Django's
    for name in ["app", "django.request", "gunicorn.error", "uvicorn.error", "request.summary"]:
        for level in (10, 20, 30):
            logging.getLogger(name).log(level, "x", extra=dict(plan="pro"))
"""


def test_every_record_from_the_level_on_is_one_line_of_json_on_stdout():
    out, err = run(EVERYBODY.format(arguments="level='WARNING', format='mozlog'"))
    names = ["app", "django.request", "gunicorn.error", "uvicorn.error", "request.summary"]
    assert (records(out), err) == ([(name, 4, "x") for name in names], "")


def test_format_and_level_come_from_the_environment():
    variables = {"DOCKERFLOW_LOG_FORMAT": "console", "DOCKERFLOW_LOG_LEVEL": "WARNING"}
    out, err = run(EVERYBODY.format(arguments=""), **variables)
    lines = [line.split(" ", 1)[1] for line in out.splitlines()]
    names = ["app", "django.request", "gunicorn.error", "uvicorn.error", "request.summary"]
    assert (lines, err) == ([f"WARNING  {name} x plan=pro" for name in names], "")


def test_with_bad_values_in_the_environment_the_defaults_count():
    variables = {"DOCKERFLOW_LOG_FORMAT": "xml", "DOCKERFLOW_LOG_LEVEL": "LOUD"}
    out, err = run(EVERYBODY.format(arguments=""), **variables)
    assert (len(records(out)), err) == (10, "")


def test_the_logger_of_the_lines_can_be_named():
    out, _ = run(EVERYBODY.format(arguments="logger_name='shop', level=30, format='mozlog'"))
    assert {json.loads(line)["Logger"] for line in out.splitlines()} == {"shop"}


def test_every_configuration_is_one_of_its_own():
    spoilt = config(format="mozlog", level="INFO")
    spoilt["loggers"]["django"]["handlers"].append("mail_admins")
    spoilt["handlers"].clear()
    fresh = config(format="mozlog", level="INFO")
    assert fresh["handlers"].keys() == {"stdout"}
    assert all(not logger["handlers"] for logger in fresh["loggers"].values())


def test_the_errors_of_django_are_visible_with_no_further_set_up():
    out, err = run(
        """
        import django
        from django.conf import settings
        from django.test import Client
        django.setup()
        settings.ROOT_URLCONF = "tests.support.pages"
        client = Client(raise_request_exception=False)
        client.get("/missing")
        client.get("/raises")
        """,
        DJANGO_SETTINGS_MODULE="tests.support.logging_settings",
    )
    lines = list(map(json.loads, out.splitlines()))
    first, second = lines[0]["Fields"]["rid"], lines[-1]["Fields"]["rid"]
    assert [(line["Type"], line["Severity"], line["Fields"]["rid"]) for line in lines] == [
        ("request.summary", 6, first),
        ("django.request", 4, first),
        ("django.request", 3, second),
        ("request.summary", 3, second),
    ]
    assert err == ""


def test_whether_access_lines_are_written_is_as_the_last_configuration_has_it():
    out, err = run(
        """
        import logging, os
        from logging.config import dictConfig
        from dockerflow.logging import config
        for value in ["0", "1", "0", "1", "1"]:
            os.environ["DOCKERFLOW_LOG_ACCESS"] = value
            dictConfig(config(format="mozlog", level="INFO"))
            logging.getLogger("gunicorn.access").info("%(s)s", {"U": "/", "s": value})
        """
    )
    assert (records(out), err) == (3 * [("gunicorn.access", 6, "1")], "")


def test_the_old_name_of_the_formatter_warns_when_it_is_used():
    with pytest.warns(DeprecationWarning, match="use MozlogFormatter") as warned:
        formatter = JsonLogFormatter(logger_name="shop")
    assert [warning.filename for warning in warned] == [__file__]
    assert isinstance(formatter, MozlogFormatter)
    assert formatter.logger_name == "shop"


def test_a_configuration_written_for_mozillas_package_works():
    out, err = run(
        """
        import logging.config
        logging.config.dictConfig({
            "version": 1,
            "formatters": {
                "json": {"()": "dockerflow.logging.JsonLogFormatter", "logger_name": "shop"},
            },
            "filters": {"request_id": {"()": "dockerflow.logging.RequestIdLogFilter"}},
            "handlers": {
                "console": {
                    "class": "logging.StreamHandler",
                    "stream": "ext://sys.stdout",
                    "formatter": "json",
                    "filters": ["request_id"],
                },
            },
            "root": {"handlers": ["console"], "level": "INFO"},
        })
        from dockerflow.logging import request_id_context
        logging.info("x")
        request_id_context.set("abc")
        logging.info("y")
        """,
        warnings="once",
    )
    lines = [json.loads(line) for line in out.splitlines()]
    assert [(line["Logger"], line["Fields"]) for line in lines] == [
        ("shop", {"msg": "x"}),
        ("shop", {"msg": "y", "rid": "abc"}),
    ]
    assert err.count("DeprecationWarning") == 1


def test_an_ini_file_may_name_formatter_and_handler(tmp_path):
    ini = tmp_path / "logging.ini"
    ini.write_text(
        """
[loggers]
keys = root
[handlers]
keys = stdout
[formatters]
keys = json
[logger_root]
level = INFO
handlers = stdout
[handler_stdout]
class = dockerflow.logging.MozlogHandler
kwargs = {"name": "shop"}
formatter = json
[formatter_json]
class = dockerflow.logging.MozlogFormatter
"""
    )
    program = (
        "import logging.config, sys; logging.config.fileConfig(sys.argv[1]); logging.info('x')"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program, ini],
        env={"PYTHONPATH": python_path()},
        capture_output=True,
        check=True,
    )
    line = json.loads(done.stdout)
    assert (line["Logger"], line["Fields"], done.stderr) == ("shop", {"msg": "x"}, b"")


def test_the_json_encoder_writes_what_json_refuses():
    written = json.dumps({"day": date(2026, 2, 1), "tags": {"a"}}, cls=SafeJSONEncoder)
    assert written == '{"day": "2026-02-01", "tags": ["a"]}'


@pytest.mark.parametrize(
    ("level", "applied"),
    [
        ("info", "INFO"),
        (0, 0),
        (30, 30),
        ("Error", "ERROR"),
        ("ext://shop.LEVEL", "ext://shop.LEVEL"),
    ],
)
def test_a_level_is_a_number_or_a_name_in_any_case(level, applied):
    assert config(level=level)["root"]["level"] == applied


@pytest.mark.parametrize("level", [None, ""])
def test_no_level_is_that_of_the_setting(level):
    assert config(level=level)["root"]["level"].endswith(".DOCKERFLOW_LOG_LEVEL")
