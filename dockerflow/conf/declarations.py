"""Every setting of Dockerflow: its name, kind, default and meaning, and where its value comes from.

A value is the Django setting; else the environment variable of the same name; else the entry in
``settings.ini`` or ``.env`` in ``BASE_DIR`` itself; else the default. It is looked up whenever it
is read, so that ``override_settings`` and a changed environment hold from the next read on, and a
changed file within a second::

    from dockerflow.conf import conf

    conf.DOCKERFLOW_HEARTBEAT_TIMEOUT  # 5.0

Reading a bad value raises ``django.core.exceptions.ImproperlyConfigured``. Without configured
Django settings, for instance while the settings module is being executed, the environment and the
defaults count.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from configparser import Error as IniError
from configparser import NoSectionError
from contextlib import suppress
from pathlib import Path
from typing import Any

from decouple import AutoConfig, Config, RepositoryEmpty, RepositoryEnv, RepositoryIni, strtobool
from django.conf import settings as django_settings
from django.core.exceptions import ImproperlyConfigured

from dockerflow.conf import dotted, kinds
from dockerflow.conf.kinds import Kind, did_you_mean
from dockerflow.conf.setting import DEFAULT, Found, Setting, Settings
from dockerflow.conf.sources import SettingsFile

__all__ = ["DEFAULT", "DJANGO", "ENVIRONMENT", "Conf", "conf", "lenient"]

DJANGO, ENVIRONMENT = "Django setting", "environment"
_MISSING = object()
_boolean = kinds.boolean(strtobool)
_EMPTY = RepositoryEmpty()
_environment = Config(_EMPTY)
# Never decouple.config: whoever calls it first fixes the file for the whole process, and it looks
# in parent directories too.
_settings_file = SettingsFile(AutoConfig.SUPPORTED, nothing=_EMPTY)


def _known_aliases(aliases: list[str] | None) -> Iterator[str]:
    for alias in aliases or ():
        if django_settings.configured and alias not in django_settings.DATABASES:
            hint = did_you_mean(alias, django_settings.DATABASES)
            yield f"holds {alias!r}, which is not in DATABASES{hint}"


class Conf(Settings):
    BASE_DIR = Setting(kinds.path, Path("/app"), "The directory in which ``version.json`` lies.")
    DOCKERFLOW_VERSION_CALLBACK = Setting(
        dotted.function,
        "dockerflow.version.get_version",
        "Called with ``BASE_DIR``; returns the version object, or None where there is none.",
    )
    DOCKERFLOW_CHECKS = Setting(
        dotted.system_checks,
        [
            "dockerflow.django.checks.check_database_connected",
            "dockerflow.django.checks.check_migrations_applied",
        ],
        "The checks that a heartbeat runs, registered with Django's system checks at set-up.",
    )
    DOCKERFLOW_OPTIONAL_CHECKS = Setting(
        dotted.system_checks,
        [],
        "Checks that a heartbeat runs and shows too, whose failure never fails it.",
    )
    DOCKERFLOW_DATABASES: Setting[list[str] | None] = Setting(
        Kind("a list of database aliases", kinds.names.parse, _known_aliases),
        None,
        "The databases that the two database checks look at; all where it is not set.",
    )
    DOCKERFLOW_HEARTBEAT_FAIL_LEVEL = Setting(
        kinds.choice("debug", "info", "warning", "error", "critical"),
        "warning",
        "From a message of this level on, the heartbeat has failed.",
    )
    DOCKERFLOW_HEARTBEAT_FAILED_STATUS_CODE = Setting(
        kinds.integer(500, 599), 500, "The HTTP status of a failed heartbeat."
    )
    DOCKERFLOW_HEARTBEAT_TIMEOUT = Setting(
        kinds.seconds(zero=False), 5.0, "Seconds within which a heartbeat answers, come what may."
    )
    DOCKERFLOW_HEARTBEAT_TTL = Setting(
        kinds.seconds(zero=True),
        0.0,
        "Seconds during which a finished result, good or bad, is served again.",
    )
    DOCKERFLOW_HEARTBEAT_DETAILS = Setting(
        kinds.choice("debug", "always", "never"),
        "debug",
        "Who sees which check failed: everybody while DEBUG is on, everybody always, or nobody.",
    )
    DOCKERFLOW_HEARTBEAT_TOKEN: Setting[str | None] = Setting(
        kinds.secret,
        None,
        "A request with ``Authorization: Bearer`` and this token sees the details in any case.",
        secret=True,
    )
    DOCKERFLOW_DRAIN_FILE: Setting[Path | None] = Setting(
        kinds.path,
        None,
        "While this file exists the heartbeat fails as ``draining``, and traffic goes elsewhere.",
    )
    DOCKERFLOW_REQUEST_ID_HEADER_NAME = Setting(
        kinds.header_name,
        "X-Request-ID",
        "The header that brings a request's id and takes it back to the client.",
    )
    DOCKERFLOW_SUMMARY_LOG_QUERYSTRING = Setting(
        _boolean, False, "Whether ``request.summary`` holds the query string."
    )
    DOCKERFLOW_ERROR_ENDPOINT = Setting(
        _boolean,
        False,
        "Whether ``/__error__`` is served, which raises, to test the reporting of errors.",
    )
    DOCKERFLOW_LOG_FORMAT = Setting(
        kinds.choice("mozlog", "console"),
        "mozlog",
        "The format that ``dockerflow.logging.config()`` sets up.",
    )
    DOCKERFLOW_LOG_LEVEL = Setting(
        kinds.choice("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"),
        "INFO",
        "The level from which ``dockerflow.logging.config()`` lets records through.",
    )

    def unknown_names(self) -> list[str]:
        """A line for each ``DOCKERFLOW_*`` name that is set and means nothing."""
        known = [name for setting in self for name in setting.names]
        return [
            f"{name} ({source}) is not a setting of Dockerflow{did_you_mean(name, known) or '.'}"
            for name, source in sorted(self._names())
            if name.startswith("DOCKERFLOW_") and name not in known
        ]

    def validate(self) -> None:
        """Refuse to start on bad kinds.

        :raises django.core.exceptions.ImproperlyConfigured: once, with a line for each bad value
        """
        if problems := self.problems():
            lines = "".join(f"\n- {line}" for line in problems + self.unknown_names())
            raise ImproperlyConfigured(
                f"Dockerflow cannot start with its settings as they are:{lines}"
            )

    def read(self, name: str) -> Found | None:
        """The raw value of one name: this is the precedence."""
        # Django's lazy settings take ten times as long to say that a name is not set. While they
        # are not configured, what they wrap has no names.
        value = getattr(object.__getattribute__(django_settings, "_wrapped"), name, _MISSING)
        if value is not _MISSING:
            return Found(value, DJANGO, 0)
        if name in os.environ and (value := _environment.get(name)).strip():
            return Found(value, ENVIRONMENT, 1)
        if name == "BASE_DIR":  # it says where the file is, so the file has no say
            return None
        path, repository = self._file()
        if repository is _EMPTY:
            return None
        try:
            value = repository[name] or ""
        except (KeyError, NoSectionError):
            return None
        except IniError:  # whose text quotes the value
            raise ImproperlyConfigured(
                f"{name} ({path}) cannot be read: in an ini file, % is written %%"
            ) from None
        return Found(value, path, 2) if value.strip() else None

    def _file(self) -> tuple[str, RepositoryEmpty]:
        """The settings file in ``BASE_DIR``, and what it holds."""
        # Nearly always it is here, and each read of each setting asks for it.
        base_dir = getattr(object.__getattribute__(django_settings, "_wrapped"), "BASE_DIR", None)
        if base_dir is None:
            found = self.read("BASE_DIR")
            base_dir = Conf.BASE_DIR.default if not found or found.value is None else found.value
        try:
            return _settings_file.find(base_dir)
        except (TypeError, ValueError) as error:
            self.resolve(Conf.BASE_DIR)  # which raises, where that is what is wrong
            raise ImproperlyConfigured(str(error)) from None

    def _names(self) -> Iterator[tuple[str, str]]:
        """Every name that is set anywhere, with its source."""
        if django_settings.configured:
            yield from ((name, DJANGO) for name in dir(django_settings))
        yield from ((name, ENVIRONMENT) for name in os.environ)
        with suppress(ImproperlyConfigured):  # of such a file, problems() tells
            yield from self._names_in_file()

    def _names_in_file(self) -> Iterator[tuple[str, str]]:
        path, repository = self._file()
        if isinstance(repository, RepositoryEnv):
            yield from ((name, path) for name in repository.data)
        elif isinstance(repository, RepositoryIni) and repository.parser.has_section("settings"):
            yield from ((name.upper(), path) for name in repository.parser["settings"])


class Lenient:
    """The settings with the default in place of a bad value, for what must go on all the same.

    Django configures logging before any app can refuse to start; with these values it gets far
    enough for the refusal to be logged. And no request fails for a settings file that has gone bad
    since the start.
    """

    def __getattr__(self, name: str) -> Any:
        try:
            return getattr(conf, name)
        except ImproperlyConfigured:
            return getattr(Conf, name).default


conf = Conf()
lenient = Lenient()
