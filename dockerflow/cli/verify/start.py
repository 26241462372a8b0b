"""How ENTRYPOINT and CMD start a program, and whether a signal reaches it."""

from __future__ import annotations

import getopt
import posixpath
from typing import NamedTuple

from dockerflow.cli.verify.shell.programs import SHELLS, parse_shell
from dockerflow.cli.verify.shell.syntax import Node, ShellError, parse


class Start(NamedTuple):
    """ENTRYPOINT or CMD: its words, or in shell form its one script; and how it is written."""

    words: list[str]
    exec_form: bool
    written: str


class Init(NamedTuple):
    """The options of an init, and those of them that decide who gets a signal.

    With one of these a whole group gets it, or, where that is the default, one process only.
    """

    short: str
    long: list[str]
    options: set[str]
    is_group_wanted: bool


# https://github.com/krallin/tini and https://github.com/Yelp/dumb-init
TINI = Init("e:ghlp:svw", ["version"], {"-g"}, is_group_wanted=True)
INITS = {
    "dumb-init": Init(
        "chr:vV",
        ["help", "rewrite=", "single-child", "verbose", "version"],
        {"-c", "--single-child"},
        is_group_wanted=False,
    ),
    "tini": TINI,
    "tini-static": TINI,
}
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
    init = INITS.get(posixpath.basename(words[0]) if words else "")
    if init is None:
        return False
    try:
        options = {option for option, _ in getopt.getopt(words[1:], init.short, init.long)[0]}
    except getopt.GetoptError:
        return False
    return bool(options & init.options) == init.is_group_wanted


def _is_behind_a_shell(words: list[str], *, exec_form: bool = True) -> bool:
    if not exec_form:
        return not _ends_in_exec(words[0])
    shells = (number for number, word in enumerate(words) if posixpath.basename(word) in SHELLS)
    number = next(shells, None)
    if number is None:
        return False
    is_text, rest = parse_shell(words[number:])
    return is_text and bool(rest) and not _ends_in_exec(rest[0])


def _ends_in_exec(script: str) -> bool:
    try:
        return _is_replaced(parse(script))
    except ShellError:
        return False


def _is_replaced(statements: list[Node]) -> bool:
    """Return whether the program that the statements end with takes the place of the shell."""
    if not statements or statements[-1].get("Background"):
        return False
    command: Node = statements[-1].get("Cmd", {})
    kind = command.get("Type")
    if kind == "BinaryCmd" and command["Op"] in {"&&", "||"}:
        return _is_replaced([command["Y"]])
    if kind == "Block":
        return _is_replaced(command["Stmts"])
    if kind == "CaseClause":
        items = command.get("Items", [])
        return bool(items) and all(_is_replaced(item.get("Stmts", [])) for item in items)
    if kind == "IfClause":
        branches = [command["Then"]]
        while command := command.get("Else", {}):
            branches.append(command["Then"])
        return all(map(_is_replaced, branches))
    if kind != "CallExpr" or len(command.get("Args", ())) < 2:
        return False
    return [part.get("Value") for part in command["Args"][0]["Parts"]] == ["exec"]
