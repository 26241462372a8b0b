"""System checks of how a project has wired Dockerflow: what looks wrong and breaks nothing."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import PurePath
from typing import Any

from django.apps import AppConfig, apps
from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage
from django.middleware.security import SecurityMiddleware
from django.urls import NoReverseMatch, Resolver404, get_script_prefix, resolve, reverse

from dockerflow import health
from dockerflow.conf import Conf, conf
from dockerflow.django import middleware_order
from dockerflow.django.checks import TAG
from dockerflow.loggers import enabled, write
from dockerflow.scrub import scrub

# What serves requests is imported when a check runs: many commands run none.
# ruff: noqa: PLC0415

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
NOT_WIRED_HINT = (
    "Put dockerflow.django.middleware.DockerflowMiddleware first in MIDDLEWARE, or"
    ' include("dockerflow.django.urls", namespace="dockerflow").'
)


def register() -> None:
    """Register these checks with Django's system checks, under the tag ``dockerflow``."""
    for check in (check_setting_names, check_token, check_routes, check_summary_is_logged):
        checks.register(check, TAG)
    checks.register(check_version_object, TAG, deploy=True)


def register_app_check() -> None:
    """Register :func:`check_app`, where ``INSTALLED_APPS`` has ``"dockerflow"``."""
    checks.register(check_app, TAG)


def check_app(app_configs: Apps, **kwargs: Any) -> list[CheckMessage]:
    """W012 where ``"dockerflow"`` is in ``INSTALLED_APPS`` and ``"dockerflow.django"`` is not."""
    if apps.is_installed("dockerflow.django"):
        return []
    from dockerflow.django.middleware import app_sentences

    text, hint = app_sentences()
    return [checks.Warning(text, hint=hint, id=health.WARNING_APP_NOT_INSTALLED)]


def check_setting_names(app_configs: Apps, **kwargs: Any) -> list[CheckMessage]:
    """W001, W009 and W010: names, files and lines without effect."""
    sentences = {
        health.WARNING_UNKNOWN_SETTING: conf.unknown_names(),
        health.WARNING_FILE_IGNORED: conf.ignored_files(),
        health.WARNING_LINE_WITHOUT_EFFECT: conf.ignored_lines(),
    }
    return [checks.Warning(text, id=key) for key, texts in sentences.items() for text in texts]


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
        write(logger, logging.WARNING, "%s", " ".join(sentences))


def _is_management_command(program: str) -> bool:
    """Whether a program, ``sys.argv[0]``, is one of those that run Django's commands."""
    path = PurePath(program)
    name = f"{path.parent.name}/__main__" if path.name == "__main__.py" else path.stem
    return name in COMMANDS


def check_routes(app_configs: Apps, **kwargs: Any) -> list[CheckMessage]:
    """W002 to W005: whether a probe reaches the endpoints."""
    from dockerflow.django.middleware import DockerflowMiddleware

    if not getattr(settings, "ROOT_URLCONF", None):  # Django then serves nothing at all
        return [_not_wired("Set ROOT_URLCONF: without it, Django answers no request.")]
    position = middleware_order.position(DockerflowMiddleware)
    if position is None:
        return list(_routes())
    messages = list(_ssl_redirect(settings.MIDDLEWARE[:position]))
    if paths := middleware_order.in_front(DockerflowMiddleware):
        messages.insert(
            0,
            checks.Warning(
                middleware_order.sentence(paths),
                hint=middleware_order.HINT,
                id=health.WARNING_MIDDLEWARE_NOT_FIRST,
            ),
        )
    return messages


def _routes() -> Iterator[CheckMessage]:
    from dockerflow.django.urls import urlpatterns

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


def _not_wired(hint: str = NOT_WIRED_HINT) -> CheckMessage:
    text = "No route leads to the endpoints of Dockerflow"
    return checks.Warning(text, hint=hint, id=health.WARNING_NOT_WIRED)


def _ssl_redirect(in_front: Sequence[str]) -> Iterator[CheckMessage]:
    redirects = settings.SECURE_SSL_REDIRECT and any(
        middleware_order.is_subclass(path, SecurityMiddleware) for path in in_front
    )
    exempt = settings.SECURE_REDIRECT_EXEMPT
    if redirects and not all(
        any(re.search(pattern, _path(name).lstrip("/")) for pattern in exempt)
        for name in ("heartbeat", "lbheartbeat")
    ):
        yield checks.Warning(
            "SECURE_SSL_REDIRECT redirects probes without TLS before they reach Dockerflow",
            hint="Put DockerflowMiddleware first in MIDDLEWARE, or add"
            r' r"^__(version|heartbeat|lbheartbeat)__/?\Z" to SECURE_REDIRECT_EXEMPT.',
            id=health.WARNING_SSL_REDIRECT,
        )


def _path(name: str) -> str:
    try:
        return "/" + reverse(f"dockerflow:{name}").removeprefix(get_script_prefix())
    except NoReverseMatch:
        return f"/__{name}__"


def check_version_object(app_configs: Apps, **kwargs: Any) -> list[CheckMessage]:
    """W006 where there is no version object, W007 where one lacks keys; not while DEBUG is on."""
    from dockerflow.django.views import current_version
    from dockerflow.version import KEYS

    callback, base_dir = conf.DOCKERFLOW_VERSION_CALLBACK, conf.BASE_DIR
    try:
        version_object = current_version()
    except (Exception, SystemExit) as error:
        text = f"{callback} has no version object for {base_dir}: {type(error).__name__}: {error}"
        return [checks.Warning(scrub(text), id=health.WARNING_NO_VERSION_OBJECT)]
    if settings.DEBUG:
        return []
    if version_object is None:
        text = f"{callback} has no version object for {base_dir}"
        if callback == Conf.DOCKERFLOW_VERSION_CALLBACK.default:
            text = f"There is no version object: {base_dir}/version.json does not exist"
        hint = (
            "Write it when the image is built: python -m dockerflow version --output version.json."
        )
        return [checks.Warning(text, hint=hint, id=health.WARNING_NO_VERSION_OBJECT)]
    if missing := [key for key in KEYS if key not in version_object]:
        text = f"The version object for {base_dir} lacks {', '.join(missing)}"
        hint = "The specification asks for source, version, commit and build."
        return [checks.Warning(text, hint=hint, id=health.WARNING_INCOMPLETE_VERSION_OBJECT)]
    return []


def check_summary_is_logged(app_configs: Apps, **kwargs: Any) -> list[CheckMessage]:
    """W008 where the middleware logs ``request.summary`` and no handler takes it.

    Not where somebody has chosen a level for it, or has raised ``DOCKERFLOW_LOG_LEVEL``.
    """
    from dockerflow.django.middleware import DockerflowMiddleware

    chosen = logging.getLogger("request.summary").level > logging.INFO
    raised = conf.DOCKERFLOW_LOG_LEVEL not in {"DEBUG", "INFO"}
    served = middleware_order.position(DockerflowMiddleware) is not None
    if not served or chosen or raised or _is_handled("request.summary", logging.INFO):
        return []
    return [
        checks.Warning(
            "No handler takes the records of the logger request.summary at level INFO, so that"
            " requests are not logged",
            hint="LOGGING = dockerflow.logging.config() sends them to stdout. If that is meant to"
            ' be so, set the level: LOGGING["loggers"]["request.summary"] = {"level": "WARNING"}.',
            id=health.WARNING_SUMMARY_GOES_NOWHERE,
        )
    ]


def _is_handled(name: str, level: int) -> bool:
    """Whether a handler of the logger, or of one above it, takes its records of this level."""
    logger: logging.Logger | None = enabled(logging.getLogger(name))
    takes = logging.getLogger(name).isEnabledFor(level)
    while takes and logger is not None:
        if any(handler.level <= level for handler in logger.handlers):
            return True
        logger = logger.parent if logger.propagate else None
    return False
