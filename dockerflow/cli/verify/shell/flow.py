"""The parts of a script that decide what runs: lists, if, case, loops, functions."""

from __future__ import annotations

import fnmatch
from typing import TYPE_CHECKING

from dockerflow.cli.verify.accounts import UNKNOWN
from dockerflow.cli.verify.shell.syntax import NOTHING, Node, Result, Status

if TYPE_CHECKING:
    from collections.abc import Callable

    from dockerflow.cli.verify.shell.script import Script


def declaration(script: Script, node: Node, stdin: str) -> Result:
    """Follow export, readonly, local and declare."""
    script.assign(node.get("Args", ()))
    if node["Variant"]["Value"] == "export":
        names = (argument.get("Name", {}).get("Value") for argument in node.get("Args", ()))
        script.exported.update(filter(None, names))
    return NOTHING


def binary(script: Script, node: Node, stdin: str, final: bool) -> Result:
    """Follow two commands with ``&&``, ``||`` or a pipe between them."""
    operator, left, right = node["Op"], node["X"], node["Y"]
    if operator in {"|", "|&"}:
        return script.statement(right, script.statement(left, stdin, False)[1], final)
    status, output = script.statement(left, stdin, final and operator == "&&")
    if status is Status.UNKNOWN and operator == "&&" and final:
        status = Status.LIKELY
    if status is Status.UNKNOWN:
        return Status.UNKNOWN, script.maybe(lambda: script.statement(right, stdin, False), None)
    if (status is Status.NO) is (operator == "&&"):
        return status, output
    status, more = script.statement(right, stdin, final)
    return status, output + more


def if_clause(script: Script, node: Node, stdin: str) -> Result:
    """Follow if: one branch where the condition is known, else all of them."""
    status = Status.YES
    if "Cond" in node:
        status, _ = script.statements(node["Cond"], "", False)

    def then() -> Result:
        return script.statements(node["Then"], stdin, False)

    def otherwise() -> Result:
        return if_clause(script, node["Else"], stdin) if "Else" in node else NOTHING

    if status in {Status.YES, Status.NO}:
        return then() if status is Status.YES else otherwise()
    return Status.UNKNOWN, script.maybe(then, otherwise)


def case_clause(script: Script, node: Node, stdin: str) -> Result:
    """Follow case: the branch of a known word, else all that are possible."""
    word = script.words.text(node["Word"])
    possible: list[Callable[[], Result] | None] = []
    for item in node.get("Items", ()):
        patterns = [script.words.text(pattern) for pattern in item["Patterns"]]

        def run(item: Node = item) -> Result:
            return script.statements(item.get("Stmts", ()), stdin, False)

        certain = "*" in patterns or (
            UNKNOWN not in word + "".join(patterns)
            and any(fnmatch.fnmatchcase(word, pattern) for pattern in patterns)
        )
        if certain or UNKNOWN in word + "".join(patterns):
            possible.append(run)
        if certain:
            break
    else:
        possible.append(None)
    if len(possible) == 1:
        return possible[0]() if possible[0] else NOTHING
    return Status.UNKNOWN, script.maybe(*possible)


def for_clause(script: Script, node: Node, stdin: str) -> Result:
    """Follow for, once for each word."""
    loop = node["Loop"]
    if loop["Type"] != "WordIter":
        return while_clause(script, node, stdin)
    for word in script.words.fields(loop.get("Items", ())):
        script.variables[loop["Name"]["Value"]] = word
        script.statements(node["Do"], stdin, False)
    return Status.LIKELY, UNKNOWN


def while_clause(script: Script, node: Node, stdin: str) -> Result:
    """Follow while and until, whose body may never run."""
    script.statements(node.get("Cond", ()), stdin, False)
    script.maybe(lambda: script.statements(node["Do"], stdin, False), None)
    return Status.LIKELY, UNKNOWN


def function(script: Script, node: Node, stdin: str) -> Result:
    """Keep the body of a function for its calls."""
    script.functions[node["Name"]["Value"]] = node["Body"], script.text
    return NOTHING


FOLLOWED: dict[str, Callable[[Script, Node, str], Result]] = {
    "CaseClause": case_clause,
    "DeclClause": declaration,
    "ForClause": for_clause,
    "FuncDecl": function,
    "IfClause": if_clause,
    "WhileClause": while_clause,
}
