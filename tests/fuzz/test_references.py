"""Names that lead nowhere, layouts that contradict themselves, and several mistakes at once."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from .worlds import EVERYTHING, changed, try_load, write_scenario, write_world

if TYPE_CHECKING:
    from pathlib import Path

Key = tuple[str | int, ...]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("references")
    write_world(folder)
    return folder


# where a name stands, what is written there, and what the message must offer
REFERENCES: list[tuple[Key, Any, str]] = [
    (("network",), "twon", "town"),
    (("units", "E1", "type"), "engin", "engine"),
    (("units", "E1", "station"), "s11", "s1"),
    (("stations", "s1", "at"), "aa", "a"),
    (("incident_types", "fire", "run_card"), {"pumpr": 1}, "pumper"),
    (("zones", "core", "nodes"), ["bb"], "b"),
    (("demand", "poisson", "fire", "profile"), "day", "days"),
    (("demand", "poisson", "fire", "spread"), "peeple", "people"),
    (("demand", "poisson", "fire", "places"), {"nroth": 1}, "north"),
    (("demand", "poisson"), {"fires": {"rate": "1/d"}}, "fire"),
    (("demand", "recorded"), "cals.csv", "calls.csv"),
    (("dispatching", "first_due", "north"), ["E11"], "E1"),
    (("dispatching", "first_due"), {"nort": ["E1"]}, "north"),
    (("dispatching", "mutual_aid", "at"), "ee", "e"),
    (("layouts", "more", "based_on"), "lesss", "less"),
    (("layouts", "less", "close_stations"), ["s33"], "s3"),
    (("layouts", "less", "remove_units"), ["E22"], "E2"),
    (("layouts", "more", "reopen_stations"), ["s33"], "s3"),
    (("layouts", "more", "move_units"), {"TT1": "s1"}, "T1"),
    (("layouts", "more", "move_units"), {"T1": "s11"}, "s1"),
    (("layouts", "more", "move_stations"), {"s22": "b"}, "s2"),
    (("layouts", "more", "move_stations"), {"s2": "bb"}, "b"),
    (("layouts", "more", "add_units", "E4", "type"), "engines", "engine"),
    (("layouts", "more", "add_units", "E4", "station"), "s44", "s4"),
    (("layouts", "more", "add_stations", "s4", "at"), "dd", "d"),
]


@pytest.mark.parametrize(
    ("path", "value", "offered"), REFERENCES, ids=lambda v: ".".join(v) if isinstance(v, tuple) else ""
)
def test_misspelt_references(world: Path, path: Key, value: Any, offered: str) -> None:
    _expect(world, changed(EVERYTHING, path, value), {path: [f"'{offered}'", "Did you mean", "Known:"]})


@pytest.mark.parametrize(
    ("path", "value", "offered"),
    [
        (("dispatching", "policy"), "nearst", "nearest"),
        (("measures",), ["total.frist.mean"], "first"),
        (("measures",), ["workload[unit=E11]"], "E1"),
        (("stop", "measure"), "total.first.meen", "mean"),
    ],
)
def test_references_beyond_the_file(world: Path, path: Key, value: object, offered: str) -> None:
    """Policies and measures are names too: told by validate with file and line, together with the rest."""
    from typer.testing import CliRunner

    from dispatch.cli import app
    from dispatch.errors import DispatchError

    file = write_scenario(world, changed(EVERYTHING, path, value))
    result = CliRunner().invoke(app, ["validate", str(file)])
    raised = result.exception
    assert result.exit_code == 2 or (isinstance(raised, DispatchError) and raised.exit_code == 2)
    told = result.output + str(raised)
    assert offered in told
    assert "m.yaml:" in told, told


def _expect(world: Path, scenario: dict[str, Any], wanted: dict[Key, list[str]]) -> None:
    """Assert that each key is told at its own line (or just inside), with one of its words."""
    file = write_scenario(world, scenario)
    lines = try_load(file)
    assert isinstance(lines, list), "accepted"
    for path, words in wanted.items():
        first, last = _span(file.read_text(encoding="utf-8"), path)
        mine = [line for line in lines if line.startswith("m.yaml:") and first <= _line(line) <= last]
        assert mine, f"nothing told between lines {first} and {last} ({path}): {lines}"
        assert any(word in line for line in mine for word in words), (words, mine)


def _line(told: str) -> int:
    return int(told.split(":")[1].split(" ", maxsplit=1)[0])


def _span(text: str, path: Key) -> tuple[int, int]:
    """Return the first and last line of the value at a path, by the depth of its indentation."""
    rows, at = text.splitlines(), 0
    for depth, part in enumerate(path, start=1):
        start = " " * depth + json.dumps(part)
        at = next(i for i in range(at, len(rows)) if rows[i].startswith(start))
    end = next((i for i in range(at + 1, len(rows)) if not rows[i].startswith(" " * (len(path) + 1))), at)
    return at + 1, end + 1


CONTRADICTIONS: list[tuple[dict[str, Any], str]] = [
    ({"a": {"based_on": "b"}, "b": {"based_on": "a"}}, "circle"),
    ({"a": {"based_on": "a"}}, "circle"),
    ({"a": {"close_stations": ["s1", "s1"]}}, "s1"),
    ({"a": {"close_stations": ["s1"]}, "b": {"based_on": "a", "close_stations": ["s1"]}}, "s1"),
    ({"a": {"add_stations": {"s1": {"at": "b"}}}}, "exists already"),
    ({"a": {"add_units": {"E1": {"type": "engine", "station": "s1"}}}}, "exists already"),
    ({"a": {"close_stations": ["s1"], "move_stations": {"s1": "b"}}}, "closed and also"),
    ({"a": {"remove_units": ["E1"], "move_units": {"E1": "s2"}}}, "removed and also"),
    ({"a": {"remove_units": ["E1", "E1"]}}, "E1"),
    ({"a": {"close_stations": ["s1", "s2", "s3"]}}, "without any unit"),
    ({"a": {"reopen_stations": ["s1"]}}, "s1"),
    ({"baseline": {"title": "mine"}}, "baseline"),
    ({"a": {"close_stations": ["s3"], "add_units": {"X": {"type": "engine", "station": "s3"}}}}, "s3"),
    ({"a": {"close_stations": ["s3"], "move_units": {"E1": "s3"}}}, "s3"),
    ({"a": {"close_stations": ["s3"]}, "b": {"based_on": "a", "move_units": {"E1": "s3"}}}, "s3"),
]


@pytest.mark.parametrize(("layouts", "word"), CONTRADICTIONS, ids=lambda v: v if isinstance(v, str) else "")
def test_contradictory_layouts(world: Path, layouts: dict[str, Any], word: str) -> None:
    lines = try_load(write_scenario(world, EVERYTHING | {"layouts": layouts}))
    assert isinstance(lines, list), "accepted: a unit or station silently vanishes"
    assert any(word in line and "layouts" in line for line in lines), lines


UNABLE: list[tuple[Key, Any, str]] = [
    (("incident_types", "fire", "run_card", "pumper"), 0, "greater than or equal to 1"),
    (("incident_types", "fire", "run_card", "pumper"), 1000, "less than or equal to 100"),
    (("incident_types", "fire", "run_card"), {}, "at least 1"),
    (("demand", "poisson", "fire", "places"), {"north": 0, "e": 0}, "zero"),
    (("profiles", "days", "weekday"), [1] * 23, "168"),
    (("profiles", "days", "weekend"), [1] * 25, "168"),
    (("profiles", "days"), {"week": [1] * 167}, "168"),
    (("profiles", "days"), {"week": [0] * 168}, "zero"),
    (("profiles", "days"), {"week": [1] * 168, "weekday": [1] * 24}, "168"),
    (("zones", "corner", "polygon"), [[0, 0], [1, 1]], "three points"),
    (("zones", "corner", "polygon"), [[0, 0], [500, 0], [1000, 0]], "no node"),
    (("zones", "corner", "polygon"), [[5, 5], [5, 5], [5, 5]], "no node"),
    (("zones", "corner", "polygon"), [[-1e308, -1e308], [1e308, -1e308], [1e308, 1e308]], "polygon"),
    (("zones", "corner", "nodes"), ["b"], "core"),
    (("stations", "s2", "at"), [2000], "at"),
    (("stations", "s2", "at"), [1e9, 1e9], "off the network"),
    (("start",), "2020-01-06T08:00:00", "time zone"),
    (("start",), "2020-01-06T08:00:00+99:00", "start"),
    (("start",), "Monday", "start"),
    (("start",), "2020", "start"),
    (("start",), "1577836800", "start"),
    (("warm_up",), "1 d", "warm_up"),
    (("horizon",), "101 yr", "100 years"),
    (("horizon",), 0, "horizon"),
    (("replications",), 0, "replications"),
    (("schema_version",), 3, "newer"),
    (("unit_types", "engine", "turnout"), {"fixed": 1, "uniform": {"low": 1, "high": 2}}, "exactly one"),
    (("unit_types", "engine", "turnout"), {"uniform": {"low": 2, "high": 1}}, "below"),
    (("unit_types", "engine", "turnout"), {"lognormal": {"median": 1e-20, "p90": "100 yr"}}, "turnout"),
    (("unit_types", "engine", "turnout"), {"gamma": {"mean": 60, "shape": 1e-310}}, "turnout"),
    (("unit_types", "engine", "turnout"), {"hyperexponential": {"means": [1], "weights": [0]}}, "zero"),
    (("unit_types", "engine", "turnout"), {"empirical": {"values": [1, 2], "weights": [1]}}, "weights"),
    (("unit_types", "engine", "turnout"), {"empirical": {"file": "calls.csv"}}, "seconds"),
    (("unit_types", "engine", "turnout"), {"empirical": {}}, "either"),
    (("dispatching", "first_due", "north"), ["E1", "E1"], "twice"),
]


@pytest.mark.parametrize(
    ("path", "value", "word"), UNABLE, ids=lambda v: ".".join(map(str, v)) if isinstance(v, tuple) else ""
)
def test_values_that_mean_nothing(world: Path, path: Key, value: object, word: str) -> None:
    lines = try_load(write_scenario(world, changed(EVERYTHING, path, value)))
    assert isinstance(lines, list), "accepted"
    assert any(word in line for line in lines), lines


def test_a_capability_nobody_has(world: Path) -> None:
    """Waiting for ever is refused; with mutual aid it is what help is for."""
    units = {name: unit for name, unit in EVERYTHING["units"].items() if unit["type"] != "truck"}
    lists = {"north": ["E1"]}
    scenario = changed(EVERYTHING | {"units": units, "layouts": {}}, ("dispatching", "first_due"), lists)
    assert not isinstance(try_load(write_scenario(world, scenario)), list)
    queue = changed(scenario, ("dispatching", "when_none_free"), "queue")
    lines = try_load(write_scenario(world, queue))
    assert isinstance(lines, list)
    assert "'ladder'" in " ".join(lines)


def test_shape_mistakes_at_once(world: Path) -> None:
    """Five of a kind that the types of values catch."""
    scenario = changed(EVERYTHING, ("horizon",), "1 parsec")
    for path, value in ((("seed",), -3), (("units", "E1", "station"), 7),
                        (("stations", "s1", "ownr"), "state"),
                        (("demand", "poisson", "fire", "rate"), "often")):  # fmt: skip
        scenario = changed(scenario, path, value)
    _expect(world, scenario, {
        ("horizon",): ["parsec"], ("seed",): ["greater"], ("units", "E1", "station"): ["no station '7'"],
        ("stations", "s1", "ownr"): ["owner"], ("demand", "poisson", "fire", "rate"): ["not a rate"],
    })  # fmt: skip


def test_reference_mistakes_at_once(world: Path) -> None:
    """Five names that lead nowhere."""
    scenario = EVERYTHING
    wanted: dict[Key, list[str]] = {}
    for path, value, offered in (REFERENCES[1], REFERENCES[3], REFERENCES[6], REFERENCES[11], REFERENCES[15]):
        scenario = changed(scenario, path, value)
        wanted[path] = [offered]
    _expect(world, scenario, wanted)


@pytest.mark.parametrize(
    "mistakes",
    [
        # a wrong type, and a name that leads nowhere
        [(("seed",), -3, "greater"), (("units", "E1", "station"), "s11", "s1")],
        # a value that contradicts another, a wrong type, a name
        [(("warm_up",), "2 d", "warm_up"), (("seed",), -3, "greater"), (("stations", "s1", "at"), "aa", "a")],
        # a network that is not there, and a unit type that is not there
        [(("network",), "twon", "town"), (("units", "E1", "type"), "engin", "engine")],
        # recorded calls that are not there, and a station that is not
        [(("demand", "recorded"), "cals.csv", "calls"), (("units", "E1", "station"), "s11", "s1")],
    ],
)
def test_mistakes_of_different_kinds_at_once(world: Path, mistakes: list[tuple[Key, Any, str]]) -> None:
    """The promise: every problem of a file at once, whichever part of the program finds it."""
    scenario = EVERYTHING
    for path, value, _ in mistakes:
        scenario = changed(scenario, path, value)
    _expect(world, scenario, {path: [word] for path, _, word in mistakes})


def test_a_mistake_in_the_file_and_one_in_its_calls(world: Path) -> None:
    (world / "bad.csv").write_text("received,type,node\n-\ufffd,fire,a\n5,fires,b\n")
    scenario = changed(EVERYTHING, ("demand", "recorded"), "bad.csv")
    scenario = changed(scenario, ("units", "E1", "station"), "s11")
    lines = try_load(write_scenario(world, scenario))
    assert isinstance(lines, list)
    told = " ".join(lines)
    assert "bad.csv:2 received" in told
    assert "bad.csv:3 type" in told
    assert "units.E1.station" in told
