"""Where a setting's raw value comes from: :meth:`Sources.read` is the precedence.

The Django setting; else the environment variable of the same name; else the entry in
``settings.ini`` or ``.env`` in ``BASE_DIR``; else none, and the default holds.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Collection, Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

from django.utils.functional import empty

from dockerflow.conf import kinds

if TYPE_CHECKING:
    from decouple import Config

    from dockerflow.conf.settings_file import SettingsFile, ValidateEntry

# python-decouple is imported when a value is read: for a fifth of the time that it takes to import
# the middleware, it imports configparser.
# ruff: noqa: PLC0415

DJANGO, ENVIRONMENT = "Django setting", "environment"
INTERVAL = 1  # seconds between two looks at the settings file
_MISSING = object()

# A raw value, its source, and the source's rank in the precedence (0 is first). A tuple, because
# making a NamedTuple would take a tenth of the time of a read.
Found = tuple[Any, str, int]


class Sources:
    """The places in which settings are looked up, each time that one is read.

    :param default_base_dir: the directory of the settings file where ``BASE_DIR`` is not set
    :param validate_entry: returns what is wrong with an entry of a settings file that has changed
    """

    def __init__(self, default_base_dir: Any, validate_entry: ValidateEntry) -> None:
        self._default_base_dir = default_base_dir
        self._validate_entry = validate_entry
        self._file: tuple[Any, SettingsFile | None] = None, None
        self._looked = -float("inf")

    def read(self, name: str, *, with_file: bool = True) -> Found | None:
        """The raw value of one name, or None where it is set nowhere.

        A blank value is not set: projects pass on what an empty variable holds.

        :param with_file: whether to look in the settings file, after the rest
        :raises django.core.exceptions.ImproperlyConfigured: the settings file cannot be used, or
            its entry of that name
        """
        settings = django_settings()
        value = getattr(settings, name, _MISSING)
        if value is not _MISSING and not (isinstance(value, str) and not value.strip()):
            return value, DJANGO, 0
        if name in os.environ and (value := _environment().get(name)).strip():
            return value, ENVIRONMENT, 1
        if name == "BASE_DIR" or not with_file:  # BASE_DIR says where the file is
            return None
        file = self._current_file(settings)
        if file is None or not file.content.path:
            return None
        value = file.read(name)
        return (value, file.content.path, 2) if value else None

    def file(self) -> SettingsFile | None:
        """The settings file in ``BASE_DIR``, as it is now or was within the last second.

        None where ``BASE_DIR`` is not a path, which is a problem of its own.
        """
        return self._current_file(django_settings())

    def _current_file(self, settings: object) -> SettingsFile | None:
        # Nearly always it is a Django setting, and every read of every setting asks for it.
        base_dir = getattr(settings, "BASE_DIR", None) or self._base_dir()
        directory, file = self._file
        if directory is not base_dir and directory != base_dir:
            file = self._first_look(base_dir)
        elif not 0 <= time.monotonic() - self._looked < INTERVAL:  # a frozen clock may go back
            self._looked = time.monotonic()
            if file is not None:
                file.reload_if_changed()
        return file

    def _first_look(self, base_dir: Any) -> SettingsFile | None:
        from dockerflow.conf.settings_file import SettingsFile

        is_blank = isinstance(base_dir, str) and not base_dir.strip()
        try:
            directory = kinds.path.parse(self._base_dir() if is_blank else base_dir)
            file = SettingsFile(directory, self._validate_entry)
        except ValueError:
            file = None
        self._file, self._looked = (base_dir, file), time.monotonic()
        return file

    def _base_dir(self) -> Any:
        found = self.read("BASE_DIR")
        return self._default_base_dir if found is None or found[0] is None else found[0]

    def names(self) -> Iterator[tuple[str, str]]:
        """Every name that is set anywhere, also if to a blank value, and its source."""
        settings = django_settings()
        yield from ((name, DJANGO) for name in dir(settings) if name.isupper())
        yield from ((name, ENVIRONMENT) for name in os.environ)
        file = self.file()
        if file is not None:
            yield from ((name, file.content.path) for name in file.content.names)


@cache
def _environment() -> Config:
    # Never decouple.config: whoever calls it first fixes the file for the whole process, and it
    # looks in parent directories too.
    from decouple import Config, RepositoryEmpty

    return Config(RepositoryEmpty())


def databases() -> Collection[str] | None:
    """The keys of ``DATABASES``, or None without Django's settings."""
    return getattr(django_settings(), "DATABASES", None)


def django_settings() -> object | None:
    """Django's settings; None in a process that does not use them, or while they are loaded.

    Dockerflow does not import ``django.conf`` itself: a process without Django, such as the master
    of gunicorn, would get a lazy settings object, and gevent's patching touches all objects that
    there are. Where the process has imported it and ``DJANGO_SETTINGS_MODULE`` is set, the first
    read loads the settings, so that a value is the same before and after others load them.

    Returns what Django's lazy object wraps. Through the object itself, which runs Python for each
    attribute, a heartbeat takes 7 % longer (257 us and not 240, in ``tests.benchmarks.heartbeat``
    on SQLite with 20 migrations): a setting that is not set takes 3.1 us and not 1.3. Seen on
    Django 4.2 to 6.1.
    """
    try:
        settings = sys.modules["django.conf"].settings
    except (AttributeError, KeyError):
        return None
    wrapped: object = object.__getattribute__(settings, "_wrapped")
    if wrapped is not empty:
        return wrapped
    module = os.environ.get("DJANGO_SETTINGS_MODULE")
    if not module or _is_loading(module):
        return None
    settings.DEBUG  # noqa: B018 (loads them, and raises what that raises)
    return django_settings()


def _is_loading(settings_module: str) -> bool:
    """Whether a settings module, or a package that it lies in, is being executed.

    To load the settings then would take them from half a module.
    """
    module = sys.modules.get(settings_module)
    # django-configurations executes the module, then makes settings of a class, and this at last.
    if module is not None and os.environ.get("DJANGO_CONFIGURATION"):
        return not hasattr(module, "CONFIGURATION")
    parts = settings_module.split(".")
    specs = (
        getattr(sys.modules.get(".".join(parts[:count])), "__spec__", None)
        for count in range(1, len(parts) + 1)
    )
    # Where Python's import keeps the answer, which has no public name
    return any(getattr(spec, "_initializing", False) for spec in specs)
