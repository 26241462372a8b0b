"""Which form of the heartbeat's answer each client gets."""

import django
import pytest
from django.test import RequestFactory

from dockerflow.django.renderers.accept import METRICS, PAGE, preferred

CHROMIUM = (
    "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,"
    "*/*;q=0.8,application/signed-exchange;v=b3;q=0.7"
)
FIREFOX = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
PROMETHEUS_3 = (
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
    "application/openmetrics-text;version=0.0.1;q=0.5,"
    "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
)
PROMETHEUS_2 = (
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)
PROBES = {
    "kubelet": "*/*",
    "curl": "*/*",
    "Go http.Client, Application Load Balancer, Google's health checks": None,
    "Consul": "text/plain, text/*, */*",
    "Python requests": "*/*",
    "an empty header": "",
    "a client of JSON": "application/json",
    "axios": "application/json, text/plain, */*",
    "anything of an application": "application/*",
    "no idea": "image/png",
}


def request(accept):
    headers = {} if accept is None else {"HTTP_ACCEPT": accept}
    return RequestFactory().get("/__heartbeat__", **headers)


@pytest.mark.parametrize("accept", PROBES.values(), ids=PROBES)
def test_probes_get_json(accept):
    assert preferred(request(accept)) is None


@pytest.mark.parametrize("accept", [CHROMIUM, FIREFOX, "text/html"])
def test_browsers_get_the_page(accept):
    assert preferred(request(accept)) == PAGE


@pytest.mark.parametrize(
    "accept",
    [PROMETHEUS_2, PROMETHEUS_3, "text/plain;version=0.0.4", "application/openmetrics-text"],
)
def test_prometheus_gets_metrics(accept):
    assert preferred(request(accept)) == METRICS


# Before 5.2, Django gives the types in the order of the header.
BY_QUALITY = [
    ("text/html;q=0.5, application/json", None),
    ("application/json;q=0.5, text/html", PAGE),
    ("text/html;q=0, */*", None),
    ("*/*, text/html", PAGE),
]
BY_ORDER = [("application/json, text/html", None), ("text/html, application/json", PAGE)]


@pytest.mark.parametrize(
    ("accept", "form"), BY_ORDER + (BY_QUALITY if django.VERSION >= (5, 2) else [])
)
def test_the_quality_decides(accept, form):
    assert preferred(request(accept)) == form
