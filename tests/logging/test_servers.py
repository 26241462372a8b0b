"""The ready-made LOGGING under real servers: what they write for a request, and for a probe."""

import json
import re
import time
from pathlib import Path
from typing import Any

import pytest

from tests.support.shop import Shop

pytestmark = pytest.mark.once

PAGE = Path(__file__).parents[2].joinpath("docs", "logging.rst").read_text()
# Command, lines for each request, option for access lines, their type
TABLE = re.findall(r"\* - ``(.+)``\n +- ``(.+)``\n +- (.*)\n +- ``(.+)``\n", PAGE)
ROWS = [pytest.param(*row, id=row[0].split()[0]) for row in TABLE]

# Whatever else is configured, nothing else happens.
MORE = [
    ("gunicorn --threads 2 --access-logfile - shop.wsgi", "gunicorn.access"),
    ("gunicorn -k gevent --access-logfile - shop.wsgi", "gunicorn.access"),
    ("gunicorn -k asgi --access-logfile - shop.asgi:application", "gunicorn.access"),
    ("gunicorn --preload --config configured.py shop.wsgi", "gunicorn.access"),
    ("gunicorn -k uvicorn_worker.UvicornWorker --preload shop.asgi:application", "uvicorn.access"),
    ("uvicorn --http h11 --no-access-log shop.asgi:application", "uvicorn.access"),
    ("uvicorn --http httptools shop.asgi:application", "uvicorn.access"),
    ("uvicorn --workers 2 --log-config log.json shop.asgi:application", "uvicorn.access"),
    (
        "hypercorn --access-logfile - --log-config json:log.json shop.asgi:application",
        "hypercorn.access",
    ),
    ("granian --interface wsgi --access-log shop.wsgi:application", "granian.access"),
    (
        "granian --access-log --log-config log.json shop.asgi:application --interface asgi",
        "granian.access",
    ),
    ("django runserver --noreload", "django.server"),
]


def served(command: str, **environment: str) -> tuple[list[tuple[str, str]], str]:
    """Serve pages and probes; return types and paths of the lines about them, and the output."""
    with Shop(command, **environment) as shop:
        start = len(settled_output(shop))
        assert shop.get("/?token=hunter2").status == 200
        assert shop.get("/missing?token=hunter2").status == 404
        for path in ("/__lbheartbeat__", "/__heartbeat__?from=kubelet", "/__version__/"):
            assert shop.get(path).status == 200
        shop.off.touch()
        assert shop.get("/__heartbeat__").status == 500
        while_serving = settled_output(shop)[start:]
        shop.stop()
        output = shop.output[start:]
    for line in while_serving.splitlines():
        json.loads(line)
    parsed = [json.loads(line) for line in output.splitlines() if line.startswith("{")]
    return sorted(about(line) for line in parsed if about(line)), output


def settled_output(shop: Shop) -> str:
    """The output, once nothing more comes: a server writes access lines after its answers."""
    output = ""
    while output != (latest := shop.output):
        output = latest
        time.sleep(0.3)
    return output


def about(line: dict[str, Any]) -> tuple[str, str] | None:
    """Type and path of a summary or an access line."""
    fields = line["Fields"]
    found = re.search(r"GET ([^? ]+)", fields.get("msg", ""))
    if line["Type"] == "django.request" or not (found or "path" in fields):
        return None
    return line["Type"], fields["path"] if "path" in fields else found[1]


@pytest.mark.parametrize(("command", "type_", "option", "access"), ROWS)
def test_the_table_of_servers(command, type_, option, access):
    lines, output = served(command)

    assert lines == [(type_, "/"), (type_, "/missing")]
    assert "hunter2" not in output


WITH_OPTION = [
    (f"{command.replace(' ', f' {option} ', 1)}" if option else command, access)
    for command, _, option, access in [(c, t, o.strip("`"), a) for c, t, o, a in TABLE]
]


@pytest.mark.parametrize(("command", "access"), [*WITH_OPTION, *MORE])
def test_access_lines_are_not_written_unless_the_setting_is_on(command, access):
    lines, output = served(command, DOCKERFLOW_LOG_ACCESS="off")

    assert lines == [("request.summary", "/"), ("request.summary", "/missing")]
    assert "hunter2" not in output


@pytest.mark.parametrize(("command", "access"), [*WITH_OPTION, *MORE])
def test_access_lines_are_json_and_spare_passing_probes_if_the_setting_is_on(command, access):
    lines, _ = served(command, DOCKERFLOW_LOG_ACCESS="on")

    assert lines == sorted(
        [
            (access, "/"),
            (access, "/missing"),
            (access, "/__heartbeat__"),
            ("request.summary", "/"),
            ("request.summary", "/missing"),
        ]
    )
