"""The parts of a script that decide what runs: lists, if, case, loops, functions."""

from __future__ import annotations

import contextlib
import fnmatch
from typing import TYPE_CHECKING, NamedTuple

from dockerflow.cli.verify.accounts import APP, UNKNOWN, Doubt
from dockerflow.cli.verify.shell.syntax import NOTHING, Exit, Node, Result, Status

if TYPE_CHECKING:
    from collections.abc import Callable

    from dockerflow.cli.verify.image import Image
    from dockerflow.cli.verify.shell.script import Script


class State(NamedTuple):
    """The image, the variables of the shell and the output at the end of a branch."""

    image: Image
    variables: dict[str, str]
    output: str


def maybe(script: Script, *branches: Callable[[], Result] | None) -> str:
    """Follow branches of which one runs; return the output if it is the same for all.

    A branch that ends the script is taken for a failed build.
    """
    source = script.source
    before = State(script.image.copy(), dict(script.variables), "")
    ends: list[State] = []
    for branch in branches:
        _become(script, before)
        with contextlib.suppress(Exit):
            output = branch()[1] if branch else ""
            ends.append(State(script.image.copy(), dict(script.variables), output))
    if not ends:
        raise Exit
    end = _merge(ends, source)
    _become(script, end)
    return end.output


def _become(script: Script, state: State) -> None:
    image = state.image.copy()
    script.image.accounts, script.image.files = image.accounts, image.files
    script.variables = dict(state.variables)


def _merge(ends: list[State], source: str) -> State:
    """Return the first of ``ends``, without what is not the same in all of them.

    ``source`` is in doubt where the group or the user app depends on the branch.
    """
    first, *others = ends
    image, output = first.image, first.output
    for other in others:
        if image.accounts.state(APP) != other.image.accounts.state(APP):
            image.accounts.doubts.append(Doubt(source, creates=False))
        image.accounts.doubts += [
            doubt for doubt in other.image.accounts.doubts if doubt not in image.accounts.doubts
        ]
        image.files |= _differing(image.files, other.image.files)
        first.variables.update(_differing(first.variables, other.variables))
        output = output if output == other.output else UNKNOWN
    return State(image, first.variables, output)


def _differing(one: dict[str, str], other: dict[str, str]) -> dict[str, str]:
    names = one.keys() | other.keys()
    return {name: UNKNOWN for name in names if one.get(name) != other.get(name)}


def declaration(script: Script, node: Node, stdin: str) -> Result:
    """Follow export, readonly, local and declare."""
    script.assign(node.get("Args", ()))
    if node["Variant"]["Value"] == "export":
        names = (argument.get("Name", {}).get("Value") for argument in node.get("Args", ()))
        script.exported.update(filter(None, names))
    return NOTHING


def binary(script: Script, node: Node, stdin: str, *, final: bool) -> Result:
    """Follow two commands with ``&&``, ``||`` or a pipe between them."""
    operator, left, right = node["Op"], node["X"], node["Y"]
    if operator in {"|", "|&"}:
        return script.statement(right, script.statement(left, stdin)[1], final=final)
    status, output = script.statement(left, stdin, final=final and operator == "&&")
    if status is Status.UNKNOWN and operator == "&&" and final:
        status = Status.LIKELY
    if status is Status.UNKNOWN:
        return Status.UNKNOWN, maybe(script, lambda: script.statement(right, stdin), None)
    if (status is Status.NO) is (operator == "&&"):
        return status, output
    status, more = script.statement(right, stdin, final=final)
    return status, output + more


def if_clause(script: Script, node: Node, stdin: str) -> Result:
    """Follow if: one branch where the condition is known, else all of them."""
    status = Status.YES
    if "Cond" in node:
        status, _ = script.statements(node["Cond"], "")

    def then() -> Result:
        return script.statements(node["Then"], stdin)

    def otherwise() -> Result:
        return if_clause(script, node["Else"], stdin) if "Else" in node else NOTHING

    if status in {Status.YES, Status.NO}:
        return then() if status is Status.YES else otherwise()
    return Status.UNKNOWN, maybe(script, then, otherwise)


def case_clause(script: Script, node: Node, stdin: str) -> Result:
    """Follow case: the branch of a known word, else all that are possible."""
    word = script.words.text(node["Word"])
    possible: list[Callable[[], Result] | None] = []
    for item in node.get("Items", ()):
        patterns = [script.words.text(pattern) for pattern in item["Patterns"]]

        def run(item: Node = item) -> Result:
            return script.statements(item.get("Stmts", ()), stdin)

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
    return Status.UNKNOWN, maybe(script, *possible)


def for_clause(script: Script, node: Node, stdin: str) -> Result:
    """Follow for, once for each word."""
    loop = node["Loop"]
    if loop["Type"] != "WordIter":
        return while_clause(script, node, stdin)
    for word in script.words.fields(loop.get("Items", ())):
        script.variables[loop["Name"]["Value"]] = word
        script.statements(node["Do"], stdin)
    return Status.LIKELY, UNKNOWN


def while_clause(script: Script, node: Node, stdin: str) -> Result:
    """Follow while and until, whose body may never run."""
    script.statements(node.get("Cond", ()), stdin)
    maybe(script, lambda: script.statements(node["Do"], stdin), None)
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
