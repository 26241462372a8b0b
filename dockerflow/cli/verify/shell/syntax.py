"""Shell scripts: parsed by shfmt, their words expanded as far as the text alone allows.

shfmt's parser (https://github.com/mvdan/sh) reads POSIX's and bash's syntax. Its tree is the one
that ``shfmt --to-json`` prints.
"""

from __future__ import annotations

import enum
import importlib.metadata
import json
import re
import subprocess
from functools import cache
from typing import TYPE_CHECKING, Any

from dockerflow.cli.verify.accounts import UNKNOWN
from dockerflow.cli.verify.image import TEXT_LIMIT

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dockerflow.cli.verify.shell.script import Script

Node = dict[str, Any]


class Status(enum.Enum):
    """Whether a command succeeds; LIKELY is what it is meant to do, and what builds rely on."""

    YES = enum.auto()
    NO = enum.auto()
    LIKELY = enum.auto()
    UNKNOWN = enum.auto()


# the status and the standard output of a command
Result = tuple[Status, str]
NOTHING: Result = (Status.YES, "")

SECONDS = 10.0
ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v", "e": "\x1b"}
QUOTED = {"SglQuoted", "DblQuoted"}
SPLIT = {"ParamExp", "CmdSubst"}
# what a parameter may have besides its name, and is not followed: ${#X}, ${!X}, ${X/a/b} ...
NOT_FOLLOWED = {"Excl", "Length", "Width", "Index", "Slice", "Repl", "Names", "IsSet"}


class ShellError(ValueError):
    """A script that can't be followed; the text says why."""


def parse(script: str) -> list[Node]:
    """Return the statements of a script.

    Raises ShellError where it is none, and ImportError without the extra ``verify``.
    """
    try:
        done = subprocess.run(  # noqa: S603
            [_shfmt(), "--to-json", "--language-dialect", "bash"],
            input=script.encode(),
            capture_output=True,
            timeout=SECONDS,
            check=False,
        )
        if done.returncode:
            complaint = done.stderr.decode(errors="replace").strip()
            raise ShellError(complaint.partition("\n")[0].removeprefix("<standard input>:"))
        statements: list[Node] = json.loads(done.stdout).get("Stmts", [])
        return statements
    except (subprocess.TimeoutExpired, RecursionError, MemoryError):
        raise ShellError("it is nested too deeply") from None


@cache
def _shfmt() -> str:
    # the program of the package, whichever other is on PATH
    package = importlib.metadata.distribution("shfmt-py")
    paths = [path for path in package.files or () if path.name in {"shfmt", "shfmt.exe"}]
    if not paths:
        raise ImportError("shfmt-py has no program")
    return str(package.locate_file(paths[0]))


def unescape(text: str) -> str:
    """Return ``text`` with the backslash sequences of echo -e, printf and $'...' replaced."""

    def replace(match: re.Match[str]) -> str:
        if match[1]:
            return chr(int(match[1], 8) % 256)
        return ESCAPES.get(match[2], match[2] if match[2] in "\\'\"?" else match[0])

    return re.sub(r"\\(?:0?([0-7]{1,3})|(.))", replace, text, flags=re.DOTALL)


def positional(variables: dict[str, str]) -> list[str]:
    """Return the values of ``$1``, ``$2`` and so on."""
    names = [name for name in variables if re.fullmatch("[1-9][0-9]{0,5}", name)]
    return [variables[name] for name in sorted(names, key=int)]


class Exit(Exception):  # noqa: N818 (no error)
    """The script or the function ends here."""


class Words:
    """Expands words, with the variables of ``script`` and the output of its commands."""

    def __init__(self, script: Script) -> None:
        self.script = script

    def fields(self, words: Iterable[Node]) -> list[str]:
        """Return the words after expansion and field splitting."""
        result: list[str] = []
        for word in words:
            if (arguments := self._all_arguments(word)) is not None:
                result += arguments
                continue
            fields = [""]
            quoted = False
            for part in word["Parts"]:
                text = self._part(part)
                quoted |= part["Type"] in QUOTED
                first, *rest = re.split(r"[ \t\n]+", text) if part["Type"] in SPLIT else [text]
                fields[-1] += first
                fields += rest
            result += fields if quoted else filter(None, fields)
        return [_bounded(field) for field in result]

    def text(self, word: Node | None) -> str:
        """Return the word as one text, without field splitting."""
        return _bounded("".join(map(self._part, word["Parts"]))) if word else ""

    def heredoc(self, redirection: Node) -> str:
        """Return the text of a here-document."""
        body: Node = redirection.get("Hdoc") or {"Parts": []}
        marks = redirection["Word"]["Parts"]
        if any(part["Type"] in QUOTED or "\\" in part.get("Value", "") for part in marks):
            text = "".join(part.get("Value", "") for part in body["Parts"])
        else:
            text = "".join(map(self._quoted, body["Parts"]))
        if redirection["Op"] == "<<-":
            text = re.sub(r"^\t+", "", text, flags=re.MULTILINE)
        return _bounded(text)

    def _all_arguments(self, word: Node) -> list[str] | None:
        parts = word["Parts"]
        if len(parts) == 1 and parts[0]["Type"] == "DblQuoted":
            parts = parts[0].get("Parts", [])
        if len(parts) != 1 or parts[0]["Type"] != "ParamExp" or "Exp" in parts[0]:
            return None
        if parts[0]["Param"]["Value"] not in {"@", "*"}:
            return None
        return positional(self.script.variables)

    def _part(self, part: Node) -> str:
        kind = part["Type"]
        if kind == "Lit":
            return re.sub(r"\\(\n|.)", lambda m: m[1].strip("\n"), part["Value"], flags=re.DOTALL)
        if kind == "SglQuoted":
            value: str = part.get("Value", "")
            return unescape(value) if part.get("Dollar") else value
        if kind == "DblQuoted":
            return "".join(map(self._quoted, part.get("Parts", [])))
        if kind == "ParamExp":
            return self._parameter(part)
        if kind == "CmdSubst":
            return self.script.subshell(part.get("Stmts", []), "")[1].rstrip("\n")
        return UNKNOWN

    def _quoted(self, part: Node) -> str:
        if part["Type"] != "Lit":
            return self._part(part)
        return re.sub(r'\\(["$`\\\n])', lambda m: m[1].strip("\n"), part["Value"])

    def _parameter(self, node: Node) -> str:
        name = node["Param"]["Value"]
        value = self.script.variables.get(name)
        if any(node.get(key) for key in NOT_FOLLOWED):
            return UNKNOWN
        expansion = node.get("Exp")
        if expansion is None:
            return UNKNOWN if value is None else value
        operator = expansion["Op"]
        if operator.removeprefix(":") not in {"-", "=", "+", "?"}:
            return UNKNOWN  # ${X#pattern} and the like
        if operator[0] == ":" and value == UNKNOWN:
            return UNKNOWN
        unset = value is None or (operator[0] == ":" and value == "")
        if operator[-1] == "+":
            return "" if unset else self.text(expansion.get("Word"))
        if not unset:
            return value or ""
        if operator[-1] == "?":
            return UNKNOWN
        text = self.text(expansion.get("Word"))
        if operator[-1] == "=":
            self.script.variables[name] = text
        return text


def _bounded(text: str) -> str:
    return text if len(text) <= TEXT_LIMIT else UNKNOWN
