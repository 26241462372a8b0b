"""What the specification asks of a Dockerfile."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dockerflow.cli.printing import printable
from dockerflow.cli.verify.accounts import APP, ID, UNKNOWN
from dockerflow.cli.verify.copies import is_inside
from dockerflow.cli.verify.requirements import Outcome, failed, passed, unchecked
from dockerflow.cli.verify.stages import VARIABLE, read
from dockerflow.cli.verify.start import behind_a_shell

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from dockerflow.cli.verify.stages import Stage

SIZE_LIMIT = 1 << 20  # bytes
SHOWN = 120  # characters of what a Dockerfile says


def check_file(path: Path, target: str | None = None) -> dict[str, Outcome]:
    """Return the outcomes for the image that the Dockerfile at ``path`` describes.

    Raises OSError where it can't be read, otherwise as ``check`` does.
    """
    with path.open("rb") as file:
        content = file.read(SIZE_LIMIT + 1)
    try:
        if len(content) > SIZE_LIMIT:
            raise ValueError(f"it is larger than {SIZE_LIMIT >> 20} MiB")
        # docker build reads bytes: a comment may have any encoding
        return check(content.decode(errors="replace"), target)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def check(text: str, target: str | None = None) -> dict[str, Outcome]:
    """Return the outcomes for the image that the Dockerfile ``text`` describes.

    ``target`` names the stage, as ``docker build --target`` does; None is the last one. Raises
    ValueError where it is no Dockerfile, and ImportError without the extra ``verify``.
    """
    stage = read(text, target)
    return {
        "app-directory": _directory(stage),
        "app-group": _group(stage),
        "app-user": _user(stage),
        "entrypoint-cmd": _start(stage),
        "user": _default_user(stage),
        "optimized": _order(stage),
        "port-8000": _port(stage),
        "exec-form": _form(stage),
    }


def _directory(stage: Stage) -> Outcome:
    targets = list(dict.fromkeys(stage.sources.targets))
    if inside := [path for path in targets if is_inside(path)]:
        return passed(f"COPY to {inside[0]}")
    if unset := [path for path in targets if VARIABLE.search(path)]:
        return unchecked(f"it copies to {unset[0]}, a variable without a value")
    if stage.sources.maybe:
        return unchecked(f"this may copy to /app, or not: {printable(stage.sources.maybe, SHOWN)}")
    if targets:
        return failed(f"{stage.called} copies to {', '.join(targets)}")
    return failed(f"{stage.called} copies nothing")


def _group(stage: Stage) -> Outcome:
    return _flaw(stage, "group", stage.image.accounts.groups) or passed(f"app has the id {ID}")


def _user(stage: Stage) -> Outcome:
    accounts = stage.image.accounts
    ids = {name: user.uid for name, user in accounts.users.items()}
    if flaw := _flaw(stage, "user", ids):
        return flaw
    member = accounts.is_member(APP, APP)
    if member is None:
        return unchecked("which groups the user app is in can't be known from this Dockerfile")
    if not member and (doubt := _doubt(stage, exists=APP in accounts.groups)):
        return unchecked(doubt)
    if not member:
        groups = ", ".join(sorted(accounts.groups_of(APP))) or "no group that is named"
        return failed(f"the user app is not in the group app, but in {groups}")
    return passed(f"app has the id {ID} and is in the group app")


def _flaw(stage: Stage, kind: str, ids: Mapping[str, str | None]) -> Outcome | None:
    """Return what is wrong with the group or user app; ``ids`` are those of all, by name."""
    if doubt := _doubt(stage, exists=APP in ids):
        return unchecked(doubt)
    if APP not in ids:
        return failed(
            f"no command creates a {kind} app; what the image {stage.image.base} holds can't be "
            "seen"
        )
    number = ids[APP]
    if number is None:
        return failed(f"the {kind} app has an id of the command's choice")
    if UNKNOWN in number:
        return unchecked(f"the id of the {kind} app can't be known from this Dockerfile")
    if number != ID:
        return failed(f"the {kind} app has the id {number}")
    return None


def _doubt(stage: Stage, *, exists: bool) -> str | None:
    """Return the command that may make the account another one than is known."""
    for doubt in stage.image.accounts.doubts:
        if not (exists and doubt.creates):
            return f"this names accounts and can't be followed: {printable(doubt.text, SHOWN)}"
    return None


def _start(stage: Stage) -> Outcome:
    starts = {"ENTRYPOINT": stage.entrypoint, "CMD": stage.cmd}
    missing = [name for name, start in starts.items() if not start.words]
    if missing:
        return failed(f"there is no {' and no '.join(missing)}")
    return passed("both are there")


def _default_user(stage: Stage) -> Outcome:
    if stage.user is None:
        base = stage.image.base
        return failed(f"there is no USER: it is that of the image {base}, root as a rule")
    if VARIABLE.search(stage.user):
        return unchecked(f"the last USER is {stage.user}, a variable without a value")
    if stage.user not in {APP, ID}:
        return failed(f"the last USER is {stage.user}")
    return passed(f"USER {stage.user}")


def _order(stage: Stage) -> Outcome:
    if stage.installs.late:
        copied, installed = stage.installs.late
        return failed(
            f"line {copied} copies all sources, line {installed} installs: every change of the "
            "sources installs everything anew"
        )
    return passed("nothing is first installed after all sources were copied")


def _port(stage: Stage) -> Outcome:
    port = stage.environment.get("PORT")
    if port == "8000":
        return passed("ENV PORT=8000")
    is_elsewhere = port and not VARIABLE.search(port)  # whatever EXPOSE says
    for exposed in stage.ports:
        if _is_port_8000(exposed) and not is_elsewhere:
            return passed(f"EXPOSE {exposed}")
    found = [f"ENV PORT={port}"] * (port is not None) + [
        f"EXPOSE {p.removesuffix('/tcp')}" for p in stage.ports
    ]
    if any(VARIABLE.search(text) for text in found):
        return unchecked(f"{' and '.join(found)}: a variable without a value")
    return failed(" and ".join(found) or "there is neither ENV PORT nor EXPOSE")


def _is_port_8000(exposed: str) -> bool:
    """Return whether one word of EXPOSE, a port or a range, has TCP's 8000."""
    ports, _, protocol = exposed.partition("/")
    found = re.fullmatch(r"([0-9]{1,5})(?:-([0-9]{1,5}))?", ports)
    if protocol.lower() not in {"", "tcp"} or not found:
        return False
    return int(found[1]) <= 8000 <= int(found[2] or found[1])


def _form(stage: Stage) -> Outcome:
    if not stage.entrypoint.words and not stage.cmd.words:
        return unchecked("there is neither ENTRYPOINT nor CMD")
    if found := behind_a_shell(stage.entrypoint, stage.cmd):
        return failed("; ".join(printable(text, SHOWN) for text in found))
    shell_form = [s.written for s in (stage.entrypoint, stage.cmd) if not s.exec_form]
    if shell_form:
        return passed(f"exec replaces the shell: {printable(shell_form[0], SHOWN)}")
    return passed("neither is in shell form")
