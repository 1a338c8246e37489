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
            "x": 1500.0, "y": 0.0, "no_way_home": False,
        }
    ]  # fmt: skip


def test_csv(town: Path) -> None:
    (row,) = csv.DictReader(io.StringIO(shown(town, "1000 s", "--csv")))
    assert row == {
        "unit": "W1", "status": "returning", "incident": "", "link": "", "share": "", "node": "d",
        "x": "3000", "y": "0", "no_way_home": "true", "speeds": "planning",
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
    assert _first_column(plain) == "".join(["unit", *sorted(units)])


def _first_column(text: str) -> str:
    """Return the first column of the table of units, its lines put together."""
    lines = text.split("\n")
    head = next(i for i, line in enumerate(lines) if line.lstrip().startswith("unit "))
    end = next(i for i, line in enumerate(lines) if line.startswith("Open calls"))
    cells = (line[: lines[head].index("status")].strip() for line in lines[head:end])
    return "".join(cell for cell in cells if "─" not in cell)
