"""The report of a verification: for eyes, and as JSON."""

from __future__ import annotations

import json
import textwrap
from typing import TYPE_CHECKING, NamedTuple

from dockerflow.cli.verify.requirements import REQUIREMENTS, Outcome, Requirement, unchecked

if TYPE_CHECKING:
    from collections.abc import Mapping

COLOURS = {"passed": "\x1b[32m", "failed": "\x1b[1;31m", "not checked": "\x1b[2m"}
RESET = "\x1b[0m"
NAME_WIDTH = max(len(requirement.name) for requirement in REQUIREMENTS)
STATE_WIDTH = len("not checked")


class Report(NamedTuple):
    """Every requirement and what became of it, in the order of the specification."""

    lines: list[tuple[Requirement, Outcome]]

    @classmethod
    def of(cls, outcomes: Mapping[str, Outcome]) -> Report:
        """Return the report of ``outcomes``, by name; what is not in it was not checked."""
        return cls(
            [
                (requirement, outcomes.get(requirement.name) or unchecked(requirement.needs))
                for requirement in REQUIREMENTS
            ]
        )

    @property
    def conforms(self) -> bool:
        """Whether nothing that is required failed."""
        return all(outcome.passed is not False for line, outcome in self.lines if line.required)

    def json(self) -> str:
        """Return the report as JSON."""
        lines = [
            {
                "name": line.name,
                "required": line.required,
                "outcome": str(outcome),
                "seen": outcome.seen,
                "specification": line.specification,
                "mend": line.mend,
            }
            for line, outcome in self.lines
        ]
        return json.dumps({"conforms": self.conforms, "lines": lines}, indent=2)

    def text(self, width: int, colour: bool) -> str:
        """Return the report for a terminal of ``width`` columns."""
        rows = []
        section = ""
        for line, outcome in self.lines:
            if line.section != section:
                section = line.section
                rows += ["", section]
            rows += _rows(line, outcome, width, colour)
        return "\n".join([*rows, "", self._summary()])

    def _summary(self) -> str:
        def count(state: str, required: bool) -> int:
            return sum(
                str(outcome) == state and line.required == required for line, outcome in self.lines
            )

        counts = [
            f"{count('passed', required=True)} passed",
            f"{count('failed', required=True)} failed",
            f"{count('not checked', required=True)} not checked",
        ]
        advice = count("failed", required=False)
        verdict = "No requirement failed" if self.conforms else "This does not conform"
        return f"{verdict}: {', '.join(counts)}; {advice} of the recommendations not followed."


def _rows(line: Requirement, outcome: Outcome, width: int, colour: bool) -> list[str]:
    state = str(outcome)
    shown = f"{state:{STATE_WIDTH}}"
    if colour:
        shown = f"{COLOURS[state]}{shown}{RESET}"
    head = f"  {shown}  {line.name:{NAME_WIDTH}}  "
    if outcome.passed is not False:
        return _hang(head, f"{line.title}: {outcome.seen}", STATE_WIDTH + NAME_WIDTH + 6, width)
    rows = [head + line.title]
    for label, text in (
        ("seen", outcome.seen),
        ("spec", line.specification),
        ("mend", line.mend),
    ):
        rows += _hang(f"{'':{STATE_WIDTH + 4}}{label}  ", text, STATE_WIDTH + 10, width)
    return rows


def _hang(head: str, text: str, indent: int, width: int) -> list[str]:
    first, *rest = textwrap.wrap(text, max(width - indent, 20), break_on_hyphens=False) or [""]
    return [head + first, *(" " * indent + row for row in rest)]
