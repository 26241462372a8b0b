"""The subjects of a check: the databases, caches, shards or URLs of which a run looks at one.

A project's own check declares them, and takes one as a keyword:

.. code-block:: python

    from dockerflow.django.checks import subjects


    def shards():
        return ["eu-1", "us-1"]


    @subjects("shard", shards)
    def check_shard(app_configs, shard, **kwargs):
        return []
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any

from asgiref.sync import async_to_sync
from django.conf import settings
from django.core.checks import CheckMessage
from django.db import connections

from dockerflow.conf import conf
from dockerflow.conf.dotted import Declaration

Function = Callable[..., Any]
DATABASE, CACHE = "database", "cache"


@dataclass(frozen=True)
class Subjects(Declaration):
    """What :func:`subjects` declares of a check, found as the attribute ``subjects`` of it."""

    keyword: str
    function: Function
    known: Callable[[], Iterable[str]] | None
    parse: Callable[[str], Any]
    default: tuple[str, ...]
    none: Callable[[], list[CheckMessage]] | None
    first: bool

    def known_names(self) -> list[str] | None:
        """The names of all subjects there are; None where they cannot be known.

        :raises TypeError: one of them is no text; and whatever ``known`` raises
        """
        if self.known is None:
            return None
        names = list(self.known())
        for name in names:
            if not isinstance(name, str):
                raise TypeError(f"{name!r} is no text, as the name of a {self.keyword} must be")
        return list(dict.fromkeys(names))

    def names(self, databases: Collection[str] | None = None) -> list[str]:
        """The subjects of an entry that names none in brackets.

        :param databases: what ``DOCKERFLOW_DATABASES`` holds; None for all
        :raises TypeError: as :meth:`known_names`
        """
        names = self.known_names()
        known = list(self.default) if names is None else names
        if databases is None or self.keyword != DATABASE:
            return known
        # What is no database at all is an error of that setting.
        return [name for name in databases if name in known or name not in connections.settings]

    def arguments(self, name: str) -> dict[str, Any]:
        """What ``function`` is called with for a subject.

        :raises ValueError: with a clause about a name that is no subject ("is not a URL")
        """
        return {self.keyword: self.parse(name)}


def declared_subjects(check: Function) -> Subjects | None:
    """What a check declares; None where it declares nothing, whatever its attributes are."""
    declared = getattr(check, "subjects", None)
    return declared if isinstance(declared, Subjects) else None


def subjects(  # noqa: PLR0913 (all but the first two by name)
    keyword: str,
    known: Callable[[], Iterable[str]] | None = None,
    *,
    parse: Callable[[str], Any] = str,
    default: tuple[str, ...] = (),
    none: Callable[[], list[CheckMessage]] | None = None,
    first: bool = False,
) -> Callable[[Function], Function]:
    """Declare that a check looks at one subject at a time.

    The check looks at all of them where it is called as Django calls it, and at one where it is
    given the keyword, as the heartbeat does. Another decorator may stand around it.

    Checks that look at the same ``database`` or ``cache`` run one after another in a thread that
    stays, and share a connection. All other runs go side by side.

    :param keyword: the name of the argument in which the decorated function gets its subject
    :param known: returns the names of all subjects, as text. It is called in the request, at each
        heartbeat and under ASGI in the event loop, so it must neither wait nor use a database: what
        takes time belongs into the check. None where the names cannot be listed, such as URLs; then
        an entry of ``DOCKERFLOW_CHECKS`` has to give them in brackets.
    :param parse: turns a name into what the function gets. It raises ValueError with the end of a
        sentence about the name, such as "is not a URL", which is then an error at the start.
    :param default: the subjects of an entry without brackets, where ``known`` is None
    :param none: returns the messages of a check that has no subject. Without it, a check that has
        none is an error at the start.
    :param first: whether it runs before the other checks of the same database or cache, whatever
        the order in the settings
    """

    def decorate(function: Function) -> Function:
        declared = Subjects(keyword, function, known, parse, default, none, first)

        @functools.wraps(function)
        def check(app_configs: Any = None, **kwargs: Any) -> Any:
            if keyword in kwargs:  # one subject, as the heartbeat asks for it
                return function(app_configs, **kwargs)
            names = declared.names(conf.DOCKERFLOW_DATABASES)
            if not names:
                return none() if none else []
            if keyword == DATABASE and kwargs.get("databases") is not None:
                names = [name for name in names if name in kwargs["databases"]]
            return [
                message
                for name in names
                for message in call(function, app_configs, **kwargs, **declared.arguments(name))
            ]

        check.subjects = declared  # type: ignore[attr-defined]
        return check

    return decorate


def call(function: Function, *arguments: Any, **keywords: Any) -> Any:
    """What the function returns, or what that returns if it is an awaitable."""
    returned = function(*arguments, **keywords)
    return async_to_sync(_awaited)(returned) if inspect.isawaitable(returned) else returned


async def _awaited(awaitable: Any) -> Any:
    return await awaitable


def database_aliases() -> list[str]:
    """The databases in ``DATABASES``."""
    return list(connections)


def cache_aliases() -> list[str]:
    """The caches in ``CACHES``."""
    return list(settings.CACHES)
