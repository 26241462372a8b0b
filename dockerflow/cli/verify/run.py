"""One verification: of a URL or a command, of a Dockerfile, or of both."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from dockerflow.cli.verify import container, endpoints
from dockerflow.cli.verify.interrupts import Interrupts
from dockerflow.cli.verify.report import Report

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dockerflow.cli.verify.requirements import Outcome


def verify(  # noqa: PLR0913 (the options of the command)
    *,
    url: str | None = None,
    command: str | None = None,
    backing: Sequence[str] = (),
    optional_backing: Sequence[str] = (),
    dockerfile: str | None = None,
    target: str | None = None,
    bounds: container.Bounds | None = None,
    interrupts: Interrupts | None = None,
) -> Report:
    """Return the report on what is given; the rest is not checked.

    ``target`` is the stage of ``dockerfile`` to check, the last one if None.
    ``backing`` and ``optional_backing`` are names of environment variables and go with ``command``.
    Leaves processes, signal handlers and flags of the calling process alone; ``interrupts`` is what
    handles signals meanwhile, if anything does. Raises ValueError or OSError where nothing can be
    checked, and ImportError where ``dockerfile`` is given without the extra ``verify``.
    """
    bounds = bounds or container.Bounds()
    outcomes: dict[str, Outcome] = {}
    if dockerfile is not None:
        from dockerflow.cli.verify.dockerfile import check_file  # noqa: PLC0415

        outcomes |= check_file(Path(dockerfile), target)
    if url is not None:
        outcomes |= endpoints.check(endpoints.Site(url, bounds.answer))
    if command is not None:
        outcomes |= container.check(
            command,
            dict.fromkeys(backing, False) | dict.fromkeys(optional_backing, True),
            bounds,
            interrupts or Interrupts(),
        )
    return Report.of(outcomes)
