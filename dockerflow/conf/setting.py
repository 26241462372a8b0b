"""Declared settings: kind, default and meaning in one place, read as a typed attribute."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Generic, NamedTuple, TypeVar, overload

from django.core.exceptions import ImproperlyConfigured

from dockerflow.conf.kinds import Kind

T = TypeVar("T")

DEFAULT = "default"


class Found(NamedTuple):
    """A raw value, its source, and the source's rank in the precedence (0 is first)."""

    value: Any
    source: str
    rank: int


class Setting(Generic[T]):
    """One declaration: as an attribute of :class:`Settings` it reads as the typed value.

    A ``secret`` is never shown, and ``NAME_FILE`` may name a file that holds it (Docker and
    Kubernetes secrets).
    """

    name: str

    def __init__(self, kind: Kind[T], default: T, help: str, *, secret: bool = False) -> None:  # noqa: A002
        self.kind = kind
        self.default = default
        self.help = help
        self.secret = secret

    def __set_name__(self, owner: type[Settings], name: str) -> None:
        self.name = name

    @overload
    def __get__(self, settings: None, owner: type[Settings]) -> Setting[T]: ...
    @overload
    def __get__(self, settings: Settings, owner: type[Settings]) -> T: ...
    def __get__(self, settings: Settings | None, owner: type[Settings]) -> Setting[T] | T:
        return self if settings is None else settings.resolve(self)[0]

    @property
    def file_name(self) -> str:
        """The name under which a secret's file is given."""
        return f"{self.name}_FILE"

    @property
    def names(self) -> list[str]:
        """The names that it is read from."""
        return [self.name, self.file_name] if self.secret else [self.name]

    def shown(self, value: Any) -> str:
        """The value for people's eyes."""
        return "(hidden)" if self.secret and value is not None else repr(value)

    def problem(self, value: Any, source: str, clause: str) -> str:
        """A line that says what is wrong, where it came from and what would be right."""
        stop = "" if clause.endswith("?") else "."
        return (
            f"{self.name} ({source}): {self.shown(value)} {clause}{stop}"
            f" Expected {self.kind.expected}."
        )


class Settings(ABC):
    """A class of declarations; where a name's raw value comes from is up to ``read``."""

    @abstractmethod
    def read(self, name: str) -> Found | None:
        """The raw value of one name, or None where no source has it.

        :raises django.core.exceptions.ImproperlyConfigured: a source cannot be read
        """

    def __iter__(self) -> Iterator[Setting[Any]]:
        """Every declaration, in the order of the reference."""
        return (value for value in vars(type(self)).values() if isinstance(value, Setting))

    def resolve(self, setting: Setting[T]) -> tuple[T, str]:
        """The typed value and its source: a Django setting, the environment, a path, the default.

        :raises django.core.exceptions.ImproperlyConfigured: the setting does not take the value
        """
        found = self._read_secret(setting) if setting.secret else self.read(setting.name)
        if found is None or found.value is None:  # a Django setting may ask for the default
            default: Any = setting.default
            if isinstance(default, list):  # of the kinds of values the one that can be changed
                default = default.copy()
            return default, DEFAULT if found is None else found.source
        try:
            return setting.kind.parse(found.value), found.source
        except ValueError as error:
            problem = setting.problem(found.value, found.source, str(error))
            raise ImproperlyConfigured(problem) from None

    def problems(self) -> list[str]:
        """A line for each value that cannot work; imports what dotted paths name."""
        lines = []
        for setting in self:
            try:
                value, source = self.resolve(setting)
            except ImproperlyConfigured as error:
                lines.append(str(error))
            else:
                clauses = setting.kind.check(value)
                lines += [setting.problem(value, source, clause) for clause in clauses]
        return list(dict.fromkeys(lines))

    def _read_secret(self, setting: Setting[Any]) -> Found | None:
        direct, in_file = self.read(setting.name), self.read(setting.file_name)
        if in_file is None or in_file.value is None or (direct and direct.rank < in_file.rank):
            return direct
        if direct and direct.rank == in_file.rank:
            raise ImproperlyConfigured(
                f"{setting.name} and {setting.file_name} ({in_file.source}) are both set. Set one."
            )
        try:
            text = Path(in_file.value).read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, TypeError, ValueError) as error:
            why = getattr(error, "strerror", None) or error
            # What is no absolute path may be the secret itself.
            shown = f"{in_file.value!r}" if str(in_file.value).startswith("/") else "(hidden)"
            raise ImproperlyConfigured(
                f"{setting.file_name} ({in_file.source}): {shown} cannot be read:"
                f" {why}. Expected the path of a file that holds the secret."
            ) from None
        return Found(text, f"{setting.file_name}, {in_file.value}", in_file.rank)
