"""The id of a request: where it comes from, and who may choose it."""

import io
import logging
import re
from types import MappingProxyType

import pytest
from django.http.request import HttpHeaders

from dockerflow.logging import (
    RequestIdLogFilter,
    get_or_generate_request_id,
    request_id_context,
)

UUID4 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Request-ID": "Root=1-67891233-abcdef:/._+"},
        {"x-request-id": "Root=1-67891233-abcdef:/._+"},
        MappingProxyType({"X-REQUEST-ID": "Root=1-67891233-abcdef:/._+"}),
        HttpHeaders({"HTTP_X_REQUEST_ID": "Root=1-67891233-abcdef:/._+"}),
    ],
    ids=lambda headers: type(headers).__name__,
)
def test_the_id_is_the_header_however_it_is_written(headers):
    assert get_or_generate_request_id(headers) == "Root=1-67891233-abcdef:/._+"


def test_the_header_may_have_another_name():
    headers = {"x-correlation-id": "abc", "X-Request-ID": "def"}
    assert get_or_generate_request_id(headers, "X-Correlation-ID") == "abc"


@pytest.mark.parametrize(
    "value",
    [
        "",
        " ",
        "a" * 129,
        "a" * 5000,
        "a\nb",
        "a\n",
        'a"b',
        "a b",
        "a,b",
        "é",
        "a;b",
        "<a>",
        "\ud800",
    ],
    ids=ascii,
)
def test_a_value_that_might_do_harm_is_replaced(value):
    assert UUID4.fullmatch(get_or_generate_request_id({"X-Request-ID": value}))


def test_an_id_may_have_128_characters():
    assert get_or_generate_request_id({"X-Request-ID": "a" * 128}) == "a" * 128


def test_requests_without_a_header_have_ids_of_their_own():
    ids = {get_or_generate_request_id({}) for _ in range(1000)}
    assert len(ids) == 1000
    assert all(map(UUID4.fullmatch, ids))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("traceparent", f"00-{TRACE}-00f067aa0ba902b7-01"),
        ("Traceparent", f"cc-{TRACE}-00f067aa0ba902b7-01-what-the-future-will-be"),
        ("X-Cloud-Trace-Context", f"{TRACE}/67667974448284343;o=1"),
        ("X-Cloud-Trace-Context", f"{TRACE}/67667974448284343"),
        ("x-cloud-trace-context", TRACE),
    ],
)
def test_of_a_trace_header_the_trace_id_is_the_request_id(name, value):
    assert get_or_generate_request_id({name: value}, name) == TRACE


# https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-request-tracing.html
ROOT = "1-67891233-abcdef012345678912345678"
SELF = "1-67891234-12456789abcdef0123456789"


@pytest.mark.parametrize(
    "value",
    [
        f"Root={ROOT}",
        f"Self={SELF};Root={ROOT}",
        f"Self={SELF};Root={ROOT};CalledFrom=app",
        f"Root={ROOT};Parent=53995c3f42cd8ad8;Sampled=1",
        f"Sampled=0; Root={ROOT} ;Lineage=a87bd80c:1|68fd508a:5",
    ],
)
@pytest.mark.parametrize("name", ["X-Amzn-Trace-Id", "x-amzn-trace-id"])
def test_the_root_of_the_trace_header_of_aws_is_the_request_id(name, value):
    assert get_or_generate_request_id({name: value}, name) == ROOT


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X-Amzn-Trace-Id", ROOT),
        ("X-Amzn-Trace-Id", f"Self={SELF}"),
        ("X-Amzn-Trace-Id", f"NotRoot={ROOT}"),
        ("X-Amzn-Trace-Id", f"Root={ROOT}0"),
        ("X-Amzn-Trace-Id", f"Root=2{ROOT[1:]}"),
        ("X-Amzn-Trace-Id", f"Root={ROOT};a\nb"),
        ("traceparent", TRACE),
        ("traceparent", f"ff-{TRACE}-00f067aa0ba902b7-01"),
        ("traceparent", f"00-{TRACE.upper()}-00f067aa0ba902b7-01"),
        ("traceparent", f"00-{'0' * 32}-00f067aa0ba902b7-01"),
        ("traceparent", f"00-{TRACE}-{'0' * 16}-01"),
        ("X-Cloud-Trace-Context", "trace/1;o=1"),
    ],
)
def test_a_trace_header_that_is_not_valid_is_replaced(name, value):
    assert UUID4.fullmatch(get_or_generate_request_id({name: value}, name))


@pytest.fixture
def log():
    """A logger whose lines start with the id of the request."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.addFilter(RequestIdLogFilter())
    handler.setFormatter(logging.Formatter("%(rid)s %(message)s"))
    logger = logging.Logger("app")  # noqa: LOG001 - one that no other test knows
    logger.addHandler(handler)
    logger.stream = stream
    return logger


def test_the_filter_gives_other_formatters_the_id(log):
    log.info("before")
    token = request_id_context.set("abc")
    log.info("during")
    log.info("passed on", extra={"rid": "def"})
    request_id_context.reset(token)
    log.info("after")
    lines = log.stream.getvalue().splitlines()
    assert lines == ["None before", "abc during", "def passed on", "None after"]
