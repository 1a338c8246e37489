"""``dispatch network import``: what it prints, what it refuses, and that nothing is ever lost."""

from __future__ import annotations

import gzip
import json
import os
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from dispatch.errors import DispatchError, NetworkError, UsageError
from dispatch.importing.importer import NO_FACILITIES, NO_STATION, import_network
from dispatch.importing.writing import check_target, write_network
from tests.cli.world import dispatch
from tests.importing.maps import Map

FILES = {"barriers.geojson", "facilities.geojson", "link.csv", "network.yaml", "node.csv"}
SIDE = 6


def town() -> Map:
    """Return a grid with two fire stations and a hydrant."""
    nodes = {10 * i + j: (20 + i / 200, 10 + j / 200) for i in range(1, SIDE) for j in range(1, SIDE)}
    rows: dict[int, Any] = {
        100 + j: ([10 * i + j for i in range(1, SIDE)], {"highway": "residential", "name": f"{j}. Straße 路"})
        for j in range(1, SIDE)
    }
    rows |= {
        200 + i: ([10 * i + j for j in range(1, SIDE)], {"highway": "primary", "maxspeed": "50"})
        for i in range(1, SIDE)
    }
    world = Map(nodes, ways=rows)
    world.nodes |= {901: (20.0051, 10.0051), 902: (20.0249, 10.0249), 903: (20.01, 10.01)}
    world.node_tags = {
        901: {"amenity": "fire_station", "name": "West"},
        902: {"amenity": "fire_station", "name": "东站"},
        903: {"emergency": "fire_hydrant"},
    }
    return world


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with a map in it."""
    town().write(tmp_path / "town.osm.pbf")
    return tmp_path


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_city_in_five_minutes(place: Path) -> None:
    words = (
        "town.osm.pbf",
        "-o",
        "networks/town",
        "--title",
        "试验镇 Town",
        "--scenario",
        "scenarios/town.yaml",
    )
    shown = dispatch("network", "import", *words, cwd=place)
    assert shown.stderr == ""
    assert set(content(place / "networks/town")) == FILES
    for expected in (
        "Written to networks/town",
        "fire_station",
        "residential",
        "assumed",
        "Next: dispatch validate",
    ):
        assert expected in shown.stdout
    assert "试验镇 Town" in dispatch("network", "info", "networks/town", cwd=place).stdout
    assert "valid" in dispatch("validate", "scenarios/town.yaml", cwd=place).stdout
    out = dispatch("compare", "scenarios/town.yaml", "-r", "2", "--json", cwd=place).stdout
    assert len(json.loads(out)["layouts"]) >= 2


def test_json_has_the_facts_and_no_folder(place: Path) -> None:
    out = dispatch(
        "network", "import", place / "town.osm.pbf", "-o", place / "networks/town", "--json"
    ).stdout
    report = json.loads(out)
    assert list(report) == sorted(report)
    assert str(place) not in out
    assert report["name"] == "town"
    assert (report["nodes"], report["links"]) == (25, 40)
    assert report["facilities"] == {"fire_hydrant": 1, "fire_station": 2}
    assert report["posted_share"] == pytest.approx(0.5, abs=0.01)
    assert report["classes"]["primary"] == {
        "km": pytest.approx(11.12, abs=0.01),
        "km_per_h": 50,
        "links": 20,
        "posted": 20,
        "posted_share": 1.0,
    }
    again = dispatch(
        "network", "import", place / "town.osm.pbf", "-o", place / "elsewhere/town", "--json"
    ).stdout
    assert again == out


def test_equal_input_gives_equal_bytes(place: Path) -> None:
    for number, seed in enumerate(("0", "1", "4242")):
        dispatch("network", "import", "town.osm.pbf", "-o", f"n{number}/town", cwd=place, PYTHONHASHSEED=seed)
    assert content(place / "n0/town") == content(place / "n1/town") == content(place / "n2/town")
    written = b"".join(content(place / "n0/town").values()).decode()
    assert str(place) not in written
    assert "town.osm" not in written


def test_an_earlier_import_is_replaced(place: Path) -> None:
    dispatch("network", "import", "town.osm.pbf", "-o", "networks/town", cwd=place)
    before = content(place / "networks/town")
    world = town()
    world.ways[300] = ([11, 22], {"highway": "service"})
    world.write(place / "larger.osm.pbf")
    dispatch("network", "import", "larger.osm.pbf", "-o", "networks/town", cwd=place)
    after = content(place / "networks/town")
    assert set(after) == FILES
    assert before["link.csv"] != after["link.csv"]
    assert [path.name for path in (place / "networks").iterdir()] == ["town"], "nothing is left lying about"


@pytest.mark.parametrize("name", sorted(FILES))
def test_what_somebody_has_changed_is_not_replaced(place: Path, name: str) -> None:
    dispatch("network", "import", "town.osm.pbf", "-o", "networks/town", cwd=place)
    changed = place / "networks/town" / name
    changed.write_text(changed.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    before = content(place / "networks/town")
    done = dispatch("network", "import", "town.osm.pbf", "-o", "networks/town", cwd=place, code=2)
    assert f"'{name}' has been changed since it was imported" in done.stderr
    assert content(place / "networks/town") == before


def test_edited_speeds_are_not_replaced(place: Path) -> None:
    dispatch("network", "import", "town.osm.pbf", "-o", "networks/town", cwd=place)
    path = place / "networks/town/network.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(re.sub(r'"residential": \S+', '"residential": 25', text), encoding="utf-8")
    assert path.read_text(encoding="utf-8") != text
    done = dispatch("network", "import", "town.osm.pbf", "-o", "networks/town", cwd=place, code=2)
    assert "'network.yaml' has been changed" in done.stderr
    assert '"residential": 25' in path.read_text(encoding="utf-8")


def test_foreign_files_and_folders_are_not_touched(place: Path) -> None:
    dispatch("network", "import", "town.osm.pbf", "-o", "networks/town", cwd=place)
    (place / "networks/town/closures.csv").write_text("mine")
    (place / "notes").mkdir()
    (place / "notes/todo.txt").write_text("mine")
    (place / "linked").symlink_to("nowhere")
    (place / "empty").mkdir()
    for target, fact in (
        ("networks/town", "holds 'closures.csv', which no import has written"),
        ("notes", "holds 'todo.txt'"),
        (".", "holds "),
        ("town.osm.pbf", "is a file"),
        ("town.osm.pbf/x", "cannot be used"),
        ("linked", "is a file"),
    ):
        before = content(place / "networks/town")
        done = dispatch("network", "import", "town.osm.pbf", "-o", target, cwd=place, code=2)
        assert fact in done.stderr, (target, done.stderr)
        assert content(place / "networks/town") == before
    dispatch("network", "import", "town.osm.pbf", "-o", "empty", cwd=place)
    assert set(content(place / "empty")) == FILES


def test_a_handmade_network_is_never_replaced(place: Path) -> None:
    home = place / "networks/mine"
    home.mkdir(parents=True)
    (home / "network.yaml").write_text("speeds: {street: 30}\n")
    done = dispatch("network", "import", "town.osm.pbf", "-o", "networks/mine", cwd=place, code=2)
    assert "holds 'network.yaml', which no import has written" in done.stderr


def test_a_failed_import_leaves_the_earlier_one(place: Path) -> None:
    dispatch("network", "import", "town.osm.pbf", "-o", "networks/town", cwd=place)
    before = content(place / "networks/town")
    raw = (place / "town.osm.pbf").read_bytes()
    (place / "town.osm.pbf").write_bytes(raw[:-30])
    done = dispatch("network", "import", "town.osm.pbf", "-o", "networks/town", cwd=place, code=2)
    assert done.stderr.startswith("town.osm.pbf: cannot be read to its end")
    assert content(place / "networks/town") == before


def test_a_disk_that_fails_leaves_the_earlier_one(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = place / "networks/town"
    files = import_network(place / "town.osm.pbf").files
    write_network(target, files)
    before, plain = content(target), Path.rename

    def fail(self: Path, goal: Path) -> Path:
        if self.name == "new":
            raise OSError(28, "No space left on device")
        return plain(self, goal)

    monkeypatch.setattr(Path, "rename", fail)
    with pytest.raises(UsageError, match="No space left"):
        write_network(target, files)
    assert content(target) == before
    assert [path.name for path in target.parent.iterdir()] == ["town"]


def test_scenario_targets(place: Path) -> None:
    mine = place / "mine.yaml"
    mine.write_text("mine")
    for name, fact in (
        ("mine.yaml", "is there already"),
        ("networks/town/s.yaml", "inside the folder of the network"),
        ("plan.txt", "is no name of a scenario"),
        ("town.osm.pbf/s.yaml", "cannot be written"),
    ):
        words = ("town.osm.pbf", "-o", "networks/town", "--scenario", name)
        assert fact in dispatch("network", "import", *words, cwd=place, code=2).stderr
        assert not (place / "networks").exists(), "nothing is written"
    assert mine.read_text() == "mine"


@pytest.mark.parametrize(
    ("out", "scenario"),
    [
        ("networks/town", "scenarios/a.yaml"),
        ("networks/town", "a.yaml"),
        ("networks/deep/town", "scenarios/a.yaml"),
        ("town", "a.yaml"),
        ("a/networks/town", "a/plans/b/c.yaml"),
    ],
)
def test_the_first_scenario_finds_its_network(place: Path, out: str, scenario: str) -> None:
    dispatch("network", "import", "town.osm.pbf", "-o", out, "--scenario", scenario, cwd=place)
    assert "Network town with 25 nodes" in dispatch("validate", scenario, cwd=place).stdout


def test_a_scenario_that_could_not_find_its_network_is_not_written(place: Path) -> None:
    words = ("town.osm.pbf", "-o", "x/town", "--scenario", "y/a.yaml")
    assert "could not cite a network" in dispatch("network", "import", *words, cwd=place, code=2).stderr
    assert [path.name for path in place.iterdir()] == ["town.osm.pbf"]


def test_the_first_scenario_of_a_town_without_fire_stations_runs(tmp_path: Path) -> None:
    world = town()
    world.node_tags = {}
    world.write(tmp_path / "town.osm")
    words = ("town.osm", "-o", "networks/town", "--scenario", "s.yaml")
    shown = dispatch("network", "import", *words, cwd=tmp_path).stdout
    assert "Next: dispatch validate s.yaml" in shown
    assert f"note: {NO_STATION}\n" in shown
    assert "the scenario ASSUMES one in their middle, station-1.\n" in shown
    assert "valid" in dispatch("validate", "s.yaml", cwd=tmp_path).stdout


def test_what_is_said_of_fire_stations(place: Path) -> None:
    """Nothing where there are some; else that there are none, and with a scenario what it assumes."""
    words = ("town.osm.pbf", "-o", "networks/town", "--scenario", "s.yaml", "--json")
    notes = json.loads(dispatch("network", "import", *words, cwd=place).stdout)["notes"]
    assert not [note for note in notes if "fire station" in note]
    world = town()
    world.node_tags = {901: {"amenity": "fire_station"}}
    world.nodes[901] = (21.0, 10.0)  # 100 km off
    found = json.loads(_import(world, place, "far.osm", "--scenario", "far.yaml"))["notes"]
    assert NO_STATION not in found
    assert found[-1].startswith("No fire station stands near these roads: the scenario ASSUMES one")
    world.node_tags = {}
    assert json.loads(_import(world, place, "none.osm"))["notes"][-1] == NO_STATION
    assert NO_STATION not in (place / "networks/none/network.yaml").read_text(encoding="utf-8")


def _import(world: Map, place: Path, name: str, *words: str) -> str:
    world.write(place / name)
    out = f"networks/{Path(name).stem}"
    return dispatch("network", "import", name, "-o", out, *words, "--json", cwd=place).stdout


def test_a_format_without_facilities_says_so(place: Path) -> None:
    (place / "gmns").mkdir()
    (place / "gmns/node.csv").write_text("node_id,x_coord,y_coord\na,8,50\nb,8.01,50\n")
    (place / "gmns/link.csv").write_text("from_node_id,to_node_id,directed\na,b,false\n")
    assert import_network(place / "gmns").report["notes"][-1] == NO_FACILITIES


def test_names_are_printed_as_they_are(place: Path) -> None:
    """What is printed can be copied to a profile, a filter or stations_from."""
    world = town()
    world.ways[300] = ([11, 22], {"highway": "living_street"})
    world.write(place / "living.osm")
    shown = dispatch("network", "import", "living.osm", "-o", "networks/living", cwd=place).stdout
    info = dispatch("network", "info", "networks/living", cwd=place).stdout
    assert re.search(r"^ +living_street +0\.\d km, 15 km/h \(assumed\)$", shown, re.MULTILINE)
    assert re.search(r"^ +living_street +0\.\d+ +15\.0 +15\.0 +1 *$", info, re.MULTILINE)
    assert re.search(r"^ +fire_station +2$", shown, re.MULTILINE)
    assert "living street" not in shown + info


@pytest.mark.parametrize(("posted", "length", "told"), [
    (1, 100, "living_street: 1 link, 1.0% of its length"),
    (4, 100, "living_street: 4 links, 4.0% of its length"),
    (5, 200, ""),  # as many links as suffice
    (4, 50, ""),  # 8 % of the length
    (0, 100, ""),  # assumed, which is another note
])  # fmt: skip
def test_means_of_few_speeds_are_told(tmp_path: Path, posted: int, length: int, told: str) -> None:
    """A street in equal pieces, some of them with a speed."""
    nodes = {i: (20 + i / 1000, 0.0) for i in range(1, length + 2)}
    signs = [{"maxspeed": "40"} if i <= posted else {} for i in range(1, length + 1)]
    ways: dict[int, Any] = {
        100 + i: ([i, i + 1], {"highway": "living_street", **sign}) for i, sign in enumerate(signs, 1)
    }
    Map(nodes, ways=ways).write(tmp_path / "street.osm")
    found = import_network(tmp_path / "street.osm")
    said = "Speeds that rest on few posted ones; check them under 'speeds': "
    assert [note.removeprefix(said) for note in found.report["notes"] if note.startswith(said)] == (
        [f"{told}."] if told else []
    )
    assert (f'  - "{said}{told}."\n' in found.files["network.yaml"]) == bool(told)
    assert found.report["classes"]["living_street"]["posted_share"] == pytest.approx(
        posted / length, abs=1e-5
    )


MARK = b"\x89PNG\r\n\x1a\n" + bytes(64)
BAD = {
    "empty.osm.pbf": (b"", "the file is empty"),
    "blank.osm": (b" \n", "the file is empty"),
    "picture.osm.pbf": (MARK, "is not '.osm.pbf'"),
    "picture.osm": (MARK, "is not '.osm'"),
    "picture.osm.gz": (MARK, "is not '.osm.gz'"),
    "picture.graphml": (MARK, "is not '.graphml'"),
    "picture.png": (MARK, "the name does not tell the format"),
    "city": (b"<osm></osm>", "end its name in .osm"),
    "page.osm": (b"<!DOCTYPE html><html></html>", "holds XML, but neither"),
    "change.osm": (b'<osmChange version="0.6"></osmChange>', "holds a file of OpenStreetMap changes"),
    "graph.osm": (b"<graphml></graphml>", "End its name in .graphml"),
    "cut.osm": (b'<osm version="0.6"><node id="1"', "cannot be read to its end"),
    "cut.osm.gz": (gzip.compress(b'<osm version="0.6"></osm>')[:-9], "are damaged"),
    "cut.osm.bz2": (b"BZh91AY&SY", "end too early"),
    "wrong.osm": (b'<osm version="0.6"><node id="1" lat="x" lon="1"/></osm>', "wrong format for coordinate"),
    "roadless.osm": (b'<osm version="0.6"></osm>', "no road in it"),
    "graph.graphml": (b"<graphml></graphml>", "is no usable GraphML"),
}


@pytest.mark.parametrize("name", BAD)
def test_files_that_cannot_be_used(tmp_path: Path, name: str) -> None:
    raw, fact = BAD[name]
    (tmp_path / name).write_bytes(raw)
    with pytest.raises(DispatchError) as caught:
        import_network(tmp_path / name)
    assert caught.value.exit_code == 2
    assert fact in str(caught.value)
    assert str(caught.value).startswith(f"{name}: "), "of binary files and broken ones there is no line"
    assert str(tmp_path) not in str(caught.value)


def test_paths_that_cannot_be_used(place: Path) -> None:
    (place / "folder").mkdir()
    os.mkfifo(place / "pipe.osm")
    for name, fact in (
        ("missing.osm.pbf", "no such file"),
        ("folder", "a folder without node.csv and link.csv"),
        ("pipe.osm", "is not a plain file"),
    ):
        assert fact in dispatch("network", "import", name, "-o", "networks/x", cwd=place, code=2).stderr
    assert not (place / "networks").exists()
    with pytest.raises(UsageError, match="no such file"):
        import_network(Path("a\0b.osm"))


def test_an_unreadable_file(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path, *_: Any) -> None:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "open", refuse)  # root may read everything, so permissions would show nothing
    with pytest.raises(UsageError, match=r"^town.osm.pbf: cannot be read \(Permission denied\)"):
        import_network(place / "town.osm.pbf")


def test_a_file_that_is_cut_off_anywhere(place: Path) -> None:
    raw = (place / "town.osm.pbf").read_bytes()
    for size in range(0, len(raw) - 1, 61):
        (place / "cut.osm.pbf").write_bytes(raw[:size])
        with pytest.raises(NetworkError, match=r"^cut.osm.pbf"):
            import_network(place / "cut.osm.pbf")


def test_without_osmium_the_extra_is_named(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "osmium", None)
    with pytest.raises(UsageError, match=re.escape("pip install 'dispatch[osm]'")):
        import_network(place / "town.osm.pbf")


def test_openstreetmap_is_never_shifted(place: Path) -> None:
    done = dispatch("network", "import", "town.osm.pbf", "-o", "x", "--from-crs", "gcj02", cwd=place, code=2)
    assert "OpenStreetMap is in WGS 84" in done.stderr


def test_a_target_is_checked_before_the_work(place: Path) -> None:
    (place / "here").mkdir()
    (place / "here/own.txt").write_text("mine")
    with pytest.raises(UsageError, match=re.escape("holds 'own.txt'")):
        check_target(place / "here")
    shown = dispatch("network", "import", "missing.osm", "-o", "here", cwd=place, code=2).stderr
    assert "here: holds" in shown


def test_help_ends_in_an_example() -> None:
    shown = dispatch("network", "import", "--help").stdout
    assert "Example: dispatch network import city.osm.pbf -o networks/city" in shown
