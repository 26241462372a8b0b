"""Whether the task backends of Django 6.0 and later are there."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage

from dockerflow import health
from dockerflow.django.checks.subjects import subjects

_RUNS_NOTHING_LATER = {
    "django.tasks.backends.dummy": "keeps tasks and never runs them",
    "django.tasks.backends.immediate": "runs tasks at once, in the process that enqueues them",
}


def task_aliases() -> list[str]:
    """The backends in ``TASKS``; none before Django 6.0."""
    return list(getattr(settings, "TASKS", {}))


@subjects("backend", task_aliases)
def check_tasks(app_configs: Any, backend: str, **kwargs: Any) -> list[CheckMessage]:
    """A task backend can be made, and finds nothing wrong with itself.

    E025 if not, I007 for a backend without a queue; and whatever its own ``check()`` returns.
    https://docs.djangoproject.com/en/stable/ref/tasks/
    """
    from django.tasks import task_backends  # noqa: PLC0415 (Django 6.0 and later)

    try:
        chosen = task_backends[backend]
        messages = list(chosen.check())
    except Exception as error:
        text = f'Task backend "{backend}" raised {type(error).__name__}: {error}'
        return [checks.Error(text, id=health.ERROR_TASKS_FAILED)]
    if about := _RUNS_NOTHING_LATER.get(type(chosen).__module__):
        text = f'Task backend "{backend}" {about}'
        messages.append(checks.Info(text, id=health.INFO_TASKS_WITHOUT_QUEUE))
    return messages
