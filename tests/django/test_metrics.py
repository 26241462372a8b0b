"""DOCKERFLOW_METRICS: the results of each run, sent to statsd and OpenTelemetry."""

import os
import re
import socket
import subprocess
import sys

import pytest
from django.core.exceptions import ImproperlyConfigured
from opentelemetry import metrics as opentelemetry
from opentelemetry.metrics import NoOpMeterProvider
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

from dockerflow.conf import conf
from dockerflow.django import metrics
from dockerflow.django.checks import subjects
from dockerflow.django.signals import heartbeat_failed, heartbeat_passed
from tests.support.browser import wsgi
from tests.support.process import python_path
from tests.support.waiting import settle

SAMPLES = "tests.support.sample_checks"


@pytest.fixture
def connected(settings, monkeypatch):
    """Connects the receivers as the start of a process does, and takes them away again."""
    for signal in (heartbeat_passed, heartbeat_failed):
        monkeypatch.setattr(signal, "receivers", [])
        signal.sender_receivers_cache.clear()

    def connect(*names):
        settings.DOCKERFLOW_METRICS = names
        metrics.connect()

    yield connect
    for signal in (heartbeat_passed, heartbeat_failed):
        signal.sender_receivers_cache.clear()


@pytest.fixture
def statsd_server(monkeypatch):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(10)
        monkeypatch.setenv("STATSD_HOST", "127.0.0.1")
        monkeypatch.setenv("STATSD_PORT", str(server.getsockname()[1]))
        monkeypatch.setenv("STATSD_PREFIX", "shop")
        monkeypatch.delitem(sys.modules, "statsd.defaults.env", raising=False)
        yield server
    if made := sys.modules.pop("statsd.defaults.env", None):
        made.statsd.close()


@pytest.fixture
def reader(monkeypatch):
    reader = InMemoryMetricReader()
    provider = MeterProvider([reader])
    monkeypatch.setattr(opentelemetry, "get_meter", provider.get_meter)
    yield reader
    provider.shutdown()


@pytest.mark.django_db
def test_statsd_counts_runs_and_times_checks(settings, connected, statsd_server):
    settings.DOCKERFLOW_CHECKS = [f"{SAMPLES}.passes", "check_database_connected[default]"]
    connected("statsd")
    wsgi("/__heartbeat__")
    settings.DOCKERFLOW_CHECKS = [f"{SAMPLES}.fails"]
    wsgi("/__heartbeat__")
    received = [re.sub(r"\d+\.\d+", "#", statsd_server.recv(2000).decode()) for _ in range(2)]

    assert [line for packet in received for line in packet.split()] == [
        "shop.heartbeat.pass:1|c",
        "shop.heartbeat.check.passes:#|ms",
        "shop.heartbeat.check.check_database_connected.default:#|ms",
        "shop.heartbeat.fail:1|c",
        "shop.heartbeat.check.fails:#|ms",
    ]


def test_a_server_that_is_not_there_changes_nothing(settings, connected, monkeypatch):
    monkeypatch.setenv("STATSD_HOST", "127.0.0.1")
    monkeypatch.setenv("STATSD_PORT", "9")
    settings.DOCKERFLOW_CHECKS = [f"{SAMPLES}.passes"]
    connected("statsd")

    assert [wsgi("/__heartbeat__").status_code for _ in range(3)] == [200, 200, 200]


@subjects("city", lambda: ["münchen", "caf\udce9"])
def check_city(app_configs, city, **kwargs):
    return []


def test_names_are_sent_to_statsd_in_ascii(settings, connected, statsd_server):
    settings.DOCKERFLOW_CHECKS = [f"{__name__}.check_city"]
    connected("statsd")
    wsgi("/__heartbeat__")
    received = re.sub(r"\d+\.\d+", "#", statsd_server.recv(2000).decode())

    assert received.split() == [
        "shop.heartbeat.pass:1|c",
        "shop.heartbeat.check.check_city.m_nchen:#|ms",
        "shop.heartbeat.check.check_city.caf_udce9:#|ms",
    ]


@pytest.mark.parametrize(
    ("variable", "value", "reason"),
    [
        ("STATSD_HOST", "statsd.invalid", "[Errno "),
        ("STATSD_PORT", "http", "invalid literal for int() with base 10: 'http'"),
    ],
)
def test_an_address_that_is_none_is_a_warning_and_no_error_at_the_start(
    settings, connected, statsd_server, monkeypatch, log, variable, value, reason
):
    good = os.environ[variable]
    monkeypatch.setenv(variable, value)
    settings.DOCKERFLOW_CHECKS = []
    connected("statsd")

    settle(lambda: wsgi("/__heartbeat__").status_code == 200 and list(log))
    wsgi("/__heartbeat__")
    [record] = log
    assert record["Severity"] == 4
    assert record["Fields"]["msg"].startswith(f"No results are sent to statsd: {reason}")

    monkeypatch.setenv(variable, good)
    settings.DOCKERFLOW_CHECKS = [f"{SAMPLES}.passes"]
    settle(lambda: wsgi("/__heartbeat__") and "statsd.defaults.env" in sys.modules)
    assert statsd_server.recv(2000).decode().startswith("shop.heartbeat.pass:1|c")


@pytest.mark.django_db
def test_opentelemetry_has_a_gauge_and_a_histogram(settings, connected, reader):
    settings.DOCKERFLOW_CHECKS = [f"{SAMPLES}.passes", f"{SAMPLES}.fails"]
    settings.DOCKERFLOW_OPTIONAL_CHECKS = ["check_database_connected[default]"]
    connected("opentelemetry")
    wsgi("/__heartbeat__")
    [resource] = reader.get_metrics_data().resource_metrics
    [scope] = resource.scope_metrics
    up, duration = scope.metrics

    assert (scope.scope.name, up.name, duration.name, duration.unit) == (
        *("dockerflow", "dockerflow.check.up", "dockerflow.check.duration", "s"),
    )
    assert [(dict(point.attributes), point.value) for point in up.data.data_points] == [
        ({"check": "passes", "subject": ""}, 1),
        ({"check": "fails", "subject": ""}, 0),
        ({"check": "check_database_connected", "subject": "default"}, 1),
    ]
    assert [(dict(point.attributes), point.count) for point in duration.data.data_points] == [
        ({"check": "passes", "subject": "", "status": "ok"}, 1),
        ({"check": "fails", "subject": "", "status": "error"}, 1),
        ({"check": "check_database_connected", "subject": "default", "status": "ok"}, 1),
    ]


def test_without_a_provider_nothing_is_sent(settings, connected, monkeypatch):
    monkeypatch.setattr(opentelemetry, "get_meter", NoOpMeterProvider().get_meter)
    settings.DOCKERFLOW_CHECKS = [f"{SAMPLES}.passes"]
    connected("opentelemetry")

    assert wsgi("/__heartbeat__").status_code == 200


@pytest.mark.parametrize(
    ("value", "chosen"),
    [
        ("statsd", ["statsd"]),
        ("StatsD, opentelemetry", ["statsd", "opentelemetry"]),
        ('["opentelemetry"]', ["opentelemetry"]),
        ("statsd,statsd", ["statsd"]),
        ("[]", []),
    ],
)
def test_the_setting_is_a_list_of_names(monkeypatch, value, chosen):
    monkeypatch.setenv("DOCKERFLOW_METRICS", value)

    assert chosen == conf.DOCKERFLOW_METRICS


def test_another_name_is_refused(monkeypatch):
    monkeypatch.setenv("DOCKERFLOW_METRICS", "statd")
    with pytest.raises(ImproperlyConfigured) as raised:
        assert conf.DOCKERFLOW_METRICS

    assert str(raised.value) == (
        "DOCKERFLOW_METRICS (environment): 'statd' is not statsd or opentelemetry; did you mean"
        " statsd? Expected a list of statsd and opentelemetry, comma-separated or as a JSON array."
    )


@pytest.mark.parametrize(
    ("name", "package"), [("statsd", "statsd"), ("opentelemetry", "opentelemetry-api")]
)
def test_a_package_that_is_missing_stops_the_start(name, package):
    program = f"""
import importlib.util
find_spec = importlib.util.find_spec
importlib.util.find_spec = lambda name, *args: None if name == {name!r} else find_spec(name, *args)
import django
django.setup()
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={
            "PYTHONPATH": python_path(),
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "DOCKERFLOW_METRICS": name,
        },
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        f"- DOCKERFLOW_METRICS (environment): '{name}' needs: python -m pip install {package}."
        " Expected a list of statsd and opentelemetry, comma-separated or as a JSON array."
    )
