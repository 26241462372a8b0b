"""Whether Celery's workers answer."""

from __future__ import annotations

from typing import Any

from django.core import checks
from django.core.checks import CheckMessage

from dockerflow import health
from dockerflow.django.checks.patience import patience
from dockerflow.django.checks.subjects import subjects

ANY_QUEUE = "*"
ANSWER_SECONDS = 1.0
UNREACHABLE = health.ERROR_CANNOT_CONNECT_CELERY
NO_CELERY_HINT = "Install celery, or remove the check from the lists of checks."


@subjects("queue", default=(ANY_QUEUE,))
def check_celery_workers(app_configs: Any, queue: str, **kwargs: Any) -> list[CheckMessage]:
    """A worker answers a ping: one that consumes from the queue, or any where none is named.

    E023 where the broker cannot be reached, E024 where no worker answers within a second.
    """
    try:
        from celery import current_app  # noqa: PLC0415 (the project's own choice)
    except ImportError as error:
        return [
            checks.Error(f"Celery cannot be imported: {error}", hint=NO_CELERY_HINT, id=UNREACHABLE)
        ]
    wait = min(ANSWER_SECONDS, patience() / 2)
    try:
        with current_app.connection_for_write(connect_timeout=patience() / 2) as connection:
            connection.connect()
            inspect = current_app.control.inspect(
                timeout=wait, limit=1 if queue == ANY_QUEUE else None, connection=connection
            )
            answers = (inspect.ping() if queue == ANY_QUEUE else inspect.active_queues()) or {}
    except Exception as error:
        text = f"Could not connect to Celery's broker: {type(error).__name__}: {error}"
        return [checks.Error(text, id=UNREACHABLE)]
    if queue != ANY_QUEUE:
        answers = {
            worker: queues
            for worker, queues in answers.items()
            if any(consumed.get("name") == queue for consumed in queues)
        }
    if answers:
        return []
    which = "" if queue == ANY_QUEUE else f' of the queue "{queue}"'
    text = f"No Celery worker{which} answered within {wait:g} s"
    return [checks.Error(text, id=health.ERROR_NO_CELERY_WORKER)]
