"""A scenario whose every moment is known by hand, and expectations of it.

Five nodes a minute apart; W1 stands at the western end (a), E1 at the eastern (e). x calls from b at 0 s,
y from b at 100 s, z from e at 5000 s; each needs one engine for 600 s, and nobody loses time at the start.
W1 reaches x after 60 s and is busy with it until 660 s; E1, the only one free, reaches y after 180 s; E1 is
back by 1060 s and reaches z at once. In ``one``, W1 is alone: it reaches y at 660 s (560 s after the call),
and z after 240 s.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ruamel.yaml import YAML

from dispatch.regression.checking import check
from dispatch.regression.reading import collect
from tests.small import write_scenario

if TYPE_CHECKING:
    from pathlib import Path

    from dispatch.regression.outcomes import CaseResult, CheckResult, Outcome

CALLS = (
    "incident,received,type,node,units\nx,0,fire,b,engine:1\ny,100,fire,b,engine:1\nz,5000,fire,e,engine:1\n"
)
ALONE = {"one": {"remove_units": ["E1"]}}


def write_case(folder: Path, **changes: Any) -> Path:
    """Write the scenario, or one with random demand, and return its path."""
    calls = "" if "demand" in changes else CALLS
    return write_scenario(folder, calls, **{"replications": 1, "layouts": ALONE, **changes})


def expect(folder: Path, text: str = "", **keys: Any) -> Path:
    """Write expectations of it, as text or as keys, and return their path."""
    path = folder / "scenario.expected.yaml"
    if text:
        path.write_text(text, encoding="utf-8")
    else:
        with path.open("w", encoding="utf-8") as file:
            YAML().dump(keys, file)
    return path


def checked(folder: Path, **options: Any) -> CheckResult:
    """Check everything in a folder."""
    return check(collect([str(folder)]), **options)


def outcomes(folder: Path, **keys: Any) -> list[Outcome]:
    """Check the scenario against expectations, which must be usable, and return what came of them."""
    expect(folder, **keys)
    (case,) = checked(folder).cases
    assert case.error is None, case.error
    return case.outcomes


def refused(folder: Path, **keys: Any) -> list[str]:
    """Check the scenario against expectations that cannot be used and return what is wrong with them."""
    expect(folder, **keys)
    (case,) = checked(folder).cases
    assert case.error is not None
    assert case.exit_code == 2
    assert not case.outcomes
    return str(case.error).split("\n")


def only(result: CheckResult) -> CaseResult:
    """Return the one case of a result."""
    (case,) = result.cases
    return case
