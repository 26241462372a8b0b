"""The loggers of this package go on when a configuration disables what it does not name."""

import json
import logging
import subprocess
import sys

from dockerflow.loggers import enabled
from tests.support.process import python_path

# Without "disable_existing_loggers", which is then true.
LOGGING = """
LOGGING = {
    "version": 1,
    "formatters": {"json": {"()": "dockerflow.logging.MozlogFormatter"}},
    "handlers": {
        "out": {
            "class": "logging.StreamHandler",
            "stream": "ext://sys.stdout",
            "formatter": "json",
        },
    },
    "root": {"handlers": ["out"], "level": "INFO"},
}
"""
SETTINGS = f"""
import dockerflow.django.middleware
import dockerflow.heartbeat
from tests.settings import *
ROOT_URLCONF = "tests.support.pages"
DOCKERFLOW_ERROR_ENDPOINT = True
DOCKERFLOW_CHECKS = ["tests.support.switch.is_on"]
{LOGGING}
"""
PROGRAM = """
import logging.config
import django
from django.test import Client
django.setup()
client = Client(raise_request_exception=False)
for path in ("/", "/__heartbeat__", "/__error__"):
    client.get(path)
import os
os.remove(os.environ["SWITCH"])
from django.conf import settings
logging.config.dictConfig(settings.LOGGING)
for path in ("/", "/__heartbeat__", "/__error__"):
    client.get(path)
"""


def test_loggers_that_a_later_configuration_does_not_name_go_on(tmp_path):
    (tmp_path / "late_settings.py").write_text(SETTINGS)
    switch = tmp_path / "off"
    switch.touch()
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={
            "PYTHONPATH": f"{tmp_path}:{python_path()}",
            "DJANGO_SETTINGS_MODULE": "late_settings",
            "SWITCH": str(switch),
        },
        capture_output=True,
        text=True,
        check=True,
    )
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    own = [line["Type"] for line in lines if not line["Type"].startswith(("django.", "tests."))]
    expected = [
        "request.summary",
        "dockerflow.checks.registry",
        "dockerflow.django",
        "request.summary",
    ]

    assert (own, done.stderr) == (2 * expected, "")


def test_levels_and_filters_silence_a_logger_as_ever(caplog):
    logger = logging.getLogger("tests.loggers")
    logger.disabled = True
    logger.setLevel(logging.ERROR)
    enabled(logger).warning("below the level")
    enabled(logger).error("written")
    logger.addFilter(lambda record: False)
    enabled(logger).error("filtered")
    logger.setLevel(logging.NOTSET)
    logger.filters.clear()

    assert caplog.messages == ["written"]
