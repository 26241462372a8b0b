"""The heartbeat's answer, in the form that the client prefers and as far as it may see it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest, HttpResponse

from dockerflow.conf import lenient
from dockerflow.django.renderers.accept import METRICS, PAGE, preferred
from dockerflow.django.renderers.details import may_see_details

if TYPE_CHECKING:
    from pathlib import Path

    from dockerflow.heartbeat import Report

# The page and the metrics are imported when a client asks for them.
# ruff: noqa: PLC0415

CurrentVersion = Callable[[], Mapping[str, Any] | None]


def answer(
    request: HttpRequest,
    report: Report | None,
    *,
    seconds: float,
    current_version: CurrentVersion,
    drain_file: Path | None = None,
) -> HttpResponse:
    """Return the answer to a request of the heartbeat.

    :param report: None while the process is draining
    :param seconds: how long the heartbeat took
    :param current_version: returns the version object, for the page and the metrics
    :param drain_file: the drain file that exists
    """
    form, details = preferred(request), may_see_details(request)
    if form == METRICS and (metrics := _metrics(request, report, details, current_version)):
        return metrics
    if form == PAGE and details:
        from dockerflow.django.renderers import page

        return page.render(
            report,
            version_object=_version_object(current_version),
            seconds=seconds,
            status_code=_status_code(report),
            notice=_notice(drain_file),
        )
    body: dict[str, Any] = {"status": "draining"}
    if report is not None:
        body = report.as_dict(details=details)
    elif details:
        body |= {"drain_file": str(drain_file), "notice": _notice(drain_file)}
    return json_response(body, status_code=_status_code(report))


def shows_build(request: HttpRequest) -> bool:
    """Return whether :func:`answer` asks for the version object."""
    return preferred(request) is not None and may_see_details(request)


def json_response(body: dict[str, Any], *, status_code: int) -> HttpResponse:
    """Return a heartbeat's body as JSON."""
    # A heartbeat holds strings and numbers: JsonResponse would make an encoder for more.
    return HttpResponse(json.dumps(body), content_type="application/json", status=status_code)


def _status_code(report: Report | None) -> int:
    failed = report is None or report.failed
    return lenient.DOCKERFLOW_HEARTBEAT_FAILED_STATUS_CODE if failed else 200


def _metrics(
    request: HttpRequest, report: Report | None, details: bool, current_version: CurrentVersion
) -> HttpResponse | None:
    try:
        from dockerflow.django.renderers.prometheus import render
    except ImportError:  # without the extra "prometheus" the answer is JSON
        return None
    version_object = _version_object(current_version) if details else None
    return render(request, report, details=details, version_object=version_object)


def _version_object(current_version: CurrentVersion) -> Mapping[str, Any] | None:
    try:
        return current_version()
    except (Exception, SystemExit):  # /__version__ logs what is wrong with it
        return None


def _notice(drain_file: Path | None) -> str:
    if drain_file is None:
        return ""
    return f"The file {drain_file} exists. No check is run until it is removed."
