"""How ENTRYPOINT and CMD start a program, and whether a signal reaches it."""

from __future__ import annotations

import posixpath
from typing import NamedTuple

from dockerflow.cli.verify.shell.programs import SHELLS
from dockerflow.cli.verify.shell.syntax import Node, ShellError, parse


class Start(NamedTuple):
    """ENTRYPOINT or CMD: its words, or in shell form its one script; and how it is written."""

    words: list[str]
    exec_form: bool
    written: str


NONE = Start([], exec_form=True, written="")


def behind_a_shell(entrypoint: Start, cmd: Start) -> list[str]:
    """Return which of the two start a shell that doesn't pass signals on, as they are written.

    A shell that ends in ``exec`` is replaced by the program, and the program gets the signals.
    """
    if _signals_all(entrypoint):
        return []
    found = [
        start.written
        for start in (entrypoint, cmd)
        if start.words and _is_behind_a_shell(start.words, exec_form=start.exec_form)
    ]
    both = [*entrypoint.words, *cmd.words]
    if entrypoint.exec_form and cmd.exec_form and not found and _is_behind_a_shell(both):
        found = [f"{entrypoint.written}; {cmd.written}"]
    return found


def _signals_all(entrypoint: Start) -> bool:
    """Return whether an init passes signals on to all processes, those behind a shell too."""
    words = entrypoint.words if entrypoint.exec_form else []
    name = posixpath.basename(words[0]) if words else ""
    if name == "dumb-init":
        return not {"-c", "--single-child"} & set(words)
    return name == "tini" and "-g" in words


def _is_behind_a_shell(words: list[str], *, exec_form: bool = True) -> bool:
    if not exec_form:
        return not _ends_in_exec(words[0])
    for number, word in enumerate(words):
        if posixpath.basename(word) in SHELLS:
            options = words[number + 1 :]
            break
    else:
        return False
    while options and options[0].startswith("-"):
        option = options.pop(0)
        if not option.startswith("--") and "c" in option:
            return bool(options) and not _ends_in_exec(options[0])
    return False


def _ends_in_exec(script: str) -> bool:
    try:
        statements = parse(script)
    except ShellError:
        return False
    command: Node = statements[-1].get("Cmd", {}) if statements else {}
    while command.get("Type") == "BinaryCmd" and command["Op"] in {"&&", "||"}:
        command = command["Y"].get("Cmd", {})
    if command.get("Type") != "CallExpr" or len(command.get("Args", ())) < 2:
        return False
    return [part.get("Value") for part in command["Args"][0]["Parts"]] == ["exec"]
