"""The declared settings as one object: each is looked up when it is read."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from django.core.exceptions import ImproperlyConfigured

from dockerflow.conf.faults import Faults
from dockerflow.conf.kinds import PREFIX
from dockerflow.conf.setting import Setting
from dockerflow.conf.sources import ENVIRONMENT, Found, Sources
from dockerflow.conf.spelling import did_you_mean, nearest_by_words
from dockerflow.secret import both_are_set

T = TypeVar("T")

DEFAULT = "default"
_NOT_FOUND: Found = None, DEFAULT, 3
# The variables that Kubernetes sets in each pod for each service whose name begins with dockerflow
# https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables
_SERVICE_LINK = (
    r"DOCKERFLOW_(\w+_)?(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT(_\d+_[A-Z]+(_PROTO|_PORT|_ADDR)?)?)"
)


class Settings:
    """A class of declarations, one of which is ``BASE_DIR``.

    Each is looked up when it is read, so that ``override_settings`` and a changed environment hold
    from the next read on, and a changed file within a second.
    """

    BASE_DIR: Setting[Path]

    def __init__(self) -> None:
        self._sources = Sources(type(self).BASE_DIR.default, self._validate_entry)
        self._secrets: dict[str, tuple[Any, str]] = {}  # the last good: path and content
        self._secret_faults = {setting.name: Faults() for setting in self if setting.secret}

    def __iter__(self) -> Iterator[Setting[Any]]:
        """Every declaration, in the order of the reference."""
        return (value for value in vars(type(self)).values() if isinstance(value, Setting))

    def resolve(self, setting: Setting[T]) -> tuple[T, str]:
        """The typed value and its source: a Django setting, the environment, a path, the default.

        :raises django.core.exceptions.ImproperlyConfigured: the setting does not take the value;
            with a value from a file only if none was right before
        """
        value, source, _ = self._find(setting)
        if value is None:  # a Django setting of None asks for the default
            default: Any = setting.default
            if isinstance(default, list):  # of the kinds of values the one that can be changed
                default = default.copy()
            return default, source
        try:
            return setting.parse(value), source
        except ValueError as error:
            raise ImproperlyConfigured(setting.problem(value, source, str(error))) from None

    def validate(self) -> None:
        """Refuse to start with bad values; import what dotted paths name.

        :raises django.core.exceptions.ImproperlyConfigured: once, with a line for each bad value
        """
        if problems := self.problems():
            lines = "".join(f"\n- {line}" for line in problems + self.unknown_names())
            raise ImproperlyConfigured(f"Invalid Dockerflow settings:{lines}")

    def problems(self) -> list[str]:
        """A line for each value that cannot work; imports what dotted paths name."""
        lines = []
        for setting in self:
            try:
                value, source, _ = self._find(setting)
            except ImproperlyConfigured as error:
                lines.append(str(error))
            else:
                lines += setting.problems_of(value, source)
        file = self._sources.file()
        for faults in [*self._secret_faults.values(), *([file.faults] if file else [])]:
            lines += faults.lines.values()
        return list(dict.fromkeys(lines))

    def unknown_names(self) -> list[str]:
        """A sentence about each name that looks like a setting of Dockerflow and is none."""
        known = [name for setting in self for name in setting.names]
        return [
            f"{name} ({source}) is not a setting of Dockerflow"
            f"{did_you_mean(nearest_by_words(name, known, PREFIX)) or '.'}"
            for name, source in sorted(self._sources.names())
            if name not in known and _is_meant_for_us(name, source, known)
        ]

    def ignored_files(self) -> list[str]:
        """A sentence about each ``settings.ini`` or ``.env`` in ``BASE_DIR`` that is not read."""
        file = self._sources.file()
        ignored = file.content.ignored_files if file else {}
        return [f"{path} is ignored: {reason}." for path, reason in ignored.items()]

    def ignored_lines(self) -> list[str]:
        """A sentence about each line of these files that names a setting and sets none."""
        file = self._sources.file()
        return list(file.content.ignored_lines) if file else []

    def _find(self, setting: Setting[Any]) -> Found:
        read = self._read_secret(setting) if setting.secret else self._sources.read(setting.name)
        return read or _NOT_FOUND

    def _read_secret(self, setting: Setting[Any]) -> Found | None:
        direct = self._sources.read(setting.name)
        _, _, direct_rank = direct or _NOT_FOUND
        path, source, rank = self._sources.read(setting.file_name) or _NOT_FOUND
        faults = self._secret_faults[setting.name]
        if path is None or direct_rank < rank:
            faults.update({})
            return direct
        if direct_rank == rank:
            raise ImproperlyConfigured(both_are_set(setting.name, source))
        label = f"{setting.file_name}, {path}"
        try:
            text = setting.read_file(path, source)
            if problems := setting.problems_of(text, label):
                raise ImproperlyConfigured(problems[0])
        except ImproperlyConfigured as error:
            good_path, text = self._secrets.get(setting.name, (None, ""))
            if good_path != path:
                raise
            faults.update({setting.file_name: str(error)})
        else:
            self._secrets[setting.name] = path, text
            faults.update({})
        return text, label, rank

    def _validate_entry(self, name: str, entries: Mapping[str, str], path: str) -> str | None:
        """What is wrong with an entry of a settings file that has changed, or None."""
        setting = next((setting for setting in self if name in setting.names), None)
        if setting is None or self._sources.read(name, with_file=False):
            return None
        if setting.secret and all(each in entries for each in setting.names):
            return both_are_set(setting.name, path)
        if name == setting.name:
            return next(iter(setting.problems_of(entries[name], path)), None)
        try:
            text = setting.read_file(entries[name], path)
        except ImproperlyConfigured as error:
            return str(error)
        return next(iter(setting.problems_of(text, path)), None)


def _is_meant_for_us(name: str, source: str, known: Collection[str]) -> bool:
    if source == ENVIRONMENT and re.fullmatch(_SERVICE_LINK, name):
        return False
    # In lower case, only what would be a setting otherwise
    return name.startswith(PREFIX) or (name.startswith(PREFIX.lower()) and name.upper() in known)


class Lenient:
    """The settings, with the default in place of a bad value.

    Django configures logging before any app can refuse to start. With these values it gets far
    enough for the refusal to be logged.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def __getattr__(self, name: str) -> Any:
        try:
            return getattr(self._settings, name)
        except ImproperlyConfigured:
            return getattr(type(self._settings), name).default
