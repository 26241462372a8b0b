"""Dotted paths as values: what they lead to is imported, and looked at, before it is used."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator, Sequence
from importlib.machinery import PathFinder
from typing import Any

from dockerflow.conf.kinds import Kind, about_item, names, stripped
from dockerflow.conf.spelling import did_you_mean, nearest

_PATH = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)+")


def _parse(value: Any) -> str:
    path = stripped(value)
    if not _PATH.fullmatch(path):
        raise ValueError("is not a dotted path")
    return path


def _check(path: str) -> Iterator[str]:
    module_name, _, attribute = path.rpartition(".")
    try:
        module = importlib.import_module(module_name)
    except (Exception, SystemExit) as error:  # a module may raise anything while it is imported
        missing = error.name if isinstance(error, ModuleNotFoundError) else None
        if missing and f"{module_name}.".startswith(f"{missing}."):
            nearest_module = _nearest_module(module_name)
            hint = did_you_mean(nearest_module)
            yield f"does not exist: there is no module {missing}{hint}"
        else:
            yield f"cannot be imported: {type(error).__name__}: {error}"
        return
    if not hasattr(module, attribute):
        functions = [name for name, value in vars(module).items() if callable(value)]
        hint = did_you_mean(nearest(attribute, functions))
        yield f"does not exist: {module_name} has no {attribute}{hint}"
    elif not callable(getattr(module, attribute)):
        yield "is not callable"


def _nearest_module(module_name: str) -> str | None:
    """The existing module of the nearest name, found without importing it.

    What a misspelt name happens to resemble may be a script that does something when imported.
    """
    found: list[str] = []
    search: Sequence[str] | None = None
    for part in module_name.split("."):
        match = nearest(part, [info.name for info in pkgutil.iter_modules(search)])
        spec = PathFinder.find_spec(match, search) if match else None
        if spec is None:
            return None
        found.append(spec.name)
        search = spec.submodule_search_locations or []
    return ".".join(found)


function = Kind("the dotted path of a function", _parse, _check)


def _parse_each(value: Any) -> list[str]:
    paths: dict[str, None] = {}
    items = names.parse(value)
    for item in items:
        try:
            paths[_parse(item)] = None
        except ValueError as error:
            raise ValueError(about_item(item, items, str(error))) from None
    return list(paths)


def _check_each(paths: list[str]) -> Iterator[str]:
    for path in paths:
        for clause in list(_check(path)) or _check_function(path):
            yield about_item(path, paths, clause)


def _check_function(path: str) -> Iterator[str]:
    # https://docs.djangoproject.com/en/stable/topics/checks/#writing-your-own-checks
    check = pkgutil.resolve_name(path)
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


system_checks = Kind(
    "a list of dotted paths of functions, comma-separated or as a JSON array",
    _parse_each,
    _check_each,
)
