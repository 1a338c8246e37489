"""``dispatch board``: what it shows of a town reckoned by hand, and what it never replaces."""

from __future__ import annotations

import csv
import io
import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from dispatch.io.geo_files import Feature, geojson_text
from tests.cli.test_output import _terminal, _width
from tests.cli.world import dispatch
from tests.engine.towns import BOTH, call, scenario

if TYPE_CHECKING:
    from pathlib import Path

CUT = {
    "cut": {"links": ["bc", "ef"], "begins": 250, "ends": 5000},
    "later": {"links": ["cd"], "begins": 9000},
}


@pytest.fixture
def town(tmp_path: Path) -> Path:
    """Write a scenario in which W1 is at work at c when both streets back close, and no unit is left for y.

    W1 leaves a at 0, is at c from 200 to 300, and from 250 to 5000 no way leads back. The call y from d comes
    at 100, and W1 takes it at 300: it is there from 400 to 500 and is stranded then.
    """
    calls = (call("x", 0, "c"), call("y", 100, "d"))
    return scenario(tmp_path, *calls, closures=CUT, start="2024-03-01T06:00:00+08:00").path


def shown(path: Path, at: str, *words: str) -> str:
    return dispatch("board", path.name, "--at", at, *words, cwd=path.parent).stdout


def test_a_moment_in_words(town: Path) -> None:
    assert shown(town, "150 s") == (
        "scenario\n"
        "layout baseline, replication 0, seed 1\n"
        "at 2024-03-01T06:02:30+08:00, 2 min 30 s after the start; closures in force: none\n"
        "speeds: planning (the network's own speeds at all hours: free flow, which flatters every plan)\n"
        "\n"
        "Units\n"
        "unit status   incident where              coordinates         \n"
        "W1   en route x        link bc (50%) to c 1500.00000, 0.00000 \n"
        "Open calls: x at c, y at d (waiting).\n"
    )


def test_a_unit_without_a_way_home_is_said_to_have_none(town: Path) -> None:
    later = shown(town, "1000 s")
    assert "; closures in force: cut\n" in later
    assert re.search(r"^W1 +returning, no way home +at d +3000\.00000, 0\.00000 *$", later, re.MULTILINE)
    assert later.endswith("Open calls: none.\n")
    home = shown(town, "5100 s")
    assert re.search(r"^W1 +returning +link cd \(50%\) to c ", home, re.MULTILINE)
    assert "; closures in force: none\n" in home
    assert re.search(r"^W1 +in quarters +at a ", shown(town, "6000 s"), re.MULTILINE)


@pytest.mark.parametrize(
    "at", ["1000", "16 min 40 s", "2024-03-01T06:16:40+08:00", "2024-02-29T22:16:40+00:00"]
)
def test_moments_may_be_written_in_several_ways(town: Path, at: str) -> None:
    assert shown(town, at) == shown(town, "1000 s")


def test_json(town: Path) -> None:
    found = json.loads(shown(town, "1000 s", "--json"))
    (unit,) = found["units"]
    assert found["time"] == 1000
    assert found["at"] == {"date": "2024-03-01T06:16:40+08:00", "seconds": 1000}
    assert found["closures"] == ["cut"]
    assert (found["open_incidents"], found["nodes_of_open_incidents"]) == ([], {})
    assert (unit["unit"], unit["status"], unit["no_way_home"], unit["node"]) == ("W1", "returning", True, "d")
    before = json.loads(shown(town, "150 s", "--json"))
    assert before["closures"] == []
    assert before["open_incidents"] == ["x", "y"]
    assert before["waiting"] == ["y"]
    assert before["nodes_of_open_incidents"] == {"x": "c", "y": "d"}
    assert before["units"] == [
        {
            "unit": "W1", "status": "en route", "incident": "x", "link": "bc", "share": 0.5, "node": "c",
            "x": 1500.0, "y": 0.0, "no_way_home": False, "without_people": False,
        }
    ]  # fmt: skip


def test_csv(town: Path) -> None:
    (row,) = csv.DictReader(io.StringIO(shown(town, "1000 s", "--csv")))
    assert row == {
        "unit": "W1", "status": "returning", "incident": "", "link": "", "share": "", "node": "d",
        "x": "3000", "y": "0", "no_way_home": "true", "without_people": "false", "speeds": "planning",
    }  # fmt: skip


def test_a_map_is_written_and_replaced(town: Path) -> None:
    for name in ("out/u.geojson", "out/u.json"):
        for at, date, x in (("150 s", "06:02:30", 1500), ("1000 s", "06:16:40", 3000)):
            done = dispatch("board", town.name, "--at", at, "-o", name, cwd=town.parent)
            assert done.stderr == f"wrote {name}\n"
            (unit,) = json.loads((town.parent / name).read_text(encoding="utf-8"))["features"]
            assert unit["geometry"] == {"type": "Point", "coordinates": [x, 0]}
            assert unit["properties"]["at"] == f"2024-03-01T{date}+08:00"
            assert unit["properties"]["no_way_home"] is (x == 3000)


def content(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("out", "said"),
    [
        ("networks/town/link.csv", "link.csv: not GeoJSON by its name. Let the name end in .geojson."),
        ("scenario.yaml", "not GeoJSON by its name"),
        ("calls.csv", "not GeoJSON by its name"),
        ("out", "not GeoJSON by its name"),
        ("networks/town/facilities.geojson", "is a file of a network. Name a new file"),
        ("linked.geojson", "is a file of a network"),
        ("stations.geojson", "is read by this command. Name another file"),
        ("./networks/../stations.geojson", "is read by this command"),
        ("scenario.json", "is read by this command"),
        ("other.json", "other.json: is there already and is no GeoJSON."),
        ("folder.geojson", "is a folder"),
    ],
)
def test_nothing_but_an_earlier_map_is_replaced(tmp_path: Path, out: str, said: str) -> None:
    cited = [{"file": "stations.geojson", "units": {"engine": 1}}]
    path = scenario(tmp_path, call("x", 0, "c")).path
    here = Feature({"type": "Point", "coordinates": [0.0, 0.0]}, {}, "node/1")
    (tmp_path / "stations.geojson").write_text(geojson_text([here]), encoding="utf-8")
    (tmp_path / "networks/town/facilities.geojson").write_text(geojson_text([here]), encoding="utf-8")
    (tmp_path / "linked.geojson").symlink_to("networks/town/facilities.geojson")
    (tmp_path / "folder.geojson").mkdir()
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    document |= {"stations": {}, "units": {}, "stations_from": cited}
    for name in ("scenario.json", "scenario.yaml", "other.json"):
        (tmp_path / name).write_text(json.dumps(document), encoding="utf-8")
    before = content(tmp_path)
    done = dispatch("board", "scenario.json", "--at", "1 s", "-o", out, cwd=tmp_path, code=2)
    assert said in done.stderr
    assert content(tmp_path) == before
    dispatch("board", "scenario.json", "--at", "1 s", "-o", "new.geojson", cwd=tmp_path)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--at", "noon"), "--at noon: not a moment after the scenario's start. Write a time from the start"),
        (("--at", "-5"), "--at -5: not a moment after the scenario's start."),
        (("--at", "2024-03-01T06:16:40"), "a date without its time zone. Write 2024-03-01T06:16:40+08:00"),
        (("--at", "2024-03-01T05:00:00+08:00"), "is before the scenario's start, 2024-03-01T06:00:00+08:00"),
        (("--at", "2024-13-01T05:00:00+08:00"), "not a moment after the scenario's start."),
        (("--at", "1 h", "--layout", "baselin"), "Did you mean 'baseline'?"),
        (("--at", "1 h", "--json", "--csv"), "cannot be printed both"),
        (("--at", "1 h", "--speeds", "none"), "planning"),
        ((), "--at"),
    ],
)
def test_what_cannot_be_shown(town: Path, words: tuple[str, ...], said: str) -> None:
    done = dispatch("board", town.name, *words, "-o", "u.geojson", cwd=town.parent, code=2)
    assert said in " ".join(done.stderr.replace("│", " ").split())
    assert done.stdout == ""
    assert not (town.parent / "u.geojson").exists()


@pytest.mark.parametrize("columns", [40, 80])
def test_a_narrow_terminal_cuts_nothing(tmp_path: Path, columns: int) -> None:
    """Every letter of every cell is there, and no line is wider than the screen."""
    units = {f"{name}-at-the-end-of-the-main-street": unit for name, unit in BOTH.items()}
    path = scenario(tmp_path, call("a-call-with-a-long-name", 0, "c"), units=units, closures=CUT).path
    text = _terminal(columns, "board", str(path), "--at", "1000 s")
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text).replace("\r\n", "\n")
    assert "…" not in plain
    assert not [line for line in plain.split("\n") if _width(line.rstrip()) > columns]
    assert "2024-01-01T00:16:40+00:00" in plain
    assert set(units) <= set(plain.split()), "broken in two"
    assert "coordinates" not in plain


def test_coordinates_go_first_where_there_is_no_room(town: Path) -> None:
    """The table takes 68 columns with them and its frame, and 47 without."""
    for columns, found in {68: True, 67: False, 60: False}.items():
        text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", _terminal(columns, "board", str(town), "--at", "150 s"))
        (head,) = (line for line in text.splitlines() if line.lstrip().startswith("unit "))
        assert head.split() == ["unit", "status", "incident", "where", *(["coordinates"] if found else [])]
        assert ("1500.00000, 0.00000" in text) == found
        assert "link bc (50%) to c" in " ".join(text.split())


def test_what_is_piped_is_not_broken_into_lines(tmp_path: Path) -> None:
    calls = [call(f"call-number-{number}", number, "d") for number in range(30)]
    last = shown(scenario(tmp_path, *calls).path, "100 s").splitlines()[-1]
    assert last.startswith("Open calls: call-number-0 at d, call-number-1 at d (waiting), ")
    assert last.endswith(", call-number-29 at d (waiting).")


def test_a_vehicle_in_quarters_whose_people_are_out(tmp_path: Path) -> None:
    """W1 and W2 share six people, who are out with W1 and back at 300."""
    unit = {"type": "engine", "station": "west", "crew_from": "watch"}
    kinds = {"engine": {"capabilities": ["engine"], "crew": 6, "turnout": 0}}
    crews = {"watch": {"station": "west", "staff": 6}}
    units = {"W1": unit, "W2": unit, "E1": {"type": "engine", "station": "east"}}
    path = scenario(tmp_path, call("x", 0, "b"), units=units, unit_types=kinds, crews=crews).path
    assert re.search(r"^W2 +in quarters, without people +at a ", shown(path, "50 s"), re.MULTILINE)
    found = json.loads(shown(path, "50 s", "--json"))["units"]
    assert [each["unit"] for each in found if each["without_people"]] == ["W2"]
    assert "without people" not in shown(path, "2000 s")


def test_weather_is_told_by_its_title(tmp_path: Path) -> None:
    """What has no name of its own in the scenario is no closure that anybody could look up."""
    weather = {"speed_factor": 0.5, "for": 1000}
    injects = [{"at": 0, "weather": {"title": "冻雾", **weather}}, {"at": 10, "weather": weather}]
    path = scenario(tmp_path, call("x", 0, "c"), closures=CUT, injects=injects).path
    assert "; closures in force: cut, 冻雾, weather\n" in shown(path, "300 s")
    assert json.loads(shown(path, "300 s", "--json"))["closures"] == ["cut", "weather-1", "weather-2"]
