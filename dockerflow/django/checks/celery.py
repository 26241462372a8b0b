"""Whether Celery's workers answer."""

from __future__ import annotations

import os
from contextlib import suppress
from importlib import import_module
from typing import Any

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage

from dockerflow import health
from dockerflow.django.checks.subjects import subjects
from dockerflow.django.checks.timeouts import check_timeout
from dockerflow.django.internals import celery_apps

ANY_QUEUE = "*"
ANSWER_SECONDS = 1.0
UNREACHABLE = health.ERROR_CANNOT_CONNECT_CELERY
NO_CELERY_HINT = "Install celery, or remove the check from the lists of checks."
NO_APP_HINT = (
    "This was Celery's fallback, because no app of the project was found, or several. Name the app"
    " celery_app in the package of the settings module, as Celery's guide for Django does, or call"
    " its set_default()."
)


@subjects("queue", default=(ANY_QUEUE,))
def check_celery_workers(app_configs: Any, queue: str, **kwargs: Any) -> list[CheckMessage]:
    """A worker answers a ping: one that consumes from the queue, or any where none is named.

    E023 where the broker cannot be reached, E024 where no worker answers within a second.
    """
    try:
        from celery import Celery  # noqa: F401, PLC0415 (the project's own choice)
    except ImportError as error:
        return [
            checks.Error(f"Celery cannot be imported: {error}", hint=NO_CELERY_HINT, id=UNREACHABLE)
        ]
    wait = min(ANSWER_SECONDS, check_timeout() / 2)
    hint = None
    try:
        app = _app()
        hint = NO_APP_HINT if _is_fallback(app) else None
        with app.connection_for_write(connect_timeout=check_timeout() / 2) as connection:
            if connection.transport.driver_type == "redis":  # which waits for an answer as well
                connection.transport_options.setdefault("socket_timeout", check_timeout() / 2)
            # Each broker of the URL once; connect() would sleep for 2 s and try again.
            connection.ensure_connection(
                max_retries=max(0, len(connection.alt) - 1),
                interval_start=0,
                interval_max=0,
                reraise_as_library_errors=False,
            )
            inspect = app.control.inspect(
                timeout=wait, limit=1 if queue == ANY_QUEUE else None, connection=connection
            )
            answers = (inspect.ping() if queue == ANY_QUEUE else inspect.active_queues()) or {}
    except Exception as error:
        text = f"Could not connect to Celery's broker: {type(error).__name__}: {error}"
        return [checks.Error(text, hint=hint, id=UNREACHABLE)]
    if queue != ANY_QUEUE:
        answers = {
            worker: queues
            for worker, queues in answers.items()
            # A worker that cannot say answers with an error in place of a list.
            if isinstance(queues, list) and any(q.get("name") == queue for q in queues)
        }
    if answers:
        return []
    which = "" if queue == ANY_QUEUE else f' of the queue "{queue}"'
    text = f"No Celery worker{which} answered within {wait:g} s"
    return [checks.Error(text, hint=hint, id=health.ERROR_NO_CELERY_WORKER)]


def _app() -> Any:
    """The project's app, in any thread.

    ``celery.current_app`` is the project's only in the thread that has made it, and where the
    project calls ``set_default()``. Elsewhere it is a fallback, whose broker is amqp://localhost.
    So the app is looked for where Celery's guide for Django has it, and ``celery -A`` finds it; if
    there is none, it is the only one that the process has.
    https://docs.celeryq.dev/en/stable/django/first-steps-with-django.html
    """
    from celery import Celery, current_app  # noqa: PLC0415 (the project's own choice)
    from celery.app.utils import find_app  # noqa: PLC0415

    if not _is_fallback(current_app):
        return current_app
    for package in _packages():
        for name in (f"{package}:celery_app", package):
            with suppress(ImportError, AttributeError):  # no such module, or no app in it
                found = find_app(name, imp=import_module)
                if isinstance(found, Celery):
                    return found
    others = [app for app in celery_apps() if app.set_as_current and not _is_fallback(app)]
    return others[0] if len(others) == 1 else current_app


def _is_fallback(app: Any) -> bool:
    """Whether Celery has made the app itself, because there is no other in this thread."""
    return bool(app.main == "default")


def _packages() -> list[str]:
    """The packages around the settings module and the root URLconf, the outermost first."""
    found: dict[str, None] = {}
    for module in (os.environ.get("DJANGO_SETTINGS_MODULE"), settings.ROOT_URLCONF):
        parents = (module or "").split(".")[:-1]
        found |= dict.fromkeys(".".join(parents[: i + 1]) for i in range(len(parents)))
    return list(found)
