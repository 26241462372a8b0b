"""What stands before ``DockerflowMiddleware`` in ``MIDDLEWARE``, and may keep a probe from it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

HARMLESS = {
    "django.middleware.cache.UpdateCacheMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "elasticapm.contrib.django.middleware.TracingMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
}
"""Known to pass on every request, whatever its Host."""

HINT = (
    "Put DockerflowMiddleware first. OpenTelemetry's instrumentation puts its own in front, unless"
    " OTEL_PYTHON_DJANGO_MIDDLEWARE_POSITION=1 is set. Only what measures or traces every request"
    " may stay in front, if it neither answers requests nor asks for their Host."
)


def position(middleware: type) -> int | None:
    """Return the index of the first entry of ``MIDDLEWARE`` that is it or a subclass, if any."""
    for index, path in enumerate(settings.MIDDLEWARE):
        if is_subclass(path, middleware):
            return index
    return None


def is_subclass(path: str, middleware: type) -> bool:
    """Whether the dotted path leads to ``middleware`` or a subclass of it."""
    try:
        found: Any = import_string(path)
    except ImportError:  # of which Django itself complains
        return False
    return isinstance(found, type) and issubclass(found, middleware)


def in_front(middleware: type) -> list[str]:
    """Return what stands before ``middleware`` and is not known to be harmless."""
    return [
        path for path in settings.MIDDLEWARE[: position(middleware) or 0] if path not in HARMLESS
    ]


def sentence(paths: Sequence[str]) -> str:
    """Say what is wrong with ``paths`` in front."""
    listed = " and ".join(filter(None, [", ".join(paths[:-1]), paths[-1]]))
    stand, they = ("stands", "it") if len(paths) == 1 else ("stand", "they")
    return (
        f"{listed} {stand} before DockerflowMiddleware in MIDDLEWARE, where {they} can refuse or"
        " redirect a probe"
    )
