"""The commands as people type them: tables, JSON, CSV, maps, and what they refuse."""

from __future__ import annotations

import json
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import shapely
from rich.cells import cell_len

from dispatch.cli import run_cli
from tests.cli.world import ROOT, environment
from tests.statics.worlds import grid_tables, polygons, write_town


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a grid of 10 by 5 crossings, a river through it, and a scenario with two layouts."""
    nodes, links = grid_tables(10, 5)
    stations = {"west": {"at": "c0r2", "title": "西站", "grade": "small"}, "east": {"at": "c9r2"}}
    units = {"W1": {"type": "engine", "station": "west"}, "E1": {"type": "ladder", "station": "east"}}
    layouts = {"one": {"close_stations": ["east"]}}
    write_town(tmp_path, nodes, links, stations, units, layouts=layouts, title="Town 镇")
    line = {"type": "LineString", "coordinates": [[250, -900], [250, 900]]}
    feature = {"type": "Feature", "geometry": line, "properties": {"kind": "river", "name": "黄河"}}
    (tmp_path / "networks" / "town" / "barriers.geojson").write_text(json.dumps(feature), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Any:
    """Run a command in this process; returns what it printed on stdout and stderr."""

    def call(*words: str, code: int = 0) -> tuple[str, str]:
        with pytest.raises(SystemExit) as stopped:
            run_cli(["network", *words])
        out, err = capsys.readouterr()
        assert (stopped.value.code or 0) == code, err
        return out, err

    return call


def test_isochrone_of_a_station_as_json(world: Path, run: Any) -> None:
    out, _ = run("isochrone", "scenario.yaml", "--station", "west", "--minutes", "0.5,1", "--json")
    document = json.loads(out)
    assert out == json.dumps(document, ensure_ascii=False, indent=2, sort_keys=True) + "\n"
    assert document["stations"] == [{"node": "c0r2", "off_m": 0.0, "station": "west", "title": "西站"}]
    inner, outer = document["limits"]
    # 3 blocks: 1 + 3 + 5 + 3 crossings... counted by columns 0 to 3: 5, 5, 3, 1
    assert (inner["seconds"], inner["nodes"], inner["demand_share"]) == (30.0, 14, pytest.approx(14 / 50))
    assert inner["population"] == 140.0
    assert outer["road_km"] > inner["road_km"]
    assert document["speeds"]["set"] == "planning"


def test_isochrone_of_all_stations_of_a_layout(world: Path, run: Any) -> None:
    both = json.loads(run("isochrone", "scenario.yaml", "--minutes", "0.5", "--json")[0])
    one = json.loads(run("isochrone", "scenario.yaml", "-l", "one", "--minutes", "0.5", "--json")[0])
    assert [s["station"] for s in both["stations"]] == ["east", "west"]
    assert (both["limits"][0]["nodes"], one["limits"][0]["nodes"]) == (28, 14)
    assert both["limits"][0]["road_km"] == pytest.approx(2 * one["limits"][0]["road_km"])


@pytest.mark.parametrize("target", ["town", "networks/town"])
@pytest.mark.parametrize("station", ["c0r2", "3,204"])
def test_isochrone_of_a_network(world: Path, run: Any, target: str, station: str) -> None:
    document = json.loads(run("isochrone", target, "-s", station, "--minutes", "0.5", "--json")[0])
    assert document["limits"][0]["nodes"] == 14
    assert document["limits"][0]["demand_share"] is None
    assert "scenario" not in document


def test_isochrone_as_table_and_csv(world: Path, run: Any) -> None:
    out, err = run("isochrone", "scenario.yaml", "--minutes", "0.5", "-o", "map/iso.geojson")
    assert "Town 镇" in out
    assert "0.5 min" in out
    assert "speeds: planning" in out
    assert "wrote map/iso.geojson" in err
    lines = run("isochrone", "scenario.yaml", "--minutes", "0.5,1", "--csv")[0].splitlines()
    assert lines[0].startswith("minutes,seconds,nodes,road_km,road_share,area_km2")
    assert lines[0].endswith(",demand_share,at,speeds")
    assert lines[1].endswith(",,planning")
    assert len(lines) == 3


def test_a_map_of_isochrones_has_a_feature_for_each_limit_the_widest_first(world: Path, run: Any) -> None:
    run("isochrone", "scenario.yaml", "--minutes", "1,0.5", "-o", "iso.geojson")
    features = json.loads(Path("iso.geojson").read_text(encoding="utf-8"))["features"]
    told = [(f["id"], f["properties"]["layer"], f["properties"].get("minutes")) for f in features]
    assert told == [
        ("isochrones/within-60s", "isochrones", 1.0),
        ("isochrones/within-30s", "isochrones", 0.5),
        ("stations/east", "stations", None),
        ("stations/west", "stations", None),
    ]
    assert features[3]["geometry"] == {"type": "Point", "coordinates": [0.0, 200.0]}
    assert features[3]["properties"]["title"] == "西站"
    features = features[:2]
    outer, inner = (shapely.geometry.shape(feature["geometry"]) for feature in features)
    assert outer.buffer(1e-5).contains(inner)
    assert inner.area / 1e6 == pytest.approx(features[1]["properties"]["area_km2"], rel=1e-5)


def rows(path: str, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(path)) as database:
        return database.execute(query).fetchall()


def test_a_geopackage_has_a_layer_for_each_kind(world: Path, run: Any) -> None:
    run("coverage", "scenario.yaml", "--standard", "cn-jianbiao152", "-o", "out.gpkg")
    assert rows("out.gpkg", "SELECT table_name, srs_id FROM gpkg_contents ORDER BY 1") == [
        ("jurisdictions", -1),
        ("links", -1),
        ("nodes", -1),
        ("stations", -1),
    ]
    assert rows("out.gpkg", "SELECT layout, station, grade, limit_km2, area_ok FROM jurisdictions") == [
        ("baseline", "east", "first", 7.0, 1),
        ("baseline", "west", "small", 2.0, 1),
        ("one", "west", "small", 2.0, 0),  # with all the land, a good 2.4 km²
    ]
    assert rows("out.gpkg", "SELECT COUNT(*), SUM(within_240s) FROM links WHERE layout = 'one'") == [
        (85, 85.0)
    ]
    assert rows("out.gpkg", "SELECT seconds, limit_s, station FROM nodes WHERE id = 'one/c9r0'") == [
        (110.0, 240.0, "west")
    ]
    run("isochrone", "scenario.yaml", "-o", "iso.gpkg")
    assert rows("iso.gpkg", "SELECT COUNT(*) FROM isochrones") == [(2,)]
    assert rows("iso.gpkg", "SELECT station FROM stations") == [("east",), ("west",)]


def test_coverage_as_json(world: Path, run: Any) -> None:
    words = ("coverage", "scenario.yaml", "one", "baseline", "--minutes", "1", "--standard", "cn-gb51080")
    out, err = run(*words, "--json")
    document = json.loads(out)
    assert out == json.dumps(document, ensure_ascii=False, indent=2, sort_keys=True) + "\n"
    assert "barriers of barriers.geojson cut the region into 2 faces" in err
    assert str(world) not in out
    assert document["barriers"] == "barriers.geojson"
    one = document["layouts"]["one"]
    # within 6 blocks of c0r2: columns 0 to 4 whole, then 5 and 6 in part
    assert one["within"][0]["demand"] == pytest.approx((5 * 5 + 3 + 1) / 50)
    assert one["jurisdictions"]["west"]["straddles"] is True
    assert one["jurisdictions"]["west"]["barrier"] == "river 黄河"
    assert one["jurisdictions"]["west"]["undivided_ok"] is False
    areas = [item["area_km2"] for item in document["layouts"]["baseline"]["jurisdictions"].values()]
    assert sum(areas) == pytest.approx(one["region"]["land_km2"], rel=1e-9)
    assert [item["verdict"] for item in one["judged"]] == ["missed"]
    assert [item["why"] for item in one["not_judged"]] == ["no station is of a class with a limit"]


def test_barriers_can_be_left_out_or_named(world: Path, run: Any) -> None:
    words = ("coverage", "scenario.yaml", "one", "--standard", "cn-gb51080", "--json")
    document = json.loads(run(*words, "--barriers", "none")[0])
    assert document["layouts"]["one"]["not_judged"][1]["why"] == "no barriers are known here"
    assert document["layouts"]["one"]["region"]["faces"] == 1
    Path("other.geojson").write_text('{"type": "LineString", "coordinates": [[-900, 250], [1900, 250]]}')
    document = json.loads(run(*words, "--barriers", "other.geojson")[0])
    assert document["layouts"]["one"]["jurisdictions"]["west"]["across"] == {
        "barrier": pytest.approx(document["layouts"]["one"]["jurisdictions"]["west"]["across_km2"])
    }


def test_a_given_boundary_is_shared_out(world: Path, run: Any) -> None:
    ring = [[-50, -50], [950, -50], [950, 450], [-50, 450], [-50, -50]]
    Path("city.geojson").write_text(json.dumps({"type": "Polygon", "coordinates": [ring]}))
    document = json.loads(run("coverage", "scenario.yaml", "--boundary", "city.geojson", "--json")[0])
    assert document["boundary"] == "city.geojson"
    assert document["layouts"]["one"]["jurisdictions"]["west"]["area_km2"] == pytest.approx(0.5)


def test_coverage_fits_eighty_columns(world: Path) -> None:
    words = ["network", "coverage", "scenario.yaml", "--standard", "nfpa1710", "--minutes", "4"]
    found = subprocess.run(
        [sys.executable, "-m", "dispatch", *words], capture_output=True, text=True, check=True, cwd=world,
        env=environment(PYTHONPATH=str(ROOT), FORCE_COLOR="1", COLUMNS="80", TERM="dumb"),
    )  # fmt: skip
    assert max(map(len, found.stdout.splitlines())) <= 80
    assert "not judged here: travel of the full first alarm" in found.stdout.replace("\n", " ")
    assert "travel.erf.within_480s" in found.stdout


def test_coverage_as_csv(world: Path, run: Any) -> None:
    lines = run("coverage", "scenario.yaml", "--minutes", "1,2", "--no-areas", "--csv")[0].splitlines()
    assert lines[0] == "layout,clock,limit_s,demand_share,population_share,road_km,road_share,at,speeds"
    assert [line.split(",")[:3] for line in lines[1:]] == [
        ["baseline", "travel", "60"],
        ["baseline", "travel", "120"],
        ["one", "travel", "60"],
        ["one", "travel", "120"],
    ]


def test_response_and_capability(world: Path, run: Any) -> None:
    words = ("coverage", "scenario.yaml", "baseline", "--no-areas", "--minutes", "2", "--json")
    travel = json.loads(run(*words)[0])["layouts"]["baseline"]
    response = json.loads(run(*words, "--clock", "response")[0])["layouts"]["baseline"]
    assert response["demand_s"]["mean"] == pytest.approx(travel["demand_s"]["mean"] + 60)
    ladder = json.loads(run(*words, "--capability", "ladder")[0])["layouts"]["baseline"]
    assert ladder["demand_s"]["min"] == 0.0


def test_the_same_bytes_whatever_the_hash_seed(world: Path) -> None:
    results = []
    for seed in ("1", "2"):
        words = ["coverage", "scenario.yaml", "--standard", "cn-gb51080", "--json", "-o", f"{seed}.gpkg"]
        found = subprocess.run(
            [sys.executable, "-m", "dispatch", "network", *words], capture_output=True, check=True, cwd=world,
            env=environment(PYTHONPATH=str(ROOT), PYTHONHASHSEED=seed),
        )  # fmt: skip
        results.append((found.stdout, (world / f"{seed}.gpkg").read_bytes()))
    assert results[0] == results[1]


def test_standards_are_listed_and_shown(world: Path, run: Any) -> None:
    out, _ = run("standards")
    assert "cn-jianbiao152" in out
    assert "城市消防站建设标准" in out
    shown, _ = run("standards", "nfpa1710")
    assert "240 s travel, 90 %" in shown
    assert "360 s travel of the second, 90 % *" in shown
    document = json.loads(run("standards", "iso-fsrs", "--json")[0])
    assert document["iso-fsrs"]["distances"][0]["metres"] == pytest.approx(2414.016)


MATRIX = "from,to,time\nx,y,3\ny,x,4\n"


def matrix_world(folder: Path) -> None:
    home = folder / "networks" / "town"
    for name in ("node.csv", "link.csv", "barriers.geojson"):
        (home / name).unlink()
    (home / "network.yaml").write_text("kind: matrix\nfile: times.csv\nunit: min\n")
    (home / "times.csv").write_text(MATRIX)
    path = folder / "scenario.yaml"
    text = path.read_text(encoding="utf-8").replace("at: c0r2", "at: x").replace("at: c9r2", "at: y")
    path.write_text(text, encoding="utf-8")


def test_a_matrix_has_no_isochrone_but_coverage(world: Path, run: Any) -> None:
    matrix_world(world)
    _, err = run("isochrone", "scenario.yaml", code=2)
    assert "is a matrix of travel times, which has no roads" in err
    out, err = run(
        "coverage", "scenario.yaml", "one", "--minutes", "3", "--json", "--standard", "cn-jianbiao152"
    )
    document = json.loads(out)
    assert document["layouts"]["one"]["within"] == [
        {"demand": 1.0, "population": None, "road_km": None, "roads": None, "seconds": 180.0}
    ]
    assert document["road_km"] is None
    assert "no road kilometres" in err
    assert "no coordinates" in run("coverage", "scenario.yaml", "-o", "m.gpkg", code=2)[1]
    assert not Path("m.gpkg").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["isochrone", "scenario.yaml", "--station", "wst"], "Did you mean 'west'"),
        (["isochrone", "nowhere"], "no network here"),
        (["isochrone", "nowhere.yaml"], "cannot be read"),
        (["isochrone", "town"], "A network alone has no stations"),
        (["isochrone", "town", "-s", "c0r0", "--layout", "one"], "a network has no layouts"),
        (["isochrone", "town", "-s", "c0r0", "--at", "8 h"], "never change"),
        (["isochrone", "town", "-s", "c0r0", "--speeds", "observed"], "one set of speeds"),
        (["isochrone", "scenario.yaml", "--layout", "two"], "no layout 'two'"),
        (["isochrone", "scenario.yaml", "--at", "soon"], "not a moment after the scenario's start"),
        (
            ["coverage", "scenario.yaml", "--at", "2024-01-06T11:00:00"],
            "without its time zone. Write 2024-01-06T11:00:00+00:00 ",
        ),
        (["coverage", "networks/town"], "is a folder; coverage needs a scenario"),
        (["coverage", "town"], "is a folder; coverage needs a scenario"),
        (["isochrone", "scenario.yaml", "--minutes", "four"], "not a list of minutes"),
        (["isochrone", "scenario.yaml", "--minutes", "0"], "not a list of minutes"),
        (["isochrone", "scenario.yaml", "--minutes", "nan,1"], "not a list of minutes"),
        (["isochrone", "scenario.yaml", "-o", "map.shp"], "Let the name end in .geojson or .gpkg"),
        (["isochrone", "scenario.yaml", "-o", "networks/town/barriers.geojson"], "is a file of a network"),
        (["isochrone", "scenario.yaml", "--json", "--csv"], "cannot be printed both"),
        (["coverage", "scenario.yaml", "two"], "no layout 'two'"),
        (
            ["coverage", "scenario.yaml", "--standard", "nfpa"],
            "Did you mean nfpa1225 or nfpa1710 or nfpa1720? Or",
        ),
        (["coverage", "scenario.yaml", "--standard", "NFPA17"], "Did you mean nfpa1710 or nfpa1720? Or"),
        (["coverage", "scenario.yaml", "--standard", "iso"], "Did you mean iso-fsrs? Or"),
        (["coverage", "scenario.yaml", "--capability", "lader"], "Did you mean 'ladder'"),
        (["coverage", "scenario.yaml", "--boundary", "none.geojson"], "cannot be read"),
        (["coverage", "scenario.yaml", "--barriers", "scenario.yaml"], "not valid JSON"),
        (["coverage", "scenario.yaml", "--no-areas", "--boundary", "x.geojson"], "--no-areas"),
        (
            ["coverage", "scenario.yaml", "--boundary", "b.geojson", "-o", "b.geojson"],
            "is read by this command",
        ),
        (["standards", "nfpa"], "no standards profile"),
    ],
)
def test_what_cannot_be_done_is_refused(world: Path, run: Any, words: list[str], message: str) -> None:
    before = sorted(path for path in world.rglob("*") if "cache" not in path.parts)
    out, err = run(*words, code=2)
    assert message in err
    assert not out
    assert sorted(path for path in world.rglob("*") if "cache" not in path.parts) == before


def test_without_shapely_the_remedy_is_named(world: Path, run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "shapely", None)
    for words in (["isochrone", "scenario.yaml"], ["coverage", "scenario.yaml"]):
        assert "pip install 'dispatch[geo]'" in run(*words, code=2)[1]
    out, _ = run("coverage", "scenario.yaml", "--no-areas", "--standard", "cn-jianbiao152")
    assert "not judged here: area of jurisdictions" in out


def with_closures(path: Path) -> None:
    """Add road works from 8 to 20 h, and a closed corner from 10 h on."""
    closures = (
        "closures:\n  works: {around: c0r2, radius: 10, begins: 8 h, ends: 20 h, speed_factor: 0.5}\n"
        "  角落: {around: c9r4, radius: 10, begins: 10 h}\n"
    )
    path.write_text(path.read_text(encoding="utf-8") + closures, encoding="utf-8")


def test_a_closed_road_at_a_moment(world: Path, run: Any) -> None:
    with_closures(Path("scenario.yaml"))
    words = ("isochrone", "scenario.yaml", "-s", "west", "--minutes", "0.5", "--json")
    free = json.loads(run(*words, "--at", "0")[0])["limits"][0]
    slow = json.loads(run(*words, "--at", "8 h")[0])["limits"][0]
    dated = json.loads(run(*words, "--at", "2024-01-01T09:00:00+00:00")[0])["limits"][0]
    assert slow["road_km"] < free["road_km"]
    assert dated == slow


LEFT_OUT = "closures are left out; --at TIME takes those of a moment."


@pytest.mark.parametrize("words", [("isochrone", "scenario.yaml"), ("coverage", "scenario.yaml")])
def test_closures_that_do_not_count_are_told(world: Path, run: Any, words: tuple[str, ...]) -> None:
    assert LEFT_OUT not in run(*words, "--json")[0], "there are none"
    with_closures(Path("scenario.yaml"))
    for form in ((), ("--csv",), ("--json",)):
        out, err = run(*words, *form)
        assert f"note: {LEFT_OUT}" in err
        if form == ("--json",):
            assert LEFT_OUT in json.loads(out)["notes"]
        out, err = run(*words, *form, "--at", "0")
        assert LEFT_OUT not in out + err


@pytest.mark.parametrize("words", [("isochrone", "scenario.yaml"), ("coverage", "scenario.yaml", "one")])
def test_every_output_tells_the_moment(world: Path, run: Any, words: tuple[str, ...]) -> None:
    with_closures(Path("scenario.yaml"))
    document = json.loads(run(*words, "--json")[0])
    assert (document["at"], document["closures"]) == (None, [])
    in_force = {"0": [], "8 h": ["works"], "12 h": ["works", "角落"], "20 h": ["角落"]}
    for at, ids in in_force.items():
        document = json.loads(run(*words, "--json", "--at", at)[0])
        assert document["closures"] == ids
        hours = int(at.split()[0])
        assert document["at"] == {"date": f"2024-01-01T{hours:02}:00:00+00:00", "seconds": 3600.0 * hours}
    assert "2024-01-01T" not in run(*words)[0]
    # the zone is that of the scenario, whatever was written
    told = run(*words, "--at", "2024-01-01T20:00:00+08:00")[0]
    assert "at 2024-01-01T12:00:00+00:00, 12 h 00 min after the start; closures in force: works, 角落" in told
    assert "closures in force: none" in run(*words, "--at", "1 h")[0]
    rows = run(*words, "--at", "12 h", "--csv")[0].splitlines()
    assert {row.rsplit(",", 2)[1] for row in rows[1:]} == {"2024-01-01T12:00:00+00:00"}
    assert {row.rsplit(",", 1)[1] for row in rows[1:]} == {"planning"}
    run(*words, "--at", "12 h", "-o", "map.geojson")
    features = json.loads(Path("map.geojson").read_text(encoding="utf-8"))["features"]
    assert {feature["properties"]["at"] for feature in features} == {"2024-01-01T12:00:00+00:00"}
    assert {feature["properties"]["speeds"] for feature in features} == {"planning"}


def test_a_network_alone_has_no_moment(world: Path, run: Any) -> None:
    document = json.loads(run("isochrone", "town", "-s", "c0r2", "--json")[0])
    assert (document["at"], document["closures"]) == (None, [])


def test_a_station_may_be_named_by_its_title(world: Path, run: Any) -> None:
    words = ("isochrone", "scenario.yaml", "--json", "-s", "西站")
    document = json.loads(run(*words, "-s", "west")[0])
    assert document["stations"] == [{"node": "c0r2", "off_m": 0.0, "station": "west", "title": "西站"}]


@pytest.mark.parametrize("ending", ["geojson", "gpkg"])
def test_ids_are_unique_and_polygons_valid_as_written(world: Path, run: Any, ending: str) -> None:
    run("coverage", "scenario.yaml", "--standard", "cn-jianbiao152", "-o", f"c.{ending}")
    run(
        "isochrone",
        "scenario.yaml",
        "--minutes",
        "0.1,0.37,0.5,1,1.23",
        "--width",
        "49.99",
        "-o",
        f"i.{ending}",
    )
    for name, count in (("c", 3), ("i", 5)):
        found = polygons(Path(f"{name}.{ending}"))
        assert len(found) == count
        assert all(shape.is_valid and shape.area > 0.0 for shape in found)
    if ending == "geojson":
        for name in ("c", "i"):
            features = json.loads(Path(f"{name}.geojson").read_text(encoding="utf-8"))["features"]
            ids = [feature["id"] for feature in features]
            assert len(set(ids)) == len(ids)
        assert {"jurisdictions/baseline/west", "stations/baseline/west"} <= {
            f["id"] for f in json.loads(Path("c.geojson").read_text(encoding="utf-8"))["features"]
        }


def test_what_a_station_misses_is_named(world: Path, run: Any) -> None:
    out, _ = run("coverage", "scenario.yaml", "--standard", "cn-jianbiao152")
    rows = {
        (line.split()[0], line.split()[-1]) for line in out.splitlines() if " km², " in line or "站 " in line
    }
    assert ("west", "yes") in rows, "in the layout with both"
    assert "no: area" in out, "in the layout of one, whose land is all"
    slow = Path("scenario.yaml").read_text(encoding="utf-8").replace("turnout: 60", "turnout: 600")
    Path("scenario.yaml").write_text(slow, encoding="utf-8")
    assert "no: area, edge" in run("coverage", "scenario.yaml", "one", "--standard", "cn-jianbiao152")[0]
    split = run("coverage", "scenario.yaml", "one", "--standard", "cn-gb51080")[0]
    assert "no: undivided" in split


def test_every_time_has_its_clock(world: Path, run: Any) -> None:
    travel = run("coverage", "scenario.yaml")[0]
    assert "Coverage: travel alone, without turnout" in travel
    assert "order to edge: mean turnout and travel" in travel
    assert travel.count("travel alone") == 1, "not above the time to the edge"
    response = run("coverage", "scenario.yaml", "--clock", "response")[0]
    assert "Coverage: mean turnout and travel" in response


def test_canals_and_dead_ends_are_no_barriers(world: Path, run: Any) -> None:
    def line(kind: str, *points: list[int]) -> dict[str, Any]:
        geometry = {"type": "LineString", "coordinates": list(points)}
        return {"type": "Feature", "geometry": geometry, "properties": {"kind": kind}}

    features = [
        line("river", [250, -900], [250, 900]),
        line("railway", [450, 50], [550, 50]),
        line("canal", [650, -900], [650, 900]),
        line("canal", [660, -900], [660, 900]),
    ]
    path = Path("networks/town/barriers.geojson")
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    out, err = run("coverage", "scenario.yaml", "--json")
    assert json.loads(out)["layouts"]["one"]["region"]["faces"] == 2
    assert "1 of 2 barriers end on land and cut nothing" in err
    assert "features of the kind 'canal' are no barriers and left out: 2" in err
    features = features[:1]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    err = run("coverage", "scenario.yaml", "--json")[1]
    assert "cut nothing" not in err
    assert "canal" not in err


@pytest.mark.parametrize("columns", [32, 60, 80])
def test_no_word_is_broken_on_a_narrow_terminal(world: Path, columns: int) -> None:
    text = Path("scenario.yaml").read_text(encoding="utf-8")
    long = "Extraordinarily long Headquarters-and-Training"
    Path("scenario.yaml").write_text(text.replace("西站", long), encoding="utf-8")
    env = environment(PYTHONPATH=str(ROOT), FORCE_COLOR="1", NO_COLOR="1", COLUMNS=str(columns), TERM="xterm")
    for words in (["coverage", "--standard", "cn-jianbiao152"], ["isochrone"]):
        found = subprocess.run(
            [sys.executable, "-m", "dispatch", "network", words[0], "scenario.yaml", *words[1:]],
            capture_output=True, text=True, check=True, cwd=world, env=env,
        )  # fmt: skip
        plain = re.sub(r"\x1b\[[0-9;]*m", "", found.stdout)
        assert max(map(cell_len, plain.splitlines())) <= columns
        assert "…" not in plain
        assert {"Extraordinarily", "Headquarters-and-Training"} <= set(plain.split())
