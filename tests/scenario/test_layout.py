"""Layouts are composed from variations, in a stated order, without changing one another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from dispatch.errors import ScenarioError
from tests.small import small

if TYPE_CHECKING:
    from pathlib import Path

ENGINE = {"type": "engine", "station": "mid"}


def layouts(tmp_path: Path, **variations: Any) -> dict[str, tuple[dict[str, str], dict[str, str]]]:
    """Return station nodes and unit stations of every layout."""
    scenario = small(tmp_path, layouts=variations)
    ids = scenario.network.node_ids
    return {
        name: ({s.id: ids[s.node] for s in layout.sites}, {u: unit.station for u, unit in layout.units})
        for name, layout in scenario.layouts.items()
    }


BASELINE = ({"west": "a", "east": "e"}, {"W1": "west", "E1": "east"})


def test_add_move_and_close(tmp_path: Path) -> None:
    found = layouts(
        tmp_path,
        more={"add_stations": {"mid": {"at": "c"}}, "add_units": {"M1": ENGINE}},
        moved={"move_stations": {"east": "d"}, "move_units": {"W1": "east"}},
        closed={"close_stations": ["east"]},
        saved={"close_stations": ["east"], "move_units": {"E1": "west"}},
        fewer={"remove_units": ["E1"]},
    )
    assert found["baseline"] == BASELINE
    assert found["more"] == ({**BASELINE[0], "mid": "c"}, {**BASELINE[1], "M1": "mid"})
    assert found["moved"] == ({"west": "a", "east": "d"}, {"W1": "east", "E1": "east"})
    assert found["closed"] == ({"west": "a"}, {"W1": "west"})
    assert found["saved"] == ({"west": "a"}, {"W1": "west", "E1": "west"})
    assert found["fewer"] == (BASELINE[0], {"W1": "west"})


def test_variations_build_on_each_other_in_any_order_of_writing(tmp_path: Path) -> None:
    found = layouts(
        tmp_path,
        third={"based_on": "second", "reopen_stations": ["east"]},
        second={"based_on": "first", "close_stations": ["east"]},
        first={"add_stations": {"mid": {"at": "c"}}, "add_units": {"M1": ENGINE}},
    )
    assert list(found) == ["baseline", "third", "second", "first"]
    assert found["second"] == ({"west": "a", "mid": "c"}, {"W1": "west", "M1": "mid"})
    assert found["third"] == found["first"]


@pytest.mark.parametrize(
    ("variations", "fact"),
    [
        (
            {"x": {"close_stations": ["eastt"]}},
            "layouts.x.close_stations: no station 'eastt' here. Did you mean 'east'?",
        ),
        ({"x": {"based_on": "y"}}, "layouts.x.based_on: no layout 'y'"),
        ({"x": {"based_on": "y"}, "y": {"based_on": "x"}}, "based on itself in a circle"),
        ({"x": {"add_stations": {"east": {"at": "c"}}}}, "station 'east' exists already"),
        ({"x": {"add_units": {"W1": {"type": "engine", "station": "west"}}}}, "unit 'W1' exists already"),
        (
            {"x": {"add_units": {"N": {"type": "engine", "station": "nord"}}}},
            "add_units.N.station: no station 'nord'",
        ),
        (
            {"x": {"close_stations": ["east"], "add_units": {"N": {"type": "engine", "station": "east"}}}},
            "'east'",
        ),
        ({"x": {"add_units": {"N": {"type": "engin", "station": "west"}}}}, "no unit type 'engin'"),
        ({"x": {"move_units": {"W1": "nowhere"}}}, "move_units.W1: no station 'nowhere'"),
        ({"x": {"move_units": {"Q": "west"}}}, "no unit 'Q' here"),
        ({"x": {"move_stations": {"west": "z"}}}, "layouts.x.move_stations.west: no node 'z'"),
        ({"x": {"reopen_stations": ["west"]}}, "station 'west' exists already"),
        ({"x": {"close_stations": ["west", "east"]}}, "a layout without any unit"),
        ({"baseline": {}}, "cannot be called 'baseline'"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_is_refused(tmp_path: Path, variations: dict[str, Any], fact: str) -> None:
    with pytest.raises(ScenarioError) as found:
        layouts(tmp_path, **variations)
    assert fact in str(found.value)
    assert "scenario.yaml:" in str(found.value)
