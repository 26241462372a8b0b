"""The endpoints: read the settings, ask the core, answer in HTTP.

https://github.com/mozilla-services/Dockerflow#containerized-app-requirements
"""

from __future__ import annotations

import asyncio
import functools
import hmac
import json
import logging
import os
from collections.abc import Callable, Mapping
from typing import Any

from asgiref.sync import iscoroutinefunction, sync_to_async
from django.conf import settings
from django.db import transaction
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseNotAllowed,
    JsonResponse,
)
from django.utils.module_loading import import_string
from django.views.decorators.csrf import csrf_exempt

from dockerflow.conf import DEFAULT, Conf, conf, lenient
from dockerflow.django import runner
from dockerflow.django.signals import heartbeat_failed, heartbeat_passed
from dockerflow.heartbeat.report import Report

logger = logging.getLogger("dockerflow.django")

View = Callable[[HttpRequest], Any]
METHODS = ["GET", "HEAD"]


def endpoint(function: View) -> View:
    """What every endpoint has in common: methods, headers, and keeping out of everything else."""
    if iscoroutinefunction(function):

        @functools.wraps(function)
        async def view(request: HttpRequest) -> HttpResponse:
            allowed = request.method in METHODS
            return _finished(
                request, await function(request) if allowed else HttpResponseNotAllowed(METHODS)
            )
    else:

        @functools.wraps(function)
        def view(request: HttpRequest) -> HttpResponse:
            allowed = request.method in METHODS
            return _finished(
                request, function(request) if allowed else HttpResponseNotAllowed(METHODS)
            )

    vars(view)["login_required"] = False  # what login_not_required sets, in Django from 5.1 on
    return transaction.non_atomic_requests(csrf_exempt(view))


def _finished(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    response.headers["Cache-Control"] = "no-store"
    response.headers["Content-Length"] = str(len(response.content))
    if request.method == "HEAD":
        response.content = b""
    # A failing heartbeat is an answer and no server error, so django.request has nothing to log.
    vars(response)["_has_been_logged"] = True
    # Django's cache middleware stored answers in spite of no-store for long.
    vars(request)["_cache_update_cache"] = False
    # With SESSION_SAVE_EVERY_REQUEST, the session middleware saves whatever session it finds, one
    # without this attribute excepted, which others can read all the same.
    if hasattr(request, "session"):
        vars(request.session).pop("accessed", None)
    return response


def current_version() -> Mapping[str, Any] | None:
    """What ``DOCKERFLOW_VERSION_CALLBACK`` returns for ``BASE_DIR``.

    :raises TypeError: it is no version object; and whatever the callback raises
    """
    version_object = import_string(conf.DOCKERFLOW_VERSION_CALLBACK)(conf.BASE_DIR)
    if version_object is None or isinstance(version_object, Mapping):
        return version_object
    raise TypeError(f"it is a {type(version_object).__name__}, not a dict")


@endpoint
def version(request: HttpRequest) -> HttpResponse:
    """The version object; 404 where there is none.

    https://github.com/mozilla-services/Dockerflow/blob/main/docs/version_object.md
    """
    try:
        version_object = current_version()
        if version_object is None:
            return JsonResponse({"error": "version.json not found"}, status=404)
        return JsonResponse(dict(version_object))
    except Exception:
        callback, base_dir = lenient.DOCKERFLOW_VERSION_CALLBACK, lenient.BASE_DIR
        logger.exception("No version object from %s for %s", callback, base_dir)
        return JsonResponse({"error": "the version object is broken, see the log"}, status=500)


async def aversion(request: HttpRequest) -> Any:
    """:func:`version` for an event loop; what a project's own callback does is not known."""
    _, source = conf.resolve(Conf.DOCKERFLOW_VERSION_CALLBACK)
    if source == DEFAULT:
        return version(request)
    return await sync_to_async(version)(request)


@endpoint
def lbheartbeat(request: HttpRequest) -> HttpResponse:
    """The process is up: 200 and nothing else, for load balancers and liveness probes."""
    return HttpResponse()


@endpoint
def heartbeat(request: HttpRequest) -> HttpResponse:
    """The backing services work, or the status of a failed heartbeat; JSON either way."""
    if _is_draining():
        return _draining()
    answer = runner.run()
    if answer.first:
        _send(answer.report)
    return _answer(request, answer.report)


@endpoint
async def aheartbeat(request: HttpRequest) -> HttpResponse:
    """:func:`heartbeat` for an event loop, which goes on meanwhile."""
    if _is_draining():
        return _draining()
    # A client that gives up cancels its request; the run is then still told of, and still logged.
    task = asyncio.ensure_future(_arun())
    _tasks.add(task)
    task.add_done_callback(_tasks.discard)
    return _answer(request, await asyncio.shield(task))


_tasks: set[asyncio.Task[Report]] = set()  # the event loop's own references are weak


async def _arun() -> Report:
    answer = await runner.arun()
    if answer.first and (heartbeat_passed.receivers or heartbeat_failed.receivers):
        await sync_to_async(_send)(answer.report)
    return answer.report


@endpoint
def error(request: HttpRequest) -> HttpResponse:
    """Raises, to see that errors are reported; 404 unless ``DOCKERFLOW_ERROR_ENDPOINT`` is set."""
    if not conf.DOCKERFLOW_ERROR_ENDPOINT:
        raise Http404
    logger.error("The endpoint /__error__ was called")
    raise RuntimeError("This is the error that /__error__ raises for a test")


# The endpoints' twins for an event loop, none of which needs a thread of its own.
NATIVE: dict[View, View] = {
    version: aversion,
    heartbeat: aheartbeat,
    lbheartbeat: lbheartbeat,
}


def _send(report: Report) -> None:
    signal = heartbeat_failed if report.failed else heartbeat_passed
    signal.send_robust(sender=heartbeat, level=report.level, report=report)


def _is_draining() -> bool:
    path = conf.DOCKERFLOW_DRAIN_FILE
    # Path.exists() raises where a directory may not be searched.
    return path is not None and os.path.exists(path)  # noqa: PTH110


def _draining() -> HttpResponse:
    return _told({"status": "draining"}, failed=True)


def _answer(request: HttpRequest, report: Report) -> HttpResponse:
    return _told(report.as_dict(details=_may_see_details(request)), failed=report.failed)


def _told(body: dict[str, Any], *, failed: bool) -> HttpResponse:
    # What a heartbeat tells is strings and numbers: JsonResponse would make an encoder for more.
    return HttpResponse(
        json.dumps(body),
        content_type="application/json",
        status=conf.DOCKERFLOW_HEARTBEAT_FAILED_STATUS_CODE if failed else 200,
    )


def _may_see_details(request: HttpRequest) -> bool:
    choice = conf.DOCKERFLOW_HEARTBEAT_DETAILS
    if choice == "always" or (choice == "debug" and settings.DEBUG):
        return True
    # Not request.headers, which is made of all headers when it is first asked for one.
    scheme, _, given = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    if scheme.casefold() != "bearer":
        return False
    token = conf.DOCKERFLOW_HEARTBEAT_TOKEN
    return token is not None and hmac.compare_digest(given.strip().encode(), token.encode())
