"""Dotted paths as values: what they lead to is imported, and looked at, before it is used."""

from __future__ import annotations

import contextlib
import functools
import importlib.util
import inspect
import pkgutil
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from importlib.machinery import PathFinder
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from dockerflow.conf.kinds import Kind, about_item, names
from dockerflow.conf.spelling import did_you_mean, nearest, nearest_by_words, suggestion
from dockerflow.secret import stripped

_PATH = r"[^\W\d]\w*(\.[^\W\d]\w*)+"
OWN = "dockerflow.django.checks"
PROJECT_CHECK = "shop.checks.check_stock"  # an example
_ENTRY = r"(?s)([^\[\]]*)(?:\[(.*)\])?"
_MISSING = object()


def _parse(value: Any) -> str:
    path = stripped(value)
    if not re.fullmatch(_PATH, path):
        raise ValueError("is not a dotted path")
    return path


def _check(path: str) -> Iterator[str]:
    module_name, _, attribute = path.rpartition(".")
    try:
        module = importlib.import_module(module_name)
        found = getattr(module, attribute, _MISSING)
        hint = did_you_mean(_nearest_function(attribute, module)) if found is _MISSING else ""
    except (Exception, SystemExit) as error:  # a module may raise anything, its __getattr__ too
        missing = error.name if isinstance(error, ModuleNotFoundError) else None
        if missing and f"{module_name}.".startswith(f"{missing}."):
            hint = did_you_mean(_nearest_module(module_name))
            yield f"does not exist: there is no module {missing}{hint}"
        else:
            yield f"cannot be imported: {type(error).__name__}: {error}"
        return
    if inspect.ismodule(found) or (found is _MISSING and _is_module(path)):
        yield f"is a module: name a function in it, such as {path}.NAME"
    elif found is _MISSING:
        yield f"does not exist: {module_name} has no {attribute}{hint}"
    elif not callable(found):
        yield "is not callable"


def _is_module(path: str) -> bool:
    with contextlib.suppress(Exception):
        return importlib.util.find_spec(path) is not None
    return False


def _nearest_function(name: str, module: Any) -> str | None:
    # What a module imports when it is first asked for is not imported for a hint.
    functions = [each for each in dir(module) if callable(vars(module).get(each, callable))]
    prefix = "check_" if name.casefold().startswith("check_") else ""
    return nearest_by_words(name, [each for each in functions if each.startswith(prefix)], prefix)


def _nearest_module(module_name: str) -> str | None:
    """The existing module of the nearest name, found without importing it.

    What a misspelt name happens to resemble may be a script that does something when imported.
    """
    found: list[str] = []
    search: Sequence[str] | None = None
    for part in module_name.split("."):
        # There are hundreds of modules at the top: one of them is always a little like it.
        likeness = 0.8 if search is None else 0.6
        match = nearest(part, [info.name for info in pkgutil.iter_modules(search)], likeness)
        spec = PathFinder.find_spec(match, search) if match else None
        if spec is None:
            return None
        found.append(spec.name)
        search = spec.submodule_search_locations or []
    return ".".join(found)


function = Kind("the dotted path of a function", _parse, _check)


@functools.cache
def split_entry(entry: str) -> tuple[str, tuple[str, ...]]:
    """The dotted path and the subjects of an entry of a list of checks.

    An entry is a dotted path, or the bare name of one of Dockerflow's own checks, and may name
    subjects in brackets: ``check_migrations_applied[default,replica]``.

    :raises ValueError: with a clause about the entry
    """
    match = re.fullmatch(_ENTRY, entry.strip())
    if match is None:
        raise ValueError("has brackets that do not match")
    path, subjects = match[1].strip(), match[2]
    if path.isidentifier():
        path = f"{OWN}.{path}"
    try:
        path = function.parse(path)
    except ValueError:
        raise ValueError("is neither a dotted path nor the name of a check") from None
    if subjects is None:
        return path, ()
    found = dict.fromkeys(_split_at_commas(subjects))
    if not found:
        raise ValueError("names nothing in its brackets")
    return path, tuple(found)


def _split_at_commas(text: str) -> list[str]:
    """The parts between commas, but for those inside of brackets; without blanks around them.

    :raises ValueError: brackets do not match
    """
    parts, depth = [""], 0
    for character in text:
        depth += {"[": 1, "]": -1}.get(character, 0)
        if depth < 0:
            break
        if character == "," and not depth:
            parts.append("")
        else:
            parts[-1] += character
    if depth:
        raise ValueError("has brackets that do not match")
    return [part.strip() for part in parts if part.strip()]


def _parse_entries(value: Any) -> list[str]:
    # A text that starts with a bracket is a JSON array.
    if isinstance(value, str) and not value.strip().startswith("["):
        value = _split_at_commas(value) or value
    entries: dict[str, None] = {}
    items = names.parse(value)
    for item in items:
        try:
            path, subjects = split_entry(item)
        except ValueError as error:
            raise ValueError(about_item(item, items, str(error))) from None
        brackets = f"[{','.join(subjects)}]" if subjects else ""
        entries[path + brackets] = None
    return list(entries)


def _check_entries(entries: list[str]) -> Iterator[str]:
    for entry in entries:
        path, subjects = split_entry(entry)
        clauses = list(function.check(path))
        if clauses and path.startswith(f"{OWN}.") and "did you mean" not in clauses[0]:
            clauses[0] += f"; a check of your own needs its module: {PROJECT_CHECK}"
        if not clauses:
            try:
                check = pkgutil.resolve_name(path)
                clauses = list(_check_function(check)) or list(_check_subjects(check, subjects))
            except (Exception, SystemExit) as error:  # such as a descriptor of the check
                clauses = [f"cannot be used: {type(error).__name__}: {error}"]
        for clause in clauses:
            yield about_item(entry.removeprefix(f"{OWN}."), entries, clause)


def _check_function(check: Any) -> Iterator[str]:
    # https://docs.djangoproject.com/en/stable/topics/checks/#writing-your-own-checks
    try:
        hash(check)
    except TypeError:
        yield "cannot be hashed, as Django's registry of checks asks for"
    try:
        parameters = inspect.signature(check).parameters.values()
        accepted = any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters)
    except ValueError:  # some of what is written in C has no signature
        accepted = False
    if not accepted:
        yield "takes no **kwargs, as a system check must"


class Declaration(ABC):
    """What a check declares of its subjects; :mod:`dockerflow.django.checks.subjects` has it."""

    keyword: str
    default: tuple[str, ...]
    none: Callable[[], Any] | None

    @abstractmethod
    def known_names(self) -> list[str] | None:
        """The names of all subjects; None where they cannot be listed."""

    @abstractmethod
    def arguments(self, name: str) -> dict[str, Any]:
        """The keyword arguments with which the check is called for a subject.

        :raises ValueError: with a clause about a name that is no subject
        """


def _check_subjects(check: Any, subjects: tuple[str, ...]) -> Iterator[str]:
    declared = getattr(check, "subjects", None)
    if not isinstance(declared, Declaration):  # a callable may have such an attribute of its own
        if subjects:
            yield "takes no brackets"
        return
    try:
        known = declared.known_names()
    except ImproperlyConfigured:  # by another setting, which is reported as well
        return
    except Exception as error:
        yield f"cannot say what there is to look at: {type(error).__name__}: {error}"
        return
    if not subjects and known is None and not declared.default:
        yield f"needs a {declared.keyword} in brackets: {check.__name__}[...]"
    elif not subjects and known == [] and declared.none is None:
        yield f"has no {declared.keyword} to look at"
    for name in subjects:
        if known is not None and name not in known:
            hint = suggestion(name, known)
            yield f"names {name!r}, which is not a known {declared.keyword}{hint}"
            continue
        try:
            declared.arguments(name)
        except ValueError as error:
            yield f"names {name!r}, which {error}"
        except Exception as error:
            yield f"names {name!r}, which its parse() cannot read: {type(error).__name__}: {error}"


def choosing_databases(entries: list[str]) -> list[str]:
    """The entries that look at the databases in ``DOCKERFLOW_DATABASES`` and need one."""
    found = []
    for entry in entries:
        path, subjects = split_entry(entry)
        with contextlib.suppress(Exception, SystemExit):  # which is a problem of that entry
            declared = pkgutil.resolve_name(path).subjects
            is_of_databases = isinstance(declared, Declaration) and declared.keyword == "database"
            if not subjects and is_of_databases and declared.none is None:
                found.append(entry.removeprefix(f"{OWN}."))
    return found


system_checks = Kind(
    "a list of checks by name or dotted path, comma-separated or as a JSON array",
    _parse_entries,
    _check_entries,
)
