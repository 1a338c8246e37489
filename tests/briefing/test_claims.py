"""What a report claims is true: of calls that nobody reached, of one replication, of standards for some."""

from __future__ import annotations

from dataclasses import replace
from math import nan
from typing import TYPE_CHECKING

import pytest

from dispatch.briefing.assemble import Choice
from dispatch.briefing.contents import Number, Said, Verdict
from dispatch.briefing.folder import read_study
from dispatch.briefing.statements import statements
from dispatch.briefing.telling import Teller
from dispatch.regression.rerunning import load_unchanged
from dispatch.report.words import Words
from dispatch.study.estimates import Difference, Estimate
from tests.briefing.test_assemble import TWO, WEST_ONLY, Told, plain, retold, told, walk
from tests.small import write_scenario

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Told:
    """One layout of two stations, kept by the state and by a plant, in two replications."""
    home = tmp_path_factory.mktemp("alone")
    stations = {"west": {"at": "a"}, "plant": {"at": "e", "owner": "enterprise"}}
    units = {"W1": {"type": "engine", "station": "west"}, "P1": {"type": "engine", "station": "plant"}}
    return told(write_scenario(home, stations=stations, units=units), home / "out", command="run")


def said_in(found: Told) -> list[str]:
    return [plain(each) for each in walk(found.briefing) if isinstance(each, Said)]


def test_times_of_calls_that_were_reached_are_told_of_those(alone: Told) -> None:
    folder = read_study(alone.out)
    name = folder.reference
    counts = {"incidents.n": 10.0, "incidents.unserved": 1.0, "total.first.n": 9.0}
    rows = {key: Estimate(mean, nan, 2) for key, mean in counts.items()}
    rows["total.first.p90"] = Estimate(300.0, nan, 2)
    teller = Teller(replace(folder, estimates={name: rows}), load_unchanged(folder, alone.path))
    first = [plain(each) for each in statements(teller, ())]
    assert first[0] == (
        "For 90 % of the calls that were reached the first unit arrives, from the call, within "
        f"300 in {name} (18 reached of 20 calls in 2 replications)."
    )
    assert not any("intervals are wide" in each for each in first)  # there are none


def test_one_layout_is_not_compared(alone: Told) -> None:
    assert alone.briefing.sections[0].title == Said("What was simulated")
    assert {"Reference", "Warm-up"}.isdisjoint(title.text for title, _ in alone.briefing.facts)
    assert not any("same luck" in text or "equal luck" in text or "in the first 0" in text
                   for text in said_in(alone))  # fmt: skip


def test_areas_are_judged_for_public_stations_and_classes_that_were_assumed_are_marked(alone: Told) -> None:
    rows = {row[1]: row for row in alone.table("stations").rows}
    assert {Words("en").show(row[3]) for row in rows.values() if isinstance(row[3], Said)} == {
        "first-class ordinary station (assumed)"
    }
    assert rows["plant"][9] == "–"
    assert isinstance(rows["west"][9], Said)
    area = alone.table("standard_cn-jianbiao152").rows[0]
    assert isinstance(area[4], Said)
    assert plain(area[4]).endswith(" of 1 stations")


def test_standards_of_some_calls_or_units_are_not_judged_by_all(alone: Told) -> None:
    rows = retold(alone.path, alone.out, Choice(("nfpa1710",))).table("standard_nfpa1710").rows
    medical = next(row for row in rows if row[9] == "medical calls")
    assert medical[5] == Verdict("not judged")
    assert medical[8] == Said("this scenario's calls are not known to be such")
    assert isinstance(medical[4], Number)
    assert medical[4].value == alone.mean("baseline", "turnout.first.within_60s")["mean"]
    engines = [row for row in rows if isinstance(row[8], Said) and "capability" in row[8].text]
    assert engines
    assert all(row[5] == Verdict("not judged") for row in engines)
    default = alone.table("standard_nfpa1710").rows
    assert default
    assert not any(row[9] for row in default)


def test_without_calls_that_is_said_first(tmp_path: Path) -> None:
    path = write_scenario(tmp_path, demand={"poisson": {"fire": {"rate": "0/d"}}})
    found = told(path, tmp_path / "out", command="run")
    assert plain(found.briefing.statements[0]) == "No calls came in; nothing can be said of times."
    assert not any(text.startswith("Calls are all") or "intervals are wide" in text
                   for text in said_in(found))  # fmt: skip


def test_one_replication_tells_no_zone_apart(tmp_path: Path) -> None:
    found = told(write_scenario(tmp_path, layouts=TWO, **WEST_ONLY), tmp_path / "out", count=1)
    zones = found.table("zones_1_table")
    assert zones.rows
    assert all(row[3] == Said("one replication cannot tell") for row in zones.rows)
    assert not any("nothing is shown" in text for text in said_in(found))
    assert found.briefing.statements[0].text.endswith("One replication cannot tell a difference from luck.")


def test_first_due_is_neither_better_nor_worse(alone: Told) -> None:
    folder = read_study(alone.out)
    shown = {name: Difference(0.2, 0.01, 0.001, 2) for name in ("reliability.first_due", "availability")}
    teller = Teller(replace(folder, differences={"x": shown}), load_unchanged(folder, alone.path))
    assert teller.verdict("x", "reliability.first_due") == ""
    assert teller.verdict("x", "availability") == "better"
