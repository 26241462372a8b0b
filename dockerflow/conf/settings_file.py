"""The settings file: ``settings.ini`` or ``.env`` in one directory, loaded again when it changes.

Such a file often belongs to another tool. One that is not meant for Dockerflow is ignored. What
is wrong in a file that has changed since the start does not replace what was right before.
"""

from __future__ import annotations

import configparser
import os
import re
import stat
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from decouple import AutoConfig, RepositoryIni
from django.core.exceptions import ImproperlyConfigured

from dockerflow.conf.faults import Faults
from dockerflow.secret import ENCODING

SECTION = RepositoryIni.SECTION
# Compiled when used, which they are where there is such a file.
_NAME = r"DOCKERFLOW_[A-Z0-9_]+"
# A name of ours where a line has its name
_MENTION = rb"(?im)^[^#;=:\n\r]*DOCKERFLOW_"
# A line that seems to set one of ours: after nothing, or words such as "export", "-", what JSON has
# there, or characters that no editor shows
_ASSIGNMENT = (
    r"""(?i)(?:\w[\w-]*\s|[\s"'{,\u200b\ufeff-])*DOCKERFLOW_\w+["']?\s*(?:[?+]?=|[:\s]|$)"""
)
_ENV_ASSIGNMENT = r"\s*(DOCKERFLOW_[A-Z0-9_]+)\s*="
_INI_ASSIGNMENT = r"(?i)\s*(DOCKERFLOW_\w+)\s*[=:]"

# Takes a name, all entries of a changed file and its path; returns what is wrong with the entry
ValidateEntry = Callable[[str, Mapping[str, str], str], str | None]


@dataclass(frozen=True)
class Content:
    """What is found in a directory.

    :param path: the file that is read; empty where there is none
    :param names: the names in it that begin with ``DOCKERFLOW_``
    :param entries: their values, without the blank ones
    :param problems: a sentence about what cannot be used: the file, by its path, or an entry, by
        its name
    :param ignored_files: why a file is not read, by its path
    :param ignored_lines: a sentence about each line that names a setting and sets none
    """

    path: str = ""
    names: frozenset[str] = frozenset()
    entries: Mapping[str, str] = field(default_factory=dict)
    problems: Mapping[str, str] = field(default_factory=dict)
    ignored_files: Mapping[str, str] = field(default_factory=dict)
    ignored_lines: tuple[str, ...] = ()


class SettingsFile:
    """The settings file in one directory.

    :param directory: where it is; the directories above are not looked at
    :param validate_entry: returns what is wrong with an entry of a file that has changed since the
        first look; what is wrong at the first look is found when the entry is used
    """

    def __init__(self, directory: Path, validate_entry: ValidateEntry) -> None:
        self._readers = {f"{directory}/{name}": read for name, read in AutoConfig.SUPPORTED.items()}
        self._validate_entry = validate_entry
        self._identities = self._identify()
        self.content = _load(self._readers)
        self.faults = Faults()

    def read(self, name: str) -> str | None:
        """The entry of that name, or None.

        :raises django.core.exceptions.ImproperlyConfigured: the file or the entry cannot be used,
            and could not be at the first look
        """
        content = self.content
        if content.problems:
            for key in (content.path, name):
                if key in content.problems:
                    raise ImproperlyConfigured(content.problems[key])
        return content.entries.get(name)

    def reload_if_changed(self) -> None:
        """Load the file if it has changed."""
        identities = self._identify()
        if identities != self._identities:
            self._identities = identities
            self.content, faults = self._without_faults(_load(self._readers))
            self.faults.update(faults)

    def _identify(self) -> list[tuple[int, ...] | None]:
        return [_identity(path) for path in self._readers]

    def _without_faults(self, new: Content) -> tuple[Content, dict[str, str]]:
        """The new content, with the old where the new is wrong; and what is wrong."""
        old = self.content
        if old.path in old.problems:
            return new, {}
        path, line = new.path, new.problems.get(new.path)
        if line is None and old.entries and (reason := _why_lost(old.path, new)):
            path, line = old.path, _unusable(old.path, reason)
        if line is not None:  # the entries that were wrong before are not in order either
            return replace(old, ignored_files=new.ignored_files), {**self.faults.lines, path: line}
        entries, problems = dict(new.entries), dict(new.problems)
        faults = problems | {
            name: line
            for name, value in entries.items()
            if value != old.entries.get(name)
            and (line := self._validate_entry(name, new.entries, new.path))
        }
        for name in [name for name in faults if self._was_never_good(name)]:
            del faults[name]
        for name in faults:
            entries.pop(name, None)
            problems.pop(name, None)
            if name in old.entries:
                entries[name] = old.entries[name]
        return replace(new, entries=entries, problems=problems), faults

    def _was_never_good(self, name: str) -> bool:
        old = self.content
        if name in old.entries:
            return self._validate_entry(name, old.entries, old.path) is not None
        return name in old.problems


def _identity(path: str) -> tuple[int, ...] | None:
    """What differs when a file has changed, or can be read though it could not before.

    None where there is no file.
    """
    try:
        status = os.stat(path)  # noqa: PTH116 (Path is slow)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:  # such as a directory that may not be searched
        return (error.errno or 0,)
    return status.st_ino, status.st_mtime_ns, status.st_size, status.st_mode, status.st_uid


def _load(readers: Mapping[str, Callable[..., Any]]) -> Content:
    """The first of these files that is meant for Dockerflow."""
    content = Content()
    ignored_files: dict[str, str] = {}
    ignored_lines: list[str] = []
    for path, reader in readers.items():
        try:
            if not stat.S_ISREG(os.stat(path).st_mode):  # noqa: PTH116
                continue  # .env may be a virtual environment
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            ignored_files[path] = _unreadable(error)
            continue
        raw, repository, reason = _read(path, reader)
        is_ours = re.search(_MENTION, raw.replace(b"\0", b"")) is not None  # UTF-16 has NULs
        if content.path:
            if is_ours:
                ignored_files[path] = f"there is {content.path}, too"
        elif repository is None and is_ours:
            content = Content(path, problems={path: _unusable(path, reason)})
        elif repository is None:
            ignored_files[path] = reason
        else:
            found = _content(path, repository)
            ignored_lines += _ignored_lines(path, raw.decode(ENCODING, "replace"), found.names)
            if isinstance(repository, RepositoryIni) and not repository.parser.has_section(SECTION):
                ignored_files[path] = f"it has no [{SECTION}] section"
            else:
                content = found
    return replace(content, ignored_files=ignored_files, ignored_lines=tuple(ignored_lines))


def _unusable(path: str, reason: str) -> str:
    return f"{path} cannot be used: {reason}."


def _why_lost(path: str, new: Content) -> str | None:
    """Why a file that is still there is not read any more, or None."""
    if os.path.exists(path) and not os.path.isfile(path):  # noqa: PTH110, PTH113 (Path may raise)
        return "it is not a file"
    return new.ignored_files.get(path)


def _unreadable(error: OSError) -> str:
    return f"it cannot be read ({error.strerror})"


def _read(path: str, reader: Callable[..., Any]) -> tuple[bytes, Any, str]:
    """The bytes of a file, and what python-decouple makes of it; else None, and the reason.

    The reason quotes nothing of the file, which may hold secrets.
    """
    raw = b""
    try:
        raw = Path(path).read_bytes()
        repository = reader(path, encoding=ENCODING)
        if b"\0" not in raw:
            return raw, repository, ""
        reason = "it holds NUL characters"  # UTF-16 may be valid UTF-8
    except OSError as error:
        reason = _unreadable(error)
    except UnicodeError:
        reason = "it is not UTF-8"
    except configparser.ParsingError as error:
        line = getattr(error, "lineno", None) or error.errors[0][0]
        reason = f"line {line} is not NAME = value below [{SECTION}]"
    except (configparser.DuplicateOptionError, configparser.DuplicateSectionError) as error:
        reason = f"line {error.lineno} repeats a name"
    return raw, None, reason


def _content(path: str, repository: Any) -> Content:
    if isinstance(repository, RepositoryIni):
        has_section = repository.parser.has_section(SECTION)
        names = [name.upper() for name in repository.parser[SECTION]] if has_section else []
    else:
        names = list(repository.data)
    names = [name for name in names if re.fullmatch(_NAME, name)]
    entries, problems = {}, {}
    for name in names:
        try:
            if value := repository[name].strip():
                entries[name] = value
        except configparser.Error:  # whose text quotes the value
            problems[name] = f"{name} ({path}) cannot be read: in an ini file, % is written %%."
    return Content(path, frozenset(names), entries, problems)


def _ignored_lines(path: str, text: str, names: Collection[str]) -> Iterator[str]:
    """A sentence about each line that names a setting and sets none."""
    is_ini = path.endswith(".ini")
    assignment = _INI_ASSIGNMENT if is_ini else _ENV_ASSIGNMENT
    form = (
        f"NAME = value below [{SECTION}]"
        if is_ini
        else ("NAME=value, with NAME in capital letters and nothing before it")
    )
    for number, line in enumerate(re.split(r"\r\n|\r|\n", text), 1):
        match = re.match(assignment, line)
        if re.match(_ASSIGNMENT, line) and not (match and match[1].upper() in names):
            yield f"Line {number} of {path} has no effect. Write {form}."
