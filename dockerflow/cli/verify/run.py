"""One verification: of a URL or a command, of a Dockerfile, or of both."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from dockerflow.cli.verify import container, endpoints
from dockerflow.cli.verify.process import Interrupts
from dockerflow.cli.verify.report import Report

if TYPE_CHECKING:
    from dockerflow.cli.verify.requirements import Outcome


def verify(
    *, url: str | None, command: str | None, dockerfile: str | None, bounds: container.Bounds
) -> Report:
    """Return the report on what is given; what isn't, was not checked.

    Raises ValueError or OSError where it can't be looked at at all, ImportError where
    ``dockerfile`` is given without the extra ``verify``, and Interrupted by a signal, with nothing
    left running.
    """
    outcomes: dict[str, Outcome] = {}
    if dockerfile:
        from dockerflow.cli.verify.dockerfile import check  # noqa: PLC0415

        try:
            outcomes |= check(Path(dockerfile).read_text(encoding="utf-8"))
        except ValueError as error:
            raise ValueError(f"{dockerfile}: {error}") from error
    if url:
        outcomes |= endpoints.check(url, bounds.answer)
    if command:
        with Interrupts() as interrupts:
            outcomes |= container.check(command, bounds, interrupts)
    return Report.of(outcomes)
