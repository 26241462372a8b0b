"""Answers the endpoints before anything else does."""

from __future__ import annotations

import re
from inspect import isawaitable
from typing import Any, ClassVar

from asgiref.sync import iscoroutinefunction, markcoroutinefunction, sync_to_async
from django.http import HttpRequest

from dockerflow.conf import conf
from dockerflow.django import urls, views


class DockerflowMiddleware:
    """First in ``MIDDLEWARE``, it serves the endpoints to any Host, without TLS or a session."""

    sync_capable = True
    async_capable = True

    viewpatterns: ClassVar[list[tuple[re.Pattern[str], views.View]]] = [
        (re.compile("/" + route.pattern.regex.pattern.removeprefix("^")), route.callback)
        for route in urls.urlpatterns
    ]

    def __init__(self, get_response: views.View) -> None:
        self.get_response = get_response
        self.is_async = iscoroutinefunction(get_response)
        if self.is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> Any:
        if self.is_async:
            return self._acall(request)
        view = self._endpoint(request)
        return self.get_response(request) if view is None else view(request)

    async def _acall(self, request: HttpRequest) -> Any:
        view = self._endpoint(request)
        if view is None:
            return await self.get_response(request)
        native = views.NATIVE.get(view)
        if native is None:
            native = view if iscoroutinefunction(view) else sync_to_async(view)
        response = native(request)
        return await response if isawaitable(response) else response

    def _endpoint(self, request: HttpRequest) -> views.View | None:
        for pattern, view in self.viewpatterns:
            if pattern.match(request.path_info):
                on = view is not views.error or conf.DOCKERFLOW_ERROR_ENDPOINT
                return view if on else None
        return None
