"""What may stand before the middleware: what passes a probe on, and nothing else."""

import logging
from typing import Any

import pytest
from django.core.handlers.wsgi import WSGIHandler

from dockerflow.django.middleware_order import HARMLESS
from tests.support.browser import BROWSERS

OURS = "dockerflow.django.middleware.DockerflowMiddleware"
COMMON = "django.middleware.common.CommonMiddleware"
SECURITY = "django.middleware.security.SecurityMiddleware"
PROBES = ["/__lbheartbeat__", "/__heartbeat__", "/__version__"]
# Changes Django for the whole process: tests/django/test_tracing.py tries it.
AGENTS = {"elasticapm.contrib.django.middleware.TracingMiddleware"}


@pytest.mark.parametrize("path", sorted(HARMLESS - AGENTS))
@pytest.mark.parametrize("browser", BROWSERS)
def test_what_is_harmless_passes_on_a_probe_of_any_host(
    settings: Any, path: str, browser: str
) -> None:
    settings.DOCKERFLOW_CHECKS = []
    settings.MIDDLEWARE = [path, OURS, COMMON]
    answers = [BROWSERS[browser](probe, host="10.4.0.17:8000") for probe in [*PROBES, "/"]]

    assert [answer.status_code for answer in answers] == [200, 200, 404, 400]
    assert {answer.headers.get("Cache-Control") for answer in answers[:3]} == {"no-store"}


@pytest.mark.parametrize(
    ("middleware", "warnings"),
    [
        ([OURS, SECURITY], []),
        ([*sorted(HARMLESS - AGENTS), OURS], []),
        ([SECURITY], []),
        ([OURS, OURS], []),
        ([SECURITY, OURS], [f"{SECURITY} stands before DockerflowMiddleware"]),
        ([SECURITY, COMMON, OURS], [f"{SECURITY} and {COMMON} stand before DockerflowMiddleware"]),
    ],
)
def test_the_application_warns_once_of_what_stands_in_front(
    settings: Any, caplog: pytest.LogCaptureFixture, middleware: list[str], warnings: list[str]
) -> None:
    settings.MIDDLEWARE = middleware
    WSGIHandler()

    records = [record for record in caplog.records if record.name == "dockerflow.django"]
    assert [record.getMessage().partition(" in MIDDLEWARE")[0] for record in records] == warnings
    assert {record.levelno for record in records} <= {logging.WARNING}
