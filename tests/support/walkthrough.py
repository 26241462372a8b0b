"""A page of the documentation, followed to the letter by somebody who has no Docker.

Blocks with a file's name are written to that file, or at its end; what stands after ``$`` is run by
a shell in the same folder. What the page says to docker is said to buildah, and what it shows of a
command's output is compared with it.
"""

import re
import shlex
import textwrap
from contextlib import closing
from doctest import ELLIPSIS, OutputChecker
from pathlib import Path
from typing import NamedTuple

from tests.support.images import Buildah, Container, run

BLOCK = re.compile(
    r"^\.\. code-block:: \w+\n(?:   :caption: (.+)\n)?((?:\n|   .*\n)+)", re.MULTILINE
)
COMMAND = re.compile(r"^\$ ((?:.*\\\n)*.*\n)((?:(?!\$ ).*\n)*)", re.MULTILINE)


class Block(NamedTuple):
    caption: str
    text: str


def blocks(page: str) -> list[Block]:
    """Return the page's blocks in their order; without a caption it is commands."""
    return [
        Block(caption or "", textwrap.dedent(text).strip() + "\n")
        for caption, text in BLOCK.findall(page)
    ]


def write(folder: Path, block: Block) -> None:
    name, at_its_end, _ = block.caption.partition(", at its end")
    with (folder / name).open("a" if at_its_end else "x") as file:
        file.write(block.text)


class Shell:
    """Runs commands in ``folder``; a container that stays is on ``port`` of this machine."""

    def __init__(
        self, folder: Path, environment: dict[str, str], buildah: Buildah, port: int
    ) -> None:
        self.folder = folder
        self.environment = environment
        self.buildah = buildah
        self.port = port
        self._containers: dict[str, Container] = {}

    def __enter__(self):
        return self

    def __exit__(self, *exception: object) -> None:
        for container in self._containers.values():
            container.close()

    def follow(self, block: Block) -> None:
        """Run the commands of a block.

        Raises:
            Failed: one of them failed.
            AssertionError: one did not print what the block shows.
        """
        for command, shown in COMMAND.findall(block.text):
            printed = self._execute(command)
            assert not shown or OutputChecker().check_output(shown, printed, ELLIPSIS), printed

    def _execute(self, command: str) -> str:
        match shlex.split(command.replace("\\\n", "")):
            case ["docker", "build", "--tag", image, "."]:
                self.buildah.build(image, self.folder)
            case ["docker", "run", "--rm", "--env-file", file, image, *words]:
                with closing(self._container(image, file, *words)) as container:
                    return run(container.command())
            case ["docker", "run", "--detach", "--name", name, *_, "--env-file", file, image]:
                container = self._containers[name] = self._container(image, file)
                container.port = self.port
                container.start()
            case ["docker", "stop", name]:
                assert self._containers[name].terminate() == 0
            case _:
                return run(["bash", "-c", command], cwd=self.folder, env=self.environment)
        return ""

    def _container(self, image: str, file: str, *words: str) -> Container:
        lines = (self.folder / file).read_text().splitlines()
        variables = dict(line.split("=", maxsplit=1) for line in lines)
        return Container(self.buildah, image, *words, **variables)
