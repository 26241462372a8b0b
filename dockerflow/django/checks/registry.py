"""Which checks the settings ask for, and their registration with Django's system checks."""

from __future__ import annotations

import copy
import functools
import logging
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.core import checks
from django.core.checks import CheckMessage
from django.core.exceptions import ImproperlyConfigured
from django.db import connections
from django.utils.module_loading import import_string

from dockerflow import health
from dockerflow.conf import conf
from dockerflow.conf.dotted import split_entry
from dockerflow.django.checks.database import check_database_connected
from dockerflow.django.checks.sqlite_files import file_of
from dockerflow.django.checks.subjects import DATABASE, Function, Subjects, call, declared_subjects
from dockerflow.error_records import arguments
from dockerflow.loggers import write
from dockerflow.scrub import scrub

if TYPE_CHECKING:
    from dockerflow.heartbeat.report import Message

logger = logging.getLogger("dockerflow.checks.registry")

TAG = "dockerflow"


@dataclass(frozen=True)
class Configured:
    """One check for one subject, or without any, as the settings ask for it.

    :param path: of the check, in its first entry
    :param required: whether its failure fails the heartbeat
    """

    path: str
    check: Function
    subject: str | None
    required: bool

    @property
    def subjects(self) -> Subjects | None:
        """What the check declares with ``@subjects``; None where it declares nothing."""
        return declared_subjects(self.check)

    def __call__(self, **kwargs: Any) -> Any:
        """What the check returns for the subject, maybe an awaitable."""
        declared = self.subjects
        if declared is None or self.subject is None:
            return self.check(**kwargs)
        return self.check(**kwargs, **declared.arguments(self.subject))


def configured() -> tuple[Configured, ...]:
    """What the heartbeat runs: ``DOCKERFLOW_CHECKS``, then ``DOCKERFLOW_OPTIONAL_CHECKS``.

    An entry that names a subject overrides one of the other list that does not, and a required one
    an optional one that is as specific.
    """
    required, optional = conf.DOCKERFLOW_CHECKS, conf.DOCKERFLOW_OPTIONAL_CHECKS
    entries = tuple(map(split_entry, required + optional))
    checks = tuple([import_string(path) for path, _ in entries])
    databases = conf.DOCKERFLOW_DATABASES
    names = tuple([_names(check, databases) for check in checks])
    return _configured(entries, checks, names, len(required))


def _names(check: Function, databases: Collection[str] | None) -> tuple[str, ...]:
    """The subjects of a check that an entry without brackets means."""
    declared = declared_subjects(check)
    try:
        return () if declared is None else tuple(declared.names(databases))
    except Exception:  # which the check will raise again when it is run
        return ()


@functools.lru_cache(maxsize=2)
def _configured(
    entries: tuple[tuple[str, tuple[str, ...]], ...],
    checks: tuple[Function, ...],
    names: tuple[tuple[str, ...], ...],
    required: int,
) -> tuple[Configured, ...]:
    """The same, from entries that are read and imported.

    :param entries: path and subjects of each entry, those of the required checks first
    :param checks: what the path of each entry leads to
    :param names: the subjects that an entry of this check means without brackets
    :param required: how many of the entries are of required checks
    """
    paths: dict[Function, str] = {}
    chosen: dict[Function, dict[str | None, bool]] = {}  # None stands for the whole check
    for number, ((path, subjects), check) in enumerate(zip(entries, checks, strict=True)):
        paths.setdefault(check, path)
        for subject in subjects or (None,):
            chosen.setdefault(check, {}).setdefault(subject, number < required)
    all_names = dict(zip(checks, names, strict=True))
    found = []
    for check, path in paths.items():
        by_subject = chosen[check]
        if None in by_subject and (all_names[check] or len(by_subject) > 1):
            whole = by_subject.pop(None)
            by_subject = {**dict.fromkeys(all_names[check], whole), **by_subject}
        found += [Configured(path, check, subject, must) for subject, must in by_subject.items()]
    return tuple(found)


def register() -> None:
    """Register the configured checks with Django, under the tag ``dockerflow``.

    All are database checks, so that they run for those databases only that a command asks for.
    ``check_database_connected`` is part of every ``check --database ALIAS``; the others are
    deployment checks, or ``migrate`` would complain of the migrations that it is to apply. A
    registration of the same function by the project stays as it is.
    """
    for check in {chosen.check for chosen in configured()}:
        checks.register(
            system_check(check),
            TAG,
            checks.Tags.database,
            deploy=check is not check_database_connected,
        )


@functools.cache
def system_check(check: Function) -> Function:
    """The check for Django's registry, which sets tags on it and cannot await it."""

    @functools.wraps(check)
    def run(databases: Collection[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
        # Before Django 6.1 also called where no database was asked for.
        if not databases:
            return []
        return [
            message
            for chosen in configured()
            if chosen.check is check
            and _is_asked_for(chosen, databases)
            and not _waits_for_migrate(chosen)
            for message in _messages(chosen, databases=databases, **kwargs)
        ]

    return run


def _messages(chosen: Configured, **kwargs: Any) -> list[CheckMessage]:
    """The messages of a check as the heartbeat shows them, also where it raises, even SystemExit.

    :raises KeyboardInterrupt: Ctrl-C
    """
    from dockerflow.heartbeat.report import Check  # noqa: PLC0415 (most processes run no check)
    from dockerflow.heartbeat.runs import NO_MESSAGES, junk, raised  # noqa: PLC0415

    name = getattr(chosen.check, "__name__", chosen.path)
    check = Check(name, key=None, function=chosen, subject=chosen.subject)
    found: list[CheckMessage] = []
    try:
        returned = call(chosen, **kwargs)
        if not isinstance(returned, Iterable) or isinstance(returned, NO_MESSAGES):
            return [_shown(junk(check, returned, "a list of messages"))]
        for item in returned:
            is_message = isinstance(item, CheckMessage)
            found.append(_shown(item if is_message else junk(check, item, "a message")))
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        write(logger, logging.ERROR, "%s raised an exception", check.label, **arguments(error))
        found += map(_shown, raised(check, error).messages)
    return found


def _shown(message: CheckMessage | Message) -> CheckMessage:
    """A message for ``manage.py check``, without credentials, and with what to do about its id."""
    if isinstance(message, CheckMessage):
        shown = copy.copy(message)
    else:
        shown = CheckMessage(message.level, message.msg, hint=message.hint, id=message.id)
    shown.msg = scrub(str(shown.msg))
    hint = shown.hint or health.ADVICE.get(shown.id or "")
    shown.hint = hint and scrub(str(hint))
    return shown


def _is_asked_for(chosen: Configured, databases: Collection[str]) -> bool:
    declared = chosen.subjects
    is_database = declared is not None and declared.keyword == DATABASE
    return not is_database or chosen.subject is None or chosen.subject in databases


def _waits_for_migrate(chosen: Configured) -> bool:
    """Whether the check is to connect to an SQLite database whose file is still to be created.

    ``migrate`` creates it, and runs this check before: an error would keep it from doing so. The
    heartbeat reports such a database.
    """
    if chosen.check is not check_database_connected or chosen.subject is None:
        return False
    try:
        connection = connections[chosen.subject]
        file = file_of(connection) if connection.vendor == "sqlite" else None
    except ImproperlyConfigured:  # the check reports it
        return False
    return file is not None and file.can_be_created()
