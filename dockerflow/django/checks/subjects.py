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
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from asgiref.sync import async_to_sync
from django.conf import settings
from django.core.checks import CheckMessage
from django.db import connections

from dockerflow.conf import conf

Function = Callable[..., Any]
DATABASE, CACHE = "database", "cache"


class Subjects(NamedTuple):
    """What :func:`subjects` declares of a check, found as the attribute ``subjects`` of it."""

    keyword: str
    function: Function
    known: Callable[[], Iterable[str]] | None
    parse: Callable[[str], Any]
    default: tuple[str, ...]
    none: Callable[[], list[CheckMessage]] | None
    first: bool

    def names(self) -> list[str]:
        """The subjects of an entry that names none in brackets."""
        known = list(self.default if self.known is None else self.known())
        chosen = conf.DOCKERFLOW_DATABASES if self.keyword == DATABASE else None
        if chosen is None:
            return known
        # What is no database at all is an error of that setting.
        return [name for name in chosen if name in known or name not in connections.settings]

    def arguments(self, name: str) -> dict[str, Any]:
        """What ``function`` is called with for a subject.

        :raises ValueError: with a clause about a name that is no subject ("is not a URL")
        """
        return {self.keyword: self.parse(name)}


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

    Checks that look at the same ``database`` or ``cache`` run one after another in a thread that
    stays, and share a connection. All other runs go side by side.

    :param keyword: the keyword by which the decorated function takes its subject
    :param known: returns the names of all subjects there are, at each heartbeat and without
        waiting for anything; None where they cannot be known, such as URLs: then an entry of
        ``DOCKERFLOW_CHECKS`` has to name them in brackets
    :param parse: turns a name into what the function takes; raises ValueError with a clause about
        a name that is no subject ("is not a URL"), which is then an error at the start
    :param default: the subjects of an entry without brackets where they cannot be known
    :param none: returns the messages of a check that has no subject; without it, to have none is an
        error at the start
    :param first: whether it runs before the other checks of the same database or cache, whatever
        the order of the settings
    """

    def decorate(function: Function) -> Function:
        declared = Subjects(keyword, function, known, parse, default, none, first)

        @functools.wraps(function)
        def check(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
            names = declared.names()
            if not names:
                return none() if none else []
            if keyword == DATABASE and kwargs.get("databases") is not None:
                names = [name for name in names if name in kwargs["databases"]]
            return [
                message
                for name in names
                for message in call(function, app_configs, **kwargs, **declared.arguments(name))
            ]

        vars(check)["subjects"] = declared
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
