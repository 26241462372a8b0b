"""A page of the documentation, followed to the letter, without Docker.

Blocks with a file's name are written to that file, or at its end; what stands after ``$`` is run by
a shell in the same folder. What the page shows of a command's output is compared with it; "..."
stands for anything, and blanks for any number of them. Commands for docker are given to buildah.
"""

import re
import shlex
import textwrap
from contextlib import closing
from doctest import ELLIPSIS, NORMALIZE_WHITESPACE, OutputChecker
from pathlib import Path
from typing import NamedTuple

from tests.support.images import Buildah, Container, run
from tests.support.process import Process

BLOCK = re.compile(
    r"^( *)\.\. code-block:: \w+\n(?:\1   :caption: (.+)\n)?((?:\n|\1   .*\n)+)", re.MULTILINE
)
COMMAND = re.compile(r"^\$ ((?:.*\\\n)*.*\n)((?:(?!\$ ).*\n)*)", re.MULTILINE)


class Block(NamedTuple):
    caption: str
    text: str


def blocks(page: str) -> list[Block]:
    """Return the page's blocks in their order; without a caption it is commands."""
    return [
        Block(caption or "", textwrap.dedent(text).strip() + "\n")
        for _, caption, text in BLOCK.findall(page)
    ]


def write(folder: Path, block: Block) -> None:
    name, at_its_end, _ = block.caption.partition(", at its end")
    with (folder / name).open("a" if at_its_end else "x") as file:
        file.write(block.text)


class Runserver(Process):
    """Django's own server, started by ``command`` in ``folder`` until the page is done with."""

    def __init__(self, command: str, folder: Path, environment: dict[str, str], port: int) -> None:
        super().__init__()
        self.port = port
        self._command = f"cd {shlex.quote(str(folder))}\n{command} --noreload {port}"
        self._environment = environment

    def command(self) -> list[str]:
        return ["bash", "-c", self._command]

    def environment(self) -> dict[str, str]:
        return self._environment


class Shell:
    """Runs commands in ``folder``; a server that stays is on ``port`` of this machine."""

    def __init__(self, folder: Path, environment: dict[str, str], port: int) -> None:
        self.folder = folder
        self.environment = environment
        self.port = port
        self._kept = ""
        self._running: dict[str, Process] = {}

    def __enter__(self):
        return self

    def __exit__(self, *exception: object) -> None:
        for process in self._running.values():
            process.close()

    def follow(self, block: Block) -> None:
        """Run the commands of a block, or write its file.

        Raises:
            Failed: a command failed.
            AssertionError: one did not print what the block shows.
        """
        if block.caption:
            write(self.folder, block)
            return
        for command, shown in COMMAND.findall(block.text):
            printed = self._execute(command)
            options = ELLIPSIS | NORMALIZE_WHITESPACE
            assert not shown or OutputChecker().check_output(shown, printed, options), printed

    def _execute(self, command: str) -> str:
        command = command.strip()
        match shlex.split(command):
            case [".", _] | ["export", *_]:
                self._kept += f"{command}\n"
            case [_, "manage.py", "runserver"]:
                line = f"{self._kept}exec {command}"
                server = Runserver(line, self.folder, self.environment, self.port)
                self._running[command] = server
                server.start()
            case _:
                line = f"{self._kept}{command}"
                return run(["bash", "-c", line], cwd=self.folder, env=self.environment)
        return ""


class DockerShell(Shell):
    """One in which ``docker`` means ``buildah``."""

    def __init__(
        self, folder: Path, environment: dict[str, str], port: int, buildah: Buildah
    ) -> None:
        super().__init__(folder, environment, port)
        self.buildah = buildah

    def _execute(self, command: str) -> str:
        match shlex.split(command.replace("\\\n", "")):
            case ["docker", "build", "--tag", image, "."]:
                self.buildah.build(image, self.folder)
            case ["docker", "run", "--rm", "--env-file", file, image, *words]:
                with closing(self._container(image, file, *words)) as container:
                    return run(container.command())
            case ["docker", "run", "--detach", "--name", name, *_, "--env-file", file, image]:
                container = self._running[name] = self._container(image, file)
                container.port = self.port
                container.start()
            case ["docker", "stop", name]:
                container = self._running[name]
                assert isinstance(container, Container)
                assert container.terminate() == 0
            case _:
                return super()._execute(command)
        return ""

    def _container(self, image: str, file: str, *words: str) -> Container:
        lines = (self.folder / file).read_text().splitlines()
        variables = dict(line.split("=", maxsplit=1) for line in lines)
        return Container(self.buildah, image, *words, **variables)
