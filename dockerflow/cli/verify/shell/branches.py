"""What is known after a branch of a script of which nobody knows whether it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dockerflow.cli.verify.accounts import APP, UNKNOWN, Doubt

if TYPE_CHECKING:
    from dockerflow.cli.verify.image import Image


class State(NamedTuple):
    """The image, the variables of the shell and the output at the end of a branch."""

    image: Image
    variables: dict[str, str]
    output: str


def merge(ends: list[State], source: str) -> State:
    """Return the first of ``ends``, without what is not the same in all of them.

    ``source`` is in doubt where the group or the user app depends on the branch.
    """
    first, *others = ends
    image, output = first.image, first.output
    for other in others:
        if image.accounts.state(APP) != other.image.accounts.state(APP):
            image.accounts.doubts.append(Doubt(source, creates=False))
        image.accounts.doubts += [
            doubt for doubt in other.image.accounts.doubts if doubt not in image.accounts.doubts
        ]
        image.files |= _differing(image.files, other.image.files)
        first.variables.update(_differing(first.variables, other.variables))
        output = output if output == other.output else UNKNOWN
    return State(image, first.variables, output)


def _differing(one: dict[str, str], other: dict[str, str]) -> dict[str, str]:
    names = one.keys() | other.keys()
    return {name: UNKNOWN for name in names if one.get(name) != other.get(name)}
