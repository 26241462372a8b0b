"""A Dockerfile, read as the image that its last stage makes.

https://docs.docker.com/reference/dockerfile/ is the reference; the instructions are parsed by
e2b-dockerfile-utils, a port of BuildKit's own parser, heredocs included.
"""

from __future__ import annotations

import copy
import posixpath
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dockerflow.cli.verify.accounts import Accounts, commands

if TYPE_CHECKING:
    from e2b_dockerfile_utils import DockerfileInstruction

# the installers whose work is lost with every change of the sources that were copied before
INSTALL = re.compile(
    r"^(?:python3? -m )?(pip|uv|poetry|pipenv|npm|yarn|pnpm|bundle|composer|apt-get|apt|apk|dnf)"
    r"3? (?:.* )?(?:install|ci|sync|add)\b|^(go) mod download\b|^(cargo) fetch\b"
)


@dataclass
class Stage:
    """What the instructions of one stage, and of those it is built from, leave behind."""

    base: str
    escape: str
    arguments: dict[str, str] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    accounts: Accounts = field(default_factory=Accounts)
    directory: str = "/"
    user: str | None = None
    entrypoint: list[str] = field(default_factory=list)
    cmd: list[str] = field(default_factory=list)
    shell_forms: dict[str, str] = field(default_factory=dict)
    copies: list[str] = field(default_factory=list)
    ports: list[str] = field(default_factory=list)
    # whether CMD stands in this stage itself: only then does it outlive an ENTRYPOINT
    own_cmd: bool = False
    installers: set[str] = field(default_factory=set)
    sources_line: int | None = None
    late_install: tuple[int, int] | None = None

    def expand(self, word: str) -> str:
        """Return ``word`` with the build arguments and environment variables filled in."""
        from e2b_dockerfile_utils import ShellLex  # noqa: PLC0415

        variables = self.arguments | self.environment
        # a variable of the shell stays as it is, to be seen in the report
        lexer = ShellLex(self.escape, env=variables, skip_unset_env=":-" not in word)
        try:
            return lexer.process_word(word)
        except ValueError:
            return word


def read(text: str) -> Stage:
    """Return the last stage of the Dockerfile ``text``.

    Raises ValueError where it is no Dockerfile, and ImportError without the extra ``verify``.
    """
    from e2b_dockerfile_utils import parse_dockerfile_ast  # noqa: PLC0415

    parsed = parse_dockerfile_ast(text)
    reader = _Reader(parsed.escape_token)
    for instruction in parsed.instructions:
        reader.read(instruction)
    if not reader.stages:
        raise ValueError("it has no FROM")
    return reader.stages[-1]


class _Reader:
    """Follows the instructions, one method for each that matters here."""

    def __init__(self, escape: str) -> None:
        self.stages: list[Stage] = []
        self.names: dict[str, Stage] = {}
        # what stands before the first FROM is known to the FROM lines only
        self.outside = Stage(base="", escape=escape)

    def read(self, instruction: DockerfileInstruction) -> None:
        if not (instruction.args or instruction.json or instruction.name == "ONBUILD"):
            raise ValueError(f"line {instruction.start_line}: {instruction.name} says nothing")
        if instruction.name == "FROM":
            self._from(instruction.args)
            return
        stage = self.stages[-1] if self.stages else self.outside
        if method := getattr(self, f"_{instruction.name.lower()}", None):
            method(stage, instruction)

    def _from(self, words: list[str]) -> None:
        image = self.outside.expand(words[0])
        if parent := self.names.get(image.lower()):
            stage = copy.deepcopy(parent)
            stage.own_cmd = False
        else:
            stage = Stage(base=image, escape=self.outside.escape)
        self.stages.append(stage)
        self.names[str(len(self.stages) - 1)] = stage
        if len(words) == 3:
            self.names[words[2].lower()] = stage

    def _arg(self, stage: Stage, instruction: DockerfileInstruction) -> None:
        for word in instruction.args:
            name, given, value = word.partition("=")
            if given:
                stage.arguments[name] = stage.expand(value)
            elif name in self.outside.arguments:
                stage.arguments[name] = self.outside.arguments[name]

    def _env(self, stage: Stage, instruction: DockerfileInstruction) -> None:
        triples = instruction.args
        # all of one instruction see the environment before it
        values = [stage.expand(value) for value in triples[1::3]]
        stage.environment.update(zip(triples[::3], values, strict=True))

    def _workdir(self, stage: Stage, instruction: DockerfileInstruction) -> None:
        stage.directory = posixpath.join(stage.directory, stage.expand(instruction.args[0]))

    def _user(self, stage: Stage, instruction: DockerfileInstruction) -> None:
        stage.user = stage.expand(instruction.args[0]).partition(":")[0]

    def _entrypoint(self, stage: Stage, instruction: DockerfileInstruction) -> None:
        stage.entrypoint = instruction.args
        self._form(stage, instruction)
        if not stage.own_cmd:
            # https://docs.docker.com/reference/dockerfile/#understand-how-cmd-and-entrypoint-interact
            stage.cmd = []

    def _cmd(self, stage: Stage, instruction: DockerfileInstruction) -> None:
        stage.cmd = instruction.args
        stage.own_cmd = True
        self._form(stage, instruction)

    @staticmethod
    def _form(stage: Stage, instruction: DockerfileInstruction) -> None:
        stage.shell_forms.pop(instruction.name, None)
        if not instruction.json:
            stage.shell_forms[instruction.name] = instruction.original

    def _expose(self, stage: Stage, instruction: DockerfileInstruction) -> None:
        stage.ports += [stage.expand(word).partition("/")[0] for word in instruction.args]

    def _run(self, stage: Stage, instruction: DockerfileInstruction) -> None:
        if instruction.json:
            stage.accounts.execute(instruction.args)
            script = " ".join(instruction.args)
        else:
            script = "\n".join(instruction.args + [doc.content for doc in instruction.heredocs])
            stage.accounts.run(script, stage.expand)
        found = (INSTALL.match(" ".join(words)) for words in commands(script))
        installers = {match[match.lastindex or 0] for match in found if match}
        if stage.sources_line and installers - stage.installers and not stage.late_install:
            stage.late_install = stage.sources_line, instruction.start_line
        stage.installers |= installers

    def _copy(self, stage: Stage, instruction: DockerfileInstruction) -> None:
        *sources, to = [stage.expand(word) for word in instruction.args]
        target = posixpath.normpath(posixpath.join(stage.directory, to))
        stage.copies.append(target)
        origin = next((f[7:] for f in instruction.flags if f.startswith("--from=")), None)
        if origin is None:
            if {posixpath.normpath(source) for source in sources} & {".", "/"}:
                stage.sources_line = stage.sources_line or instruction.start_line
        elif other := self.names.get(origin.lower()):
            # how images without a shell get their accounts
            names = [posixpath.basename(s) for s in sources] if to.endswith("/") else [""]
            files = {posixpath.normpath(posixpath.join(target, name)) for name in names}
            if "/etc/passwd" in files:
                stage.accounts.users = dict(other.accounts.users)
                stage.accounts.members = copy.deepcopy(other.accounts.members)
            if "/etc/group" in files:
                stage.accounts.groups = dict(other.accounts.groups)

    _add = _copy
