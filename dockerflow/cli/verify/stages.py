"""A Dockerfile, read as the image that one of its stages makes.

https://docs.docker.com/reference/dockerfile/ is the reference; the instructions are parsed by
e2b-dockerfile-utils, a port of BuildKit's own parser, heredocs included.
"""

from __future__ import annotations

import contextlib
import copy
import posixpath
import re
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dockerflow.cli.verify import copies, installs
from dockerflow.cli.verify.accounts import Doubt, names_accounts
from dockerflow.cli.verify.image import TEXT_LIMIT, Image
from dockerflow.cli.verify.refused import refuse, refuse_port
from dockerflow.cli.verify.shell.programs import SHELLS
from dockerflow.cli.verify.shell.script import Script
from dockerflow.cli.verify.shell.syntax import Exit, ShellError
from dockerflow.cli.verify.start import NONE, Start

if TYPE_CHECKING:
    from e2b_dockerfile_utils import DockerfileInstruction

SECONDS = 60.0
VARIABLE = re.compile(r"\$\{?(\w+)")


@dataclass
class Stage:
    """What the instructions of one stage, and of those it is built from, leave behind."""

    image: Image
    escape: str
    arguments: dict[str, str] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    shell: str = "sh"
    directory: str = "/"
    user: str | None = None
    entrypoint: Start = NONE
    cmd: Start = NONE
    # whether CMD stands in this stage itself: only then does it outlive an ENTRYPOINT
    own_cmd: bool = False
    sources: copies.Sources = field(default_factory=copies.Sources)
    installs: installs.Installs = field(default_factory=installs.Installs)
    ports: list[str] = field(default_factory=list)
    triggers: list[DockerfileInstruction] = field(default_factory=list)
    called: str = "the last stage"

    def expand(self, word: str, line: int) -> str:
        """Return ``word`` with the build arguments and environment variables filled in.

        One without a value stays as it is written. Raises ValueError where the text grows too long.
        """
        from e2b_dockerfile_utils import ShellLex  # noqa: PLC0415

        variables = self.arguments | self.environment
        length = sum(len(variables.get(name, "")) for name in VARIABLE.findall(word))
        if length + len(word) > TEXT_LIMIT:
            raise ValueError(
                f"line {line}: a value grows beyond {TEXT_LIMIT >> 10} KiB, and no process could "
                "have it in its environment"
            )
        lexer = ShellLex(self.escape, env=variables, skip_unset_env=":-" not in word)
        try:
            return lexer.process_word(word)
        except ValueError:
            return word


def read(text: str, target: str | None = None) -> Stage:
    """Return the stage ``target`` of the Dockerfile ``text``, by name or number; the last if None.

    Raises ValueError where it is no Dockerfile, and ImportError without the extra ``verify``.
    """
    reader = _Reader()
    try:
        for instruction in reader.parse(text):
            reader.read(instruction)
    except RecursionError:
        raise ValueError("it is nested too deeply to be a Dockerfile") from None
    if not reader.stages:
        raise ValueError("it has no FROM")
    if target is None:
        return reader.stages[-1]
    if stage := reader.names.get(target.lower()):
        stage.called = f"the stage {target}"
        return stage
    names = ", ".join(name for name in reader.names if not name.isdigit()) or "none with a name"
    raise ValueError(f"it has no stage {target!r}; its stages: {names}")


class _Reader:
    """Follows the instructions, one method for each that matters here."""

    def __init__(self) -> None:
        self.stages: list[Stage] = []
        self.names: dict[str, Stage] = {}
        # what stands before the first FROM is known to the FROM lines only
        self.outside = Stage(Image(""), "\\")
        self.deadline = time.monotonic() + SECONDS

    def parse(self, text: str) -> list[DockerfileInstruction]:
        from e2b_dockerfile_utils import parse_dockerfile_ast  # noqa: PLC0415

        parsed = parse_dockerfile_ast(text)
        self.outside.escape = parsed.escape_token
        return parsed.instructions

    def read(self, instruction: DockerfileInstruction) -> None:
        line = instruction.start_line
        if time.monotonic() > self.deadline:
            raise ValueError(f"line {line}: reading it took more than {SECONDS:g} s")
        refuse(instruction, has_stage=bool(self.stages))
        if instruction.name == "FROM":
            self._from(instruction.args, line)
            return
        stage = self.stages[-1] if self.stages else self.outside
        if method := getattr(self, f"_{instruction.name.lower()}", None):
            method(stage, instruction)

    def _from(self, words: list[str], line: int) -> None:
        image = self.outside.expand(words[0], line)
        triggers: list[DockerfileInstruction] = []
        if parent := self.names.get(image.lower()):
            stage = copy.deepcopy(parent)
            stage.own_cmd = False
            triggers, stage.triggers = stage.triggers, []
        else:
            stage = Stage(Image(image), self.outside.escape)
        self.stages.append(stage)
        self.names[str(len(self.stages) - 1)] = stage
        if len(words) == 3:
            self.names[words[2].lower()] = stage
        for instruction in triggers:
            self.read(instruction)

    def _onbuild(self, stage: Stage, instruction: DockerfileInstruction) -> None:
        _, _, text = instruction.original.strip().partition(instruction.original.split()[0])
        for trigger in self.parse(f"# escape={stage.escape}\n{text.strip()}"):
            trigger.start_line = instruction.start_line
            stage.triggers.append(trigger)

    def _arg(self, stage: Stage, instruction: DockerfileInstruction) -> None:
        for word in instruction.args:
            name, given, value = word.partition("=")
            if given:
                stage.arguments[name] = stage.expand(value, instruction.start_line)
            elif name in self.outside.arguments:
                stage.arguments[name] = self.outside.arguments[name]

    def _env(self, stage: Stage, instruction: DockerfileInstruction) -> None:
        triples = instruction.args
        # all of one instruction see the environment before it
        values = [stage.expand(value, instruction.start_line) for value in triples[1::3]]
        stage.environment.update(zip(triples[::3], values, strict=True))

    def _workdir(self, stage: Stage, instruction: DockerfileInstruction) -> None:
        path = stage.expand(instruction.args[0], instruction.start_line)
        stage.directory = posixpath.normpath(posixpath.join(stage.directory, path))

    def _user(self, stage: Stage, instruction: DockerfileInstruction) -> None:
        user = stage.expand(instruction.args[0], instruction.start_line)
        stage.user = user if user.startswith("${") else user.partition(":")[0]

    def _shell(self, stage: Stage, instruction: DockerfileInstruction) -> None:
        stage.shell = posixpath.basename(instruction.args[0])

    def _entrypoint(self, stage: Stage, instruction: DockerfileInstruction) -> None:
        stage.entrypoint = Start(instruction.args, instruction.json, instruction.original)
        if not stage.own_cmd:
            # https://docs.docker.com/reference/dockerfile/#understand-how-cmd-and-entrypoint-interact
            stage.cmd = NONE

    def _cmd(self, stage: Stage, instruction: DockerfileInstruction) -> None:
        stage.cmd = Start(instruction.args, instruction.json, instruction.original)
        stage.own_cmd = True

    def _expose(self, stage: Stage, instruction: DockerfileInstruction) -> None:
        ports = [stage.expand(word, instruction.start_line) for word in instruction.args]
        for port in ports:
            if not VARIABLE.search(port):
                refuse_port(port, instruction.start_line)
        stage.ports += ports

    def _run(self, stage: Stage, instruction: DockerfileInstruction) -> None:
        script = Script(stage.image, stage.arguments | stage.environment)
        script.directory = stage.directory
        script.source = instruction.original
        text = " ".join(instruction.args) if instruction.json else script_of(instruction)
        try:
            if instruction.json:
                with contextlib.suppress(Exit):  # what is a shell's own command there is none
                    script.call(instruction.args, "")
            elif stage.shell in SHELLS:
                script.run(text)
            elif names_accounts(text):
                script.doubt()
        except ShellError as error:
            if names_accounts(text):
                source = f"{instruction.original} ({error})"
                stage.image.accounts.doubts.append(Doubt(source, creates=False))
        stage.installs.run(script.commands, instruction.start_line)
        stage.sources.run(script.commands)

    def _copy(self, stage: Stage, instruction: DockerfileInstruction) -> None:
        line = instruction.start_line
        variables = stage.arguments | stage.environment
        *sources, to = [stage.expand(word, line) for word in instruction.args]
        copied = copies.Copy(
            sources=[copies.unpacked(source, instruction.name) for source in sources],
            target=posixpath.normpath(posixpath.join(stage.directory, to)),
            into=to.endswith("/"),
            texts=[copies.text_of(document, variables) for document in instruction.heredocs],
            written=instruction.original,
        )
        name = next((flag[7:] for flag in instruction.flags if flag.startswith("--from=")), None)
        origin = self._origin(name) if name else None
        stage.sources.copy(copied, origin.sources if origin else None)
        stage.installs.copy(sources, origin.installs if origin else None, line)
        copies.bring_accounts(stage.image, copied, origin.image if origin else None)

    _add = _copy

    def _origin(self, name: str) -> Stage:
        if stage := self.names.get(name.lower()):
            return stage
        # another image, of which nothing is known
        other = Stage(Image(name), self.outside.escape)
        other.sources.maybe = f"COPY --from={name}"
        other.image.accounts.doubts.append(Doubt(f"COPY --from={name}", creates=True))
        return other


def script_of(instruction: DockerfileInstruction) -> str:
    """Return the script that a RUN in shell form runs, with its here-documents."""
    text = instruction.args[0]
    if len(instruction.heredocs) == 1 and re.fullmatch(r"\d*<<-?\s*\S+", text):
        # https://docs.docker.com/reference/dockerfile/#here-documents
        return instruction.heredocs[0].content
    documents = (f"\n{document.content}{document.name}" for document in instruction.heredocs)
    return text + "".join(documents) + "\n"
