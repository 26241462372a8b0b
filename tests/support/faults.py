"""Web servers of every kind, which run the tests' project on PostgreSQL, Redis and odd checks."""

import json
import re
import subprocess
import sys

from tests.support.web import Server

WSGI = "django.core.wsgi:get_wsgi_application()"
ASGI = "django.core.asgi:get_asgi_application"
GUNICORN = ["gunicorn", "--bind=127.0.0.1:{port}", WSGI]
KINDS = {
    "sync": [*GUNICORN, "--workers=2"],
    "preload": [*GUNICORN, "--workers=2", "--preload"],
    "gthread": [*GUNICORN, "--threads=4"],
    "gevent": [*GUNICORN, "--worker-class=gevent"],
    "uvicorn": ["uvicorn", "--port={port}", "--factory", ASGI],
}
PATIENCE = 10  # seconds; for what takes a moment, on however busy a machine


def serve(kind, *checks, arguments=(), **environment):
    """A server of this kind whose heartbeat runs these checks and shows what they say."""
    paths = [path if "." in path else f"tests.support.fault_checks.{path}" for path in checks]
    return Server(
        *KINDS[kind],
        *arguments,
        **{
            "DJANGO_SETTINGS_MODULE": "tests.support.fault_settings",
            "DOCKERFLOW_CHECKS": json.dumps(paths),
            "DOCKERFLOW_HEARTBEAT_DETAILS": "always",
            **environment,
        },
    )


def migrate(server, *options):
    command = [sys.executable, "-m", "django", "migrate", "--skip-checks", "--verbosity=0"]
    subprocess.run([*command, *options], env=server.environment(), check=True)


def messages(answer):
    """What each check said, with "#" for how long and since when it has hung."""
    body = re.sub(rb"\d+\.\d(?= s\b)|(?<=since )[^\s\"]+Z", b"#", answer.body)
    return {name: result["messages"] for name, result in json.loads(body)["details"].items()}


def records(server, logger):
    """Level and text of what this logger has printed so far."""
    lines = [json.loads(line) for line in server.output.splitlines() if line.startswith("{")]
    return [
        ({3: "ERROR", 4: "WARNING", 6: "INFO"}[line["Severity"]], line["Fields"]["msg"])
        for line in lines
        if line["Type"] == logger
    ]
