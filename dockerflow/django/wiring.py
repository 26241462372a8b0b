"""System checks of how a project has wired Dockerflow: what looks wrong and breaks nothing."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import PurePath
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage
from django.urls import NoReverseMatch, Resolver404, get_script_prefix, resolve, reverse
from django.utils.module_loading import import_string

from dockerflow import health
from dockerflow.conf import conf
from dockerflow.django.checks import TAG
from dockerflow.django.middleware import DockerflowMiddleware
from dockerflow.django.urls import urlpatterns
from dockerflow.django.views import current_version
from dockerflow.version import KEYS

logger = logging.getLogger("dockerflow.django")

Apps = Sequence[AppConfig] | None
SHORTEST_TOKEN = 20  # characters
# django-admin and python -m django; those of django-configurations
COMMANDS = {
    "manage",
    "django-admin",
    "django/__main__",
    "django-cadmin",
    "configurations/__main__",
}
SSL_MIDDLEWARE = "django.middleware.security.SecurityMiddleware"


@checks.register(TAG)
def check_setting_names(app_configs: Apps, **kwargs: Any) -> list[CheckMessage]:
    """W001, W009 and W010: names, files and lines without effect."""
    sentences = {
        health.WARNING_UNKNOWN_SETTING: conf.unknown_names(),
        health.WARNING_FILE_PASSED_OVER: conf.passed_over_files(),
        health.WARNING_LINE_WITHOUT_EFFECT: conf.ignored_lines(),
    }
    return [checks.Warning(text, id=key) for key, texts in sentences.items() for text in texts]


@checks.register(TAG)
def check_token(app_configs: Apps, **kwargs: Any) -> list[CheckMessage]:
    """W011 where ``DOCKERFLOW_HEARTBEAT_TOKEN`` is easy to guess."""
    token = conf.DOCKERFLOW_HEARTBEAT_TOKEN
    if token is None or len(token) >= SHORTEST_TOKEN:
        return []
    return [
        checks.Warning(
            f"DOCKERFLOW_HEARTBEAT_TOKEN has fewer than {SHORTEST_TOKEN} characters",
            hint='Make one: python -c "import secrets; print(secrets.token_urlsafe())".',
            id=health.WARNING_EASY_TO_GUESS,
        )
    ]


def log_settings_without_effect() -> None:
    """Log one WARNING about names and lines without effect, for a server, which runs no checks.

    A management command logs nothing: those that run system checks print W001 and W010.
    """
    sentences = conf.unknown_names() + conf.ignored_lines()
    if sentences and not _is_management_command(sys.argv[0]):
        logger.warning("%s", " ".join(sentences))


def _is_management_command(program: str) -> bool:
    """Whether a program, ``sys.argv[0]``, is one of those that run Django's commands."""
    path = PurePath(program)
    name = f"{path.parent.name}/__main__" if path.name == "__main__.py" else path.stem
    return name in COMMANDS


@checks.register(TAG)
def check_routes(app_configs: Apps, **kwargs: Any) -> list[CheckMessage]:
    """W002 to W005: whether a probe reaches the endpoints."""
    if not getattr(settings, "ROOT_URLCONF", None):  # Django then serves nothing at all
        return [_not_wired()]
    position = _middleware_position()
    return list(_routes() if position is None else _middleware(position))


def _middleware(position: int) -> Iterator[CheckMessage]:
    if position > 0:
        yield checks.Warning(
            f"DockerflowMiddleware is number {position + 1} in MIDDLEWARE, so that what stands"
            " before it can refuse or redirect a probe",
            hint="Put it first.",
            id=health.WARNING_MIDDLEWARE_NOT_FIRST,
        )
    yield from _ssl_redirect(settings.MIDDLEWARE[:position])


def _routes() -> Iterator[CheckMessage]:
    for route in urlpatterns:
        path = _path(route.name or "")
        try:
            view = resolve(path).func
        except Resolver404:
            yield _not_wired()
            return
        if view is not route.callback:
            yield checks.Warning(
                f"{path} leads to {view.__module__}.{getattr(view, '__qualname__', view)}",
                hint="Include dockerflow.django.urls before the route that takes its place.",
                id=health.WARNING_ROUTE_SHADOWED,
            )
    yield from _ssl_redirect(settings.MIDDLEWARE)


def _not_wired() -> CheckMessage:
    return checks.Warning(
        "No route leads to the endpoints of Dockerflow",
        hint="Put dockerflow.django.middleware.DockerflowMiddleware first in MIDDLEWARE,"
        ' or include("dockerflow.django.urls", namespace="dockerflow").',
        id=health.WARNING_NOT_WIRED,
    )


def _ssl_redirect(in_front: Sequence[str]) -> Iterator[CheckMessage]:
    exempt = all(
        any(
            re.search(pattern, _path(name).lstrip("/"))
            for pattern in settings.SECURE_REDIRECT_EXEMPT
        )
        for name in ("version", "heartbeat", "lbheartbeat")
    )
    if settings.SECURE_SSL_REDIRECT and SSL_MIDDLEWARE in in_front and not exempt:
        yield checks.Warning(
            "SECURE_SSL_REDIRECT sends probes without TLS elsewhere before they reach Dockerflow",
            hint="Put DockerflowMiddleware first in MIDDLEWARE, or add"
            r' r"^__(version|heartbeat|lbheartbeat)__/?\Z" to SECURE_REDIRECT_EXEMPT.',
            id=health.WARNING_SSL_REDIRECT,
        )


def _path(name: str) -> str:
    try:
        return "/" + reverse(f"dockerflow:{name}").removeprefix(get_script_prefix())
    except NoReverseMatch:
        return f"/__{name}__"


def _middleware_position() -> int | None:
    for position, path in enumerate(settings.MIDDLEWARE):
        try:
            middleware = import_string(path)
        except ImportError:  # Django itself will say so
            continue
        if isinstance(middleware, type) and issubclass(middleware, DockerflowMiddleware):
            return position
    return None


@checks.register(TAG)
def check_version_object(app_configs: Apps, **kwargs: Any) -> list[CheckMessage]:
    """W006 where there is no version object and DEBUG is off, W007 where one lacks keys."""
    callback, base_dir = conf.DOCKERFLOW_VERSION_CALLBACK, conf.BASE_DIR
    try:
        version_object = current_version()
    except Exception as error:
        text = f"{callback} has no version object for {base_dir}: {type(error).__name__}: {error}"
        return [checks.Warning(text, id=health.WARNING_NO_VERSION_OBJECT)]
    if version_object is None:
        if settings.DEBUG:
            return []
        text = f"{callback} has no version object for {base_dir}"
        hint = "Write one when the image is built: python -m dockerflow version --output PATH."
        return [checks.Warning(text, hint=hint, id=health.WARNING_NO_VERSION_OBJECT)]
    if missing := [key for key in KEYS if key not in version_object]:
        text = f"The version object for {base_dir} lacks {', '.join(missing)}"
        hint = "The specification asks for source, version, commit and build."
        return [checks.Warning(text, hint=hint, id=health.WARNING_INCOMPLETE_VERSION_OBJECT)]
    return []


@checks.register(TAG)
def check_summary_is_logged(app_configs: Apps, **kwargs: Any) -> list[CheckMessage]:
    """W008 where the middleware writes ``request.summary`` and nothing takes it."""
    if _middleware_position() is None or _is_heard("request.summary", logging.INFO):
        return []
    return [
        checks.Warning(
            "No handler takes what the logger request.summary says at level INFO",
            hint="LOGGING = dockerflow.logging.config() sends it to stdout.",
            id=health.WARNING_SUMMARY_GOES_NOWHERE,
        )
    ]


def _is_heard(name: str, level: int) -> bool:
    logger: logging.Logger | None = logging.getLogger(name)
    enabled = logging.getLogger(name).isEnabledFor(level)
    while enabled and logger is not None:
        if any(handler.level <= level for handler in logger.handlers):
            return True
        logger = logger.parent if logger.propagate else None
    return False
