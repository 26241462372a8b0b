"""What the shell scripts of a Dockerfile do to the accounts and files of its image.

Nothing runs. A script is followed the way a shell would, with what is known of its variables; a
command that makes accounts and can't be followed is kept as a doubt.
"""

from __future__ import annotations

import contextlib
import posixpath
import re
from collections import Counter
from typing import TYPE_CHECKING

from dockerflow.cli.verify.accounts import UNKNOWN, Doubt, names_accounts
from dockerflow.cli.verify.image import TEXT_LIMIT
from dockerflow.cli.verify.shell import flow, programs
from dockerflow.cli.verify.shell.syntax import (
    NOTHING,
    Exit,
    Node,
    Result,
    ShellError,
    Status,
    Words,
    parse,
    positional,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dockerflow.cli.verify.image import Image

DEPTH = 20  # scripts and functions, one inside the other
LIMITS = {"scripts": 200, "commands": 10_000}  # how many of one RUN are followed


class Script:
    """A shell that follows scripts and changes ``image``."""

    def __init__(
        self,
        image: Image,
        variables: dict[str, str],
        followed: Counter[str] | None = None,
        depth: int = 0,
    ) -> None:
        self.image = image
        # a shell passes over variables whose names are none of its own
        self.variables = {
            name: value for name, value in variables.items() if re.fullmatch(r"[A-Za-z_]\w*", name)
        }
        self.exported = set(self.variables)
        self.directory = "/"
        self.source = ""  # the command that is followed
        # all commands that may run, and the directory of each
        self.commands: list[tuple[list[str], str]] = []
        self.functions: dict[str, tuple[Node, bytes]] = {}
        self.words = Words(self)
        self.text = b""
        self._followed = Counter() if followed is None else followed
        self._depth = depth

    def run(self, text: str, stdin: str = "") -> Result:
        """Follow the script ``text``, whose end must succeed or there would be no image.

        Raises ShellError where it is none, or too much.
        """
        self._count("scripts")
        try:
            with self._inside(text.encode()):
                return self.statements(parse(text), stdin, final=True)
        except Exit:
            return NOTHING
        except RecursionError:
            raise ShellError("it is nested too deeply") from None

    def run_apart(self, text: str, arguments: Iterable[str] = (), stdin: str = "") -> Result:
        """Follow a script in a shell of its own; in doubt where that is not possible."""
        variables = {name: self.variables[name] for name in self.exported & self.variables.keys()}
        inner = Script(self.image, variables, self._followed, self._depth)
        inner.directory, inner.source, inner.commands = self.directory, self.source, self.commands
        inner.set_arguments(arguments)
        try:
            return inner.run(text, stdin)
        except ShellError:
            if names_accounts(text):
                self.doubt()
            return Status.UNKNOWN, UNKNOWN

    def doubt(self, *, creates: bool = False) -> None:
        """Keep the present command as one that can't be followed."""
        self.image.accounts.doubts.append(Doubt(self.source, creates))

    def unread(self, words: Iterable[str]) -> Result:
        """Follow a command that is not known: it is in doubt if it names accounts."""
        if names_accounts(" ".join(words)):
            self.doubt()
        return Status.LIKELY, UNKNOWN

    def path(self, path: str) -> str:
        """Return the absolute path of ``path``."""
        return posixpath.normpath(posixpath.join(self.directory, path))

    def set_arguments(self, arguments: Iterable[str]) -> None:
        """Make ``arguments`` the positional parameters."""
        for name in [name for name in self.variables if name.isdigit()]:
            del self.variables[name]
        for number, argument in enumerate(arguments, 1):
            self.variables[str(number)] = argument

    def call(self, words: list[str], stdin: str) -> Result:
        """Follow a command, which may be a function."""
        self.commands.append((words, self.directory))
        if words[0] not in self.functions:
            return programs.run(self, words, stdin)
        body, text = self.functions[words[0]]
        saved = positional(self.variables)
        self.set_arguments(words[1:])
        try:
            with self._inside(text):
                return self.statement(body, stdin)
        except Exit:
            return Status.UNKNOWN, UNKNOWN
        finally:
            self.set_arguments(saved)

    @contextlib.contextmanager
    def _inside(self, text: bytes) -> Iterator[None]:
        """Make ``text``, a script or the one of a function, that of the statements meanwhile."""
        if self._depth == DEPTH:
            raise ShellError("it is nested too deeply")
        before, self.text = self.text, text
        self._depth += 1
        try:
            yield
        finally:
            self._depth -= 1
            self.text = before

    def _count(self, kind: str) -> None:
        self._followed[kind] += 1
        if self._followed[kind] > LIMITS[kind]:
            raise ShellError(f"it runs too many {kind}")

    def statements(self, nodes: Iterable[Node], stdin: str, *, final: bool = False) -> Result:
        """Follow statements, of which the last may be ``final``."""
        nodes = list(nodes)
        status, outputs = Status.YES, []
        for number, node in enumerate(nodes, 1):
            status, output = self.statement(node, stdin, final=final and number == len(nodes))
            outputs.append(output)
        return status, "".join(outputs)

    def statement(self, node: Node, stdin: str, *, final: bool = False) -> Result:
        """Follow a statement; a ``final`` one succeeds in every image that is built."""
        self._count("commands")
        source = self.text[node["Pos"]["Offset"] : node["End"]["Offset"]].decode(errors="replace")
        stdin, files, silent = self._redirections(node.get("Redirs", ()), stdin)
        command = node.get("Cmd")
        status, output = self._command(command, stdin, final, source) if command else NOTHING
        if node.get("Negated"):
            status = {Status.YES: Status.NO, Status.NO: Status.YES}.get(status, Status.UNKNOWN)
        for path, append in files:
            self.image.write(path, output, source, append=append)
        return status, "" if files or silent else output

    def _redirections(
        self, nodes: Iterable[Node], stdin: str
    ) -> tuple[str, list[tuple[str, bool]], bool]:
        """Return the input, the files written or appended to, and whether the output is lost."""
        files = []
        silent = False
        for node in nodes:
            operator, stream = node["Op"], node.get("N", {}).get("Value", "1")
            if operator in {"<<", "<<-"}:
                stdin = self.words.heredoc(node)
            elif operator == "<<<":
                stdin = self.words.text(node["Word"]) + "\n"
            elif operator == "<":
                stdin = self.image.read(self.path(self.words.text(node["Word"])))
            elif operator == ">&":
                silent |= stream == "1"
            elif stream == "1":
                files.append((self.path(self.words.text(node["Word"])), ">>" in operator))
        return stdin, files, silent

    def _command(self, node: Node, stdin: str, final: bool, source: str) -> Result:
        kind = node["Type"]
        if kind == "CallExpr":
            return self._call(node, stdin, source)
        if kind == "BinaryCmd":
            return flow.binary(self, node, stdin, final=final)
        if kind == "Block":
            return self.statements(node["Stmts"], stdin, final=final)
        if kind == "Subshell":
            return self.subshell(node["Stmts"], stdin, final=final)
        if kind in {"TimeClause", "CoprocClause"} and node.get("Stmt"):
            return self.statement(node["Stmt"], stdin, final=final)
        follow = flow.FOLLOWED.get(kind)
        self.source = source
        return follow(self, node, stdin) if follow else (Status.UNKNOWN, "")

    def subshell(self, nodes: Iterable[Node], stdin: str, *, final: bool = False) -> Result:
        """Follow statements, and forget the variables that they set."""
        saved = dict(self.variables)
        try:
            return self.statements(nodes, stdin, final=final)
        except Exit:
            return Status.UNKNOWN, UNKNOWN
        finally:
            self.variables = saved

    def _call(self, node: Node, stdin: str, source: str) -> Result:
        words = self.words.fields(node.get("Args", ()))
        saved = dict(self.variables)
        self.assign(node.get("Assigns", ()))
        if not words:
            return Status.LIKELY, ""
        self.source = source
        names = {assignment["Name"]["Value"] for assignment in node.get("Assigns", ())}
        before = set(self.exported)
        self.exported |= names
        result = self.call(words, stdin)
        self.exported -= names - before
        for name in names:
            if name in saved:
                self.variables[name] = saved[name]
            else:
                self.variables.pop(name, None)
        return result

    def assign(self, assignments: Iterable[Node]) -> None:
        for assignment in assignments:
            if assignment.get("Naked") or "Name" not in assignment:
                continue
            name = assignment["Name"]["Value"]
            text = UNKNOWN
            if "Array" not in assignment and "Index" not in assignment:
                old = self.variables.get(name, "") if assignment.get("Append") else ""
                text = old + self.words.text(assignment.get("Value"))
            self.variables[name] = text if len(text) <= TEXT_LIMIT else UNKNOWN
