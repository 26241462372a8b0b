"""What COPY and ADD bring into an image: the sources, and files that hold accounts."""

from __future__ import annotations

import fnmatch
import posixpath
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from dockerflow.cli.verify.accounts import UNKNOWN, Doubt
from dockerflow.cli.verify.image import ACCOUNT_FILES, DIRECTORIES, Image, may_be_directory, moved

if TYPE_CHECKING:
    from collections.abc import Mapping

    from e2b_dockerfile_utils import DockerfileHeredoc

DIRECTORY = "/app"
# commands that may bring sources, too
BRINGING = {
    *("bsdtar", "cp", "curl", "git", "hg", "install", "ln", "mv", "rsync", "svn", "tar", "unzip"),
    "wget",
}


class Copy(NamedTuple):
    """One COPY or ADD: ``into`` says that the target is a directory, ``texts`` its documents."""

    sources: list[str]
    target: str
    into: bool
    texts: list[str]
    written: str


@dataclass
class Sources:
    """Where a stage copies to; ``maybe`` is what may have brought files to /app without a COPY."""

    targets: list[str] = field(default_factory=list)
    maybe: str | None = None

    def copy(self, copied: Copy, origin: Sources | None) -> None:
        """Note a COPY, which may be one from another stage."""
        self.targets.append(copied.target)
        if origin is None:
            whole = any(may_be_directory(source) for source in copied.sources)
            if copied.target == "/" and whole:
                self.maybe = self.maybe or copied.written
            return
        for source in copied.sources:
            root = posixpath.join("/", source)
            self.targets += [
                moved(path, root, copied.target)
                for path in origin.targets
                if path.startswith(root.rstrip("/") + "/")
            ]
            self.maybe = self.maybe or (origin.maybe if root == copied.target == "/" else None)

    def run(self, commands: list[tuple[list[str], str]]) -> None:
        """Note the commands of a RUN, each with its directory."""
        for words, directory in commands:
            # an option and its value may be one word: --directory=/app, -C/app
            paths = [re.sub(r"^-\w+(?=/)", "", word.split("=")[-1]) for word in words[1:]]
            if posixpath.basename(words[0]) in BRINGING and (
                is_inside(directory)
                or any(is_inside(posixpath.normpath(posixpath.join(directory, p))) for p in paths)
            ):
                self.maybe = self.maybe or " ".join(words)


def unpacked(source: str, instruction: str) -> str:
    """Return the path of a source; "." for an archive, of which ADD copies the content."""
    if instruction == "ADD" and re.search(r"\.(tar(\.\w+)?|t[bgx]z2?)$", source):
        return "."
    return posixpath.normpath(source)


def text_of(document: DockerfileHeredoc, variables: Mapping[str, str]) -> str:
    """Return what a here-document writes to its file: without a shell, quotes are text."""
    text = document.content
    if document.chomp:
        text = re.sub(r"^\t+", "", text, flags=re.MULTILINE)
    if not document.expand:
        return text
    return re.sub(
        r"(?<!\\)\$(?:(\w+)|\{(\w+)(?::?-([^}]*))?\})",
        lambda match: variables.get(match[1] or match[2], match[3] or UNKNOWN),
        text,
    )


def is_inside(path: str) -> bool:
    """Return whether ``path`` is /app or below it."""
    return path == DIRECTORY or path.startswith(DIRECTORY + "/")


def bring_accounts(image: Image, copied: Copy, origin: Image | None) -> None:
    """Copy to ``image`` what is known of the accounts in ``origin``, None for the build context."""
    if origin is None:
        # a here-document's text is known; what the context holds isn't
        documents = [source for source in copied.sources if source.startswith("<<")]
        names = [document.lstrip("<-") for document in documents]
        origin = Image("", files=dict(zip(names, copied.texts, strict=False)))
        origin.accounts.doubts.append(Doubt(copied.written, creates=True))
        sources = [source.lstrip("<-") or "." for source in copied.sources]
        sources = [source.lstrip("/") or "." for source in sources]
    else:
        known = [*origin.files, *ACCOUNT_FILES]
        roots = [posixpath.join("/", source) for source in copied.sources]
        sources = [path for root in roots for path in (fnmatch.filter(known, root) or [root])]
    into = copied.into or len(sources) > 1 or copied.target in DIRECTORIES
    for source in sources:
        image.transfer(origin, source, copied.target, copied.written, into=into)
