"""The package as it is with orjson, with msgspec, or with neither."""

import importlib
import importlib.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

import pytest

from dockerflow import jsonable

ABSENT = {"orjson": [], "msgspec": ["orjson"], "json": ["orjson", "msgspec"]}


@contextmanager
def encoder(name: str) -> Iterator[None]:
    """Within it, lines are encoded by the library of this name."""
    with _without(ABSENT[name]):
        importlib.reload(jsonable)
    try:
        yield
    finally:
        importlib.reload(jsonable)


def jsonable_with(name: str) -> ModuleType:
    """A module ``dockerflow.jsonable`` of its own, which uses the library of this name."""
    specification = importlib.util.find_spec("dockerflow.jsonable")
    module = importlib.util.module_from_spec(specification)
    with _without(ABSENT[name]):
        specification.loader.exec_module(module)
    return module


@contextmanager
def _without(modules: list[str]) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for module in modules:
            patch.setitem(sys.modules, module, None)
        yield
