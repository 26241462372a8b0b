"""One declaration of a setting: kind, default and meaning together, read as a typed attribute."""

from __future__ import annotations

from typing import Any, Generic, NamedTuple, Protocol, TypeVar, overload

from dockerflow.values import Kind

T = TypeVar("T")


class Found(NamedTuple):
    """A raw value, its source, and the source's rank in the precedence (0 is first)."""

    value: Any
    source: str
    rank: int


class Resolved(NamedTuple, Generic[T]):
    """A typed value and its source: a Django setting, the environment, a file's path, default."""

    value: T
    source: str


class Resolver(Protocol):
    """What settings are attributes of: it knows where values come from."""

    def resolve(self, setting: Setting[T]) -> Resolved[T]: ...


class Setting(Generic[T]):
    """One declaration: as an attribute of ``Conf`` it reads as the typed value.

    A ``secret`` is never shown, and ``NAME_FILE`` may name a file that holds it (Docker and
    Kubernetes secrets).
    """

    name: str

    def __init__(self, kind: Kind[T], default: T, help: str, *, secret: bool = False) -> None:  # noqa: A002
        self.kind = kind
        self.default = default
        self.help = help
        self.secret = secret

    def __set_name__(self, owner: type[Resolver], name: str) -> None:
        self.name = name

    @overload
    def __get__(self, conf: None, owner: type[Resolver]) -> Setting[T]: ...
    @overload
    def __get__(self, conf: Resolver, owner: type[Resolver]) -> T: ...
    def __get__(self, conf: Resolver | None, owner: type[Resolver]) -> Setting[T] | T:
        return self if conf is None else conf.resolve(self).value

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

    def problem(self, found: Found | Resolved[T], clause: str) -> str:
        """A line that says what is wrong, where it came from and what would be right."""
        stop = "" if clause.endswith("?") else "."
        shown = self.shown(found.value)
        return (
            f"{self.name} ({found.source}): {shown} {clause}{stop} Expected {self.kind.expected}."
        )
