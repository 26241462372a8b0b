"""Declared settings: kind, default and meaning in one place, read as a typed attribute."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

from django.core.exceptions import ImproperlyConfigured

from dockerflow.conf.kinds import Kind
from dockerflow.scrub import scrub
from dockerflow.secret import read_file, refuse_quotes_and_comments

if TYPE_CHECKING:
    from dockerflow.conf.settings import Settings

T = TypeVar("T")


class Setting(Generic[T]):
    """One declaration: as an attribute of :class:`Settings` it reads as the typed value.

    :param kind: what its values look like
    :param default: its typed value where it is set nowhere
    :param help: a sentence in reST, for the reference
    :param secret: its value is never shown, and may lie in a file that ``NAME_FILE`` names
        (Docker and Kubernetes secrets)
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

    def __set__(self, settings: Settings, value: object) -> None:
        raise AttributeError(
            f"{self.name} of dockerflow.conf cannot be assigned. Set the Django setting or the"
            " environment variable; in a test, use override_settings or monkeypatch.setenv."
        )

    @property
    def file_name(self) -> str:
        """The name under which a secret's file is given."""
        return f"{self.name}_FILE"

    @property
    def names(self) -> list[str]:
        """The names that it is read from."""
        return [self.name, self.file_name] if self.secret else [self.name]

    def parse(self, value: Any) -> T:
        """The typed value.

        :raises ValueError: with a clause about the value
        """
        if isinstance(value, str):
            refuse_quotes_and_comments(value)
        try:
            return self.kind.parse(value)
        except ValueError:
            raise
        except Exception as error:  # of a lazy object, say
            raise ValueError(f"cannot be used: {type(error).__name__}: {error}") from None

    def read_file(self, path: Any, source: str) -> str:
        """The secret in the file at ``path``, without the newline at its end.

        :raises django.core.exceptions.ImproperlyConfigured: the file cannot be read
        """
        try:
            return read_file(self.file_name, path, source)
        except ValueError as error:
            raise ImproperlyConfigured(str(error)) from None

    def show(self, value: Any) -> str:
        """The value for people: a secret is hidden, and what is secret in any other value."""
        if self.secret and value is not None:
            return "(hidden)"
        try:
            return scrub(repr(str(value) if isinstance(value, PurePath) else value))
        except Exception:  # of an object that runs code of its own when it is shown
            return f"<{type(value).__name__}>"

    def problems_of(self, value: Any, source: str) -> list[str]:
        """A line for each thing that is wrong with a raw value; None is the default."""
        try:
            parsed = self.default if value is None else self.parse(value)
        except ValueError as error:
            return [self.problem(value, source, str(error))]
        shown = self.default if value is None else value
        return [self.problem(shown, source, clause) for clause in self.kind.check(parsed)]

    def problem(self, value: Any, source: str, clause: str) -> str:
        """A line that says what is wrong, where it came from and what would be right."""
        line = f"{self.name} ({source}): {self.show(value)} {scrub(clause)}"
        line += "" if clause.endswith("?") else "."
        expected = self.kind.expected
        return line if expected in clause else f"{line} Expected {expected}."
