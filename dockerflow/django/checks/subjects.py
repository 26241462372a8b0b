"""The subjects of a check: the databases, caches, URLs or paths of which each run looks at one.

A project's own check takes the subject as a keyword:

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
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage
from django.db import connections

from dockerflow.conf import conf

Function = Callable[..., Any]


@dataclass(frozen=True)
class Subjects:
    """What a decorated check looks at, found as its attribute ``subjects``.

    :param keyword: the keyword by which ``function`` takes one subject
    :param known: returns the names of all subjects; None where they are not known beforehand, such
        as URLs, and an entry of ``DOCKERFLOW_CHECKS`` has to name them in brackets
    :param parse: makes the value that ``function`` takes out of a name, and raises ValueError with
        a clause about it ("is not a URL")
    :param function: the check of one subject
    """

    keyword: str
    known: Callable[[], Iterable[str]] | None
    parse: Callable[[str], Any]
    function: Function


def subjects(
    keyword: str,
    known: Callable[[], Iterable[str]] | None = None,
    *,
    parse: Callable[[str], Any] = str,
    none: Callable[[], list[CheckMessage]] = list,
) -> Callable[[Function], Function]:
    """Declare that a check looks at one subject at a time, which it takes as ``keyword``.

    The decorated function is a system check of all its subjects; see :class:`Subjects` for the
    parameters. ``none`` returns the messages of a check that has no subject to look at.
    """

    def decorate(function: Function) -> Function:
        @functools.wraps(function)
        def check(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
            names = list(known()) if known else []
            if not names:
                return none()
            if keyword == "database" and kwargs.get("databases") is not None:
                names = [name for name in names if name in kwargs["databases"]]
            return [
                message
                for name in names
                for message in function(app_configs, **kwargs, **{keyword: parse(name)})
            ]

        vars(check)["subjects"] = Subjects(keyword, known, parse, function)
        return check

    return decorate


def database_aliases() -> list[str]:
    """The databases of ``DOCKERFLOW_DATABASES``, all of ``DATABASES`` where it is not set."""
    chosen = conf.DOCKERFLOW_DATABASES
    return list(connections) if chosen is None else chosen


def cache_aliases() -> list[str]:
    """The caches in ``CACHES``."""
    return list(settings.CACHES)
