"""The heartbeat as metrics, in the formats that Prometheus asks for.

A failure is a sample and not a failed scrape, so the status is always 200. Each scrape is a
heartbeat; no process writes files for another one to read.
https://prometheus.io/docs/specs/om/open_metrics_spec/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from dockerflow.heartbeat import Report

BUILD_KEYS = ("source", "version", "commit", "build")


def render(
    request: HttpRequest,
    report: Report | None,
    *,
    details: bool,
    version_object: Mapping[str, Any] | None,
) -> HttpResponse:
    """Return the samples.

    :param report: None while the process is draining
    :param details: whether the client may see details; without, it gets ``dockerflow_heartbeat_up``
    :param version_object: the build, None where it is not known
    """
    registry = CollectorRegistry()
    registry.register(_Heartbeat(report, version_object if details else None, details))
    try:
        encode, content_type = choose_encoder(request.headers.get("Accept", ""))
    except (TypeError, ValueError):  # of a version that is none, beside one that is
        encode, content_type = choose_encoder("")
    return HttpResponse(encode(registry), content_type=content_type)


class _Heartbeat(Collector):
    def __init__(
        self, report: Report | None, version_object: Mapping[str, Any] | None, details: bool
    ) -> None:
        self._report = report
        self._version_object = version_object
        self._details = details

    def collect(self) -> Iterator[Metric]:
        up = self._report is not None and not self._report.failed
        yield GaugeMetricFamily(
            "dockerflow_heartbeat_up", "Whether the heartbeat passes (1) or fails (0).", value=up
        )
        if self._details and self._report is not None:
            yield from _checks(self._report)
        if self._version_object:
            build = {key: _label(self._version_object.get(key)) for key in BUILD_KEYS}
            yield InfoMetricFamily("dockerflow_build", "The version object.", value=build)


def _label(value: object) -> str:
    """The value as text that can be encoded; JSON takes lone surrogates as well."""
    return str(value or "").encode("utf-8", "backslashreplace").decode()


def _checks(report: Report) -> Iterator[Metric]:
    now = datetime.now(UTC)
    labels = ["check", "subject", "required"]
    up = GaugeMetricFamily(
        "dockerflow_check_up", "Whether a check passes (1) or fails (0).", labels=labels
    )
    level = GaugeMetricFamily(
        "dockerflow_check_level",
        "The worst level of a check's messages: 0 is ok, 30 a warning, 40 an error, 50 critical.",
        labels=labels,
    )
    duration = GaugeMetricFamily(
        "dockerflow_check_duration_seconds", "How long a check took.", labels=labels
    )
    state = GaugeMetricFamily(
        "dockerflow_check_state_seconds",
        "For how long a check has been passing, or failing, without a break.",
        labels=labels,
    )
    for result in report.results:
        values = [
            result.check.name,
            _label(result.check.subject),
            str(result.check.required).lower(),
        ]
        up.add_metric(values, result.level < report.fail_level)
        level.add_metric(values, result.level)
        duration.add_metric(values, result.duration)
        if result.since is not None:
            state.add_metric(values, max(0.0, (now - result.since).total_seconds()))
    yield from (up, level, duration, state)
