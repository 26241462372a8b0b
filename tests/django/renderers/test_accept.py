"""Which form of the heartbeat's answer each client gets."""

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
    "wget": "*/*",
    "Python httpx": "*/*",
    "node's fetch": "*/*",
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


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        # The higher quality, wherever it stands
        ("text/html;q=0.5, application/json", None),
        ("application/json;q=0.5, text/html", PAGE),
        ("text/html;q=0.5, application/json;q=0.4", PAGE),
        ("*/*;q=0.8, text/html;q=0.1", None),
        ("text/html;q=0.001", PAGE),
        # Of the same quality: what is named, then what is named first
        ("*/*, text/html", PAGE),
        ("application/*;q=0.5, text/html;q=0.5", PAGE),
        ("application/json, text/html", None),
        ("text/html, application/json", PAGE),
        ("*/*, text/html, application/json", PAGE),
        # The most specific range counts for a form
        ("application/json;q=0.1, */*, text/html;q=0.5", PAGE),
        # 0 refuses
        ("text/html;q=0, */*", None),
        ("text/html;q=0", None),
        ("application/json;q=0, text/html;q=0.1", PAGE),
        ("application/openmetrics-text;q=0, text/html;q=0.000", None),
        ("application/json;q=0", None),
        # Wildcards name no page and no metrics
        ("text/*", None),
        ("*/*", None),
        # Whatever the spelling
        ("TEXT/HTML ; Q=1.0", PAGE),
        (" text/html;level=1;q=0.7 , */*;q=0.5", PAGE),
    ],
)
def test_quality_then_specificity_decide(accept, form):
    assert preferred(request(accept)) == form


@pytest.mark.parametrize(
    "accept",
    [
        *("text", ";", ",,,", "=", ";q=", "\x00", "a/b/c", "\xe9", '"', "text/html;q="),
        *("text/html;q=nan", "text/html;q=inf", "text/html;q=2", "text/html;q=-1", "text/html;q=é"),
        *("text/plain;version", "text/plain;version=abc", "application/openmetrics-text;version=x"),
        *("x/y; x*=bogus''%41", "x/y;" + "a" * 10_001, ";" * 10_001, "," * 10_001),
    ],
)
def test_what_is_malformed_is_json(accept):
    assert preferred(request(accept)) is None
