"""The registration of the configured checks with Django's system checks."""

from __future__ import annotations

import functools
import sys
from collections.abc import Awaitable, Callable, Iterable
from types import FrameType
from typing import Any

from asgiref.sync import async_to_sync
from django.core import checks
from django.utils.module_loading import import_string

from dockerflow.conf import conf
from dockerflow.heartbeat.report import is_awaitable

TAG = "dockerflow"


def register() -> None:
    """Register the configured checks with Django, as deployment and database checks.

    So ``check --deploy --tag dockerflow`` runs them, and neither a plain ``check`` nor ``migrate``
    nor a build does. A registration of the same function by the project stays as it is.
    """
    for path in [*conf.DOCKERFLOW_CHECKS, *conf.DOCKERFLOW_OPTIONAL_CHECKS]:
        checks.register(system_check(import_string(path)), TAG, checks.Tags.database, deploy=True)


@functools.cache
def system_check(function: Callable[..., Any]) -> Callable[..., Any]:
    """A twin for Django's registry, which writes tags on what it is given and awaits nothing."""

    @functools.wraps(function)
    def twin(databases: Iterable[str] | None = None, **kwargs: Any) -> Any:
        if databases is None and not _is_asked_for(sys._getframe(1)):
            return []
        return call(function, databases=databases, **kwargs)

    return twin


def call(function: Callable[..., Any], **arguments: Any) -> Any:
    """What the function returns, waited for where that is an awaitable."""
    returned = function(**arguments)
    return async_to_sync(_awaited)(returned) if is_awaitable(returned) else returned


async def _awaited(awaitable: Awaitable[Any]) -> Any:
    return await awaitable


def _is_asked_for(run_checks: FrameType) -> bool:
    """Whether the checks that run were chosen by tags, as only their caller knows.

    Before Django 6.1 ``check --deploy`` ran database checks without having been asked to.
    https://docs.djangoproject.com/en/stable/ref/checks/#builtin-tags
    """
    return run_checks.f_locals.get("tags") is not None
