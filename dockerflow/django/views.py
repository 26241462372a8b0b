"""The endpoints: read the settings, call the core, answer in HTTP.

https://github.com/mozilla-services/Dockerflow#containerized-app-requirements
"""

from __future__ import annotations

import asyncio
import functools
import logging
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from asgiref.sync import iscoroutinefunction, sync_to_async

# Tests of projects that ran on Mozilla's package import this name from here.
from django.core.checks.registry import registry as django_check_registry  # noqa: F401
from django.db import transaction
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseNotAllowed,
    JsonResponse,
)
from django.utils.module_loading import import_string

from dockerflow.conf import Conf, conf, lenient
from dockerflow.django import internals, renderers
from dockerflow.django.draining import drain_file
from dockerflow.django.signals import heartbeat_failed, heartbeat_passed
from dockerflow.error_records import arguments
from dockerflow.loggers import write

if TYPE_CHECKING:
    from pathlib import Path

    from dockerflow.heartbeat.report import Report

# A heartbeat imports the engine when it is first asked for: requests need none.
# ruff: noqa: PLC0415

logger = logging.getLogger("dockerflow.django")

View = Callable[[HttpRequest], Any]

METHODS = ["GET", "HEAD"]


def endpoint(
    on_exception: Callable[[BaseException], HttpResponse] | None = None,
    is_served: Callable[[], bool] | None = None,
) -> Callable[[View], View]:
    """Decorate an endpoint: GET and HEAD only, never cached, and kept out of everything else.

    :param on_exception: answers where the endpoint itself has raised
    :param is_served: whether there is such an endpoint, if it can be switched off; where it is, the
        project answers with its 404
    """

    def refused(request: HttpRequest) -> HttpResponse | None:
        if is_served and not is_served():
            raise Http404
        return None if request.method in METHODS else HttpResponseNotAllowed(METHODS)

    def recovered(error: BaseException) -> HttpResponse:
        if on_exception is None:
            raise error
        return on_exception(error)

    def decorate(function: View) -> View:
        if iscoroutinefunction(function):

            @functools.wraps(function)
            async def view(request: HttpRequest) -> HttpResponse:
                try:
                    response = refused(request) or await function(request)
                except (Exception, SystemExit) as error:
                    response = recovered(error)
                return _finish(request, response)
        else:

            @functools.wraps(function)
            def view(request: HttpRequest) -> HttpResponse:
                try:
                    response = refused(request) or function(request)
                except (Exception, SystemExit) as error:
                    response = recovered(error)
                return _finish(request, response)

        # What login_not_required (Django from 5.1 on) and csrf_exempt set, without another call
        view.login_required = False  # type: ignore[attr-defined]
        view.csrf_exempt = True  # type: ignore[attr-defined]
        return transaction.non_atomic_requests(view)

    return decorate


def _finish(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    response.headers["Cache-Control"] = "no-store"
    response.headers["Content-Length"] = str(len(response.content))
    if request.method == "HEAD":
        response.content = b""
    internals.keep_from_request_log(response)  # a failing heartbeat is no server error
    internals.keep_from_cache(request)
    internals.keep_session_unsaved(request)
    return response


def current_version() -> Mapping[str, Any] | None:
    """Return what ``DOCKERFLOW_VERSION_CALLBACK`` returns for ``BASE_DIR``.

    :raises TypeError: it is no version object; and whatever the callback raises
    """
    version_object = import_string(conf.DOCKERFLOW_VERSION_CALLBACK)(conf.BASE_DIR)
    if version_object is None or isinstance(version_object, Mapping):
        return version_object
    raise TypeError(f"it is a {type(version_object).__name__}, not a dict")


def _broken_version(error: BaseException) -> HttpResponse:
    callback, base_dir = lenient.DOCKERFLOW_VERSION_CALLBACK, lenient.BASE_DIR
    message = "The version object is invalid (callback %s, BASE_DIR %s)"
    write(logger, logging.ERROR, message, callback, base_dir, **arguments(error))
    return JsonResponse({"error": "the version object is broken, see the log"}, status=500)


@endpoint(on_exception=_broken_version)
def version(request: HttpRequest) -> HttpResponse:
    """The version object; 404 where there is none.

    https://github.com/mozilla-services/Dockerflow/blob/main/docs/version_object.md
    """
    version_object = current_version()
    if version_object is None:
        return JsonResponse({"error": "version.json not found"}, status=404)
    return JsonResponse(dict(version_object), json_dumps_params={"allow_nan": False})


async def aversion(request: HttpRequest) -> Any:
    """:func:`version` for an event loop; what a project's own callback does is not known."""
    callback = lenient.DOCKERFLOW_VERSION_CALLBACK
    if callback == Conf.DOCKERFLOW_VERSION_CALLBACK.default:
        return version(request)
    return await sync_to_async(version)(request)


@endpoint()
def lbheartbeat(request: HttpRequest) -> HttpResponse:
    """The process is up: 200 and nothing else, for load balancers and liveness probes."""
    return HttpResponse()


async def albheartbeat(request: HttpRequest) -> Any:
    """:func:`lbheartbeat` for an event loop."""
    return lbheartbeat(request)


def _broken_heartbeat(error: BaseException) -> HttpResponse:
    write(logger, logging.ERROR, "The heartbeat itself has failed", **arguments(error))
    status_code = lenient.DOCKERFLOW_HEARTBEAT_FAILED_STATUS_CODE
    return renderers.json_response({"status": "critical"}, status_code=status_code)


@endpoint(on_exception=_broken_heartbeat)
def heartbeat(request: HttpRequest) -> HttpResponse:
    """The backing services work: 200, or the status of a failed heartbeat.

    JSON, or what the client prefers: a page for people, metrics for Prometheus.
    """
    from dockerflow.django import runner

    started = time.monotonic()
    if response := renderers.challenge(request):
        return response
    if file := drain_file():
        return _answer(request, None, started, file)
    answer = runner.run()
    if answer.new:
        _send(answer.report)
    return _answer(request, answer.report, started)


@endpoint(on_exception=_broken_heartbeat)
async def aheartbeat(request: HttpRequest) -> HttpResponse:
    """:func:`heartbeat` for an event loop, which goes on meanwhile."""
    started = time.monotonic()
    if response := renderers.challenge(request):
        return response
    if file := drain_file():
        return await _aanswer(request, None, started, file)
    # A client that gives up cancels its request; the run still sends its signal and is logged.
    task = asyncio.ensure_future(_arun())
    _tasks.add(task)
    task.add_done_callback(_tasks.discard)
    return await _aanswer(request, await asyncio.shield(task), started)


_tasks: set[asyncio.Task[Report]] = set()  # the event loop's own references are weak


async def _arun() -> Report:
    from dockerflow.django import runner

    answer = await runner.arun()
    if answer.new and (heartbeat_passed.receivers or heartbeat_failed.receivers):
        await sync_to_async(_send)(answer.report)
    return answer.report


@endpoint(is_served=lambda: lenient.DOCKERFLOW_ERROR_ENDPOINT)
def error(request: HttpRequest) -> HttpResponse:
    """Raises, to see that errors are reported; 404 unless ``DOCKERFLOW_ERROR_ENDPOINT`` is set."""
    write(logger, logging.ERROR, "The endpoint /__error__ was called")
    raise RuntimeError("This is the error that /__error__ raises for a test")


# The same endpoints for an event loop: none of them needs a thread of its own.
NATIVE: dict[View, View] = {
    version: aversion,
    heartbeat: aheartbeat,
    lbheartbeat: albheartbeat,
}


def _send(report: Report) -> None:
    signal = heartbeat_failed if report.failed else heartbeat_passed
    signal.send_robust(sender=heartbeat, level=report.level, report=report)


def _answer(
    request: HttpRequest, report: Report | None, started: float, drain_file: Path | None = None
) -> HttpResponse:
    return renderers.answer(
        request,
        report,
        seconds=time.monotonic() - started,
        current_version=current_version,
        drain_file=drain_file,
    )


async def _aanswer(request: HttpRequest, *arguments: Any) -> HttpResponse:
    """:func:`_answer` for an event loop; what shows the build calls the project's own callback."""
    if renderers.shows_build(request):
        return await sync_to_async(_answer)(request, *arguments)
    return _answer(request, *arguments)
