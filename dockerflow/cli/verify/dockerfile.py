"""What the specification asks of a Dockerfile."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dockerflow.cli.verify.requirements import Outcome, failed, passed, unchecked
from dockerflow.cli.verify.stages import read

if TYPE_CHECKING:
    from dockerflow.cli.verify.stages import Stage

ID = "10001"


def check(text: str) -> dict[str, Outcome]:
    """Return what became of the image that the Dockerfile ``text`` describes.

    Raises ValueError where it is no Dockerfile, and ImportError without the extra ``verify``.
    """
    stage = read(text)
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
    inside = [path for path in stage.copies if path == "/app" or path.startswith("/app/")]
    if inside:
        return passed(f"COPY to {inside[0]}")
    if stage.copies:
        return failed(f"the last stage copies to {', '.join(dict.fromkeys(stage.copies))}")
    return failed("the last stage copies nothing")


def _group(stage: Stage) -> Outcome:
    accounts = stage.accounts
    if "app" not in accounts.groups:
        return failed(_nobody(stage, "no command creates a group app"))
    if (gid := accounts.groups["app"]) != ID:
        return failed(f"the group app has {_id(gid)}")
    return passed(f"app has the id {ID}")


def _user(stage: Stage) -> Outcome:
    accounts = stage.accounts
    if "app" not in accounts.users:
        return failed(_nobody(stage, "no command creates a user app"))
    if (uid := accounts.users["app"]) != ID:
        return failed(f"the user app has {_id(uid)}")
    if not accounts.is_member("app", "app"):
        groups = ", ".join(sorted(accounts.members["app"])) or "no group that is named"
        return failed(f"the user app is not in the group app, but in {groups}")
    return passed(f"app has the id {ID} and is in the group app")


def _nobody(stage: Stage, text: str) -> str:
    if stage.accounts.unread:
        return f"{text}, unless this does, which can't be read: {stage.accounts.unread[0]}"
    return f"{text}; what the image {stage.base} holds can't be seen"


def _id(number: str | None) -> str:
    return "an id of the command's choice" if number is None else f"the id {number}"


def _start(stage: Stage) -> Outcome:
    lacking = [
        name for name, words in (("ENTRYPOINT", stage.entrypoint), ("CMD", stage.cmd)) if not words
    ]
    if lacking:
        return failed(f"there is no {' and no '.join(lacking)}")
    return passed("both are there")


def _default_user(stage: Stage) -> Outcome:
    if stage.user is None:
        return failed(f"there is no USER: it is that of the image {stage.base}, root as a rule")
    if stage.user not in {"app", ID}:
        return failed(f"the last USER is {stage.user}")
    return passed(f"USER {stage.user}")


def _order(stage: Stage) -> Outcome:
    if stage.late_install:
        copied, installed = stage.late_install
        return failed(
            f"line {copied} copies all sources, line {installed} installs: every change of the "
            "sources installs everything anew"
        )
    return passed("nothing is first installed after all sources were copied")


def _port(stage: Stage) -> Outcome:
    port = stage.environment.get("PORT")
    if port == "8000" or "8000" in stage.ports:
        return passed("ENV PORT=8000" if port == "8000" else "EXPOSE 8000")
    said = [f"ENV PORT={port}"] * (port is not None) + [f"EXPOSE {port}" for port in stage.ports]
    return failed(" and ".join(said) or "there is neither ENV PORT nor EXPOSE")


def _form(stage: Stage) -> Outcome:
    if stage.shell_forms:
        return failed("; ".join(stage.shell_forms.values()))
    if not stage.entrypoint and not stage.cmd:
        return unchecked("there is neither ENTRYPOINT nor CMD")
    return passed("neither is in shell form")
