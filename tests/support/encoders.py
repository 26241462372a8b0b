"""The package as it is with orjson, with msgspec, and with neither."""

import importlib.util
import sys
from types import ModuleType

import pytest

LIBRARIES = {"orjson": [], "msgspec": ["orjson"], "json": ["orjson", "msgspec"]}


def copy_of(module: str, **instead: ModuleType | None) -> ModuleType:
    """A copy of a module that imports these instead; None is not there to import."""
    specification = importlib.util.find_spec(module)
    copy = importlib.util.module_from_spec(specification)
    with pytest.MonkeyPatch.context() as patch:
        for name, replacement in instead.items():
            patch.setitem(sys.modules, name, replacement)
        specification.loader.exec_module(copy)
        if hasattr(copy, "one_line"):
            copy.one_line("")  # imports the encoder
    return copy


jsonables = {
    library: copy_of("dockerflow.logging.jsonable", **dict.fromkeys(missing))
    for library, missing in LIBRARIES.items()
}
mozlogs = {
    library: copy_of("dockerflow.logging.mozlog", **{"dockerflow.logging.jsonable": jsonable})
    for library, jsonable in jsonables.items()
}
