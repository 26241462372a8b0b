"""The settings as reST, made from their declarations: the reference in the docs, README's table.

A Sphinx extension for the first; ``python docs/reference.py`` prints the second.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dockerflow.conf import conf

if TYPE_CHECKING:
    from sphinx.application import Sphinx

    from dockerflow.conf.setting import Setting

MARK = ".. settings-reference\n"
README = [
    "DOCKERFLOW_CHECKS",
    "DOCKERFLOW_HEARTBEAT_TIMEOUT",
    "DOCKERFLOW_HEARTBEAT_FAIL_LEVEL",
    "DOCKERFLOW_HEARTBEAT_TOKEN",
    "DOCKERFLOW_LOG_LEVEL",
]


def setup(app: Sphinx) -> dict[str, Any]:
    for kind in ("setting", "message"):
        app.add_object_type(kind, kind, objname=kind)
    app.connect("source-read", insert)
    return {"parallel_read_safe": True}


def insert(app: Sphinx, page: str, source: list[str]) -> None:
    source[0] = source[0].replace(MARK, "\n".join(map(entry, conf)))


def entry(setting: Setting[Any]) -> str:
    """One setting in the reference."""
    lines = [f".. setting:: {setting.name}", "", f"   {meaning(setting)}"]
    if setting.secret:
        lines += ["", f"   ``{setting.file_name}`` can name a file with the value instead."]
    return "\n".join([*lines, "", ""])


def table() -> str:
    """The settings of the README, in one table."""
    lines = [".. list-table::", "   :header-rows: 1", ""]
    rows = [(f"``{setting.name}``", meaning(setting)) for setting in conf if setting.name in README]
    for name, cell in [("Setting", "Meaning"), *rows]:
        lines += [f"   * - {name}", f"     - {cell}"]
    return "\n".join(lines) + "\n"


def meaning(setting: Setting[Any]) -> str:
    return f"{setting.help} Takes {setting.kind.expected}. Default: {default(setting)}."


def default(setting: Setting[Any]) -> str:
    """The default as somebody would write it in the environment."""
    value = setting.default
    if value is None:
        return "not set"
    if isinstance(value, list):
        return ", ".join(f"``{item}``" for item in value) or "an empty list"
    return f"``{value:g}``" if isinstance(value, float) else f"``{value}``"


if __name__ == "__main__":
    print(table(), end="")
