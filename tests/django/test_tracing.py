"""Each recipe of the page on tracing, run with the SDK that it is for."""

import json
import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from tests.support.process import python_path

pytestmark = pytest.mark.once

PAGE = (Path(__file__).parents[2] / "docs/tracing.rst").read_text()
RID = "be392bb0"
OURS = "dockerflow.django.middleware.DockerflowMiddleware"
COMMON = "django.middleware.common.CommonMiddleware"
ALL_PASS = {"asgi": 8 * [200], "wsgi": 8 * [200]}


def blocks(heading: str, language: str) -> list[str]:
    """The code under a heading of the page."""
    _, _, section = PAGE.partition(f"\n{heading}\n{len(heading) * '-'}\n")
    section = re.split(r"\n[^\n]+\n-+\n", section)[0]
    pattern = rf"\.\. code-block:: {language}\n(?:   :.*\n)*\n((?:(?:   .*)?\n)+)"
    return [textwrap.dedent(code) for code in re.findall(pattern, section)]


def variables(heading: str) -> dict[str, str]:
    """The environment that the section asks for."""
    lines = "".join(blocks(heading, "shell")).split()
    return dict(line.split("=", 1) for line in lines)


def run(program: str, **environment: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program],
        env={**os.environ, "PYTHONPATH": python_path(), **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


# Sentry

SENTRY = """
import sentry_sdk
from sentry_sdk.transport import Transport
from tests.support import traced

traced.prepare(middleware="tests.support.traced.tag_request_id")
envelopes = []


class Kept(Transport):
    def capture_envelope(self, envelope):
        envelopes.append(envelope)


def collect():
    sentry_sdk.flush()
    items = [item for envelope in envelopes for item in envelope.items]
    envelopes.clear()
    found = []
    for item in items:
        content = item.payload.json
        if item.type == "event":
            error = content["exception"]["values"][-1]["value"]
            found.append(["event", error, content.get("tags", {{}}).get("request_id")])
        elif item.type == "transaction":
            found.append(["transaction", content["transaction"]])
        elif item.type == "log":
            found += [["log", log["body"]] for log in content["items"]]
    return found


{settings}
{middleware}
traced.tag_request_id = tag_request_id
traced.report(collect)
"""


def test_sentry_gets_no_probes_and_the_id_of_every_exception() -> None:
    settings, middleware = blocks("Sentry", "python")
    settings = settings.replace("dsn=...", "dsn='http://key@127.0.0.1:1/1', transport=Kept")
    settings = settings.replace("else 0.1", "else 1.0")
    found = run(SENTRY.format(settings=settings, middleware=middleware))

    assert found == {
        "middleware": [OURS, "tests.support.traced.tag_request_id", COMMON],
        "statuses": ALL_PASS,
        "warnings": [],
        "wsgi probes": [],
        "asgi probes": [],
        "wsgi /page/7": [["transaction", "/page/{number}"], ["log", ""]],
        "asgi /page/7": [["transaction", "/page/{number}"], ["log", ""]],
        "wsgi /raises": [
            ["event", "the view broke", RID],
            ["transaction", "/raises"],
            ["log", "Internal Server Error: /raises"],
            ["log", "the view broke"],
        ],
        "asgi /raises": [
            ["event", "the view broke", RID],
            ["transaction", "/raises"],
            ["log", "Internal Server Error: /raises"],
            ["log", "the view broke"],
        ],
        "wsgi /stream": [
            ["transaction", "/stream"],
            ["event", "the stream broke", RID],
            ["log", "the stream broke"],
        ],
        "asgi /astream": [
            ["event", "the stream broke", RID],
            ["transaction", "/astream"],
            ["log", "the stream broke"],
        ],
    }


# OpenTelemetry

OPENTELEMETRY = """
from opentelemetry import trace
from opentelemetry.instrumentation.sqlite3 import SQLite3Instrumentor
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from tests.support import traced

traced.prepare()
{code}
SQLite3Instrumentor().instrument()
exporter = InMemorySpanExporter()
trace.get_tracer_provider().add_span_processor(SimpleSpanProcessor(exporter))


def collect():
    spans = exporter.get_finished_spans()
    exporter.clear()
    return [[span.name, span.attributes.get("request.id")] for span in spans]


traced.report(collect)
"""
OTEL = "opentelemetry.instrumentation.django.middleware.otel_middleware._DjangoMiddleware"
OTEL_ALONE = """
from opentelemetry import trace
from opentelemetry.instrumentation.django import DjangoInstrumentor
from opentelemetry.sdk.trace import TracerProvider

trace.set_tracer_provider(TracerProvider())
DjangoInstrumentor().instrument()
"""


def test_opentelemetry_gets_no_probes_and_the_id_of_other_requests() -> None:
    [code] = blocks("OpenTelemetry", "python")
    found = run(OPENTELEMETRY.format(code=code), **variables("OpenTelemetry"))

    assert found == {
        "middleware": [OURS, OTEL, COMMON],
        "statuses": ALL_PASS,
        "warnings": [],
        "wsgi probes": [],
        "asgi probes": [],
        "wsgi /page/7": [["SELECT", None], ["GET page/<int:number>", RID]],
        "asgi /page/7": [["SELECT", None], ["GET page/<int:number>", RID]],
        "wsgi /raises": [["GET raises", RID]],
        "asgi /raises": [["GET raises", RID]],
        "wsgi /stream": [["GET stream", RID]],
        "asgi /astream": [["GET astream", RID]],
    }


@pytest.mark.parametrize(
    "environment",
    [{}, {"OTEL_PYTHON_DJANGO_EXCLUDED_URLS": "__lbheartbeat__,__heartbeat__,__version__"}],
)
def test_opentelemetry_as_it_is_by_default_is_warned_of(environment: dict[str, str]) -> None:
    found = run(OPENTELEMETRY.format(code=OTEL_ALONE), **environment)

    assert found["middleware"] == [OTEL, OURS, COMMON]
    assert found["statuses"] == {"wsgi": 8 * [400], "asgi": 8 * [400]}
    warning = (
        f"{OTEL} stands before DockerflowMiddleware in MIDDLEWARE, where it can refuse or redirect"
        " a probe. Put DockerflowMiddleware first. OpenTelemetry's instrumentation puts its own in"
        " front, unless OTEL_PYTHON_DJANGO_MIDDLEWARE_POSITION=1 is set. Only what measures or"
        " traces every request may stay in front, if it neither answers requests nor asks for their"
        " Host."
    )
    assert found["warnings"] == 2 * [warning]  # one for each of the two applications


# Elastic APM

ELASTIC = """
from elasticapm.transport.base import Transport
from tests.support import traced

kept = []


class Kept(Transport):
    def start_thread(self, pid=None):
        pass

    def queue(self, event_type, data, flush=False):
        kept.append([event_type, data])

    def close(self):
        pass


def collect():
    found = [
        [kind, data.get("name"), data.get("context", {{}}).get("tags", {{}}).get("request_id")]
        for kind, data in kept
        if kind in what
    ]
    kept.clear()
    return found


traced.Kept = Kept
traced.prepare(
    middleware="tests.support.traced.label_request_id",
    INSTALLED_APPS=[*traced.INSTALLED_APPS, "elasticapm.contrib.django"],
    ELASTIC_APM={{
        "SERVICE_NAME": "shop",
        "TRANSPORT_CLASS": "tests.support.traced.Kept",
        "CENTRAL_CONFIG": False,
        "CLOUD_PROVIDER": False,
    }},
)
{middleware}
traced.label_request_id = label_request_id
what = {what}
traced.report(collect)
"""
ELASTICS = "elasticapm.contrib.django.middleware.TracingMiddleware"


def elastic(what: str, **environment: str) -> dict[str, Any]:
    [middleware] = blocks("Elastic APM", "python")
    program = ELASTIC.format(middleware=middleware, what=what.split())
    return run(program, **{**variables("Elastic APM"), **environment})


def test_elastic_apm_gets_nothing_of_probes() -> None:
    found = elastic("transaction span error metricset")

    assert found["middleware"] == [ELASTICS, OURS, "tests.support.traced.label_request_id", COMMON]
    assert (found["statuses"], found["warnings"]) == (ALL_PASS, [])
    assert (found["wsgi probes"], found["asgi probes"]) == ([], [])


def test_elastic_apm_gets_the_id_of_other_requests() -> None:
    found = elastic("transaction")

    assert {name: found[name] for name in found if name.startswith("wsgi /")} == {
        "wsgi /page/7": [["transaction", "GET page/<int:number>", RID]],
        "wsgi /raises": [["transaction", "GET raises", RID]],
        "wsgi /stream": [["transaction", "GET stream", RID]],
    }


def test_elastic_apm_names_probes_by_their_route() -> None:
    found = elastic("transaction", ELASTIC_APM_TRANSACTION_IGNORE_URLS="")

    assert {name for _, name, _ in found["wsgi probes"]} == {
        r"GET ^__lbheartbeat__/?\Z",
        r"GET ^__heartbeat__/?\Z",
        r"GET ^__version__/?\Z",
    }


# Datadog

DATADOG = """
import ddtrace.auto
from tests.support import traced
{code}
traced.prepare()
kept = []


class Kept(TraceFilter):
    def process_trace(self, trace):
        kept.append(sorted(span.resource for span in trace if span.name != "django.middleware"))


def collect():
    found = kept[:]
    kept.clear()
    return found


tracer.configure(trace_processors=[{processors}])
traced.report(collect)
"""
DATADOG_OFFLINE = {
    "DD_INSTRUMENTATION_TELEMETRY_ENABLED": "false",
    "DD_REMOTE_CONFIGURATION_ENABLED": "false",
    "DD_TRACE_AGENT_URL": "http://127.0.0.1:1",
}

# For 3.15 there is no ddtrace yet. On 3.11 it imports asyncio again, so that there are two classes
# of CancelledError, and Django's ASGI handler does not catch the one that is raised.
if (3, 12) <= sys.version_info < (3, 15):

    def test_datadog_gets_no_probes() -> None:
        [code] = blocks("Datadog", "python")
        program = DATADOG.format(code=code, processors="WithoutProbes(), Kept()")
        found = run(program, **DATADOG_OFFLINE)

        assert (found["statuses"], found["warnings"]) == (ALL_PASS, [])
        assert (found["wsgi probes"], found["asgi probes"]) == ([], [])
        assert "GET page/<int:number>" in found["wsgi /page/7"][0]
        assert "GET page/<int:number>" in found["asgi /page/7"][0]

    def test_datadog_names_probes_by_their_route() -> None:
        [code] = blocks("Datadog", "python")
        found = run(DATADOG.format(code=code, processors="Kept()"), **DATADOG_OFFLINE)

        names = {resource for trace in found["wsgi probes"] for resource in trace}
        assert names >= {
            r"GET ^__lbheartbeat__/?\Z",
            r"GET ^__heartbeat__/?\Z",
            r"GET ^__version__/?\Z",
        }
